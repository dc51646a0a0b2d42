"""Storage of weights: where they lie, on this machine or a hub, and how they are read."""
