"""Views in which a prompt or a picture is given."""
