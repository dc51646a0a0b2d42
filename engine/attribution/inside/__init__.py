"""A block opened: what it adds to the residual stream, and what its heads and neurons hold of it."""
