"""Where weights lie: on this machine or a hub, and how they are read."""
