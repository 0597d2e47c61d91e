"""Checks of certificate signing requests."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mock_csms.simulator.misbehaviour.signing import SHORT_KEY, SIGNED_WITH_SHA_1
from tests.support.certificates import build_csr
from tests.support.talk import CSR, Talk, case
from tests.v201.findings.checks.inventory import set_values

SHORT_RSA_KEY = """-----BEGIN CERTIFICATE REQUEST-----
MIIBTzCBuQIBADAQMQ4wDAYDVQQDDAVDUzAwMTCBnzANBgkqhkiG9w0BAQEFAAOB
jQAwgYkCgYEAvDYstY91FGv8EVJDCgYG41OuIrlkhLOMAzTrnw4OkRVUbNXoraGm
ZfuwYK59OEBdBoc75q3TfNjBQYUuUfE7AReMbsB6+M66i4HFGDq/l6lXXq+CMFdc
ip4B+MVLxn9a935MKTMS5IzeNbWu5k9jPjnKAtjWhzO3q2VH+Dhjm6kCAwEAAaAA
MA0GCSqGSIb3DQEBCwUAA4GBADwbxVhP5pie9kr54QmseZxbubXR3D6w9FCRs2Ng
1bwZXKsxJNBm75L1GHtRh6frSE1gTyY9wyJBC9PSD7Ri1u+tH8/OK+8JsI5CEELu
btyu8NyL0qBYV04Favv79HqCrXEWlgJnd8be5sxq/em7CtUQO2RznZbdRCWPb02V
GbHM
-----END CERTIFICATE REQUEST-----
"""
USUAL_RSA_KEY = """-----BEGIN CERTIFICATE REQUEST-----
MIICVTCCAT0CAQAwEDEOMAwGA1UEAwwFQ1MwMDEwggEiMA0GCSqGSIb3DQEBAQUA
A4IBDwAwggEKAoIBAQCol5L9cssN0NjWQShIGZIlln6teDz3Vbg45rmUoQ6yI35D
MaKa1we3qXNGrUqWq+C8J3FvgtD3Fmz/Upo7u5uYRuHD8S+B2P1MQlsseeSiCTFG
3EzMMcR/uQLDGmhLtmJBMcEH/rqY4WrrHelehiWYRH+82gAwp9LBXatjKkSsfz/J
OnyYv7QSWQ9TkpnPaK/JOwYLMWy0Sy5cEdk1M5N3vHngSSYrTp9wiEFhPLjwM4wN
ikmudDnZrd48rRYPwVkAj+lHxiUnlx02XvqlkVOpFOCQCu0+YeXbEqSHC3JtGRsQ
N7iajise2xI1Gnfd9Xcky5SipsgYFy+gUnuxe7W3AgMBAAGgADANBgkqhkiG9w0B
AQsFAAOCAQEAX/FIW+k6ufOVbvWyF0+tUrZWJCt4CzWEPMcPPHsYKPXDrZThJC1I
KUF2yxDRJjvs7Tm/9+hupeDRCrd876iKd3nf7aPyr/mmB6KaB0LSiW7WOO3Xvdto
ZIaNCIXgTU1+i05IPYomm9yCgcS1eDnVoLITTlL6j8sVjncqoktEQAuMGuwbQGrL
KslLuG3ayaJl7q/gBgI/sgVLa3OnxmrY5VED4/jMrSb8Q5PTsLyJf3Eaepk2VuUe
OSAKlaWvppsxNt7fg74v8po4oNHYKH1vwFDm6AdJ31sbLea8K5+WdyhGcfVMRPuq
1qKMKCYwRsYpFZSNpJtPiKHSZuMuBj4Ldg==
-----END CERTIFICATE REQUEST-----
"""
STATION = "ChargingStationCertificate"
V2G = "V2GCertificate"


def states(talk: Talk, *requirements: str) -> set[str]:
    return {talk.coverage(requirement) for requirement in requirements}


def request(
    talk: Talk, csr: str = CSR, certificate_type: str | None = STATION, status: str = "Accepted"
) -> None:
    fields = {"certificateType": certificate_type} if certificate_type else {}
    talk.exchange("SignCertificate", {"csr": csr, **fields}, {"status": status})


def sign(talk: Talk) -> None:
    """Send the station a certificate, which it accepts, so that none of its CSRs waits for one."""
    message_id = talk.send_command("CertificateSigned", {"certificateChain": "x", "certificateType": STATION})
    talk.answer_command(message_id, "CertificateSigned", {"status": "Accepted"})
    talk.findings.clear()


def tampered(csr: str) -> str:
    """Return a CSR in PEM with a wrong signature."""
    lines = csr.splitlines()
    body = lines[-2]
    lines[-2] = body[:-8] + "".join("A" if letter != "A" else "B" for letter in body[-8:-4]) + body[-4:]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("csr", "findings", "state"),
    [
        case("not PEM", "x", ["csr-unreadable"], "broken"),
        case("wrong signature", tampered(CSR), ["csr-unreadable"], "broken"),
        case("valid", CSR, [], "met"),
    ],
)
def test_request_must_be_readable_and_signed_by_its_key(
    talk: Talk, csr: str, findings: list[str], state: str
) -> None:
    request(talk, csr)

    assert talk.ids == findings
    assert states(talk, "A02.FR.03", "A03.FR.03") == {state}


@pytest.mark.parametrize(
    ("csr", "findings", "requirement", "state"),
    [
        case("short curve", SHORT_KEY, ["csr-key-weak"], "A00.FR.503", "broken"),
        case("usual curve", CSR, [], "A00.FR.503", "met"),
        case("short RSA key", SHORT_RSA_KEY, ["csr-key-weak"], "A00.FR.502", "broken"),
        case("usual RSA key", USUAL_RSA_KEY, [], "A00.FR.502", "met"),
    ],
)
def test_key_of_request_must_be_long_enough(
    talk: Talk, csr: str, findings: list[str], requirement: str, state: str
) -> None:
    request(talk, csr)

    assert talk.ids == findings
    assert states(talk, "A00.FR.501", requirement) == {state}


@pytest.mark.parametrize(
    ("csr", "findings", "state"),
    [
        case("SHA-1", SIGNED_WITH_SHA_1, ["csr-signature-weak"], "broken"),
        case("SHA-256", CSR, [], "met"),
    ],
)
def test_request_must_not_be_signed_with_sha_1(talk: Talk, csr: str, findings: list[str], state: str) -> None:
    request(talk, csr)

    assert talk.ids == findings
    assert states(talk, "A00.FR.504") == {state}


@pytest.mark.parametrize(
    ("organization", "certificate_type", "findings", "state"),
    [
        case("other", "Other", STATION, ["csr-subject-wrong"], "broken"),
        case("none", "", STATION, ["csr-subject-wrong"], "broken"),
        case("right", "CSO", STATION, [], "met"),
        case("of a contract", "Other", V2G, [], "not exercised"),
        case("perhaps of a contract", "Other", None, [], "not exercised"),
    ],
)
def test_organization_in_request(
    talk: Talk, organization: str, certificate_type: str | None, findings: list[str], state: str
) -> None:
    talk.read_variables({"SecurityCtrlr.OrganizationName": "CSO"})
    request(talk, build_csr(organization=organization), certificate_type)

    assert talk.ids == findings
    assert states(talk, "A00.FR.509") == {state}


@pytest.mark.parametrize(
    ("serial_number", "name", "findings", "state"),
    [
        case("other", "SN1", "SN2", ["csr-subject-wrong"], "broken"),
        case("address", "", "192.0.2.1", ["csr-subject-wrong"], "broken"),
        case("URL", "", "https://station", ["csr-subject-wrong"], "broken"),
        case("right", "SN1", "SN1", [], "met"),
        case("unknown", "", "SN2", [], "not exercised"),
    ],
)
def test_request_must_have_the_serial_number_as_common_name(
    unbooted: Talk, serial_number: str, name: str, findings: list[str], state: str
) -> None:
    vendor = {"model": "Model", "vendorName": "Vendor"}
    station = {**vendor, "serialNumber": serial_number} if serial_number else vendor
    unbooted.exchange(
        "BootNotification", {"reason": "PowerUp", "chargingStation": station}, unbooted.registration()
    )
    unbooted.status()
    request(unbooted, build_csr(name))

    assert unbooted.ids == findings
    assert states(unbooted, "A00.FR.511") == {state}


def trigger(talk: Talk, requested: str = "SignChargingStationCertificate") -> None:
    talk.trigger(requested)


@pytest.mark.parametrize(
    ("is_new", "findings", "state"),
    [case("same key", False, ["csr-key-reused"], "broken"), case("new key", True, [], "met")],
)
def test_request_after_trigger_must_have_a_new_key(
    talk: Talk, is_new: bool, findings: list[str], state: str
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request(talk, build_csr(key=key))
    sign(talk)
    trigger(talk)
    request(talk, build_csr(key=None if is_new else key))

    assert talk.ids == findings
    assert states(talk, "A02.FR.02") == {state}


def test_request_may_be_older_than_the_organization(talk: Talk) -> None:
    csr = build_csr(organization="Old")
    request(talk, csr)
    organization = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "OrganizationName"}}
    set_values(talk, [{**organization, "attributeValue": "New"}], "Accepted")
    request(talk, build_csr(organization="Old"))
    talk.wait(61)
    request(talk, csr)

    assert "csr-subject-wrong" not in talk.ids
    assert states(talk, "A00.FR.509") == {"not exercised"}


@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
def test_request_that_waits_for_another_certificate_may_be_repeated(talk: Talk, status: str) -> None:
    request(talk, certificate_type=V2G, status=status)
    request(talk, build_csr())
    sign(talk)
    trigger(talk)
    request(talk, certificate_type=V2G)

    assert not set(talk.ids) & {"csr-key-reused", "csr-type-wrong"}


@pytest.mark.parametrize("is_triggered", [True, False])
def test_request_that_may_be_repeated_has_the_same_key(talk: Talk, is_triggered: bool) -> None:
    request(talk)
    if is_triggered:
        trigger(talk)
    request(talk)

    assert talk.ids == []
    assert states(talk, "A02.FR.02") == {"not exercised"}


@pytest.mark.parametrize(
    ("requested", "certificate_type", "findings", "state"),
    [
        case("other", "SignChargingStationCertificate", V2G, ["csr-type-wrong"], "broken"),
        case("other way round", "SignV2GCertificate", STATION, ["csr-type-wrong"], "broken"),
        case("right", "SignV2GCertificate", V2G, [], "met"),
        case("for both", "SignV2GCertificate", None, [], "not exercised"),
        case("combined", "SignCombinedCertificate", V2G, [], "not exercised"),
    ],
)
def test_request_after_trigger_must_have_the_triggered_type(
    talk: Talk, requested: str, certificate_type: str | None, findings: list[str], state: str
) -> None:
    trigger(talk, requested)
    request(talk, certificate_type=certificate_type)

    assert talk.ids == findings
    assert states(talk, "A02.FR.13") == {state}


def test_type_long_after_trigger_is_not_judged(talk: Talk) -> None:
    trigger(talk)
    talk.at += 61
    request(talk, certificate_type=V2G)

    assert "csr-type-wrong" not in talk.ids


@pytest.mark.parametrize(
    ("addition", "findings", "state"),
    [
        case("revealed", "-----BEGIN EC PRIVATE KEY-----\n", ["private-key-sent"], "broken"),
        case("kept", "", [], "met"),
    ],
)
def test_private_key_must_not_be_in_request(
    talk: Talk, addition: str, findings: list[str], state: str
) -> None:
    request(talk, CSR + addition)

    assert talk.ids == findings
    assert states(talk, "A02.FR.05", "A03.FR.05") == {state}
