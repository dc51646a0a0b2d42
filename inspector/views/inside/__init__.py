"""Views of what is inside the blocks."""
