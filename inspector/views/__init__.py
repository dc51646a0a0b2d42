"""Widgets that take values and emit signals. They know neither the worker nor the study."""
