"""What is inside the blocks of a model."""
