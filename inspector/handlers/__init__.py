"""Handlers of commands and choices: what each sets going."""
