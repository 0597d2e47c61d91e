"""Automatic behaviour: the commands that follow from a station's messages."""

from collections.abc import Iterable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mock_csms.csms import Csms
from mock_csms.messages import Command, JsonObject
from mock_csms.settings import Settings
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import Transaction, parse_timestamp
from mock_csms.v201 import followups
from mock_csms.v201.learning import learn_from_answer, learn_from_message
from mock_csms.v201.version import OCPP_2_0_1
from server import VERSIONS
from tests.support.payloads import call

NOW = "2026-03-01T12:00:00Z"
TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}
KEY = ec.generate_private_key(ec.SECP256R1())


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def mock(**settings: Any) -> Csms:
    return Csms(Settings.model_validate(settings), VERSIONS)


@pytest.fixture
def csms() -> Csms:
    return mock()


@pytest.fixture
def station(csms: Csms) -> Station:
    return csms.station("CS1")


def valid(commands: Iterable[Command]) -> list[tuple[str, JsonObject]]:
    """Return the commands after validating their payloads."""
    listed = list(commands)
    for action, payload in listed:
        assert OCPP_2_0_1.request(action).violation(payload) is None
    return [(str(action), payload) for action, payload in listed]


def event(
    kind: str, transaction_id: str = "T1", evse_id: int | None = 1, id_token: JsonObject | None = None
) -> JsonObject:
    """A TransactionEvent."""
    return {
        "eventType": kind,
        "timestamp": NOW,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": transaction_id},
        **({"evse": {"id": evse_id}} if evse_id is not None else {}),
        **({"idToken": id_token} if id_token else {}),
    }


def charge(station: Station, transaction_id: str = "T1", evse_id: int | None = 1) -> None:
    learn_from_message(station, call("TransactionEvent", event("Started", transaction_id, evse_id)))


def stop(station: Station, transaction_id: str = "T1") -> None:
    learn_from_message(station, call("TransactionEvent", event("Ended", transaction_id)))


# After a boot


def test_boot_with_master_pass_group_sets_variable() -> None:
    """C16."""
    assert valid(followups.after_boot(mock(master_pass_group="MASTER").profile("CS1"))) == [
        (
            "SetVariables",
            {
                "setVariableData": [
                    {
                        "component": {"name": "AuthCtrlr"},
                        "variable": {"name": "MasterPassGroupId"},
                        "attributeValue": "MASTER",
                    }
                ]
            },
        )
    ]


def test_boot_without_master_pass_group_has_no_followup(csms: Csms) -> None:
    assert valid(followups.after_boot(csms.profile("CS1"))) == []


def booted(station: Station, reason: str = "PowerUp") -> Station:
    chargers = {"model": "M", "vendorName": "V"}
    learn_from_message(station, call("BootNotification", {"reason": reason, "chargingStation": chargers}))
    return station


def send_report(station: Station) -> None:
    payload = {"requestId": 1, "generatedAt": NOW, "seqNo": 0}
    learn_from_message(station, call("NotifyReport", payload))


def test_first_boot_requests_inventory_if_configured(station: Station) -> None:
    """B07.FR.14."""
    [(action, payload)] = valid(followups.inventory(mock(request_inventory=True), booted(station)))

    assert (action, payload["reportBase"]) == ("GetBaseReport", "FullInventory")


def test_boot_requests_no_inventory_by_default(csms: Csms, station: Station) -> None:
    assert valid(followups.inventory(csms, booted(station))) == []


@pytest.mark.parametrize(("reason", "number"), [("PowerUp", 0), ("FirmwareUpdate", 1)])
def test_later_boot_requests_inventory_only_after_firmware_update(
    station: Station, reason: str, number: int
) -> None:
    send_report(booted(station, reason))

    assert len(valid(followups.inventory(mock(request_inventory=True), station))) == number


# After a customer's data was cleared


def send_list(station: Station, update_type: str, *entries: JsonObject, version: int = 4) -> None:
    request = {
        "versionNumber": version,
        "updateType": update_type,
        **({"localAuthorizationList": list(entries)} if entries else {}),
    }
    learn_from_answer(station, "SendLocalList", request, {"status": "Accepted"})


