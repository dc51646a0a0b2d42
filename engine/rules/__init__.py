"""The rules: gradients, the tables of which operation gets which, and the mode that puts them to work."""
