"""Certificate signing requests: a station must wait before it repeats one (A02)."""

from dataclasses import dataclass
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.configuration import ReportedConfiguration

TOLERANCE_S: Final = 1.0
WAIT_MINIMUM: Final = "securityctrlr/certsigningwaitminimum"
REFUSED_FOR_S: Final = 600.0
"""Time after a refused certificate in which a request counts as a repetition."""


@dataclass(slots=True)
class Occurrence:
    """The latest accepted SignCertificate or refused CertificateSigned of a certificateType."""

    at: float
    frame: int


class CertificateRequests:
    """SignCertificate messages of a station, by certificateType."""

    __slots__ = ("_accepted", "_asked", "_configuration", "_refused", "_report")

    def __init__(self, report: Reporter, configuration: ReportedConfiguration) -> None:
        self._report = report
        self._configuration = configuration
        self._asked: tuple[str | None, float, int] | None = None
        self._accepted: dict[str | None, Occurrence] = {}
        self._refused: dict[str | None, Occurrence] = {}

    def judge_request(self, at: float, frame: int, payload: JsonObject) -> Findings:
        """Report a request that comes too soon after an accepted one, or that repeats one after a refused
        certificate.
        """
        kind = payload.get("certificateType")
        self._asked = kind, at, frame
        accepted, refused = self._accepted.pop(kind, None), self._refused.pop(kind, None)
        if refused is not None and at - refused.at <= REFUSED_FOR_S:
            return self._report(
                "csr-repeated-after-refusal",
                at,
                (refused.frame, frame),
                "SignCertificate was sent again after the station had rejected the CertificateSigned; it "
                "must wait for a TriggerMessage",
            )
        wait_s = self._configuration.number(WAIT_MINIMUM)
        if accepted is None or wait_s is None or at - accepted.at >= wait_s - TOLERANCE_S:
            return NO_FINDINGS
        return self._report(
            "csr-repeated-too-early",
            at,
            (accepted.frame, frame),
            f"SignCertificate was sent again after {at - accepted.at:.1f} s; after an accepted "
            "SignCertificate, a station must wait for CertificateSigned for at least CertSigningWaitMinimum "
            f"({wait_s:g} s)",
        )

    def answered(self, answer: JsonObject) -> None:
        """Register the answer to the latest SignCertificate."""
        if self._asked is not None and answer.get("status") == "Accepted":
            kind, at, frame = self._asked
            self._accepted[kind] = Occurrence(at, frame)

    def command_sent(self, action: str) -> None:
        """Allow a request after any TriggerMessage or CertificateSigned."""
        if action in {Action.trigger_message, Action.certificate_signed}:
            self.forget()

    def certificate_answered(self, at: float, frame: int, request: JsonObject, status: str | None) -> None:
        """Register the answer to a CertificateSigned."""
        if status == "Rejected":
            self._refused[request.get("certificateType")] = Occurrence(at, frame)

    def forget(self) -> None:
        """Allow a request at any time, for example after a restart."""
        self._accepted.clear()
        self._refused.clear()
