"""Cases of block A, security."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.certificate_steps import (
    STATION_CERTIFICATES,
    asks_for_signing_request,
    cannot_be_undone,
    changed_port,
    installs_certificate,
    port_with,
    renews_certificate,
    renews_v2g_certificates,
    requires_security_profile,
    sends_signing_request,
    signs,
    uses_new_certificate,
)
from mock_csms.certify.registry import CaseList
from mock_csms.certify.variable_steps import sets_variable
from mock_csms.certify.verbs.stage import variable_of
from mock_csms.certify.verbs.texts import Varying
from mock_csms.certify.verdicts import Skipped, preparing
from mock_csms.client import TranscriptEntry

CASES: Final = CaseList()

WITH_PASSWORD: Final = (1, 2)
WITH_TLS: Final = (2, 3)
PASSWORD_NAME: Final = variable_of("SecurityCtrlr", "BasicAuthPassword")
NEW_PASSWORD: Final = "rehearsed-password-2"
SHORT_PASSWORD: Final = "only-15-letters"
SUITES: Final = (
    {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"AES128-GCM-SHA256", "AES256-GCM-SHA384"},
)
"""Pairs of cipher suites; a station has to support one of the pairs (A00.FR.318)."""
MIN_BITS_BY_KIND: Final = {"EC": 224, "RSA": 2048, "DSA": 2048}
BAD_CERTIFICATES: Final = ("expired", "not-yet-valid", "unknown-ca", "wrong-name")
NETWORK_PRIORITY: Final = ("OCPPCommCtrlr", "NetworkConfigurationPriority")


async def uses_password(run: CaseRun, password: str) -> None:
    """Set BasicAuthPassword; the station has to accept it and connect with it, after a reboot if needed."""
    expect = {"Accepted", "RebootRequired"}
    if await sets_variable(run, PASSWORD_NAME, password, expect) == "RebootRequired":
        await run.state.booted()
    else:
        await run.station.connects()


async def changes_password(run: CaseRun) -> None:
    """Set a new password until the end of the case; raises Skipped if the station file has no password."""
    password = run.file.station.password
    if password is None:
        raise Skipped("it needs the password of the station, to set it back: station.password")
    run.undo_with("BasicAuthPassword", lambda: uses_password(run, password))
    await uses_password(run, NEW_PASSWORD)


def uses_strong_tls(run: CaseRun, connection: TranscriptEntry) -> None:
    """Check that the station uses TLS 1.2 or above, and supports the required cipher suites."""
    tls = connection["tls"]
    is_new = tls["version"] in {"TLSv1.2", "TLSv1.3"}
    run.check(is_new, "the station uses TLS 1.2 or above", connection)
    offered = set(tls["ciphersOffered"].split(", "))
    has_suites = any(suites <= offered for suites in SUITES)
    run.check(has_suites, "the station supports a pair of the required cipher suites", connection)


async def asks_for_network_profile(run: CaseRun, profile: int, expect: str | set[str]) -> str:
    """Send SetNetworkProfile for a port with this security profile, expect this status, and return the slot.

    Profile 1 gets a URL without TLS, even if the server has no such port.
    """
    default = await run.csms.default_payload("SetNetworkProfile")
    slot, url = default["configurationSlot"], default["connectionData"]["ocppCsmsUrl"]
    if profile == 1:
        url = Varying(f"ws:{url.partition(':')[2]}", "a URL without TLS")
    else:
        url = f"{{{{listener.{await port_with(run, profile)}}}}}"
    data = {**default["connectionData"], "securityProfile": profile, "ocppCsmsUrl": url}
    payload = {"configurationSlot": slot, "connectionData": data}
    await run.csms.sends("SetNetworkProfile", payload, expect=expect)
    return str(slot)


# Passwords


@CASES.case("TC_A_01_CS", "Connect with the identity and the password")
async def basic_authentication(run: CaseRun) -> None:
    await requires_security_profile(run, *WITH_PASSWORD)
    await run.csms.sends("Reset", type="Immediate", expect="Accepted")
    connection = await run.station.connects()
    expected = f"Basic, user {run.file.station.identity}"
    run.check(connection["authorization"] == expected, "the user name is the identity", connection)
    await run.state.is_in_service()


@CASES.case("TC_A_09_CS", "Accept a new password, and connect with it")
async def password_accepted(run: CaseRun) -> None:
    await requires_security_profile(run, *WITH_PASSWORD)
    await changes_password(run)


@CASES.case("TC_A_10_CS", "Reject a password that is too short, and connect with the old one")
async def password_rejected(run: CaseRun) -> None:
    await requires_security_profile(run, *WITH_PASSWORD)
    await sets_variable(run, PASSWORD_NAME, SHORT_PASSWORD, "Rejected")
    await run.csms.closes_the_connection()
    await run.station.connects()
    await run.state.booted()


# TLS


@CASES.case("TC_A_04_CS", "Connect with TLS, and support the required cipher suites")
async def valid_server_certificate(run: CaseRun) -> None:
    await requires_security_profile(run, *WITH_TLS)
    await run.csms.sends("Reset", type="Immediate", expect="Accepted")
    uses_strong_tls(run, await run.station.connects())
    await run.state.is_in_service()


@CASES.case("TC_A_05_CS", "Refuse a server whose certificate is invalid, and report it later")
async def invalid_server_certificate(run: CaseRun) -> None:
    await requires_security_profile(run, *WITH_TLS)
    priority = await run.variable("OCPPCommCtrlr", "ActiveNetworkProfile")
    await run.given.variables_if_implemented(
        OCPPCommCtrlr__NetworkProfileConnectionAttempts=3,
        OCPPCommCtrlr__NetworkConfigurationPriority=priority,
        SecurityCtrlr__AllowCSMSTLSWildcards=False,
    )
    for fault in BAD_CERTIFICATES:
        await refuses_certificate(run, fault)


async def refuses_certificate(run: CaseRun, fault: str) -> None:
    """Check that the station rejects a server certificate with this fault and later reports the rejection."""
    await run.csms.closes_the_connection()
    end = await run.station.disconnects()
    usual_s = (await run.station.connects()).seconds_since(end)
    async with changed_port(run, tlsFault=fault):
        await run.csms.closes_the_connection()
        await run.station.does_not_connect(during=2 * usual_s)
    await run.station.connects()
    await run.station.at_last_sends("SecurityEventNotification", type="InvalidCsmsCertificate")


@CASES.case("TC_A_06_CS", "Refuse TLS 1.1, and connect with TLS 1.2 or above")
async def old_tls(run: CaseRun) -> None:
    await requires_security_profile(run, *WITH_TLS)
    await run.given.variables_if_implemented(OCPPCommCtrlr__NetworkProfileConnectionAttempts=1)
    async with changed_port(run, tlsFault="tls1.1=1"):
        await run.csms.sends("Reset", type="Immediate", expect="Accepted")
        connection = await run.station.connects()
    is_new = connection["tls"]["version"] in {"TLSv1.2", "TLSv1.3"}
    run.check(is_new, "the station uses TLS 1.2 or above", connection)
    await run.state.is_in_service()
    await run.station.optionally_sends("SecurityEventNotification", type="InvalidTLSVersion", within=0)


@CASES.case(
    "TC_A_07_CS", "Connect with a client certificate whose common name is the serial number of the station"
)
async def client_certificate(run: CaseRun) -> None:
    await requires_security_profile(run, 3)
    await run.csms.sends("Reset", type="Immediate", expect="Accepted")
    connection = await run.station.connects()
    uses_strong_tls(run, connection)
    boot = await run.state.is_in_service()
    own = connection["tls"]["clientCertificate"]
    kind, _, bits = own["key"].partition(" ")
    run.check(
        int(bits or 0) >= MIN_BITS_BY_KIND.get(kind, 0), "the key of the certificate is strong", connection
    )
    run.check(bool(int(own["serialNumber"], 16)), "the certificate has a serial number", connection)
    names = {part.partition("=")[2] for part in own["subject"].split(",") if part.startswith("CN=")}
    is_own = boot["chargingStation"].get("serialNumber") in names
    run.check(is_own, "the common name is the serial number of the station", boot)


# Renewal of certificates


@CASES.case("TC_A_11_CS", "Ask for a new certificate, and connect with it")
async def certificate_renewed(run: CaseRun) -> None:
    await requires_security_profile(run, 3)
    new, *_ = await renews_certificate(run)
    await uses_new_certificate(run, new)


@CASES.case("TC_A_12_CS", "Ask for a new certificate for ISO 15118, and accept it")
async def v2g_certificate_renewed(run: CaseRun) -> None:
    await renews_v2g_certificates(run)


@CASES.case("TC_A_13_CS", "Ask for one certificate for OCPP and ISO 15118, and accept it")
async def combined_certificate_renewed(run: CaseRun) -> None:
    await requires_security_profile(run, 3)
    await run.csms.behaves(certificates="hold")
    await asks_for_signing_request(run, None, trigger="SignCombinedCertificate")
    await signs(run)


@CASES.case("TC_A_14_CS", "Reject a certificate that is not for the station, and report it")
async def unfit_certificate(run: CaseRun) -> None:
    await requires_security_profile(run, 3)
    await run.csms.behaves(certificates="hold")
    await asks_for_signing_request(run, STATION_CERTIFICATES)
    bad = {"certificateChain": "{{certificate.secc}}", "certificateType": STATION_CERTIFICATES}
    await run.csms.sends("CertificateSigned", bad, expect="Rejected")
    await run.station.at_last_sends("SecurityEventNotification", type="InvalidChargingStationCertificate")


@CASES.case("TC_A_15_CS", "Send a SignCertificate, which the server rejects")
async def signing_refused(run: CaseRun) -> None:
    await requires_security_profile(run, 3)
    await run.csms.answers("SignCertificate", {"status": "Rejected"})
    await asks_for_signing_request(run, STATION_CERTIFICATES)


@CASES.case("TC_A_23_CS", "Repeat SignCertificate at growing intervals while no certificate comes")
async def signing_repeated(run: CaseRun) -> None:
    await requires_security_profile(run, 3)
    wait = run.times.signing
    await run.given.variables(
        SecurityCtrlr__CertSigningWaitMinimum=wait, SecurityCtrlr__CertSigningRepeatTimes=2
    )
    await run.csms.behaves(certificates="hold")
    first = await asks_for_signing_request(run, STATION_CERTIFICATES)
    second = await sends_signing_request(run, STATION_CERTIFICATES, within=2 * wait + run.times.message)
    run.station.at_least(first, second, wait)
    third = await sends_signing_request(run, STATION_CERTIFICATES, within=3 * wait + run.times.message)
    run.station.at_least(second, third, 2 * wait)
    answers = await signs(run, {"Accepted", "Rejected"})
    is_accepted = any(answer["status"] == "Accepted" for answer in answers)
    run.check(is_accepted, "the station accepts one of the certificates")


# Security profiles


@CASES.case("TC_A_19_CS", "Move to a higher security profile, and forget the lower one")
async def profile_raised(run: CaseRun) -> None:
    profile = await requires_security_profile(run, *WITH_PASSWORD)
    with preparing("TC_M_01_CS or TC_A_11_CS"):
        await (
            installs_certificate(run, "CSMSRootCertificate", "root")
            if profile == 1
            else renews_certificate(run)
        )
    old = await run.variable("OCPPCommCtrlr", "ActiveNetworkProfile")
    port = await port_with(run, profile + 1)
    new = await asks_for_network_profile(run, profile + 1, "Accepted")
    await sets_variable(run, variable_of(*NETWORK_PRIORITY), f"{new},{old}", {"Accepted", "RebootRequired"})
    run.undo_with("the security profile, which cannot be lowered again", cannot_be_undone)
    await run.csms.sends("Reset", type="OnIdle", expect="Accepted")
    await run.station.connects(listener=port)
    await run.state.is_in_service()
    raised = await run.variable("SecurityCtrlr", "SecurityProfile")
    run.check(raised == str(profile + 1), "SecurityProfile is the higher one")
    slots = (await run.variable(*NETWORK_PRIORITY) or "").split(",")
    run.check(old not in slots, "the slot with the lower security profile is no longer used")


@CASES.family(
    {
        ("TC_A_20_CS", "Reject security profile 2 without a root certificate of the central system"): (2,),
        ("TC_A_21_CS", "Reject security profile 3 without a certificate of the station"): (3,),
    }
)
async def certificate_missing(run: CaseRun, profile: int) -> None:
    await requires_security_profile(run, *range(1, profile))
    old = await run.variable("OCPPCommCtrlr", "ActiveNetworkProfile")
    await run.given.variables(OCPPCommCtrlr__NetworkConfigurationPriority=old)
    allowed = {"Accepted", "Rejected"} if profile == 2 else {"Accepted"}
    new = await asks_for_network_profile(run, profile, allowed)
    await sets_variable(run, variable_of(*NETWORK_PRIORITY), f"{new},{old}", "Rejected")


@CASES.case("TC_A_22_CS", "Reject a network profile with a lower security profile")
async def profile_not_lowered(run: CaseRun) -> None:
    await requires_security_profile(run, *WITH_TLS)
    await asks_for_network_profile(run, 1, "Rejected")
