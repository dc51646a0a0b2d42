"""From a text to tokens and back."""
