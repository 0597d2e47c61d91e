"""Security profiles 2 and 3 over real TLS: stations that are accepted, and those refused (A00)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.pki import Pki
from tests.conftest import LogLines, Serve
from tests.support.listeners import PASSWORD, client_of, dial, failure_of, is_served, verifying
from tests.support.loops import NewLoop, each_event_loop, run_with_servers
from tests.support.station import OCPP_2_0_1

each_version = pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
each_key_type = pytest.mark.parametrize("key_type", ["ecdsa", "rsa"])


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def facts_of_last(csms: Csms) -> JsonObject:
    """Facts of the last handshake in the journal."""
    lines = [json.loads(entry.line()) for entry in csms.records.journal]
    facts: JsonObject = next(line["handshake"] for line in reversed(lines) if line.get("handshake"))
    return facts


# Profile 2


@each_event_loop
@each_version
def test_password_over_tls_is_accepted_with_profile_2(
    new_loop: NewLoop, pki_folder: Path, version: str
) -> None:
    async def test(serve: Serve) -> None:
        csms = await serve(security_profile=2, password=PASSWORD, pki=pki_folder)
        url = f"wss://CS1:{PASSWORD}@{csms.address}/CS1"
        context = verifying(pki_folder, version=version)
        async with websockets.connect(url, ssl=context, subprotocols=[OCPP_2_0_1]) as station:
            assert await is_served(station)
        facts = facts_of_last(csms)
        assert (facts["listener"], facts["authorization"]) == ("main", "Basic, user CS1")
        assert facts["tls"]["version"] == version.replace("_", ".")
        assert PASSWORD not in json.dumps(facts)

    run_with_servers(new_loop, test)


@each_event_loop
def test_plain_text_is_refused_with_profile_2(new_loop: NewLoop, pki_folder: Path) -> None:
    async def test(serve: Serve) -> None:
        csms = await serve(security_profile=2, password=PASSWORD, pki=pki_folder)
        error = await failure_of(csms, None)
        assert isinstance(error, websockets.InvalidStatus)
        assert error.response.status_code == 403
        assert b"security profile 2 requires TLS" in error.response.body

    run_with_servers(new_loop, test)


@each_event_loop
def test_tls_without_password_is_refused_with_profile_2(new_loop: NewLoop, pki_folder: Path) -> None:
    async def test(serve: Serve) -> None:
        csms = await serve(security_profile=2, password=PASSWORD, pki=pki_folder)
        error = await failure_of(csms, verifying(pki_folder))
        assert isinstance(error, websockets.InvalidStatus)
        assert error.response.status_code == 401

    run_with_servers(new_loop, test)


# Profile 3


@each_event_loop
@each_version
@each_key_type
def test_client_certificate_is_accepted_with_profile_3(
    new_loop: NewLoop, pki_folder: Path, version: str, key_type: Any
) -> None:
    async def test(serve: Serve) -> None:
        csms = await serve(security_profile=3, pki=pki_folder)
        identity = f"CS-{key_type}"
        client = client_of(pki_folder, identity, key_type=key_type)
        async with dial(csms, verifying(pki_folder, client, version), identity) as station:
            assert await is_served(station)
        certificate = facts_of_last(csms)["tls"]["clientCertificate"]
        assert f"CN={identity}" in certificate["subject"]
        assert "Intermediate CA" in certificate["issuer"]
        assert certificate["notBefore"] < certificate["notAfter"]

    run_with_servers(new_loop, test)


@each_event_loop
@each_version
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        case("none", None, "it sent no client certificate, which this port requires"),
        case("other authority", "unknown-ca", "is not accepted: unable to get local issuer certificate"),
        case("expired", "expired", "is not accepted: certificate has expired"),
        case("not yet valid", "not-yet-valid", "is not accepted: certificate is not yet valid"),
        case("self-signed", "self-signed", "is not accepted: self-signed certificate"),
    ],
)
def test_bad_client_certificate_is_refused_with_profile_3(
    new_loop: NewLoop, pki_folder: Path, version: str, fault: str | None, words: str
) -> None:
    async def test(serve: Serve) -> None:
        csms = await serve(security_profile=3, pki=pki_folder)
        client = None if fault is None else client_of(pki_folder, fault=fault)
        await failure_of(csms, verifying(pki_folder, client, version))
        notes = [json.loads(entry.line())["note"] for entry in csms.records.journal]
        assert len(notes) == 1
        assert words in notes[0]

    run_with_servers(new_loop, test)


@each_event_loop
@each_version
def test_certificate_of_another_station_is_refused(new_loop: NewLoop, pki_folder: Path, version: str) -> None:
    """TC_A_08_CSMS, A00.FR.405."""

    async def test(serve: Serve) -> None:
        csms = await serve(security_profile=3, pki=pki_folder)
        context = verifying(pki_folder, client_of(pki_folder, "CS2"), version)
        error = await failure_of(csms, context)
        assert isinstance(error, websockets.InvalidStatus)
        assert error.response.status_code == 403
        assert b"common name of its client certificate is 'CS2', not 'CS1'" in error.response.body

    run_with_servers(new_loop, test)


@pytest.mark.also_covers("A00.FR.702", "A00.FR.705")
async def test_revoked_certificate_is_refused(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(security_profile=3, pki=pki_folder)
    context = verifying(pki_folder, client_of(pki_folder, "CS-revoked"))
    async with dial(csms, context, "CS-revoked") as station:
        assert await is_served(station)
    Pki.open(pki_folder).revoke("CS-revoked")  # as `server.py pki revoke` does

    error = await failure_of(csms, context, "CS-revoked")

    assert isinstance(error, websockets.InvalidStatus)
    assert b"was revoked on " in error.response.body


async def test_plain_text_is_refused_with_profile_3(serve: Serve, pki_folder: Path) -> None:
    error = await failure_of(await serve(security_profile=3, pki=pki_folder), None)

    assert isinstance(error, websockets.InvalidStatus)
    assert b"security profile 3 requires TLS" in error.response.body


async def test_identity_in_certificate_is_compared_without_case(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(security_profile=3, pki=pki_folder)

    async with dial(csms, verifying(pki_folder, client_of(pki_folder, "cs-case")), "CS-CASE") as station:
        assert await is_served(station)


async def test_any_trusted_certificate_is_accepted_on_demand(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(security_profile=3, pki=pki_folder, client_identity="any")

    async with dial(csms, verifying(pki_folder, client_of(pki_folder, "CS2"))) as station:
        assert await is_served(station)


async def test_certificate_with_the_serial_number_of_the_station_is_accepted(
    serve: Serve, pki_folder: Path
) -> None:
    """A00.FR.405: the common name is the serial number, which the station reports when it boots."""
    csms = await serve(security_profile=3, pki=pki_folder)
    csms.station("CS1").boot = {"chargingStation": {"serialNumber": "SN-4711"}}

    async with dial(csms, verifying(pki_folder, client_of(pki_folder, "SN-4711"))) as station:
        assert await is_served(station)


async def test_certificate_signed_for_a_request_is_accepted(
    serve: Serve, pki_folder: Path, tmp_path: Path
) -> None:
    """A02: the station connects again with the certificate that it got for its CSR."""
    csms = await serve(security_profile=3, pki=pki_folder)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CS1")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    chain = csms.authority.sign_csr(request.public_bytes(Encoding.PEM).decode()).chain_text(sub_cas=False)
    files = tmp_path / "station.pem"
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files.write_bytes(chain.encode() + key_pem)
    context = verifying(pki_folder)
    context.load_cert_chain(files)

    async with dial(csms, context) as station:
        assert await is_served(station)


@pytest.mark.parametrize("authority", ["root", "intermediate"])
async def test_certificate_of_an_authority_of_the_user_is_accepted(
    serve: Serve, pki_folder: Path, tmp_path: Path, authority: str
) -> None:
    other = Pki.open(tmp_path / "other")
    csms = await serve(security_profile=3, pki=pki_folder, tls_ca=tmp_path / "other" / f"{authority}.pem")

    async with dial(csms, verifying(pki_folder, other.issue_client("CS1"))) as station:
        assert await is_served(station)


# Several profiles on one port


@pytest.fixture
async def mixed(serve: Serve, pki_folder: Path) -> Csms:
    """A server on which only CS3 has security profile 3."""
    return await serve(tls=True, pki=pki_folder, stations={"CS3": {"security_profile": 3}})


async def test_station_with_profile_3_needs_a_certificate_beside_others(
    mixed: Csms, pki_folder: Path
) -> None:
    without = await failure_of(mixed, verifying(pki_folder), "CS3")
    assert isinstance(without, websockets.InvalidStatus)
    assert b"it sent no client certificate" in without.response.body

    async with dial(mixed, verifying(pki_folder, client_of(pki_folder, "CS3")), "CS3") as station:
        assert await is_served(station)


@pytest.mark.parametrize("is_encrypted", [True, False])
async def test_station_with_profile_0_needs_no_certificate_beside_others(
    mixed: Csms, pki_folder: Path, is_encrypted: bool
) -> None:
    async with dial(mixed, verifying(pki_folder) if is_encrypted else None) as station:
        assert await is_served(station)


async def test_certificate_that_is_not_needed_must_be_good(mixed: Csms, pki_folder: Path) -> None:
    await failure_of(mixed, verifying(pki_folder, client_of(pki_folder, fault="unknown-ca")))


async def test_profile_3_of_a_station_can_be_set_at_run_time(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(tls=True, pki=pki_folder)
    csms.change_profile("CS1", {"security_profile": 3})

    await failure_of(csms, verifying(pki_folder))

    async with dial(csms, verifying(pki_folder, client_of(pki_folder))) as station:
        assert await is_served(station)


async def test_profile_of_a_glob_holds_for_identities_in_any_case(serve: Serve) -> None:
    csms = await serve(stations={"LAB*": {"security_profile": 1, "password": PASSWORD}})

    for identity in ("LAB1", "lab2"):
        error = await failure_of(csms, None, identity)
        assert isinstance(error, websockets.InvalidStatus)
        assert error.response.status_code == 401


# Several listeners


async def test_listeners_have_profiles_of_their_own(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(
        pki=pki_folder,
        password=PASSWORD,
        listeners={"third": {"port": 0, "security_profile": 3}, "plain": {"port": 0}},
    )
    assert csms.listeners.url_of("third").startswith("wss://")

    for listener in ("main", "plain"):
        async with dial(csms, None, listener=listener) as station:
            assert await is_served(station)
    error = await failure_of(csms, None, listener="third")
    assert isinstance(error, websockets.InvalidStatus)
    context = verifying(pki_folder, client_of(pki_folder))
    async with dial(csms, context, listener="third") as station:
        assert await is_served(station)
    assert facts_of_last(csms)["listener"] == "third"


@pytest.mark.also_covers("A00.FR.005", "A00.FR.006")
async def test_network_profile_does_not_lead_a_station_below_its_port(serve: Serve, pki_folder: Path) -> None:
    """A05: the default SetNetworkProfile names the listener with the next higher security profile.

    For a station with security profile 3, it names the listener that the station uses already.
    """
    listeners = {
        "second": {"port": 0, "security_profile": 2},
        "third": {"port": 0, "security_profile": 3},
    }
    csms = await serve(pki=pki_folder, password=PASSWORD, listeners=listeners)
    destinations = []
    context = verifying(pki_folder, client_of(pki_folder))
    for listener, tls in (("main", None), ("third", context)):
        async with dial(csms, tls, listener=listener) as station:
            assert await is_served(station)
            [session] = csms.sessions.values()
            payload = csms.served(session).build("SetNetworkProfile", csms, session.station)
            data = payload["connectionData"]
            destinations.append((data["ocppCsmsUrl"], data["securityProfile"]))

    assert destinations == [(csms.listeners.url_of("second"), 2), (csms.listeners.url_of("third"), 3)]


async def test_port_for_tls_alone_refuses_plain_text(
    serve: Serve, pki_folder: Path, log_lines: LogLines
) -> None:
    csms = await serve(tls_port=0, pki=pki_folder)

    await failure_of(csms, None, listener="tls")

    [line] = await log_lines.wait_for("this port takes only TLS")
    assert "wss://" in line
    async with dial(csms, verifying(pki_folder), listener="tls") as station:
        assert await is_served(station)


type OpenSsl = Callable[..., Awaitable[str]]


@pytest.fixture
def openssl(pki_folder: Path) -> OpenSsl:
    """Return a function that connects openssl s_client to an address and returns its output."""
    if which("openssl") is None:
        pytest.skip("needs openssl")

    async def run(address: str, *options: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "openssl", "s_client", "-connect", address, "-CAfile", str(pki_folder / "root.pem"), *options,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        return output.decode()

    return run


@pytest.mark.parametrize(
    "suite",
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    ],
)
async def test_openssl_agrees_on_cipher_suite_of_the_specification(
    serve: Serve, pki_folder: Path, openssl: OpenSsl, suite: str
) -> None:
    """TC_A_04_CSMS, A00.FR.318: all four suites, with an ECDSA and an RSA certificate."""
    csms = await serve(tls=True, pki=pki_folder)

    output = await openssl(csms.address, "-tls1_2", "-cipher", suite)

    assert f"New, TLSv1.2, Cipher is {suite}" in output
    assert "Verification: OK" in output
    assert "Compression: NONE" in output
    assert f"Peer signature type: {'ECDSA' if 'ECDSA' in suite else 'RSA'}" in output or "ECDHE" not in suite


@pytest.mark.parametrize(
    ("option", "protocol"), [case("1.2", "-tls1_2", "TLSv1.2"), case("1.3", "-tls1_3", "TLSv1.3")]
)
async def test_openssl_agrees_on_protocol(
    serve: Serve, pki_folder: Path, openssl: OpenSsl, option: str, protocol: str
) -> None:
    csms = await serve(tls=True, pki=pki_folder)

    output = await openssl(csms.address, option)

    assert f"New, {protocol}, Cipher is " in output
    assert "Verification: OK" in output


async def test_lower_version_is_refused(serve: Serve, pki_folder: Path, openssl: OpenSsl) -> None:
    """TC_A_06_CSMS."""
    csms = await serve(tls=True, pki=pki_folder)

    output = await openssl(csms.address, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")

    assert "alert protocol version" in output
    async with dial(csms, verifying(pki_folder)) as station:
        assert await is_served(station)


async def test_client_learns_both_certificates(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(tls=True, pki=pki_folder)
    keys = {}
    for suite in ("ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"):
        context = verifying(pki_folder, version="TLSv1_2")
        context.set_ciphers(suite)
        async with dial(csms, context) as station:
            data = station.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
            keys[suite] = type(x509.load_der_x509_certificate(data).public_key()).__name__

    assert list(keys.values()) == ["ECPublicKey", "RSAPublicKey"]
