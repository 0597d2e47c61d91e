"""Builders of the 40 commands: payloads are valid for every station, and fit what a station has reported."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from commands import COMMANDS
from mock_csms.csms import Csms
from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.mock import check_payload
from mock_csms.schema.patch import merge_patch
from mock_csms.settings import PlanStep, Settings, UsageError
from mock_csms.stations.station import Station
from mock_csms.v201.action_tables import CSMS_ACTIONS
from mock_csms.v201.learning import learn_from_answer, learn_from_message
from mock_csms.v201.version import OCPP_2_0_1
from server import VERSIONS
from tests.support.payloads import call

build = VERSIONS["ocpp2.0.1"].build
NOW = "2024-01-01T12:00:00Z"
KEY = ec.generate_private_key(ec.SECP256R1())
TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}
CUSTOMER_IDENTIFIERS = {"idToken", "customerIdentifier", "customerCertificate"}

NEEDS_A_TRANSACTION = ["CostUpdated", "RequestStopTransaction"]
NEEDS_A_KNOWN_ID = ["CancelReservation", "ClearDisplayMessage", "ClearVariableMonitoring"]
HAS_A_REQUEST_ID = [
    "CustomerInformation",
    "GetBaseReport",
    "GetChargingProfiles",
    "GetDisplayMessages",
    "GetLog",
    "GetMonitoringReport",
    "GetReport",
    "PublishFirmware",
    "UpdateFirmware",
]


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def csr() -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CS001")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(KEY, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


@pytest.fixture
def csms() -> Csms:
    return Csms(Settings(), VERSIONS)


@pytest.fixture
def unknown() -> Station:
    """A station that has sent nothing."""
    return Station("CS001")


@pytest.fixture
def known() -> Station:
    """A station that has reported everything a builder uses."""
    station = Station("CS001")
    connector(station, 2, 1, "Occupied")
    connector(station, 3, 2, "Available")
    charge(station, "T0", "Ended")
    charge(station, "T1")
    accept(station, "ReserveNow", {"id": 41, "expiryDateTime": "2999-01-01T00:00:00Z", "idToken": TOKEN})
    accept(station, "SetChargingProfile", {"evseId": 0, "chargingProfile": {"id": 42}})
    learn_from_message(station, call("NotifyDisplayMessages", {"requestId": 1, "messageInfo": [{"id": 43}]}))
    station.monitors[44] = {"id": 44}
    learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": 7})
    learn_from_message(station, call("SignCertificate", {"csr": csr()}))
    return station


def connector(station: Station, evse_id: int, connector_id: int, status: str) -> None:
    ids = {"evseId": evse_id, "connectorId": connector_id}
    learn_from_message(
        station, call("StatusNotification", {"timestamp": NOW, "connectorStatus": status, **ids})
    )


def charge(station: Station, transaction_id: str, event_type: str = "Started", kwh: float = 10) -> None:
    """Receive a TransactionEvent of the station with meter values up to ``kwh``."""
    meter_value = [
        {"timestamp": f"2024-01-01T1{hour}:00:00Z", "sampledValue": [{"value": wh}]}
        for hour, wh in enumerate((0, kwh * 1000))
    ]
    learn_from_message(
        station,
        call(
            "TransactionEvent",
            {
                "eventType": event_type,
                "timestamp": NOW,
                "triggerReason": "Authorized",
                "seqNo": 0,
                "transactionInfo": {"transactionId": transaction_id},
                "idToken": TOKEN,
                "meterValue": meter_value,
            },
        ),
    )


def accept(station: Station, command: str, request: JsonObject) -> None:
    learn_from_answer(station, command, request, {"status": "Accepted"})


def with_payload(command: str, payload: JsonObject) -> Csms:
    return Csms(Settings(command=command, delay=0, payload=payload), VERSIONS)


# Every command


def test_builders_cover_exactly_the_commands() -> None:
    assert set(COMMANDS) == set(CSMS_ACTIONS)


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS - set(NEEDS_A_TRANSACTION + NEEDS_A_KNOWN_ID)))
def test_payload_for_unknown_station_is_valid(command: str, csms: Csms, unknown: Station) -> None:
    assert OCPP_2_0_1.request(command).violation(build(command, csms, unknown)) is None


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS))
def test_payload_for_known_station_is_valid(command: str, csms: Csms, known: Station) -> None:
    assert OCPP_2_0_1.request(command).violation(build(command, csms, known)) is None


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS))
def test_builder_does_not_change_station(command: str, csms: Csms, known: Station) -> None:
    before = deepcopy(known)

    build(command, csms, known)

    assert known == before


@pytest.mark.parametrize("command", NEEDS_A_TRANSACTION + NEEDS_A_KNOWN_ID)
def test_command_without_known_object_raises_nothing_to_do(
    command: str, csms: Csms, unknown: Station
) -> None:
    with pytest.raises(NothingToDo):
        build(command, csms, unknown)


@pytest.mark.parametrize("command", NEEDS_A_TRANSACTION)
def test_command_after_ended_transaction_raises_nothing_to_do(
    command: str, csms: Csms, unknown: Station
) -> None:
    charge(unknown, "T1", "Ended")

    with pytest.raises(NothingToDo):
        build(command, csms, unknown)


@pytest.mark.parametrize(
    "identity",
    [
        case("one character", "1"),
        case("space", "RDAM 123"),
        case("slash", "CS/001"),
        case("percent sign", "CS%41"),
        case("48 characters", "x" * 48),
        case("48 characters of two bytes", "\u00c4" * 48),
        case("48 characters of four bytes", "\U0001f50c" * 48),
    ],
)
def test_certificate_signed_for_any_identity_is_valid(csms: Csms, identity: str) -> None:
    payload = build("CertificateSigned", csms, Station(identity))

    assert OCPP_2_0_1.request("CertificateSigned").violation(payload) is None


@pytest.mark.parametrize(
    "garbage",
    [
        case("not PEM", "no PEM"),
        case("not PKCS#10", "-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n"),
    ],
)
def test_certificate_signed_for_invalid_csr_is_valid_or_skipped(
    csms: Csms, unknown: Station, garbage: str
) -> None:
    """The builder returns a chain that the station must reject, or raises NothingToDo, and no other error."""
    learn_from_message(unknown, call("SignCertificate", {"csr": garbage}))

    try:
        payload = build("CertificateSigned", csms, unknown)
    except NothingToDo:
        return
    assert OCPP_2_0_1.request("CertificateSigned").violation(payload) is None


# Ids


@pytest.mark.parametrize("command", HAS_A_REQUEST_ID)
def test_request_ids_are_unique(command: str, csms: Csms, unknown: Station) -> None:
    first, second = (build(command, csms, unknown)["requestId"] for _ in range(2))

    assert first != second


def test_ids_of_all_commands_are_unique(csms: Csms, unknown: Station) -> None:
    request_ids = [build(command, csms, unknown)["requestId"] for command in HAS_A_REQUEST_ID]
    remote_start_id = build("RequestStartTransaction", csms, unknown)["remoteStartId"]
    reservation_id = build("ReserveNow", csms, unknown)["id"]
    profile = build("SetChargingProfile", csms, unknown)["chargingProfile"]
    message = build("SetDisplayMessage", csms, unknown)["message"]
    schedule = profile["chargingSchedule"][0]

    ids = [*request_ids, remote_start_id, reservation_id, profile["id"], schedule["id"], message["id"]]

    assert len(set(ids)) == len(ids)


# Payloads from the state of the station


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        case("RequestStopTransaction", "RequestStopTransaction", {"transactionId": "T1"}),
        case("GetTransactionStatus", "GetTransactionStatus", {"transactionId": "T1"}),
        case("CostUpdated", "CostUpdated", {"transactionId": "T1", "totalCost": 2.5}),
        case("CancelReservation", "CancelReservation", {"reservationId": 41}),
        case("ClearChargingProfile", "ClearChargingProfile", {"chargingProfileId": 42}),
        case("ClearDisplayMessage", "ClearDisplayMessage", {"id": 43}),
        case("ClearVariableMonitoring", "ClearVariableMonitoring", {"id": [44]}),
        case("UnlockConnector", "UnlockConnector", {"evseId": 2, "connectorId": 1}),
    ],
)
def test_payload_refers_to_objects_of_station(
    command: str, expected: JsonObject, csms: Csms, known: Station
) -> None:
    assert build(command, csms, known) == expected


def test_get_transaction_status_without_transaction_has_no_id(csms: Csms, unknown: Station) -> None:
    """E14: a GetTransactionStatus without an id asks whether any message is in the queue."""
    assert build("GetTransactionStatus", csms, unknown) == {}


def test_request_stop_transaction_names_newest_transaction(csms: Csms, known: Station) -> None:
    charge(known, "T2")

    assert build("RequestStopTransaction", csms, known)["transactionId"] == "T2"


@pytest.mark.parametrize("command", ["RequestStartTransaction", "ReserveNow"])
def test_command_for_station_with_free_evse_names_it(command: str, csms: Csms, known: Station) -> None:
    assert build(command, csms, known)["evseId"] == 3


@pytest.mark.parametrize("command", ["RequestStartTransaction", "ReserveNow"])
def test_command_for_station_without_free_evse_names_first(command: str, csms: Csms, known: Station) -> None:
    connector(known, 3, 2, "Faulted")

    assert build(command, csms, known)["evseId"] == 2


def test_trigger_message_for_status_names_known_connector(csms: Csms, known: Station) -> None:
    """F06.FR.13, errata 2.6.2."""
    assert build("TriggerMessage", csms, known) == {
        "requestedMessage": "StatusNotification",
        "evse": {"id": 2, "connectorId": 1},
    }


def test_get_composite_schedule_names_known_evse(csms: Csms, known: Station) -> None:
    assert build("GetCompositeSchedule", csms, known)["evseId"] == 2


def test_clear_charging_profile_accepts_id_zero(csms: Csms, unknown: Station) -> None:
    """A charging profile id may be any integer."""
    accept(unknown, "SetChargingProfile", {"evseId": 0, "chargingProfile": {"id": 0}})

    assert build("ClearChargingProfile", csms, unknown) == {"chargingProfileId": 0}


@pytest.mark.parametrize("station", ["known", "unknown"])
def test_customer_information_has_exactly_one_identifier(
    request: pytest.FixtureRequest, station: str, csms: Csms
) -> None:
    """Errata 2.13.2."""
    payload = build("CustomerInformation", csms, request.getfixturevalue(station))

    assert len(CUSTOMER_IDENTIFIERS & set(payload)) == 1


def test_customer_information_names_last_id_token(csms: Csms, known: Station) -> None:
    assert build("CustomerInformation", csms, known)["idToken"] == TOKEN


def test_certificate_signed_certifies_key_of_csr(csms: Csms, known: Station) -> None:
    """A02."""
    chain = build("CertificateSigned", csms, known)["certificateChain"]

    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    assert leaf.public_key() == KEY.public_key()


@pytest.mark.parametrize(("station", "version"), [("unknown", 1), ("known", 8)])
def test_send_local_list_increments_version(
    request: pytest.FixtureRequest, station: str, version: int, csms: Csms
) -> None:
    """D01: the version number is greater than 0."""
    payload = build("SendLocalList", csms, request.getfixturevalue(station))

    assert payload["versionNumber"] == version


# Payloads from the settings of the mock


def test_set_variables_by_default_sets_configured_heartbeat_interval(unknown: Station) -> None:
    csms = Csms(Settings(heartbeat_interval=77), VERSIONS)

    item = build("SetVariables", csms, unknown)["setVariableData"][0]

    assert (item["variable"]["name"], item["attributeValue"]) == ("HeartbeatInterval", "77")


def test_cost_updated_has_configured_total_cost(known: Station) -> None:
    csms = Csms(Settings(total_cost=12.5), VERSIONS)

    assert build("CostUpdated", csms, known)["totalCost"] == 12.5


def test_set_network_profile_has_own_url_without_identity(csms: Csms, known: Station) -> None:
    """Errata 2.15.2 and 2.15.3."""
    connection = build("SetNetworkProfile", csms, known)["connectionData"]

    assert (connection["ocppCsmsUrl"], connection["ocppVersion"]) == ("ws://127.0.0.1:9000", "OCPP20")


def test_set_network_profile_leaves_the_slot_in_use_alone(csms: Csms, known: Station) -> None:
    """B10: the station falls back to the slot in use if it cannot connect with the new one."""
    assert build("SetNetworkProfile", csms, known)["configurationSlot"] == 2
    csms.upgrades.slot_accepted(known.id, 0, 2, 1)
    csms.upgrades.priority_accepted(known.id, 0, [2, 1])
    csms.upgrades.connected(known.id, 1)
    assert build("SetNetworkProfile", csms, known)["configurationSlot"] == 1


@pytest.mark.parametrize(("active", "slot"), [("1", 2), ("2", 1), ("3", 2)])
def test_set_network_profile_leaves_the_reported_slot_alone(
    csms: Csms, known: Station, active: str, slot: int
) -> None:
    variable = {"name": "ActiveNetworkProfile"}
    known.device_model.set({"name": "OCPPCommCtrlr"}, variable, active)
    assert build("SetNetworkProfile", csms, known)["configurationSlot"] == slot


def test_delete_certificate_names_installed_certificate(csms: Csms, unknown: Station) -> None:
    """M04, M05: the serial number is hexadecimal."""
    installed = build("InstallCertificate", csms, unknown)["certificate"]
    deleted = build("DeleteCertificate", csms, unknown)["certificateHashData"]

    serial_number = x509.load_pem_x509_certificate(installed.encode()).serial_number
    assert int(deleted["serialNumber"], 16) == serial_number


def test_reserve_now_expires_after_minutes(csms: Csms, unknown: Station) -> None:
    expiry = datetime.fromisoformat(build("ReserveNow", csms, unknown)["expiryDateTime"])

    assert expiry - datetime.now(UTC) > timedelta(minutes=5)


def test_set_charging_profile_first_period_starts_at_zero(csms: Csms, unknown: Station) -> None:
    """K01: the first startPeriod is 0; stations reject the purpose ChargingStationExternalConstraints."""
    profile = build("SetChargingProfile", csms, unknown)["chargingProfile"]

    assert profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["startPeriod"] == 0
    assert profile["chargingProfilePurpose"] != "ChargingStationExternalConstraints"


@pytest.mark.parametrize("command", ["GetLog", "UpdateFirmware", "PublishFirmware"])
def test_file_url_points_to_this_server(command: str, csms: Csms, unknown: Station) -> None:
    assert "http://127.0.0.1:9000/files/" in str(build(command, csms, unknown))


# --payload


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        case("replace", {"a": "b"}, {"a": "c"}, {"a": "c"}),
        case("add", {"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        case("remove", {"a": "b"}, {"a": None}, {}),
        case("remove one of two", {"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        case("remove a missing key", {"e": None}, {"a": 1}, {"e": None, "a": 1}),
        case("list member replaced by string", {"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        case("string member replaced by list", {"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        case("nested", {"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        case("remove, nested", {"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        case("remove, nested twice", {"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": None}}},
             {"a": {"b": {"d": 2}}}),
        case("lists are not merged", {"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        case("null inside a list is kept", {"a": 1}, {"a": [None]}, {"a": [None]}),
        case("list replaced by list", ["a", "b"], ["c", "d"], ["c", "d"]),
        case("object replaced by list", {"a": "b"}, ["c"], ["c"]),
        case("object replaced by null", {"a": "foo"}, None, None),
        case("object replaced by string", {"a": "foo"}, "bar", "bar"),
        case("list replaced by object", [1, 2], {"a": "b", "c": None}, {"a": "b"}),
        case("string replaced by object", {"a": "foo"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        case("null in a new object", {}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        case("empty patch", {"a": 1}, {}, {"a": 1}),
    ],
)  # fmt: skip
def test_merge_patch_follows_rfc_7396(target: object, patch: object, merged: object) -> None:
    """The examples of RFC 7396, appendix A, and some more."""
    assert merge_patch(target, patch) == merged


def test_merge_patch_does_not_change_target() -> None:
    target = {"a": {"b": 1}, "c": [1]}
    before = deepcopy(target)

    merge_patch(target, {"a": {"b": None, "d": 2}, "c": None})

    assert target == before


def test_payload_setting_leaves_other_commands_alone(unknown: Station) -> None:
    csms = with_payload("Reset", {"type": "OnIdle"})

    assert build("ClearCache", csms, unknown) == {}
    assert build("Reset", csms, unknown) == {"type": "OnIdle"}


def test_payload_setting_is_merged_into_default(unknown: Station) -> None:
    csms = with_payload("RequestStartTransaction", {"evseId": None, "idToken": {"type": "Central"}})
    default = build("RequestStartTransaction", Csms(Settings(), VERSIONS), unknown)

    payload = build("RequestStartTransaction", csms, unknown)

    assert payload == {
        "remoteStartId": default["remoteStartId"],
        "idToken": {"idToken": default["idToken"]["idToken"], "type": "Central"},
    }


def test_payload_setting_does_not_change_later_defaults(unknown: Station) -> None:
    before = build("CustomerInformation", Csms(Settings(), VERSIONS), unknown)
    build("CustomerInformation", with_payload("CustomerInformation", {"idToken": {"type": "Local"}}), unknown)

    assert build("CustomerInformation", Csms(Settings(), VERSIONS), unknown) == before


@pytest.mark.parametrize(
    ("command", "payload"),
    [
        case("another value", "Reset", {"type": "OnIdle"}),
        case("another field", "Reset", {"evseId": 1}),
        case("customData", "Reset", {"customData": {"vendorId": "org.example", "anything": [1]}}),
        case("optional field removed", "TriggerMessage", {"requestedMessage": "Heartbeat", "evse": None}),
        case("empty payload", "Reset", {}),
        case("command that needs a transaction", "CostUpdated", {"totalCost": 3}),
        case("command that stops a transaction", "RequestStopTransaction", {"transactionId": "other"}),
        case("command that needs a reservation", "CancelReservation", {"reservationId": 5}),
        case("time", "ReserveNow", {"expiryDateTime": "2026-01-31T12:00:00.5+02:00"}),
    ],
)
def test_valid_payload_setting_passes_check(command: str, payload: JsonObject) -> None:
    settings = Settings(command=command, delay=0, payload=payload)

    check_payload(settings, VERSIONS)

    built = build(command, Csms(settings, VERSIONS), station_with_transaction())
    assert OCPP_2_0_1.request(command).violation(built) is None


def station_with_transaction() -> Station:
    station = Station("CS001")
    charge(station, "T1")
    return station


@pytest.mark.parametrize(
    ("command", "payload", "field"),
    [
        case("wrong value", "Reset", {"type": "Hard"}, "type"),
        case("wrong type", "UnlockConnector", {"evseId": "1"}, "evseId"),
        case("unknown field", "Reset", {"tpye": "OnIdle"}, "tpye"),
        case("required field removed", "Reset", {"type": None}, "type"),
        case("nested", "RequestStartTransaction", {"idToken": {"type": "RFID"}}, "idToken.type"),
        case("nested field removed", "RequestStartTransaction", {"idToken": {"type": None}}, "idToken"),
        case("empty list", "GetVariables", {"getVariableData": []}, "getVariableData"),
        case("snake case", "UnlockConnector", {"evse_id": 1}, "evse_id"),
        case("command that needs a transaction", "CostUpdated", {"totalCost": "much"}, "totalCost"),
        case("time", "ReserveNow", {"expiryDateTime": "tomorrow"}, "expiryDateTime"),
        case("empty time", "GetLog", {"log": {"oldestTimestamp": ""}}, "log.oldestTimestamp"),
        case(
            "time without a zone",
            "UpdateFirmware",
            {"firmware": {"installDateTime": "2026-01-31T12:00:00"}},
            "installDateTime",
        ),
        case("reservation", "CancelReservation", {"reservationId": "x"}, "reservationId"),
    ],
)
def test_invalid_payload_setting_is_rejected(command: str, payload: JsonObject, field: str) -> None:
    settings = Settings(command=command, delay=0, payload=payload)

    with pytest.raises(UsageError, match=f"--payload breaks the schema of {command}: .*{field}"):
        check_payload(settings, VERSIONS)


def test_invalid_payload_error_is_one_line() -> None:
    settings = Settings(command="Reset", delay=0, payload={"one\ntwo": 1})

    with pytest.raises(UsageError) as caught:
        check_payload(settings, VERSIONS)

    assert len(str(caught.value).splitlines()) == 1


def test_settings_without_payload_pass_check() -> None:
    check_payload(Settings(commands=(PlanStep("Reset", 1),)), VERSIONS)
