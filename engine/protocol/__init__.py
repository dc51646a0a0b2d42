"""The wire between the window and the worker: values, messages and frames. numpy and msgspec only."""
