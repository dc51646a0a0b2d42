"""The calls that scripts written for LXT make, with its signatures."""