LISTED = {"idToken": TOKEN, "idTokenInfo": {"status": "Accepted"}}
CLEARING = {"requestId": 1, "report": False, "clear": True, "idToken": {**TOKEN, "idToken": "aabbccdd"}}


def after_clearing(station: Station, request: JsonObject = CLEARING, status: str = "Accepted") -> Any:
    return valid(followups.after_clearing(station, request, {"status": status}))


def test_cleared_customer_is_removed_from_local_list(station: Station) -> None:
    """N10.FR.02, D01.FR.17."""
    send_list(station, "Full", LISTED)

    assert after_clearing(station) == [
        (
            "SendLocalList",
            {
                "versionNumber": 5,
                "updateType": "Differential",
                "localAuthorizationList": [{"idToken": TOKEN}],
            },
        )
    ]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        case("refused", CLEARING, "Rejected"),
        case("not cleared", {**CLEARING, "clear": False, "report": True}, "Accepted"),
        case("another token", {**CLEARING, "idToken": {**TOKEN, "idToken": "other"}}, "Accepted"),
        case("another type", {**CLEARING, "idToken": {**TOKEN, "type": "Central"}}, "Accepted"),
        case(
            "no token",
            {"requestId": 1, "report": False, "clear": True, "customerIdentifier": "x"},
            "Accepted",
        ),
    ],
)
def test_other_customer_stays_in_local_list(station: Station, request_: JsonObject, status: str) -> None:
    send_list(station, "Full", LISTED)

    assert after_clearing(station, request_, status) == []


def test_customer_is_not_removed_from_list_that_station_has_lost(station: Station) -> None:
    send_list(station, "Full", LISTED)
    learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": 0})

    assert after_clearing(station) == []


@pytest.mark.parametrize("update_type", ["Full", "Differential"])
def test_removed_customer_is_not_removed_again(station: Station, update_type: str) -> None:
    send_list(station, "Full", LISTED)
    send_list(station, update_type, *([{"idToken": TOKEN}] if update_type == "Differential" else []))

    assert after_clearing(station) == []


# After a reconnect


def test_reconnect_requests_status_of_open_transactions(station: Station) -> None:
    """E14."""
    for transaction_id in ("T1", "T2", "T3"):
        charge(station, transaction_id)
    stop(station, "T2")
    commands = valid(followups.after_reconnect(mock(check_transactions=True).profile("CS1"), station))
    assert commands == [("GetTransactionStatus", {"transactionId": name}) for name in ("T3", "T1")]


def test_reconnect_without_open_transaction_has_no_followup(station: Station) -> None:
    charge(station)
    stop(station)
    assert valid(followups.after_reconnect(mock(check_transactions=True).profile("CS1"), station)) == []


def test_reconnect_has_no_followup_by_default(csms: Csms, station: Station) -> None:
    charge(station)
    assert valid(followups.after_reconnect(csms.profile("CS1"), station)) == []


# After a TransactionEvent

NOT_ACCEPTED = [
    "Blocked",
    "ConcurrentTx",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
]


def answered(status: str) -> JsonObject:
    return {"idTokenInfo": {"status": status}}


def transaction_of(station: Station, *events: str) -> Transaction:
    """Make a station report events of the transaction T7, and return the transaction."""
    for kind in events:
        learn_from_message(station, call("TransactionEvent", event(kind, "T7", id_token=TOKEN)))
    transaction = station.transaction("T7")
    assert transaction is not None
    return transaction


@pytest.mark.parametrize("status", NOT_ACCEPTED)
def test_transaction_with_unaccepted_token_is_stopped(station: Station, status: str) -> None:
    profile = mock(after_invalid_id="stop").profile("CS1")
    commands = valid(followups.after_event(profile, transaction_of(station, "Started"), answered(status)))
    assert commands == [("RequestStopTransaction", {"transactionId": "T7"})]


@pytest.mark.parametrize(
    ("events", "answer"),
    [
        case("with an accepted token", ["Started"], answered("Accepted")),
        case("without a token", ["Started"], {}),
        case("that has ended", ["Started", "Ended"], answered("Blocked")),
    ],
)
def test_transaction_without_reason_is_not_stopped(
    station: Station, events: list[str], answer: JsonObject
) -> None:
    profile = mock(after_invalid_id="stop").profile("CS1")
    assert valid(followups.after_event(profile, transaction_of(station, *events), answer)) == []


