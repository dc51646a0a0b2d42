"""What the window is about: the question, the answers, and how they are looked at. No widgets."""
