"""Dialogs: they take values and emit what was decided. None blocks; each is opened because somebody asked for it."""
