"""What `lxt-inspector` does without a window."""
