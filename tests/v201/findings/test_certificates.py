"""Findings about certificates: which of them a station accepts, lists and deletes (A02, M03, M04)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from mock_csms.simulator.certificate_data import certificate_hash_data
from mock_csms.v201.findings.certificates import MAX_KEYS
from tests.support.authority import NOW, Authority
from tests.support.certificates import LONG_AGO, build_csr, signed_certificate
from tests.support.talk import START, Script, Talk

if TYPE_CHECKING:
    from mock_csms.messages import JsonObject

NOT_YET = datetime.fromtimestamp(START, UTC) + timedelta(days=2)
DAYS_TO_START = (datetime.fromtimestamp(START, UTC) - NOW).days


def expired(csr: str) -> str:
    return Authority("Root", start=LONG_AGO).sign(csr, DAYS_TO_START - 2)


FAULTS: dict[str, Callable[[str], str]] = {
    "its chain is not readable PEM": lambda _: "x",
    "the certificate expired on": expired,
    "the certificate is not valid before": lambda csr: Authority("Root", start=NOT_YET).sign(csr),
    "the key of the certificate is not in": lambda _: Authority("Root", start=LONG_AGO).sign(build_csr()),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_accepted_bad_certificate_is_described(talk: Talk, fault: str) -> None:
    csr = build_csr()
    talk.request_certificate(csr)
    talk.command("CertificateSigned", {"certificateChain": FAULTS[fault](csr)})

    [finding] = talk.findings
    assert finding.id == "bad-certificate-accepted"
    assert fault in finding.sentence


def test_certificate_for_any_key_is_accepted_after_an_unreadable_csr(talk: Talk) -> None:
    talk.request_certificate("x")
    talk.command(
        "CertificateSigned", {"certificateChain": FAULTS["the key of the certificate is not in"]("")}
    )

    assert "bad-certificate-accepted" not in talk.ids


def test_certificate_for_the_first_of_many_csrs_is_accepted(talk: Talk) -> None:
    csr = build_csr()
    talk.request_certificate(csr)
    for _ in range(MAX_KEYS):
        talk.request_certificate(build_csr())
    talk.command("CertificateSigned", {"certificateChain": Authority("Root", start=LONG_AGO).sign(csr)})

    assert "bad-certificate-accepted" not in talk.ids


def test_certificate_for_any_key_is_accepted_before_the_first_csr(talk: Talk) -> None:
    talk.command(
        "CertificateSigned", {"certificateChain": FAULTS["the key of the certificate is not in"]("")}
    )

    assert talk.ids == []


def test_expired_certificate_is_accepted_by_a_station_with_another_time(talk: Talk) -> None:
    talk.exchange("Heartbeat", {}, {"currentTime": "2020-01-01T00:00:00Z"})
    csr = build_csr()
    talk.request_certificate(csr)
    talk.command("CertificateSigned", {"certificateChain": expired(csr)})

    assert "bad-certificate-accepted" not in talk.ids


def test_deleted_certificate_that_is_still_listed_is_found(talk: Talk) -> None:
    root = Authority("Root", start=LONG_AGO).certificate
    hash_data = certificate_hash_data(root, root)
    entry: JsonObject = {"certificateType": "CSMSRootCertificate", "certificateHashData": hash_data}
    talk.command("DeleteCertificate", {"certificateHashData": hash_data})
    talk.command("GetInstalledCertificateIds", {}, certificateHashDataChain=[entry])

    [finding] = talk.findings
    assert finding.id == "certificate-list-wrong"
    assert "lists the certificate" in finding.sentence


def test_deletion_of_an_older_certificate_of_the_station_says_nothing(talk: Talk) -> None:
    older = signed_certificate(talk)
    signed_certificate(talk)
    talk.command("DeleteCertificate", {"certificateHashData": certificate_hash_data(*older)})

    assert talk.ids == []


def test_failed_deletion_leaves_the_certificate_installed(talk: Talk) -> None:
    root = Authority("Root", start=LONG_AGO)
    hash_data = certificate_hash_data(root.certificate, root.certificate)
    entry: JsonObject = {"certificateType": "MORootCertificate", "certificateHashData": hash_data}
    talk.command("InstallCertificate", {"certificateType": "MORootCertificate", "certificate": root.pem})
    talk.command("DeleteCertificate", {"certificateHashData": hash_data}, "Failed")
    talk.command("GetInstalledCertificateIds", {}, certificateHashDataChain=[entry])

    assert talk.ids == []


def answer_with_an_error(talk: Talk) -> None:
    talk.ask_in_vain("GetInstalledCertificateIds", {})


def answer_with_a_violation(talk: Talk) -> None:
    message_id = talk.send_command("GetInstalledCertificateIds", {})
    talk.answer_command(message_id, "GetInstalledCertificateIds", {}, violation="status is missing")


def leave_unanswered(talk: Talk) -> None:
    talk.time_out("GetInstalledCertificateIds", {})


@pytest.mark.parametrize("fail", [answer_with_an_error, answer_with_a_violation, leave_unanswered])
def test_list_after_a_failed_one_must_have_the_installed_certificate(talk: Talk, fail: Script) -> None:
    fail(talk)
    root = {"certificateType": "MORootCertificate", "certificate": Authority("Root", start=LONG_AGO).pem}
    talk.command("InstallCertificate", root)
    talk.command("GetInstalledCertificateIds", {}, "NotFound")

    assert "certificate-list-wrong" in talk.ids
