"""What each command and each choice of a person sets going."""
