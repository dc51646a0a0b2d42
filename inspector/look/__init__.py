"""How the window looks: theme, icons, labels, and numbers as they are written."""
