"""The parts of the window: each shows its share of the scene and says what was clicked."""
