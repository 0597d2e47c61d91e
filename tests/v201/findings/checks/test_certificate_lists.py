"""Checks of lists of installed certificates."""

import pytest
from cryptography import x509

from mock_csms.messages import JsonObject
from mock_csms.simulator.certificate_data import certificate_hash_data
from tests.support.certificates import build_csr
from tests.support.roots import (
    CSMS_ROOT,
    MO_ROOT,
    ROOT_CHECK,
    authority,
    delete,
    entry,
    hash_data,
    install,
    list_certificates,
)
from tests.support.talk import Talk, case

V2G_CHAIN = "V2GCertificateChain"


def test_not_found_with_certificates_is_found(talk: Talk) -> None:
    list_certificates(talk, entry(), status="NotFound")

    assert talk.ids == ["certificates-listed-with-not-found"]
    assert talk.coverage("M03.FR.02") == "broken"


@pytest.mark.parametrize(
    ("entries", "status", "state"),
    [case("none", [], "NotFound", "met"), case("some", [entry()], "Accepted", "not exercised")],
)
def test_status_that_fits_the_list_is_accepted(
    talk: Talk, entries: list[JsonObject], status: str, state: str
) -> None:
    list_certificates(talk, *entries, status=status)

    assert talk.ids == []
    assert talk.coverage("M03.FR.02") == state


def test_certificate_of_another_type_is_found(talk: Talk) -> None:
    list_certificates(talk, entry(), types=[MO_ROOT])

    assert talk.ids == ["certificate-not-asked-for"]
    assert talk.coverage("M03.FR.04") == "broken"


@pytest.mark.parametrize("types", [case("same type", [CSMS_ROOT, MO_ROOT]), case("all", None)])
def test_certificate_that_was_asked_for_is_accepted(talk: Talk, types: list[str] | None) -> None:
    list_certificates(talk, entry(), types=types)

    assert talk.ids == []
    assert talk.coverage("M03.FR.04") == "met"


# Certificates that were installed or deleted before the list


@pytest.mark.parametrize(
    ("status", "entries", "requirement"),
    [
        case("none", "NotFound", [], "M03.FR.03"),
        case("another", "Accepted", [entry("Other")], "M03.FR.04"),
    ],
)
def test_list_without_installed_certificate_names_the_requirement(
    talk: Talk, status: str, entries: list[JsonObject], requirement: str
) -> None:
    install(talk)
    list_certificates(talk, *entries, status=status)

    assert talk.ids == ["certificate-list-wrong"]
    assert talk.findings[0].section == f"{requirement}, M05.FR.02"


def test_list_with_installed_certificate_meets_the_requirements(talk: Talk) -> None:
    install(talk)
    list_certificates(talk, entry())

    assert {talk.coverage(name) for name in ("M03.FR.03", "M03.FR.04", "M05.FR.02")} == {"met"}


def test_list_without_deleted_certificate_meets_the_requirement(talk: Talk) -> None:
    delete(talk)
    list_certificates(talk, types=[MO_ROOT], status="NotFound")
    assert talk.coverage("M04.FR.02") == "not exercised"

    list_certificates(talk, status="NotFound")
    assert talk.coverage("M04.FR.02") == "met"


# V2G certificates


def sign_v2g(talk: Talk) -> JsonObject:
    """Send the station a V2G certificate signed by a sub-CA; return the entry that must list it."""
    csr = build_csr()
    talk.request_certificate(csr)
    sub_ca = authority("Sub")
    leaf = sub_ca.sign(csr)
    chain = leaf + sub_ca.pem + authority("V2G").pem
    talk.command("CertificateSigned", {"certificateChain": chain, "certificateType": "V2GCertificate"})
    certificate = x509.load_pem_x509_certificate(leaf.encode())
    return {
        "certificateType": V2G_CHAIN,
        "certificateHashData": certificate_hash_data(certificate, sub_ca.certificate),
        "childCertificateHashData": [hash_data("Sub")],
    }


