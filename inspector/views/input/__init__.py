"""Where a prompt or a picture is given."""