@pytest.mark.parametrize("status", NOT_ACCEPTED)
def test_transaction_with_unaccepted_token_is_not_stopped_by_default(
    csms: Csms, station: Station, status: str
) -> None:
    transaction = transaction_of(station, "Started")
    assert valid(followups.after_event(csms.profile("CS1"), transaction, answered(status))) == []


# After a CSR


def csr() -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CS1")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(KEY, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def test_csr_is_followed_by_signed_certificate(csms: Csms, station: Station) -> None:
    """A02, A03."""
    request = {"csr": csr()}
    learn_from_message(station, call("SignCertificate", request))
    [(action, payload)] = valid(followups.after_csr(csms, station, request))
    leaf, root = x509.load_pem_x509_certificates(payload["certificateChain"].encode())
    assert action == "CertificateSigned"
    assert leaf.public_key() == KEY.public_key()
    leaf.verify_directly_issued_by(root)


@pytest.mark.parametrize("kind", ["ChargingStationCertificate", "V2GCertificate"])
def test_signed_certificate_has_requested_type(csms: Csms, station: Station, kind: str) -> None:
    request = {"csr": csr(), "certificateType": kind}
    learn_from_message(station, call("SignCertificate", request))
    [(_, payload)] = valid(followups.after_csr(csms, station, request))
    assert payload["certificateType"] == kind


def test_signed_certificate_has_no_type_without_requested_type(csms: Csms, station: Station) -> None:
    request = {"csr": csr()}
    learn_from_message(station, call("SignCertificate", request))
    [(_, payload)] = valid(followups.after_csr(csms, station, request))
    assert set(payload) == {"certificateChain"}


# After an EV's charging needs

AC = {"requestedEnergyTransfer": "AC_three_phase"}
DC = {"requestedEnergyTransfer": "DC"}


def ac(max_current: int, transfer: str = "AC_three_phase") -> JsonObject:
    """Return the needs of an EV with this maximum current in A."""
    parameters = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": max_current, "evMaxVoltage": 400}
    return {"requestedEnergyTransfer": transfer, "acChargingParameters": parameters}


def dc(amperes: int, volts: int, **others: int) -> JsonObject:
    parameters = {"evMaxCurrent": amperes, "evMaxVoltage": volts, **others}
    return {"requestedEnergyTransfer": "DC", "dcChargingParameters": parameters}


def needs(charging_needs: JsonObject, evse_id: int = 1) -> JsonObject:
    return {"evseId": evse_id, "chargingNeeds": charging_needs}


