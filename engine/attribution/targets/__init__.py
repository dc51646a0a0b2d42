"""From a target as it was asked to the logits it is made of."""
