"""Reports in parts: whether every part with tbc=true is followed by another part."""

from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject

PART_TIMEOUT_S: Final = 60.0
MAX_OPEN_REPORTS: Final = 100


class Reports:
    """Reports whose last part is missing, by action and requestId."""

    __slots__ = ("_open", "_report")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._open: dict[tuple[str, int], tuple[float, int]] = {}

    def add_part(self, at: float, frame: int, action: str, payload: JsonObject) -> None:
        """Register a part; without tbc it is the last one."""
        key = action, payload["requestId"]
        self._open.pop(key, None)
        if payload.get("tbc", False):
            self._open[key] = at + PART_TIMEOUT_S, frame
        if len(self._open) > MAX_OPEN_REPORTS:
            del self._open[next(iter(self._open))]

    def give_up(self, action: str | None = None) -> None:
        """Drop the open reports of one action; of all actions if None."""
        self._open = {key: part for key, part in self._open.items() if action not in {None, key[0]}}

    def shift(self, seconds: float) -> None:
        """Extend the deadlines."""
        self._open = {key: (due + seconds, frame) for key, (due, frame) in self._open.items()}

    def overdue(self, at: float) -> Findings:
        """Return a finding for each report whose next part was not sent in time."""
        if not self._open:
            return NO_FINDINGS
        return self._incomplete(at, [key for key, (due, _) in self._open.items() if at > due])

    def end(self, at: float) -> Findings:
        """Return a finding for each report that is still open."""
        return self._incomplete(at, list(self._open))

    def _incomplete(self, at: float, keys: list[tuple[str, int]]) -> Findings:
        findings = NO_FINDINGS
        for action, request_id in keys:
            _, frame = self._open.pop((action, request_id))
            findings += self._report(
                "report-incomplete",
                at,
                (frame,),
                f"no part followed the {action} with requestId {request_id} and tbc=true (to be continued); "
                "the last part must have no tbc or tbc=false",
            )
        return findings
