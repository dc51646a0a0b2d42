"""The commands of the window: a table of values, and the Qt actions made from it."""