def report_limit(
    station: Station, source: str, *limits: float, unit: str = "A", evse_id: int | None = None
) -> None:
    """Report an external charging limit, with one schedule period per value."""
    periods = [{"startPeriod": 60 * number, "limit": limit} for number, limit in enumerate(limits)]
    schedule = {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    notification: JsonObject = {
        "chargingLimit": {"chargingLimitSource": source},
        **({"evseId": evse_id} if evse_id is not None else {}),
        **({"chargingSchedule": [schedule]} if limits else {}),
    }
    assert OCPP_2_0_1.request("NotifyChargingLimit").violation(notification) is None
    learn_from_message(station, call("NotifyChargingLimit", notification))


def profile_for(csms: Csms, notification: JsonObject) -> JsonObject:
    """Return the profile for a NotifyEVChargingNeeds; start a transaction if none runs on the EVSE."""
    assert OCPP_2_0_1.request("NotifyEVChargingNeeds").violation(notification) is None
    station = csms.station("CS1")
    if station.transaction_on(notification["evseId"]) is None:
        charge(station, "T0", notification["evseId"])
    [(action, payload)] = valid(followups.after_needs(csms, station, notification))
    assert (action, payload["evseId"]) == ("SetChargingProfile", notification["evseId"])
    profile: JsonObject = payload["chargingProfile"]
    return profile


def allowed(csms: Csms, charging_needs: JsonObject) -> tuple[float, str]:
    """Return limit and unit of the profile that follows these needs on EVSE 1."""
    [schedule] = profile_for(csms, needs(charging_needs))["chargingSchedule"]
    [period] = schedule["chargingSchedulePeriod"]
    return period["limit"], schedule["chargingRateUnit"]


def accept(station: Station, profile: JsonObject, evse_id: int = 1) -> None:
    request = {"evseId": evse_id, "chargingProfile": profile}
    learn_from_answer(station, "SetChargingProfile", request, {"status": "Accepted"})


def test_needs_are_followed_by_profile_for_transaction_on_evse(csms: Csms, station: Station) -> None:
    """K15, K17."""
    for number in (1, 2, 3):
        charge(station, f"T{number}", evse_id=number)
    profile = profile_for(csms, needs(AC, evse_id=2))
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", "T2")


def test_profile_is_for_newest_running_transaction_on_evse(csms: Csms, station: Station) -> None:
    for name in ("T1", "T2", "T3"):
        charge(station, name)
    stop(station, "T3")
    assert profile_for(csms, needs(AC))["transactionId"] == "T2"


@pytest.mark.parametrize(
    ("evse_id", "ended"),
    [case("on another EVSE", 2, False), case("ended", 1, True), case("on an unknown EVSE", None, False)],
)
def test_profile_waits_for_the_transaction(
    csms: Csms, station: Station, evse_id: int | None, ended: bool
) -> None:
    """K15.FR.07: the profile is a TxProfile with a transactionId."""
    charge(station, "T1", evse_id)
    if ended:
        stop(station, "T1")
    learn_from_message(station, call("NotifyEVChargingNeeds", needs(ac(10))))

    assert valid(followups.after_needs(csms, station, needs(ac(10)))) == []
    charge(station, "T2", 1)
    transaction = station.transactions["T2"]
    [(action, payload)] = valid(followups.after_late_transaction(csms, station, transaction))

    profile = payload["chargingProfile"]
    assert (action, profile["chargingProfilePurpose"]) == ("SetChargingProfile", "TxProfile")
    assert profile["transactionId"] == "T2"
    assert profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 10
    assert valid(followups.after_late_transaction(csms, station, transaction)) == []


def test_profile_starts_immediately(csms: Csms) -> None:
    """An Absolute profile has a startSchedule (K01.FR.40), and its first period starts at 0 (K01.FR.31)."""
    profile = profile_for(csms, needs(AC))
    [schedule] = profile["chargingSchedule"]
    assert profile["chargingProfileKind"] == "Absolute"
    assert parse_timestamp(schedule["startSchedule"]) is not None
    assert [period["startPeriod"] for period in schedule["chargingSchedulePeriod"]] == [0]


def ids(profile: JsonObject) -> tuple[int, int]:
    return profile["id"], profile["chargingSchedule"][0]["id"]


def test_renegotiation_replaces_profile_of_transaction(csms: Csms, station: Station) -> None:
    """A station would reject another TxProfile on the same stackLevel (K01.FR.39)."""
    charge(station)
    first = profile_for(csms, needs(ac(32)))
    accept(station, first)
    second = profile_for(csms, needs(ac(10)))
    assert ids(second) == ids(first)
    assert second["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 10


def test_renegotiation_replaces_reported_profile(csms: Csms, station: Station) -> None:
    charge(station)
    reported = {**profile_for(csms, needs(AC)), "id": 77}
    report = {
        "requestId": 1,
        "chargingLimitSource": "CSO",
        "evseId": 1,
        "chargingProfile": [reported],
    }
    learn_from_message(station, call("ReportChargingProfiles", report))
    assert profile_for(csms, needs(AC))["id"] == 77


def test_profiles_of_other_transactions_are_kept(csms: Csms, station: Station) -> None:
    charge(station, "T1", evse_id=1)
    charge(station, "T2", evse_id=2)
    first = profile_for(csms, needs(AC, evse_id=1))
    accept(station, first)
    second = profile_for(csms, needs(AC, evse_id=2))
    assert second["id"] != first["id"]


@pytest.mark.parametrize("transfer", ["AC_single_phase", "AC_two_phase", "AC_three_phase"])
def test_ac_limit_is_ev_maximum_in_amperes(csms: Csms, transfer: str) -> None:
    assert allowed(csms, ac(13, transfer)) == (13, "A")


@pytest.mark.parametrize(
    ("charging_needs", "limit"),
    [
        case("current and voltage", dc(100, 400), 40_000),
        case("less power than that", dc(100, 400, evMaxPower=30_000), 30_000),
        case("more power than that", dc(100, 400, evMaxPower=50_000), 40_000),
        case("no current", dc(0, 400), 0),
    ],
)
def test_dc_limit_is_ev_maximum_in_watts(csms: Csms, charging_needs: JsonObject, limit: float) -> None:
    assert allowed(csms, charging_needs) == (limit, "W")


@pytest.mark.parametrize(
    ("charging_needs", "usual"),
    [
        case("AC", AC, (16.0, "A")),
        case("AC with departure time", {**AC, "departureTime": "2026-03-01T18:00:00Z"}, (16.0, "A")),
        case("DC", DC, (11_000.0, "W")),
        case("DC with departure time", {**DC, "departureTime": "2026-03-01T18:00:00Z"}, (11_000.0, "W")),
    ],
)
def test_needs_without_numbers_get_usual_limit(
    csms: Csms, charging_needs: JsonObject, usual: tuple[float, str]
) -> None:
    assert allowed(csms, charging_needs) == usual


@pytest.mark.parametrize(
    ("limit_setting", "charging_needs", "limit"),
    [
        case("less than the EV can take", 10, ac(32), (10, "A")),
        case("more than the EV can take", 40, ac(32), (32, "A")),
        case("without a limit of the EV", 20, AC, (20, "A")),
        case("less than the EV can take in watts", 22_000, dc(100, 400), (22_000, "W")),
        case("more than the EV can take in watts", 50_000, dc(100, 400), (40_000, "W")),
        case("without a limit of the EV in watts", 22_000, DC, (22_000, "W")),
    ],
)
def test_charging_limit_setting_is_respected(
    limit_setting: float, charging_needs: JsonObject, limit: tuple[float, str]
) -> None:
    assert allowed(mock(charging_limit=limit_setting), charging_needs) == limit


def test_charging_limit_setting_of_station_is_respected() -> None:
    csms = mock(charging_limit=20, stations={"CS1": {"charging_limit": 8}})
    assert allowed(csms, ac(32)) == (8, "A")


@pytest.mark.parametrize("evse_id", [None, 0, 1])
def test_limit_of_station_is_respected(csms: Csms, station: Station, evse_id: int | None) -> None:
    """K12: without an EVSE, or with EVSE 0, the limit is for the whole station."""
    report_limit(station, "EMS", 9.5, evse_id=evse_id)
    assert allowed(csms, ac(32)) == (9.5, "A")


def test_limit_of_station_in_watts_is_respected_for_dc(csms: Csms, station: Station) -> None:
    report_limit(station, "SO", 5_000, unit="W")
    assert allowed(csms, dc(100, 400)) == (5_000, "W")


@pytest.mark.parametrize(
    ("unit", "evse_id", "limits"),
    [
        case("of another EVSE", "A", 2, [5]),
        case("above the EV's", "A", 1, [40]),
        case("without numbers", "A", 1, []),
    ],
)
def test_irrelevant_limit_of_station_is_ignored(
    csms: Csms, station: Station, unit: str, evse_id: int, limits: list[float]
) -> None:
    report_limit(station, "EMS", *limits, unit=unit, evse_id=evse_id)
    assert allowed(csms, ac(32)) == (32, "A")


def test_lowest_limit_is_used(station: Station, csms: Csms) -> None:
    report_limit(station, "EMS", 25, 14, 20)
    report_limit(station, "SO", 18)
    assert allowed(csms, ac(32)) == (14, "A")


def test_cleared_limit_is_ignored(csms: Csms, station: Station) -> None:
    report_limit(station, "EMS", 9)
    learn_from_message(station, call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}))
    assert allowed(csms, ac(32)) == (32, "A")


