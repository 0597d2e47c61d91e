"""Reports that come in parts: whether what is to be continued is."""

from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject

PART_TIMEOUT: Final = 60.0
MAX_OPEN_REPORTS: Final = 100


class Reports:
    """The reports whose last part has not come yet, by action and requestId."""

    __slots__ = ("_open", "_report")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._open: dict[tuple[str, int], tuple[float, int]] = {}

    def part(self, at: float, frame: int, action: str, payload: JsonObject) -> None:
        """Take note of a part; absent tbc means that it is the last."""
        key = action, payload["requestId"]
        self._open.pop(key, None)
        if payload.get("tbc", False):
            self._open[key] = at + PART_TIMEOUT, frame
        if len(self._open) > MAX_OPEN_REPORTS:
            del self._open[next(iter(self._open))]

    def give_up(self, action: str | None = None) -> None:
        """Expect nothing any more: of one action, or of all."""
        self._open = {key: part for key, part in self._open.items() if action not in {None, key[0]}}

    def shift(self, seconds: float) -> None:
        """Leave the station as much more time."""
        self._open = {key: (due + seconds, frame) for key, (due, frame) in self._open.items()}

    def overdue(self, at: float) -> Findings:
        """Judge the reports whose next part did not come in time."""
        if not self._open:
            return NO_FINDINGS
        return self._incomplete(at, [key for key, (due, _) in self._open.items() if at > due])

    def end(self, at: float) -> Findings:
        """Judge all reports that are still open."""
        return self._incomplete(at, list(self._open))

    def _incomplete(self, at: float, keys: list[tuple[str, int]]) -> Findings:
        found = NO_FINDINGS
        for action, request_id in keys:
            _, frame = self._open.pop((action, request_id))
            found += self._report(
                "report-incomplete",
                at,
                (frame,),
                f"no part followed the {action} of requestId {request_id} that was to be continued (tbc); "
                "the last part is one without tbc",
            )
        return found
