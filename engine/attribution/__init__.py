"""One forward pass, and where its targets came from."""
