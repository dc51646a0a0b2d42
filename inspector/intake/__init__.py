"""The intake: what is dropped, pasted, read from a file, or shipped as an example."""
