"""The work of those commands of `lxt-inspector` that need no window."""
