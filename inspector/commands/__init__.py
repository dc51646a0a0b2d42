"""Everything a menu, a shortcut or the palette can do, as values."""
