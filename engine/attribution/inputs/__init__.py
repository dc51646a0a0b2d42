"""Turns prompts, messages, ids and pixels into a model's inputs."""
