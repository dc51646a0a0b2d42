"""The gammas of a rule set: chosen, and compared in a grid."""
