"""The machine: devices, memory, and weights in fewer bits."""
