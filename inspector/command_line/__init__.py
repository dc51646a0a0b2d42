"""The command `lxt-inspector`: its options, and how it ends."""
