"""The ledger: where a target's value went, beside the input."""
