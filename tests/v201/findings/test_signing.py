"""Findings about the time of certificate signing requests, and about refused certificates."""

import pytest

from tests.support.talk import Talk, case

FIRST = ("A02.FR.17", "A03.FR.17")
LATER = ("A02.FR.18", "A03.FR.18")
REFUSAL = ("A02.FR.07", "A03.FR.07")
VERIFICATION = ("A02.FR.06", "A03.FR.06")


def states(talk: Talk, *requirements: str) -> set[str]:
    return {talk.coverage(requirement) for requirement in requirements}


def repeat(talk: Talk, *waits_s: float) -> None:
    """Send a SignCertificate, and another one after each of these waits."""
    talk.read_variables({"SecurityCtrlr.CertSigningWaitMinimum": "60"})
    talk.request_certificate()
    for wait_s in waits_s:
        talk.at += wait_s
        talk.request_certificate()


@pytest.mark.parametrize(
    ("waits_s", "findings", "first", "later"),
    [
        case("too early", (30,), 1, "broken", "not exercised"),
        case("in time", (60,), 0, "met", "not exercised"),
        case("not doubled", (60, 60), 1, "met", "broken"),
        case("doubled", (60, 120), 0, "met", "met"),
    ],
)
def test_wait_between_requests(
    talk: Talk, waits_s: tuple[float, ...], findings: int, first: str, later: str
) -> None:
    repeat(talk, *waits_s)

    assert talk.ids == ["csr-repeated-too-early"] * findings
    assert states(talk, *FIRST) == {first}
    assert states(talk, *LATER) == {later}


def refuse(talk: Talk) -> None:
    """Make the station reject a CertificateSigned that cannot be read."""
    talk.command("CertificateSigned", {"certificateChain": "x"}, "Rejected")


def report(talk: Talk) -> None:
    event = {"type": "InvalidChargingStationCertificate", "timestamp": talk.now}
    talk.call("SecurityEventNotification", event)


@pytest.mark.parametrize("steps", [(refuse, report), (report, refuse)])
def test_refused_certificate_that_is_reported(talk: Talk, steps: tuple[object, ...]) -> None:
    for step in steps:
        assert callable(step)
        step(talk)
    talk.wait(62)

    assert talk.ids == []
    assert states(talk, *REFUSAL, *VERIFICATION) == {"met"}


def test_request_after_refusal_waits_for_trigger(talk: Talk) -> None:
    refuse(talk)
    report(talk)
    talk.trigger("SignChargingStationCertificate")
    talk.request_certificate()

    assert talk.ids == []
    assert talk.coverage("A02.FR.20") == "met"
