"""What the commands of `lxt-inspector` do that need no window."""
