"""TLS faults on purpose, as seen by clients that verify the server."""

import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from mock_csms.behaviour.rules import Rule, rule_of_flag
from mock_csms.security.contexts import WEAK_SUITES
from mock_csms.settings.check import check
from mock_csms.settings.listening_settings import TlsFaultPlan
from server import OCPP_VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.listeners import client_of, dial, failure_of, is_served, verifying
from tests.support.loops import NewLoop, each_event_loop, run_with_servers


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


each_version = pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
BAD_CERTIFICATES = {
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "wrong-name": "IP address mismatch, certificate is not valid for '127.0.0.1'",
    "unknown-ca": "unable to get local issuer certificate",
    "self-signed": "self-signed certificate",
}
"""Errors of a client that verifies the server, by the fault of the certificate."""


@each_event_loop
@each_version
@pytest.mark.parametrize("fault", BAD_CERTIFICATES)
def test_bad_certificate_is_seen_by_client_that_verifies_and_then_a_good_one(
    new_loop: NewLoop, pki_folder: Path, version: str, fault: str
) -> None:
    async def test(serve: Serve) -> None:
        csms = await serve(tls=True, pki=pki_folder, tls_fault=f"{fault}=1")
        error = await failure_of(csms, verifying(pki_folder, version=version))
        assert isinstance(error, ssl.SSLCertVerificationError)
        assert BAD_CERTIFICATES[fault] in error.verify_message
        async with dial(csms, verifying(pki_folder, version=version)) as station:
            assert await is_served(station)
        refused = json.loads(next(iter(csms.records.journal)).line())
        assert f"the TLS fault {fault} was injected" in refused["note"]

    run_with_servers(new_loop, test)


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"])
@pytest.mark.parametrize("fault", BAD_CERTIFICATES)
async def test_bad_certificate_has_either_type_of_key(
    serve: Serve, pki_folder: Path, fault: str, suite: str
) -> None:
    csms = await serve(tls=True, pki=pki_folder, tls_fault=fault)
    context = verifying(pki_folder, version="TLSv1_2")
    context.set_ciphers(suite)

    error = await failure_of(csms, context)

    assert isinstance(error, ssl.SSLCertVerificationError)
    assert BAD_CERTIFICATES[fault] in error.verify_message


