"""Opens models and their tokens: bundled, from a folder, from the hub, from a GGUF file, or a module in memory."""