def test_v2g_certificate_without_sub_ca_is_found(talk: Talk) -> None:
    listed = sign_v2g(talk)
    del listed["childCertificateHashData"]
    list_certificates(talk, listed)

    assert talk.ids == ["v2g-chain-incomplete"]
    assert talk.coverage("M03.FR.05") == "broken"


def test_missing_v2g_certificate_is_found(talk: Talk) -> None:
    sign_v2g(talk)
    list_certificates(talk, types=[V2G_CHAIN], status="NotFound")

    assert talk.ids == ["v2g-chain-incomplete"]


def test_complete_v2g_chain_is_accepted(talk: Talk) -> None:
    list_certificates(talk, sign_v2g(talk))

    assert talk.ids == []
    assert talk.coverage("M03.FR.05") == "met"


def test_v2g_certificate_may_be_missing(talk: Talk) -> None:
    listed = sign_v2g(talk)
    list_certificates(talk, entry(), types=[CSMS_ROOT])
    talk.command("DeleteCertificate", {"certificateHashData": listed["certificateHashData"]})
    list_certificates(talk, status="NotFound")
    sign_v2g(talk)
    talk.reconnect(5)
    list_certificates(talk, status="NotFound")

    assert talk.ids == []
    assert talk.coverage("M03.FR.05") == "not exercised"


# CSMS roots

ROOTS = ("Root", "Other", "Third")


def test_third_csms_root_is_found(talk: Talk) -> None:
    talk.read_variables({ROOT_CHECK: "true"})
    list_certificates(talk, *map(entry, ROOTS))

    assert talk.ids == ["too-many-csms-roots"]
    assert talk.coverage("M05.FR.09") == "broken"


@pytest.mark.parametrize(
    ("check", "names", "state"),
    [
        case("two", "true", ROOTS[:2], "met"),
        case("no check", "false", ROOTS, "not exercised"),
        case("unknown check", None, ROOTS, "not exercised"),
    ],
)
def test_number_of_csms_roots_is_accepted(
    talk: Talk, check: str | None, names: tuple[str, ...], state: str
) -> None:
    if check is not None:
        talk.read_variables({ROOT_CHECK: check})
    list_certificates(talk, *map(entry, names))

    assert talk.ids == []
    assert talk.coverage("M05.FR.09") == state


def replace_root(talk: Talk, check: str = "true") -> None:
    talk.read_variables({ROOT_CHECK: check})
    list_certificates(talk, entry("Root"))
    install(talk, "Successor")


def test_replaced_csms_root_that_is_gone_is_found(talk: Talk) -> None:
    replace_root(talk)
    list_certificates(talk, entry("Successor"))

    assert talk.ids == ["replaced-csms-root-not-kept"]
    assert talk.coverage("M05.FR.12") == "broken"


def test_replaced_csms_root_that_is_kept_is_accepted(talk: Talk) -> None:
    replace_root(talk)
    list_certificates(talk, entry("Root"), entry("Successor"))

    assert talk.ids == []
    assert talk.coverage("M05.FR.12") == "met"


def test_list_that_may_be_older_than_the_certificates_is_accepted(talk: Talk) -> None:
    message_id = talk.send_command("GetInstalledCertificateIds", {})
    talk.read_variables({ROOT_CHECK: "true"})
    install(talk, "Root")
    install(talk, "Successor")
    sign_v2g(talk)
    talk.answer_command(
        message_id,
        "GetInstalledCertificateIds",
        {"status": "Accepted", "certificateHashDataChain": [entry("Third")]},
    )

    assert talk.ids == []


@pytest.mark.parametrize("check", ["true", "false"])
def test_replaced_csms_root_may_be_gone(talk: Talk, check: str) -> None:
    replace_root(talk, check)
    if check == "true":
        talk.reconnect(5)
    list_certificates(talk, entry("Successor"))

    assert talk.ids == []
    assert talk.coverage("M05.FR.12") == "not exercised"
