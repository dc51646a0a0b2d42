"""Dialogs: they take values and emit what was decided. None blocks; each opens because somebody asked for it."""
