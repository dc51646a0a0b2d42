"""Where a target's value went beside the input."""