@each_event_loop
@pytest.mark.parametrize(
    ("fault", "version", "reason"),
    [
        case("old version", "tls1.1", "", "TLSV1_ALERT_PROTOCOL_VERSION"),
        case("old version without its suites", "tls1.1", "TLSv1_2", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        case("weak cipher suite", "weak-cipher", "TLSv1_2", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
    ],
)
def test_weak_tls_is_refused_by_client_and_then_good(
    new_loop: NewLoop, pki_folder: Path, fault: str, version: str, reason: str
) -> None:
    async def test(serve: Serve) -> None:
        csms = await serve(tls=True, pki=pki_folder, tls_fault=f"{fault}=1")
        error = await failure_of(csms, verifying(pki_folder, version=version))
        assert isinstance(error, ssl.SSLError)
        assert error.reason == reason
        async with dial(csms, verifying(pki_folder)) as station:
            assert await is_served(station)

    run_with_servers(new_loop, test)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
async def test_client_that_takes_tls_1_1_gets_it(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(tls=True, pki=pki_folder, tls_fault="tls1.1")
    context = verifying(pki_folder)
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")

    async with dial(csms, context) as station:
        assert await is_served(station)
        assert station.transport.get_extra_info("ssl_object").version() == "TLSv1.1"


async def test_client_that_takes_weak_cipher_suites_gets_one(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(tls=True, pki=pki_folder, tls_fault="weak-cipher")
    context = verifying(pki_folder)
    context.set_ciphers("ALL:@SECLEVEL=0")

    async with dial(csms, context) as station:
        assert await is_served(station)
        name, _, _ = station.transport.get_extra_info("ssl_object").cipher()
        assert name in WEAK_SUITES


@each_event_loop
@each_version
def test_certificate_of_station_is_refused_without_client_authorities(
    new_loop: NewLoop, pki_folder: Path, version: str
) -> None:
    async def test(serve: Serve) -> None:
        csms = await serve(security_profile=3, pki=pki_folder, tls_fault="no-client-ca=1")
        context = verifying(pki_folder, client_of(pki_folder), version)
        await failure_of(csms, context)
        async with dial(csms, context) as station:
            assert await is_served(station)

    run_with_servers(new_loop, test)


async def test_fault_has_a_log_line(serve: Serve, pki_folder: Path, log_lines: LogLines) -> None:
    csms = await serve(tls=True, pki=pki_folder, tls_fault="expired=1")

    await failure_of(csms, verifying(pki_folder))

    assert await log_lines.wait_for("TLS fault injected by the settings of the listener main", "expired")
    assert await log_lines.wait_for("refused a connection", "the TLS fault expired was injected")


async def test_fault_of_a_listener_is_changed_for_the_next_connection(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(tls=True, pki=pki_folder)
    main = csms.listeners.main
    main.change(main.settings.model_copy(update={"tls_fault": TlsFaultPlan("expired", 1)}))

    assert isinstance(await failure_of(csms, verifying(pki_folder)), ssl.SSLCertVerificationError)

    assert main.fault is None
    async with dial(csms, verifying(pki_folder)) as station:
        assert await is_served(station)


# Rules


async def test_rule_injects_a_fault_into_some_connections(
    serve: Serve, pki_folder: Path, log_lines: LogLines
) -> None:
    csms = await serve(tls=True, pki=pki_folder, faults="handshake:self-signed:nth=2")
    for is_good in (True, False, True):
        if is_good:
            async with dial(csms, verifying(pki_folder)) as station:
                assert await is_served(station)
        else:
            assert isinstance(await failure_of(csms, verifying(pki_folder)), ssl.SSLCertVerificationError)

    assert await log_lines.wait_for("TLS fault injected by rule handshake:self-signed:nth=2")


async def test_rules_for_tls_and_for_http_are_counted_apart(serve: Serve, pki_folder: Path) -> None:
    faults = "handshake:expired:times=1,handshake:503:times=1"
    csms = await serve(tls=True, pki=pki_folder, faults=faults)

    assert isinstance(await failure_of(csms, verifying(pki_folder)), ssl.SSLCertVerificationError)
    assert "503" in str(await failure_of(csms, verifying(pki_folder)))

    async with dial(csms, verifying(pki_folder)) as station:
        assert await is_served(station)


async def test_tls_fault_of_a_rule_leaves_plain_text_alone(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(tls=True, pki=pki_folder, faults="handshake:expired")

    async with dial(csms, None) as station:
        assert await is_served(station)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        case(
            "station",
            rule_of_flag("CS1/handshake:expired"),
            "cannot depend on the station, because",
        ),
        case("state", rule_of_flag("handshake:expired:state=x"), "cannot depend on the state of a station"),
        case("sets a state", rule_of_flag("handshake:expired:set=x"), "cannot depend on the state"),
        case("message", rule_of_flag("Heartbeat:expired"), "expired cannot be applied to an answer"),
        case(
            "other faults",
            Rule.model_validate(
                {"when": {"action": "handshake"}, "then": [{"fault": "expired"}, {"fault": "hang"}]}
            ),
            "can have only TLS faults",
        ),
    ],
)
def test_rule_that_depends_on_the_station_is_rejected(rule: Rule, sentence: str) -> None:
    assert sentence in str(check(rule, OCPP_VERSIONS))


@pytest.mark.parametrize("is_secure", [False, True])
async def test_rule_with_a_tls_fault_without_tls_is_warned_of(
    serve: Serve, pki_folder: Path, log_lines: LogLines, is_secure: bool
) -> None:
    await serve(tls=is_secure, pki=pki_folder, rules=(rule_of_flag("handshake:expired"),))
    warnings = [line for line in log_lines.lines if "no port accepts TLS" in line]
    expected = "no port accepts TLS, so the rules with TLS faults have no effect: expired; add --tls"
    assert warnings == ([] if is_secure else [expected])
