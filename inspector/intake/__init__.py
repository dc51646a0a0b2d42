"""What comes in: dropped, pasted, read from a file, or shipped as an example."""
