"""What happens to relevance at each operation: gradients, the tables, and the mode that puts them to work."""
