"""The builders of the 40 commands: valid for every station, and fitting for one that is known."""

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
IDENTIFIERS_OF_A_CUSTOMER = {"idToken", "customerIdentifier", "customerCertificate"}

NEEDS_A_TRANSACTION = ["CostUpdated", "RequestStopTransaction"]
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
    return Csms(Settings(), VERSIONS, address="127.0.0.1:9000")


@pytest.fixture
def unknown() -> Station:
    """A station that has told nothing."""
    return Station("CS001")


@pytest.fixture
def known() -> Station:
    """A station that has told all that a builder can make use of."""
    station = Station("CS001")
    connector(station, 2, 1, "Occupied")
    connector(station, 3, 2, "Available")
    charge(station, "T0", "Ended")
    charge(station, "T1")
    accept(station, "ReserveNow", {"id": 41, "expiryDateTime": NOW, "idToken": TOKEN})
    accept(station, "SetChargingProfile", {"evseId": 0, "chargingProfile": {"id": 42}})
    learn_from_message(station, call("NotifyDisplayMessages", {"requestId": 1, "messageInfo": [{"id": 43}]}))
    station.monitors[44] = {"id": 44}
    learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": 7})
    learn_from_message(station, call("SignCertificate", {"csr": csr()}))
    return station


def connector(station: Station, evse_id: int, connector_id: int, status: str) -> None:
    place = {"evseId": evse_id, "connectorId": connector_id}
    learn_from_message(
        station, call("StatusNotification", {"timestamp": NOW, "connectorStatus": status, **place})
    )


def charge(station: Station, transaction_id: str, event_type: str = "Started", kwh: float = 10) -> None:
    """Let the station tell of a transaction in which so much energy was taken."""
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
    return Csms(Settings(command=command, delay=0, payload=payload), VERSIONS, address="127.0.0.1:9000")


# Every command


def test_there_is_a_builder_for_every_command_and_for_nothing_else() -> None:
    assert set(COMMANDS) == set(CSMS_ACTIONS)


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS - set(NEEDS_A_TRANSACTION)))
def test_an_unknown_station_gets_a_valid(command: str, csms: Csms, unknown: Station) -> None:
    assert OCPP_2_0_1.request(command).violation(build(command, csms, unknown)) is None


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS))
def test_a_known_station_gets_a_valid(command: str, csms: Csms, known: Station) -> None:
    assert OCPP_2_0_1.request(command).violation(build(command, csms, known)) is None


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS))
def test_a_builder_leaves_the_station_as_it_is(command: str, csms: Csms, known: Station) -> None:
    before = deepcopy(known)

    build(command, csms, known)

    assert known == before


@pytest.mark.parametrize("command", NEEDS_A_TRANSACTION)
def test_without_a_transaction_there_is_nothing_to_do(command: str, csms: Csms, unknown: Station) -> None:
    with pytest.raises(NothingToDo):
        build(command, csms, unknown)


