"""The look of the window: theme, icons, labels, and numbers as they are written."""
