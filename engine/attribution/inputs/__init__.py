"""From prompts, messages, ids and pixels to what a model is given."""
