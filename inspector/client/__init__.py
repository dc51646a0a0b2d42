"""The window's side of the connection to the worker."""

from inspector.client.client import WorkerClient, WorkerState

__all__ = ["WorkerClient", "WorkerState"]
