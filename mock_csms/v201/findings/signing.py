"""Certificate signing requests: a station must wait before it repeats one (A02)."""

from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts

TOLERANCE_S: Final = 1.0
FIRST_WAIT: Final = ("A02.FR.17", "A03.FR.17")
DOUBLED: Final = ("A02.FR.18", "A03.FR.18")
MAX_DOUBLINGS: Final = 20
REFUSED_FOR_S: Final = 600.0
"""Seconds after the station rejected a CertificateSigned in which its next CSR counts as a repetition."""


@dataclass(slots=True)
class Occurrence:
    """The latest accepted SignCertificate or refused CertificateSigned of a certificateType."""

    at: float
    frame: int
    repeats: int = 0
    """Number of consecutive SignCertificates before this one that were accepted but got no certificate."""


class CertificateRequests:
    """Checks that a station waits before it repeats a SignCertificate for the same certificateType."""

    __slots__ = ("_accepted", "_asked", "_model", "_refused", "_report")

    def __init__(self, report: Reporter, model: DeviceModelFacts) -> None:
        self._report = report
        self._model = model
        self._asked: tuple[str | None, Occurrence] | None = None
        self._accepted: dict[str | None, Occurrence] = {}
        self._refused: dict[str | None, Occurrence] = {}

    def judge_request(self, at: float, frame: int, payload: JsonObject) -> Findings:
        """Report a SignCertificate that comes too soon after an accepted SignCertificate, or too soon after
        the station rejected a CertificateSigned.
        """
        kind = payload.get("certificateType")
        accepted, refused = self._accepted.pop(kind, None), self._refused.pop(kind, None)
        self._asked = kind, Occurrence(at, frame, accepted.repeats + 1 if accepted else 0)
        if refused is not None and at - refused.at <= REFUSED_FOR_S:
            return self._report(
                "csr-repeated-after-refusal",
                at,
                (refused.frame, frame),
                "SignCertificate was sent again after the station had rejected the CertificateSigned; it "
                "must wait for a TriggerMessage",
            )
        return NO_FINDINGS if accepted is None else self._judge_wait(at, frame, accepted)

    def _judge_wait(self, at: float, frame: int, accepted: Occurrence) -> Findings:
        """Report a SignCertificate sent too soon after an accepted one; each repetition doubles the wait."""
        minimum_s = self._model.number("SecurityCtrlr", "CertSigningWaitMinimum")
        if minimum_s is None:
            return NO_FINDINGS
        requirements = DOUBLED if accepted.repeats else FIRST_WAIT
        wait_s, waited_s = minimum_s * 2 ** min(accepted.repeats, MAX_DOUBLINGS), at - accepted.at
        if waited_s >= wait_s - TOLERANCE_S:
            self._report.met(*requirements)
            return NO_FINDINGS
        return self._report(
            "csr-repeated-too-early",
            at,
            (accepted.frame, frame),
            f"SignCertificate was sent again after {waited_s:.1f} s; after an accepted SignCertificate, "
            f"a station must wait for CertificateSigned for at least {wait_s:g} s, that is "
            "CertSigningWaitMinimum, doubled each time",
            requirements=requirements,
        )

    def answered(self, answer: JsonObject) -> None:
        """Register the answer to the latest SignCertificate."""
        if self._asked is not None and answer.get("status") == "Accepted":
            kind, occurrence = self._asked
            self._accepted[kind] = occurrence

    def command_sent(self, action: str) -> None:
        """Allow the next SignCertificate at any time once a TriggerMessage or CertificateSigned was sent."""
        if action == Action.trigger_message and self._refused:
            self._report.met("A02.FR.20")
        if action in {Action.trigger_message, Action.certificate_signed}:
            self.forget()

    def certificate_answered(self, at: float, frame: int, request: JsonObject, status: str | None) -> None:
        """Store that the station rejected a CertificateSigned; other statuses are ignored."""
        if status == "Rejected":
            self._refused[request.get("certificateType")] = Occurrence(at, frame)

    def forget(self) -> None:
        """Allow the next SignCertificate of each certificateType at any time, for example after a restart."""
        self._accepted.clear()
        self._refused.clear()