@pytest.mark.parametrize("command", NEEDS_A_TRANSACTION)
def test_with_a_transaction_that_ended_there_is_nothing_to_do(
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
def test_a_certificate_can_be_made_for_every_identity_that_may_connect(csms: Csms, identity: str) -> None:
    payload = build("CertificateSigned", csms, Station(identity))

    assert OCPP_2_0_1.request("CertificateSigned").violation(payload) is None


@pytest.mark.parametrize(
    "garbage",
    [
        case("no PEM", "no PEM"),
        case("no PKCS#10", "-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n"),
    ],
)
def test_a_csr_that_cannot_be_signed_does_not_stop_the_command(
    csms: Csms, unknown: Station, garbage: str
) -> None:
    """The plan goes on: there is either a chain that the station has to refuse, or nothing to do."""
    learn_from_message(unknown, call("SignCertificate", {"csr": garbage}))

    try:
        payload = build("CertificateSigned", csms, unknown)
    except NothingToDo:
        return
    assert OCPP_2_0_1.request("CertificateSigned").violation(payload) is None


# Ids


@pytest.mark.parametrize("command", HAS_A_REQUEST_ID)
def test_a_request_id_is_used_once(command: str, csms: Csms, unknown: Station) -> None:
    first, second = (build(command, csms, unknown)["requestId"] for _ in range(2))

    assert first != second


def test_all_commands_share_one_row_of_ids(csms: Csms, unknown: Station) -> None:
    request_ids = [build(command, csms, unknown)["requestId"] for command in HAS_A_REQUEST_ID]
    remote_start_id = build("RequestStartTransaction", csms, unknown)["remoteStartId"]
    reservation_id = build("ReserveNow", csms, unknown)["id"]
    profile = build("SetChargingProfile", csms, unknown)["chargingProfile"]
    message = build("SetDisplayMessage", csms, unknown)["message"]
    schedule = profile["chargingSchedule"][0]

    ids = [*request_ids, remote_start_id, reservation_id, profile["id"], schedule["id"], message["id"]]

    assert len(set(ids)) == len(ids)


# What is known of the station


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
def test_a_command_names_what_the_station_has(
    command: str, expected: JsonObject, csms: Csms, known: Station
) -> None:
    assert build(command, csms, known) == expected


def test_get_transaction_status_without_a_transaction_asks_for_the_queue(
    csms: Csms, unknown: Station
) -> None:
    """E14."""
    assert build("GetTransactionStatus", csms, unknown) == {}


def test_request_stop_transaction_stops_the_newest(csms: Csms, known: Station) -> None:
    charge(known, "T2")

    assert build("RequestStopTransaction", csms, known)["transactionId"] == "T2"


@pytest.mark.parametrize("command", ["RequestStartTransaction", "ReserveNow"])
def test_a_station_is_asked_for_an_evse_that_is_free(command: str, csms: Csms, known: Station) -> None:
    assert build(command, csms, known)["evseId"] == 3


@pytest.mark.parametrize("command", ["RequestStartTransaction", "ReserveNow"])
def test_a_station_without_a_free_evse_is_asked_for_its_first(
    command: str, csms: Csms, known: Station
) -> None:
    connector(known, 3, 2, "Faulted")

    assert build(command, csms, known)["evseId"] == 2


def test_trigger_message_for_a_status_names_a_connector_of_the_station(csms: Csms, known: Station) -> None:
    """F06.FR.13, errata 2.6.2."""
    assert build("TriggerMessage", csms, known) == {
        "requestedMessage": "StatusNotification",
        "evse": {"id": 2, "connectorId": 1},
    }


def test_a_schedule_is_asked_for_an_evse_of_the_station(csms: Csms, known: Station) -> None:
    assert build("GetCompositeSchedule", csms, known)["evseId"] == 2


def test_a_charging_profile_with_id_zero_is_cleared_by_its_id(csms: Csms, unknown: Station) -> None:
    """An id is any integer."""
    accept(unknown, "SetChargingProfile", {"evseId": 0, "chargingProfile": {"id": 0}})

    assert build("ClearChargingProfile", csms, unknown) == {"chargingProfileId": 0}


@pytest.mark.parametrize("station", ["known", "unknown"])
def test_customer_information_names_the_customer_by_exactly_one_identifier(
    request: pytest.FixtureRequest, station: str, csms: Csms
) -> None:
    """Errata 2.13.2."""
    payload = build("CustomerInformation", csms, request.getfixturevalue(station))

    assert len(IDENTIFIERS_OF_A_CUSTOMER & set(payload)) == 1


def test_customer_information_is_asked_of_who_charged_last(csms: Csms, known: Station) -> None:
    assert build("CustomerInformation", csms, known)["idToken"] == TOKEN


def test_certificate_signed_carries_a_certificate_of_the_key_in_the_csr(csms: Csms, known: Station) -> None:
    """A02."""
    chain = build("CertificateSigned", csms, known)["certificateChain"]

    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    assert leaf.public_key() == KEY.public_key()


@pytest.mark.parametrize(("station", "version"), [("unknown", 1), ("known", 8)])
def test_send_local_list_has_the_next_version(
    request: pytest.FixtureRequest, station: str, version: int, csms: Csms
) -> None:
    """D01: greater than 0."""
    payload = build("SendLocalList", csms, request.getfixturevalue(station))

    assert payload["versionNumber"] == version


# What is known of the mock


def test_set_variables_sets_the_heartbeat_interval_that_boots_are_answered_with(unknown: Station) -> None:
    csms = Csms(Settings(heartbeat_interval=77), VERSIONS, address="127.0.0.1:9000")

    item = build("SetVariables", csms, unknown)["setVariableData"][0]

    assert (item["variable"]["name"], item["attributeValue"]) == ("HeartbeatInterval", "77")


def test_cost_updated_tells_the_fixed_price(known: Station) -> None:
    csms = Csms(Settings(total_cost=12.5), VERSIONS, address="127.0.0.1:9000")

    assert build("CostUpdated", csms, known)["totalCost"] == 12.5


def test_set_network_profile_leads_here_without_the_identity(csms: Csms, known: Station) -> None:
    """Errata 2.15.2 and 2.15.3."""
    connection = build("SetNetworkProfile", csms, known)["connectionData"]

    assert (connection["ocppCsmsUrl"], connection["ocppVersion"]) == ("ws://127.0.0.1:9000", "OCPP20")


def test_delete_certificate_names_the_certificate_that_install_certificate_installs(
    csms: Csms, unknown: Station
) -> None:
    """M04, M05: the serial number is written in hexadecimal."""
    installed = build("InstallCertificate", csms, unknown)["certificate"]
    deleted = build("DeleteCertificate", csms, unknown)["certificateHashData"]

    serial_number = x509.load_pem_x509_certificate(installed.encode()).serial_number
    assert int(deleted["serialNumber"], 16) == serial_number


def test_reserve_now_reserves_for_a_while(csms: Csms, unknown: Station) -> None:
    expiry = datetime.fromisoformat(build("ReserveNow", csms, unknown)["expiryDateTime"])

    assert expiry - datetime.now(UTC) > timedelta(minutes=5)


def test_the_periods_of_a_charging_profile_begin_at_zero(csms: Csms, unknown: Station) -> None:
    """K01: the first startPeriod is 0; a station does not take ChargingStationExternalConstraints."""
    profile = build("SetChargingProfile", csms, unknown)["chargingProfile"]

    assert profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["startPeriod"] == 0
    assert profile["chargingProfilePurpose"] != "ChargingStationExternalConstraints"


@pytest.mark.parametrize("command", ["GetLog", "UpdateFirmware", "PublishFirmware"])
def test_a_file_has_its_place_on_this_server(command: str, csms: Csms, unknown: Station) -> None:
    assert "http://127.0.0.1:9000/files/" in str(build(command, csms, unknown))


# --payload


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        case("replace", {"a": "b"}, {"a": "c"}, {"a": "c"}),
        case("add", {"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        case("remove", {"a": "b"}, {"a": None}, {}),
        case("remove one of two", {"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        case("remove what is not there", {"e": None}, {"a": 1}, {"e": None, "a": 1}),
        case("a list is replaced by a string", {"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        case("a string is replaced by a list", {"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        case("nested", {"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        case("remove, nested", {"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        case("remove, nested twice", {"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": None}}},
             {"a": {"b": {"d": 2}}}),
        case("lists are not merged", {"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        case("null inside a list stays", {"a": 1}, {"a": [None]}, {"a": [None]}),
        case("a list for all", ["a", "b"], ["c", "d"], ["c", "d"]),
        case("an object is replaced by a list", {"a": "b"}, ["c"], ["c"]),
        case("null for all", {"a": "foo"}, None, None),
        case("a string for all", {"a": "foo"}, "bar", "bar"),
        case("an object over a list", [1, 2], {"a": "b", "c": None}, {"a": "b"}),
        case("an object over a string", {"a": "foo"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        case("null in what is new", {}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        case("nothing", {"a": 1}, {}, {"a": 1}),
    ],
)  # fmt: skip
def test_a_merge_patch(target: object, patch: object, merged: object) -> None:
    """RFC 7396, appendix A."""
    assert merge_patch(target, patch) == merged


def test_a_merge_patch_leaves_what_it_is_laid_over() -> None:
    target = {"a": {"b": 1}, "c": [1]}
    before = deepcopy(target)

    merge_patch(target, {"a": {"b": None, "d": 2}, "c": None})

    assert target == before


def test_a_payload_is_laid_over_the_default(unknown: Station) -> None:
    csms = with_payload("RequestStartTransaction", {"evseId": None, "idToken": {"type": "Central"}})
    default = build("RequestStartTransaction", Csms(Settings(), VERSIONS), unknown)

    payload = build("RequestStartTransaction", csms, unknown)

    assert payload == {
        "remoteStartId": default["remoteStartId"],
        "idToken": {"idToken": default["idToken"]["idToken"], "type": "Central"},
    }


def test_a_payload_does_not_leak_into_the_next_default(unknown: Station) -> None:
    before = build("CustomerInformation", Csms(Settings(), VERSIONS), unknown)
    build("CustomerInformation", with_payload("CustomerInformation", {"idToken": {"type": "Local"}}), unknown)

    assert build("CustomerInformation", Csms(Settings(), VERSIONS), unknown) == before


@pytest.mark.parametrize(
    ("command", "payload"),
    [
        case("another value", "Reset", {"type": "OnIdle"}),
        case("another field", "Reset", {"evseId": 1}),
        case("customData", "Reset", {"customData": {"vendorId": "org.example", "anything": [1]}}),
        case("without what is optional", "TriggerMessage", {"requestedMessage": "Heartbeat", "evse": None}),
        case("nothing", "Reset", {}),
        case("a command that needs a transaction", "CostUpdated", {"totalCost": 3}),
        case("a command that stops one", "RequestStopTransaction", {"transactionId": "other"}),
    ],
)
def test_a_payload_that_keeps_to_the_schema_passes(command: str, payload: JsonObject) -> None:
    settings = Settings(command=command, delay=0, payload=payload)

    check_payload(settings, VERSIONS)

    built = build(command, Csms(settings, VERSIONS), station_with_transaction())
    assert OCPP_2_0_1.request(command).violation(built) is None


def station_with_transaction() -> Station:
    station = Station("CS001")
    charge(station, "T1")
    return station


@pytest.mark.parametrize(
    ("command", "payload", "said"),
    [
        case("wrong value", "Reset", {"type": "Hard"}, "type"),
        case("wrong type", "UnlockConnector", {"evseId": "1"}, "evseId"),
        case("unknown field", "Reset", {"tpye": "OnIdle"}, "tpye"),
        case("required field removed", "Reset", {"type": None}, "type"),
        case("nested", "RequestStartTransaction", {"idToken": {"type": "RFID"}}, "idToken.type"),
        case("nested field removed", "RequestStartTransaction", {"idToken": {"type": None}}, "idToken"),
        case("empty list", "GetVariables", {"getVariableData": []}, "getVariableData"),
        case("snake case", "UnlockConnector", {"evse_id": 1}, "evse_id"),
        case("a command that needs a transaction", "CostUpdated", {"totalCost": "much"}, "totalCost"),
    ],
)
def test_a_payload_that_breaks_the_schema_is_answered(command: str, payload: JsonObject, said: str) -> None:
    settings = Settings(command=command, delay=0, payload=payload)

    with pytest.raises(UsageError, match=f"--payload breaks the schema of {command}: .*{said}"):
        check_payload(settings, VERSIONS)


def test_a_payload_that_breaks_the_schema_is_answered_in_one_line() -> None:
    settings = Settings(command="Reset", delay=0, payload={"one\ntwo": 1})

    with pytest.raises(UsageError) as caught:
        check_payload(settings, VERSIONS)

    assert len(str(caught.value).splitlines()) == 1


def test_without_a_payload_there_is_nothing_to_check() -> None:
    check_payload(Settings(commands=(PlanStep("Reset", 1),)), VERSIONS)
