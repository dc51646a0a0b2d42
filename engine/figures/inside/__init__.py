"""What is inside blocks, on paper: heads, one head, one block, neurons, layers read."""