# Profiles that must not share a stackLevel


def test_negotiations_before_an_answer_use_one_profile_id(csms: Csms, station: Station) -> None:
    """K01.FR.39."""
    charge(station)
    needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_three_phase"}}

    first, second = (valid(followups.after_needs(csms, station, needs))[0][1] for _ in range(2))

    assert first["chargingProfile"]["id"] == second["chargingProfile"]["id"]


def test_limits_of_one_source_are_separate_by_evse(csms: Csms, station: Station) -> None:
    for evse_id, limit in ((1, 10), (2, 20)):
        schedule = {
            "id": evse_id,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        }
        limit_of_evse = {"chargingLimit": {"chargingLimitSource": "EMS"}, "chargingSchedule": [schedule]}
        learn_from_message(station, call("NotifyChargingLimit", {**limit_of_evse, "evseId": evse_id}))
    needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_three_phase"}}

    assert followups.limit_of(station, needs, None) == (10.0, "A")


# Units


def report_variable(station: Station, component: str, variable: str, value: str) -> None:
    station.device_model.set({"name": component}, {"name": variable}, value)


@pytest.mark.parametrize(
    ("unit", "charging_needs", "limit"),
    [
        case("AC in watts", "W", ac(32), (22_080.0, "W")),
        case("AC in both", "A,W", ac(32), (32.0, "A")),
        case("DC in amperes", "A", {"requestedEnergyTransfer": "DC"}, (15.9, "A")),
        case("usual limit in watts", "W", AC, (11_040.0, "W")),
    ],
)
def test_profile_has_unit_that_station_takes(
    csms: Csms, station: Station, unit: str, charging_needs: JsonObject, limit: tuple[float, str]
) -> None:
    """K01.FR.26."""
    report_variable(station, "SmartChargingCtrlr", "RateUnit", unit)

    assert allowed(csms, charging_needs) == limit


