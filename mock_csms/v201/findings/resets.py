"""Resets: a station must answer a Reset before it reboots (B11)."""

from typing import Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject

REMOTE_RESET: Final = "RemoteReset"
TRIGGERED: Final = "Triggered"


class UnansweredResets:
    """Reports a station that reboots before it answers a Reset, if no other Reset can explain the reboot."""

    __slots__ = ("_may_reboot", "_report", "_unanswered")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._may_reboot = True
        """Whether a Reset since the last reboot may still lead to a reboot; True until the first boot."""
        self._unanswered: tuple[int, str] | None = None
        """Frame and message id of the unanswered Reset."""

    def sent(self, frame: int, message_id: str, request: JsonObject, *, is_booted: bool) -> None:
        """Register a Reset; ``is_booted``: whether a boot was accepted on this connection."""
        can_be_judged = is_booted and not self._may_reboot and "evseId" not in request
        self._may_reboot = True
        self._unanswered = (frame, message_id) if can_be_judged else None

    def settled(self, message_id: str, *, is_refused: bool = False) -> None:
        """Register that a Reset was answered or timed out; ``is_refused``: the station will not reboot."""
        if self._unanswered is not None and self._unanswered[1] == message_id:
            self._unanswered = None
            self._may_reboot = not is_refused

    def doubt(self) -> None:
        """Register a lost message, or a faulty command that the station may take for a Reset."""
        self._unanswered, self._may_reboot = None, True

    def disconnected(self) -> None:
        """Stop checking the Reset, because its answer may be lost."""
        self._unanswered = None

    def judge_boot(self, at: float, frame: int, reason: str) -> Findings:
        """Report a reboot that a Reset must have caused, and that came before the answer to this Reset."""
        unanswered = self._unanswered
        if reason != TRIGGERED:
            self._unanswered, self._may_reboot = None, False
        if unanswered is None or reason != REMOTE_RESET:
            return NO_FINDINGS
        return self._report(
            "reset-answered-late",
            at,
            (unanswered[0], frame),
            "the station rebooted with reason RemoteReset before it answered the Reset; it must answer the "
            "Reset first",
        )
