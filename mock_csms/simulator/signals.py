"""Signals: lists of callbacks. Through them, the functional blocks learn of each other's events."""

from collections.abc import Callable


class Signal[**P]:
    """Calls every connected callback, in the order in which they were connected."""

    __slots__ = ("_callbacks",)

    def __init__(self) -> None:
        self._callbacks: list[Callable[P, object]] = []

    def connect(self, callback: Callable[P, object]) -> None:
        """Call this callback whenever the signal is emitted."""
        self._callbacks.append(callback)

    def emit(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call all callbacks."""
        for callback in self._callbacks:
            callback(*args, **kwargs)
