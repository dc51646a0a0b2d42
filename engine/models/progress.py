"""Listens to the progress bars of other libraries: reports how far they are, and stops them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from functools import partial
from typing import Any

from transformers import modeling_gguf_pytorch_utils
from transformers.utils import logging

from engine.watch import Watch


class _Bar:
    """A progress bar that reports instead of drawing, and ends the work with Stopped when asked to."""

    def __init__(self, step: Callable[[int, int], None], iterable: Iterable[Any] | None, total: int | None) -> None:
        self._step = step
        self._iterable = iterable
        self.total = len(iterable) if total is None and isinstance(iterable, Sized) else total or 0
        self.n = 0

    def __iter__(self) -> Iterator[Any]:
        for item in self._iterable or ():
            self._step(self.n, self.total)
            yield item
            self.n += 1
        self._step(self.n, self.total)

    def update(self, n: int = 1) -> None:
        self.n += n
        self._step(self.n, self.total)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_args, **_kwargs: None  # captions and colours


@contextmanager
def loading_reported(watch: Watch) -> Iterator[None]:
    """Inside, transformers reports the weights it has loaded and draws nothing; its progress bars are put back."""

    def bar(_factory: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Bar:
        return _Bar(partial(watch.step, "load"), args[0] if args else kwargs.get("iterable"), kwargs.get("total"))

    # The reader of GGUF files has a bar of its own, which no hook reaches.
    gguf: Any = modeling_gguf_pytorch_utils
    drawn = gguf.tqdm
    before = logging.set_tqdm_hook(bar)
    gguf.tqdm = lambda *args, **kwargs: bar(None, args, kwargs)
    try:
        yield
    finally:
        gguf.tqdm = drawn
        logging.set_tqdm_hook(before)
