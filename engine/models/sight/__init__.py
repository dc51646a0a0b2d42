"""From a picture to pixels: decoding it, and finding out what of it a model sees."""
