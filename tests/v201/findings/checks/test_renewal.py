"""Checks of signed certificates and contract certificates."""

import pytest

from tests.support.authority import Authority
from tests.support.certificates import LONG_AGO, build_csr
from tests.support.talk import Talk, case
from tests.v201.findings.checks.authorizing import CONTRACT, EMAID

STATION = "ChargingStationCertificate"
UNUSUAL = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
"""A certificate with an encoding that this server cannot read."""


def states(talk: Talk, *requirements: str) -> set[str]:
    return {talk.coverage(requirement) for requirement in requirements}


def install(talk: Talk, certificate_type: str | None = STATION, status: str = "Accepted") -> None:
    """Send a CSR of the station, and a CertificateSigned that the station answers with ``status``."""
    csr = build_csr()
    talk.request_certificate(csr)
    fields = {"certificateType": certificate_type} if certificate_type else {}
    chain = Authority("Root", start=LONG_AGO).sign(csr)
    talk.command("CertificateSigned", {"certificateChain": chain, **fields}, status)


@pytest.mark.parametrize(
    ("limit", "status", "findings", "state"),
    [
        case("too long", "100", "Accepted", ["long-certificate-chain-accepted"], "broken"),
        case("rejected", "100", "Rejected", [], "met"),
        case("short enough", "9000", "Accepted", [], "not exercised"),
    ],
)
def test_too_long_certificate_chain_must_be_rejected(
    talk: Talk, limit: str, status: str, findings: list[str], state: str
) -> None:
    talk.read_variables({"SecurityCtrlr.MaxCertificateChainSize": limit})
    install(talk, status=status)

    assert talk.ids == findings
    assert states(talk, "A02.FR.16", "A03.FR.16") == {state}


RENEWED = ("A02.FR.08", "A03.FR.08")


@pytest.mark.parametrize("certificate_type", [STATION, None])
def test_certificate_that_is_not_used_is_found(talk: Talk, certificate_type: str | None) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": "3"})
    install(talk, certificate_type)
    talk.wait(121)

    assert talk.ids == ["new-certificate-not-used"]
    assert states(talk, *RENEWED) == {"broken"}


def test_reconnect_with_certificate_is_accepted(talk: Talk) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": "3"})
    install(talk)
    talk.reconnect(5)
    talk.wait(121)

    assert talk.ids == []
    assert states(talk, *RENEWED) == {"met"}


@pytest.mark.parametrize(
    ("security_profile", "certificate_type", "status"),
    [
        case("without client certificate", "2", STATION, "Accepted"),
        case("of the vehicle side", "3", "V2GCertificate", "Accepted"),
        case("rejected", "3", STATION, "Rejected"),
    ],
)
def test_certificate_need_not_be_used(
    talk: Talk, security_profile: str, certificate_type: str, status: str
) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": security_profile})
    install(talk, certificate_type, status)
    talk.wait(121)

    assert talk.ids == []
    assert states(talk, *RENEWED) == {"not exercised"}


def test_reconnect_may_wait_for_the_end_of_a_transaction(talk: Talk) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": "3"})
    talk.send_event(0, "Started")
    install(talk)
    talk.wait(100)
    talk.send_event(1, "Ended")
    talk.wait(21)

    assert talk.ids == []


def test_certificate_that_is_not_for_the_station_need_not_be_used(talk: Talk) -> None:
    talk.read_variables({"SecurityCtrlr.SecurityProfile": "3"})
    chain = Authority("Root", start=LONG_AGO).sign(build_csr())
    talk.command("CertificateSigned", {"certificateChain": chain, "certificateType": STATION})
    talk.wait(121)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("certificate", "findings", "state"),
    [
        case("unreadable", {"certificate": "x"}, ["contract-certificate-unreadable"], "broken"),
        case("readable", {"certificate": CONTRACT}, [], "met"),
        case("unusual", {"certificate": UNUSUAL}, [], "met"),
        case("none", {}, [], "not exercised"),
    ],
)
def test_certificate_of_contract_must_be_readable(
    talk: Talk, certificate: dict[str, str], findings: list[str], state: str
) -> None:
    talk.exchange("Authorize", {"idToken": EMAID, **certificate}, {"idTokenInfo": {"status": "Accepted"}})

    assert talk.ids == findings
    assert states(talk, "A00.FR.507") == {state}
