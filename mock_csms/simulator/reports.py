"""Reports that the central system requests, each sent in one or more messages (B07, B08, N02)."""

from collections.abc import Iterable
from itertools import count
from typing import Any, Final

from mock_csms.simulator.core import Core

MAX_UNFINISHED_REPORTS: Final = 20
"""Maximum number of undelivered reports of one kind; requests for more are rejected."""


class Reports:
    """Sends reports of one kind, and counts the reports that are not yet delivered."""

    def __init__(self, core: Core, *, solicited: bool = False) -> None:
        """``solicited``: whether the messages may be sent before the boot is accepted."""
        self._core = core
        self._solicited = solicited
        self._numbers = count(1)
        self._unfinished: set[int] = set()
        core.powered_off.connect(self._unfinished.clear)

    @property
    def is_full(self) -> bool:
        """Whether MAX_UNFINISHED_REPORTS reports are undelivered, so that a further request is rejected."""
        return len(self._unfinished) >= MAX_UNFINISHED_REPORTS

    def send(self, parts: Iterable[Any]) -> None:
        """Queue the parts of a report, of which all but the last must have a true ``tbc``."""
        self._unfinished.add(number := next(self._numbers))

        def finish(_: object = None) -> None:
            self._unfinished.discard(number)

        for part in parts:
            ends = None if part.tbc else finish
            self._core.send(part, ends, ends, solicited=self._solicited)
