"""How far an explanation can be trusted: coverage, self-test, half precision."""
