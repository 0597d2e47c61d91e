"""Findings that are reported once for each transaction, reservation or other subject."""

from typing import Final

from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict

_MAX_REPORTED: Final = 100

type Subject = tuple[str, object]
"""Id of a kind of finding, and id of the subject of the finding."""


class _Latest(BoundedDict[Subject, None]):
    __slots__ = ()
    limit = _MAX_REPORTED


class ReportedSubjects(Facts):
    """Subjects for which a kind of finding was reported lately, so that it is not reported for them again."""

    __slots__ = ("_latest",)

    def __init__(self) -> None:
        self._latest = _Latest()

    def is_new(self, kind: str, subject: object) -> bool:
        """Return whether a kind of finding has not been reported for a subject yet, and register it as
        reported.
        """
        is_new = (kind, subject) not in self._latest
        self._latest[kind, subject] = None
        return is_new
