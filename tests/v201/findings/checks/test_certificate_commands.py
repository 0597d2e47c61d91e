"""Checks of answers to commands that install and delete certificates."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from mock_csms.messages import JsonObject
from mock_csms.simulator.certificate_data import certificate_hash_data, pem
from tests.support.authority import NOW, Authority
from tests.support.certificates import LONG_AGO, signed_certificate
from tests.support.roots import (
    CSMS_ROOT,
    MO_ROOT,
    ROOT_CHECK,
    authority,
    delete,
    entry,
    hash_data,
    install,
    install_pem,
    list_certificates,
)
from tests.support.talk import START, Talk, case

STATES = pytest.mark.parametrize(
    ("status", "state"), [("Accepted", "broken"), ("Rejected", "met"), ("Failed", "not exercised")]
)
DAYS_TO_START = (datetime.fromtimestamp(START, UTC) - NOW).days


def badly_signed() -> str:
    """Make a root that claims to be self-signed, but is signed with another key."""
    root, other = authority(), ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder(root.name, root.name, root.key.public_key(), 1)
        .not_valid_before(LONG_AGO)
        .not_valid_after(NOW + timedelta(days=9))
    )
    return pem([builder.sign(other, hashes.SHA256())])


FLAWS: dict[str, Callable[[], str]] = {
    "not readable PEM": lambda: "x",
    "expired on": lambda: Authority("Old", start=LONG_AGO, days=DAYS_TO_START - 2).pem,
    "signature is wrong": badly_signed,
}


@pytest.mark.parametrize("flaw", FLAWS)
@STATES
def test_root_that_must_be_rejected(talk: Talk, flaw: str, status: str, state: str) -> None:
    install_pem(talk, FLAWS[flaw](), status)

    assert talk.ids == (["bad-root-certificate-accepted"] if state == "broken" else [])
    assert all(flaw in finding.sentence for finding in talk.findings)
    assert talk.coverage("M05.FR.07") == state


def with_unreadable_second() -> str:
    return authority().pem + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "make",
    [
        case("valid", lambda: authority().pem),
        case("valid later", lambda: Authority("New", start=datetime(2026, 1, 4, tzinfo=UTC)).pem),
        case("first readable", with_unreadable_second),
        case("unusual", lambda: "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
    ],
)
def test_root_that_is_not_certainly_invalid_is_accepted(talk: Talk, make: Callable[[], str]) -> None:
    install_pem(talk, make())

    assert talk.ids == []
    assert talk.coverage("M05.FR.07") == "not exercised"


def test_expired_root_is_accepted_by_a_station_with_another_time(talk: Talk) -> None:
    talk.exchange("Heartbeat", {}, {"currentTime": "2020-01-01T00:00:00Z"})
    install_pem(talk, FLAWS["expired on"]())

    assert talk.ids == []


@STATES
def test_csms_root_that_the_previous_one_has_not_signed(talk: Talk, status: str, state: str) -> None:
    talk.read_variables({ROOT_CHECK: "true"})
    list_certificates(talk, entry())
    install(talk, "Other", status)

    assert talk.ids == (["bad-root-certificate-accepted"] if state == "broken" else [])
    assert talk.coverage("M05.FR.11") == state


def test_cross_certificate_beside_the_root_may_be_signed(talk: Talk) -> None:
    talk.read_variables({ROOT_CHECK: "true"})
    list_certificates(talk, entry())
    install_pem(talk, authority("Other").pem + authority("Successor").pem, certificate_type=CSMS_ROOT)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("name", "certificate_type", "check", "listed"),
    [
        case("signed", "Successor", CSMS_ROOT, "true", [entry()]),
        case("same root", "Root", CSMS_ROOT, "true", [entry()]),
        case("first root", "Other", CSMS_ROOT, "true", [entry("Other", MO_ROOT)]),
        case("other type", "Other", MO_ROOT, "true", [entry()]),
        case("no check", "Other", CSMS_ROOT, "false", [entry()]),
    ],
)
def test_root_that_may_be_installed(
    talk: Talk, name: str, certificate_type: str, check: str, listed: list[JsonObject]
) -> None:
    talk.read_variables({ROOT_CHECK: check})
    list_certificates(talk, *listed)
    install(talk, name, certificate_type=certificate_type)

    assert talk.ids == []
    assert talk.coverage("M05.FR.11") == "not exercised"


def report_entries(talk: Talk, actual: str = "2") -> None:
    item = {
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "CertificateEntries"},
        "variableAttribute": [{"value": actual}],
        "variableCharacteristics": {"dataType": "integer", "maxLimit": 2, "supportsMonitoring": False},
    }
    talk.call("NotifyReport", {"requestId": 7, "generatedAt": talk.now, "seqNo": 0, "reportData": [item]})


@STATES
def test_root_above_the_limit_must_be_rejected(talk: Talk, status: str, state: str) -> None:
    list_certificates(talk, entry())
    report_entries(talk)
    install(talk, "Other", status, MO_ROOT)

    assert talk.ids == (["certificate-accepted-above-limit"] if state == "broken" else [])
    assert talk.coverage("M05.FR.06") == state


def forget_entries(talk: Talk) -> None:
    report_entries(talk)
    install(talk, "Third", "Rejected", MO_ROOT)
    list_certificates(talk, entry())


@pytest.mark.parametrize(
    ("learn", "name", "certificate_type"),
    [
        case("free place", lambda talk: report_entries(talk, "1"), "Other", MO_ROOT),
        case("number unknown", lambda _: None, "Other", MO_ROOT),
        case("same certificate", report_entries, "Root", MO_ROOT),
        case("replaced root", report_entries, "Other", CSMS_ROOT),
        case("old number", forget_entries, "Other", MO_ROOT),
    ],
)
def test_root_within_the_limit_is_accepted(
    talk: Talk, learn: Callable[[Talk], None], name: str, certificate_type: str
) -> None:
    list_certificates(talk, entry())
    learn(talk)
    install(talk, name, certificate_type=certificate_type)

    assert talk.ids == []


def test_number_of_entries_can_also_be_read(talk: Talk) -> None:
    report_entries(talk)
    install(talk, "Third", "Rejected", MO_ROOT)
    list_certificates(talk, entry())
    talk.read_variables({"SecurityCtrlr.CertificateEntries": "2"})
    install(talk, "Other", certificate_type=MO_ROOT)

    assert talk.ids == ["certificate-accepted-above-limit"]


@pytest.mark.parametrize(
    ("status", "state"), [("Accepted", "met"), ("Rejected", "broken"), ("Failed", "broken")]
)
def test_certificate_that_is_installed_again(talk: Talk, status: str, state: str) -> None:
    install(talk, certificate_type=MO_ROOT)
    install(talk, status=status, certificate_type=MO_ROOT)

    assert talk.ids == (["installed-certificate-refused"] if state == "broken" else [])
    assert talk.coverage("M05.FR.17") == state


def install_other_type(talk: Talk) -> None:
    delete(talk)
    install(talk, certificate_type=CSMS_ROOT)


def delete_meanwhile(talk: Talk) -> None:
    message_id = talk.send_command("DeleteCertificate", {"certificateHashData": hash_data()})
    install(talk, certificate_type=MO_ROOT)
    talk.answer_command(message_id, "DeleteCertificate", {"status": "Accepted"})


@pytest.mark.parametrize(
    "then",
    [
        case("deleted", delete),
        case("deleted meanwhile", delete_meanwhile),
        case("replaced", lambda talk: install(talk, "Other", certificate_type=MO_ROOT)),
        case("reconnected", lambda talk: talk.reconnect(5)),
        case("other type", install_other_type),
    ],
)
def test_certificate_that_may_be_refused(talk: Talk, then: Callable[[Talk], object]) -> None:
    install(talk, certificate_type=MO_ROOT)
    then(talk)
    install(talk, status="Rejected", certificate_type=MO_ROOT)

    assert talk.ids == []
    assert talk.coverage("M05.FR.17") == "not exercised"


def test_csms_root_may_be_refused_if_it_may_replace_another(talk: Talk) -> None:
    install(talk)
    install(talk, status="Rejected")

    assert talk.ids == []


def list_before(talk: Talk) -> None:
    list_certificates(talk, entry())
    delete(talk)


def list_after(talk: Talk) -> None:
    delete(talk)
    list_certificates(talk, status="NotFound")


@pytest.mark.parametrize("learn", [list_before, list_after])
@pytest.mark.parametrize(
    ("status", "state"), [("Accepted", "broken"), ("NotFound", "met"), ("Failed", "not exercised")]
)
def test_certificate_that_is_deleted_again(
    talk: Talk, learn: Callable[[Talk], None], status: str, state: str
) -> None:
    learn(talk)
    delete(talk, status)

    assert talk.ids == (["certificate-deleted-twice"] if state == "broken" else [])
    assert talk.coverage("M04.FR.04") == state


def list_two_copies(talk: Talk) -> None:
    list_certificates(talk, entry(), entry(certificate_type=MO_ROOT))
    delete(talk)


def install_again(talk: Talk) -> None:
    list_before(talk)
    install(talk)


def install_meanwhile(talk: Talk) -> None:
    request = {"certificateType": CSMS_ROOT, "certificate": authority().pem}
    message_id = talk.send_command("InstallCertificate", request)
    list_before(talk)
    talk.answer_command(message_id, "InstallCertificate", {"status": "Accepted"})


@pytest.mark.parametrize(
    "learn",
    [
        case("unknown copies", delete),
        case("two copies", list_two_copies),
        case("new", install_again),
        case("installed meanwhile", install_meanwhile),
    ],
)
def test_certificate_that_may_still_be_there_is_deleted(talk: Talk, learn: Callable[[Talk], None]) -> None:
    learn(talk)
    delete(talk)

    assert talk.ids == []
    assert talk.coverage("M04.FR.04") == "not exercised"


@pytest.mark.parametrize(
    ("status", "state"), [("Accepted", "broken"), ("Failed", "met"), ("NotFound", "not exercised")]
)
def test_certificate_of_the_station_must_not_be_deleted(talk: Talk, status: str, state: str) -> None:
    own = signed_certificate(talk)
    talk.command("DeleteCertificate", {"certificateHashData": certificate_hash_data(*own)}, status)

    assert talk.coverage("M04.FR.06") == state