def test_limit_has_at_most_one_decimal(csms: Csms) -> None:
    assert allowed(csms, dc(100, 400)) == (40_000.0, "W")
    assert allowed(mock(charging_limit=9.99), ac(32)) == (9.9, "A")


def test_limit_in_the_other_unit_is_respected(csms: Csms, station: Station) -> None:
    """K02.FR.01."""
    report_limit(station, "EMS", 6_900, unit="W")
    assert allowed(csms, ac(32)) == (10, "A")
    assert allowed(csms, dc(100, 400)) == (6_900, "W")


# After a charging schedule that was rejected


def set_default_profile(station: Station, **fields: Any) -> JsonObject:
    """Install a TxDefaultProfile on the whole station."""
    schedule = {
        "id": 1,
        "startSchedule": NOW,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
    }
    default = {
        "id": 9,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
        **fields,
    }
    request = {"evseId": 0, "chargingProfile": default}
    learn_from_answer(station, "SetChargingProfile", request, {"status": "Accepted"})
    return default


def test_rejected_schedule_over_a_default_profile_is_followed_by_a_profile_for_the_transaction(
    csms: Csms, station: Station
) -> None:
    """K15.FR.13, K16."""
    charge(station)
    default = set_default_profile(station)

    schedule = default["chargingSchedule"][0]
    notification = {"timeBase": NOW, "evseId": 1, "chargingSchedule": schedule}
    [(action, payload)] = valid(followups.after_rejected_schedule(csms, station, notification))

    profile = payload["chargingProfile"]
    assert (action, payload["evseId"]) == ("SetChargingProfile", 1)
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", "T1")
    assert profile["chargingSchedule"] == default["chargingSchedule"]
    assert profile["id"] != 9


@pytest.mark.parametrize(("valid_to", "is_in_force"), [(NOW, False), ("2026-03-01T12:00:01Z", True)])
def test_expired_profile_is_not_in_force(station: Station, valid_to: str, is_in_force: bool) -> None:
    charge(station)
    default = set_default_profile(station, validTo=valid_to)
    now = parse_timestamp(NOW)

    assert now is not None
    assert followups.profile_in_force(station, 1, now) == (default if is_in_force else None)


# After the end of a transaction


@pytest.mark.parametrize(
    ("last", "asks", "commands"),
    [
        case("with a gap", 3, True, 1),
        case("without a gap", 1, True, 0),
        case("with a gap, not configured", 3, False, 0),
    ],
)
def test_end_of_transaction_with_missing_events_requests_its_status(
    station: Station, last: int, asks: bool, commands: int
) -> None:
    """TC_E_31_CSMS."""
    charge(station)
    learn_from_message(station, call("TransactionEvent", {**event("Ended"), "seqNo": last}))

    profile = mock(check_transactions=asks).profile("CS1")
    sent = valid(followups.after_end(profile, station, "T1"))

    assert sent == [("GetTransactionStatus", {"transactionId": "T1"})] * commands
