"""What stays from one start to the next, and how files are written."""
