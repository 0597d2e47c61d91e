"""Default payloads of all 40 commands for stations that have reported different things."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mock_csms.behaviour.tokens import Token
from mock_csms.csms import Csms
from mock_csms.errors import NothingToDo
from mock_csms.messages import JsonObject
from mock_csms.settings import Settings, Variable
from mock_csms.stations.station import Station
from mock_csms.v201.action_tables import CSMS_ACTIONS
from mock_csms.v201.evses import connectors
from mock_csms.v201.features import CONTROLLERS
from mock_csms.v201.learning import learn_from_answer, learn_from_message
from mock_csms.v201.own_mistakes import own_mistakes
from mock_csms.v201.version import OCPP_2_0_1
from server import VERSIONS
from tests.support.payloads import call

build = VERSIONS["ocpp2.0.1"].build
NOW = "2024-01-01T12:00:00Z"
LATER = "2999-01-01T12:00:00Z"
NOW_UTC = datetime(2024, 1, 1, 12, tzinfo=UTC)
COMMANDS = sorted(CSMS_ACTIONS)
STATION_WIDE = {"SetChargingProfile", "GetCompositeSchedule", "GetChargingProfiles", "ClearChargingProfile"}
"""Commands in which evseId 0 stands for the whole station."""
TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}
OTHER_TOKEN = {"idToken": "00112233", "type": "ISO14443"}


# Reports of stations


def status(station: Station, evse_id: int, connector_id: int, connector_status: str = "Available") -> None:
    ids = {"evseId": evse_id, "connectorId": connector_id}
    payload = {"timestamp": NOW, "connectorStatus": connector_status, **ids}
    learn_from_message(station, call("StatusNotification", payload))


def report(station: Station, component: str, variable: str, value: str, **names: Any) -> None:
    """Report a variable; ``names`` may be the variable's ``instance`` and the component's ``evse``."""
    instance = {"instance": names["instance"]} if "instance" in names else {}
    evse = {"evse": names["evse"]} if "evse" in names else {}
    item = {
        "component": {"name": component, **evse},
        "variable": {"name": variable, **instance},
        "variableAttribute": [{"value": value}],
    }
    payload = {"requestId": 1, "generatedAt": NOW, "seqNo": 0, "reportData": [item]}
    learn_from_message(station, call("NotifyReport", payload))


def start(station: Station, transaction_id: str = "T1", **fields: Any) -> None:
    payload = {
        "eventType": "Started",
        "timestamp": NOW,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": transaction_id},
        **fields,
    }
    learn_from_message(station, call("TransactionEvent", payload))


def accept(station: Station, command: str, request: JsonObject) -> None:
    learn_from_answer(station, command, request, {"status": "Accepted"})


def profile(profile_id: int = 5, evse_id: int = 0, **fields: Any) -> JsonObject:
    return {
        "evseId": evse_id,
        "chargingProfile": {
            "id": profile_id,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {
                    "id": 1,
                    "startSchedule": NOW,
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
                }
            ],
            **fields,
        },
    }


def nothing(_: Station) -> None:
    """Report nothing."""


def only_zero(station: Station) -> None:
    status(station, 0, 0)


def zero_and_two(station: Station) -> None:
    status(station, 0, 0)
    status(station, 2, 1)
    start(station, idToken=TOKEN)


def evse_without_connector_zero(station: Station) -> None:
    status(station, 1, 0)
    status(station, 2, 3)


def two_evses(station: Station) -> None:
    status(station, 1, 1)
    status(station, 2, 1, "Occupied")
    start(station, evse={"id": 2, "connectorId": 1}, idToken=TOKEN)


def only_evse_charging(station: Station) -> None:
    status(station, 1, 1, "Occupied")
    start(station, evse={"id": 1}, idToken=TOKEN)


def all_faulted(station: Station) -> None:
    status(station, 1, 1, "Faulted")
    status(station, 2, 1, "Unavailable")


def evses_in_device_model(station: Station) -> None:
    report(station, "ChargingStation", "Model", "m")
    report(station, "EVSE", "AvailabilityState", "Available", evse={"id": 3})
    report(station, "Connector", "AvailabilityState", "Available", evse={"id": 4, "connectorId": 2})


def without_features(station: Station) -> None:
    for controller in sorted(set(CONTROLLERS.values())):
        report(station, controller, "Available", "false")
    report(station, "TariffCostCtrlr", "Available", "false", instance="Cost")
    start(station, idToken=TOKEN)


def watts_only(station: Station) -> None:
    report(station, "SmartChargingCtrlr", "RateUnit", "W")
    report(station, "ChargingStation", "SupplyPhases", "1")


def everything_known(station: Station) -> None:
    two_evses(station)
    accept(station, "ReserveNow", {"id": 41, "expiryDateTime": LATER, "idToken": TOKEN})
    accept(station, "SetChargingProfile", profile(1, 2))
    accept(station, "SetDisplayMessage", {"message": {"id": 1}})
    station.monitors[44] = {"id": 44}
    learn_from_answer(station, "GetLocalListVersion", {}, {"versionNumber": 7})


def foreign_token(station: Station) -> None:
    start(station, idToken=OTHER_TOKEN)


STATIONS: dict[Callable[[Station], None], set[tuple[int, int]]] = {
    nothing: {(1, 1)},
    only_zero: {(1, 1)},
    zero_and_two: {(2, 1)},
    evse_without_connector_zero: {(2, 3)},
    two_evses: {(1, 1), (2, 1)},
    only_evse_charging: {(1, 1)},
    all_faulted: {(1, 1), (2, 1)},
    evses_in_device_model: {(3, 1), (4, 2)},
    without_features: {(1, 1)},
    watts_only: {(1, 1)},
    everything_known: {(1, 1), (2, 1)},
    foreign_token: {(1, 1)},
}
"""Connectors of a station (EVSE 1 connector 1 if it reports none), by the function that makes its reports."""
STATION_NAMES = [reports.__name__ for reports in STATIONS]

SETTINGS = {
    "default": Settings(),
    "whitelist": Settings(auth_mode="whitelist", whitelist=("AABBCCDD", "other")),
    "empty whitelist": Settings(auth_mode="whitelist", whitelist=()),
    "unknown tokens are invalid": Settings(
        unknown_token="Invalid",
        tokens={"blocked": Token(status="Blocked"), "good": Token(type="eMAID")},
    ),
    "rate limit": Settings(auth_mode="rate_limit"),
}


def make_csms(settings: Settings | None = None) -> Csms:
    return Csms(settings or Settings(), VERSIONS)


def station_that(reports: Callable[[Station], None]) -> Station:
    station = Station("CS1", registration="Accepted")
    reports(station)
    return station


def built(command: str, csms: Csms, station: Station) -> JsonObject | None:
    """Default payload of a command, or None if the mock would skip the command."""
    try:
        return build(command, csms, station)
    except NothingToDo:
        return None


def parts(payload: Any, name: str) -> Iterator[Any]:
    """Yield the values of a field at any depth."""
    if isinstance(payload, dict):
        for key, value in payload.items():
            if key == name:
                yield value
            yield from parts(value, name)
    elif isinstance(payload, list):
        for item in payload:
            yield from parts(item, name)


# All commands for all stations


@pytest.mark.parametrize("reports", STATIONS, ids=STATION_NAMES)
@pytest.mark.parametrize("command", COMMANDS)
def test_default_payload_is_valid_and_breaks_no_requirement(
    command: str, reports: Callable[[Station], None]
) -> None:
    station = station_that(reports)
    payload = built(command, make_csms(), station)

    if payload is not None:
        assert OCPP_2_0_1.request(command).violation_when_sent(payload) is None
        assert list(own_mistakes(command, payload, station, NOW_UTC)) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_command_has_a_default_payload_for_some_station(command: str) -> None:
    payloads = [built(command, make_csms(), station_that(reports)) for reports in STATIONS]

    assert any(payload is not None for payload in payloads)


@pytest.mark.parametrize(("reports", "known"), STATIONS.items(), ids=STATION_NAMES)
@pytest.mark.parametrize("command", COMMANDS)
def test_default_payload_names_existing_evses_and_connectors(
    command: str, reports: Callable[[Station], None], known: set[tuple[int, int]]
) -> None:
    payload = built(command, make_csms(), station_that(reports))

    evse_ids = {evse_id for evse_id, _ in known} | ({0} if command in STATION_WIDE else set())
    evses = list(parts(payload, "evse"))
    assert {*parts(payload, "evseId"), *(evse["id"] for evse in evses)} <= evse_ids
    assert set(parts(payload, "connectorId")) <= {connector_id for _, connector_id in known}
    assert {(evse["id"], evse["connectorId"]) for evse in evses if "connectorId" in evse} <= known


@pytest.mark.parametrize(("reports", "known"), STATIONS.items(), ids=STATION_NAMES)
def test_connectors_are_those_that_the_station_reports(
    reports: Callable[[Station], None], known: set[tuple[int, int]]
) -> None:
    assert connectors(station_that(reports)) == sorted(known)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("reports", [nothing, two_evses, foreign_token], ids=lambda reports: reports.__name__)
@pytest.mark.parametrize("command", COMMANDS)
def test_default_payload_names_accepted_tokens(
    command: str, reports: Callable[[Station], None], settings: Settings
) -> None:
    """A local list also holds tokens that are not accepted, each with its status."""
    payload = built(command, make_csms(settings), station_that(reports))

    book = settings.token_book
    for entry in (payload or {}).get("localAuthorizationList", [payload]):
        for id_token in parts(entry, "idToken"):
            if isinstance(id_token, dict):
                expected = (entry or {}).get("idTokenInfo", {}).get("status", "Accepted")
                assert book.find(id_token).status == expected


@pytest.mark.parametrize("command", COMMANDS)
def test_second_default_payload_replaces_first(command: str) -> None:
    csms, station = make_csms(), station_that(everything_known)
    first = built(command, csms, station)
    if first and command == "SetVariableMonitoring":
        item = first["setMonitoringData"][0]
        results = [{**item, "status": "Accepted", "id": 9}]
        learn_from_answer(station, command, first, {"setMonitoringResult": results})
    elif first and command in {"SetChargingProfile", "SetDisplayMessage", "ReserveNow"}:
        accept(station, command, first)
    second = built(command, csms, station)

    assert second is None or list(own_mistakes(command, second, station, NOW_UTC)) == []


@pytest.mark.parametrize("command", sorted({*CONTROLLERS, "GetLocalListVersion", "CostUpdated"}))
def test_command_without_feature_is_skipped(command: str) -> None:
    with pytest.raises(NothingToDo, match=r"the station reports \w+Ctrlr/Available(\[Cost\])? = false"):
        build(command, make_csms(), station_that(without_features))


@pytest.mark.parametrize("command", sorted(CONTROLLERS))
def test_command_with_disabled_feature_is_skipped(command: str) -> None:
    station = Station("CS1")
    report(station, CONTROLLERS[command], "Enabled", "false")

    with pytest.raises(NothingToDo, match="Enabled = false"):
        build(command, make_csms(), station)


def test_local_list_version_is_requested_while_list_is_disabled() -> None:
    """D02.FR.03."""
    station = Station("CS1")
    report(station, "LocalAuthListCtrlr", "Enabled", "false")

    assert build("GetLocalListVersion", make_csms(), station) == {}


def test_explicit_payload_is_sent_without_feature() -> None:
    settings = Settings(command="SetMonitoringLevel", delay=0, payload={"severity": 3})

    assert build("SetMonitoringLevel", make_csms(settings), station_that(without_features)) == {"severity": 3}


# EVSEs


@pytest.mark.parametrize(
    ("reports", "command", "expected"),
    [
        (only_zero, "RequestStartTransaction", {"evseId": 1}),
        (zero_and_two, "UnlockConnector", {"evseId": 2, "connectorId": 1}),
        (zero_and_two, "ReserveNow", {"evseId": 2}),
        (zero_and_two, "GetCompositeSchedule", {"evseId": 2}),
        (zero_and_two, "TriggerMessage", {"evse": {"id": 2, "connectorId": 1}}),
        (evse_without_connector_zero, "UnlockConnector", {"evseId": 2, "connectorId": 3}),
        (two_evses, "RequestStartTransaction", {"evseId": 1}),
        (evses_in_device_model, "RequestStartTransaction", {"evseId": 3}),
        (evses_in_device_model, "UnlockConnector", {"evseId": 3, "connectorId": 1}),
    ],
)
def test_command_names_evse_from_one(
    reports: Callable[[Station], None], command: str, expected: JsonObject
) -> None:
    payload = build(command, make_csms(), station_that(reports))

    assert {name: payload[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("reports", "reason"),
    [
        (only_evse_charging, "EVSE 1 has an authorized transaction"),
        (all_faulted, "EVSE 1 is Faulted, EVSE 2 is Unavailable"),
        (zero_and_two, "EVSE 2 has an authorized transaction"),
    ],
)
def test_start_that_must_be_rejected_is_skipped(reports: Callable[[Station], None], reason: str) -> None:
    """F01.FR.23, F01.FR.24."""
    with pytest.raises(NothingToDo, match=reason):
        build("RequestStartTransaction", make_csms(), station_that(reports))


def test_start_on_occupied_evse_without_authorization_is_sent() -> None:
    """F01.FR.24: a station rejects the remote start only if the EVSE's transaction is authorized."""
    station = Station("CS1")
    status(station, 1, 1, "Occupied")
    start(station, evse={"id": 1})

    assert build("RequestStartTransaction", make_csms(), station)["evseId"] == 1


@pytest.mark.parametrize(("reserved_for", "is_sent"), [(TOKEN, True), (OTHER_TOKEN, False)])
def test_start_on_reserved_evse_needs_token_of_reservation(reserved_for: JsonObject, is_sent: bool) -> None:
    """F01.FR.21."""
    station = Station("CS1")
    status(station, 1, 1, "Reserved")
    accept(station, "ReserveNow", {"id": 1, "expiryDateTime": LATER, "idToken": reserved_for, "evseId": 1})
    csms = make_csms(Settings(id_token="aabbccdd"))

    assert (built("RequestStartTransaction", csms, station) is not None) is is_sent


@pytest.mark.parametrize("command", ["RequestStartTransaction", "RequestStopTransaction"])
def test_remote_start_and_stop_of_pending_station_are_skipped(command: str) -> None:
    """B02.FR.05."""
    station = Station("CS1", registration="Pending")
    start(station)
    payload = {"transactionId": "T1"} if command == "RequestStopTransaction" else {"idToken": TOKEN}
    settings = Settings(command=command, delay=0, payload=payload)

    with pytest.raises(NothingToDo, match="the boot of the station is Pending"):
        build(command, make_csms(), station)
    assert build(command, make_csms(settings), station)


# Tokens


@pytest.mark.parametrize(
    ("settings", "token"),
    [
        (Settings(), "0123456789ABCD"),
        (SETTINGS["whitelist"], "AABBCCDD"),
        (SETTINGS["unknown tokens are invalid"], "good"),
        (Settings(tokens={"AA": Token(status="Expired")}), "0123456789ABCD"),
        (Settings(auth_mode="blacklist", blacklist=("0123456789abcd",), tokens={"B": Token()}), "B"),
    ],
)
@pytest.mark.parametrize("command", ["RequestStartTransaction", "ReserveNow"])
def test_command_names_first_accepted_token(command: str, settings: Settings, token: str) -> None:
    assert build(command, make_csms(settings), Station("CS1"))["idToken"]["idToken"] == token


@pytest.mark.parametrize("command", ["RequestStartTransaction", "ReserveNow", "SendLocalList"])
@pytest.mark.parametrize("name", ["empty whitelist", "rate limit"])
def test_command_without_accepted_token_is_skipped(command: str, name: str) -> None:
    with pytest.raises(NothingToDo, match="no idToken is Accepted"):
        build(command, make_csms(SETTINGS[name]), Station("CS1"))


def test_start_names_token_of_setting_with_its_type() -> None:
    settings = Settings(id_token="Card", tokens={"card": Token(status="Blocked", type="eMAID")})

    payload = build("RequestStartTransaction", make_csms(settings), Station("CS1"))

    assert payload["idToken"] == {"idToken": "Card", "type": "eMAID"}


def test_start_chooses_token_that_may_use_the_evse() -> None:
    """C01.FR.20."""
    settings = Settings(tokens={"A": Token(evse_id=(7,)), "B": Token(evse_id=(2,))})

    payload = build("RequestStartTransaction", make_csms(settings), station_that(zero_and_three))

    assert (payload["idToken"]["idToken"], payload["evseId"]) == ("B", 2)


def zero_and_three(station: Station) -> None:
    for evse_id in (0, 2, 3):
        status(station, evse_id, 1)


def test_start_does_not_name_master_pass() -> None:
    """C16: a master pass cannot start a transaction."""
    settings = Settings(
        master_pass_group="MASTER", tokens={"A": Token(group_id_token="master"), "B": Token()}
    )

    payload = build("RequestStartTransaction", make_csms(settings), Station("CS1"))

    assert payload["idToken"]["idToken"] == "B"


def test_start_does_not_name_token_that_is_charging() -> None:
    csms = make_csms(Settings(concurrent_tx=True, tokens={"A": Token(), "B": Token()}))
    csms.charging.begin({"idToken": "A", "type": "ISO14443"}, "CS2", "T9")

    assert build("RequestStartTransaction", csms, Station("CS1"))["idToken"]["idToken"] == "B"


def local_list(settings: Settings) -> list[tuple[str, str]]:
    payload = build("SendLocalList", make_csms(settings), Station("CS1"))
    return [
        (entry["idToken"]["idToken"], entry["idTokenInfo"]["status"])
        for entry in payload["localAuthorizationList"]
    ]


def test_local_list_has_whole_book_and_whitelist() -> None:
    settings = Settings(
        auth_mode="whitelist", whitelist=("b", "C"), tokens={"A": Token(status="Blocked"), "B": Token()}
    )

    assert local_list(settings) == [("A", "Blocked"), ("B", "Accepted"), ("C", "Accepted")]


def test_local_list_leaves_out_tokens_that_cannot_be_sent() -> None:
    tokens = {"x" * 37: Token(), "": Token(type="NoAuthorization"), "any": Token(type="NoAuthorization")}

    assert local_list(Settings(tokens={**tokens, "A": Token()})) == [("A", "Accepted")]


def test_local_list_has_each_token_once() -> None:
    """D01.FR.06; idTokens are not case-sensitive."""
    assert local_list(Settings(local_list_tokens=("A", "B", "a", "A"))) == [
        ("A", "Accepted"),
        ("B", "Accepted"),
    ]


# Variables


def test_variable_that_is_set_twice_is_sent_once_with_last_value() -> None:
    """B05.FR.13."""
    settings = Settings.model_validate({"set_variables": "A.B=1,A.C=2,a.b=3,A[x].B=4"})

    items = build("SetVariables", make_csms(settings), Station("CS1"))["setVariableData"]

    assert [item["attributeValue"] for item in items] == ["3", "2", "4"]


def test_variable_with_instances_and_evse_is_sent_in_full() -> None:
    settings = Settings.model_validate({"get_variables": "Connector[left]#1.2/Problem[x],EVSE#3.Power"})

    items = build("GetVariables", make_csms(settings), Station("CS1"))["getVariableData"]

    assert items == [
        {
            "component": {"name": "Connector", "instance": "left", "evse": {"id": 1, "connectorId": 2}},
            "variable": {"name": "Problem", "instance": "x"},
        },
        {"component": {"name": "EVSE", "evse": {"id": 3}}, "variable": {"name": "Power"}},
    ]


def say_unknown(station: Station, *variables: Variable) -> None:
    results = [
        {
            "attributeStatus": "UnknownVariable",
            "component": {"name": variable.component},
            "variable": {"name": variable.name},
        }
        for variable in variables
    ]
    learn_from_answer(station, "GetVariables", {}, {"getVariableResult": results})


def test_default_variable_that_station_does_not_know_is_left_out() -> None:
    station = Station("CS1")
    say_unknown(station, Variable("OCPPCommCtrlr", "HeartbeatInterval"))

    items = build("GetVariables", make_csms(), station)["getVariableData"]

    assert [item["variable"]["name"] for item in items] == ["SecurityProfile"]
    with pytest.raises(NothingToDo, match="does not know OCPPCommCtrlr/HeartbeatInterval"):
        build("SetVariables", make_csms(), station)


def test_variable_that_station_has_reported_since_is_known_again() -> None:
    station = Station("CS1")
    say_unknown(station, Variable("OCPPCommCtrlr", "HeartbeatInterval"))
    report(station, "OCPPCommCtrlr", "HeartbeatInterval", "60")

    assert len(build("GetVariables", make_csms(), station)["getVariableData"]) == 2


def test_second_monitor_replaces_first() -> None:
    """N04.FR.10."""
    csms, station = make_csms(), Station("CS1")
    first = build("SetVariableMonitoring", csms, station)
    item = first["setMonitoringData"][0]
    results = [{**item, "status": "Accepted", "id": 9}]
    learn_from_answer(station, "SetVariableMonitoring", first, {"setMonitoringResult": results})

    assert build("SetVariableMonitoring", csms, station)["setMonitoringData"] == [{**item, "id": 9}]


def test_monitor_avoids_variable_that_station_does_not_know() -> None:
    station = Station("CS1")
    first = build("SetVariableMonitoring", make_csms(), station)
    results = [{**first["setMonitoringData"][0], "status": "UnknownVariable"}]
    learn_from_answer(station, "SetVariableMonitoring", first, {"setMonitoringResult": results})

    second = build("SetVariableMonitoring", make_csms(), station)["setMonitoringData"][0]

    assert second["component"] == {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}


# Other objects


def test_clear_charging_profile_does_not_name_external_constraints() -> None:
    """K10.FR.09."""
    station = Station("CS1")
    accept(station, "SetChargingProfile", profile(5))
    external = profile(6, chargingProfilePurpose="ChargingStationExternalConstraints")["chargingProfile"]
    learn_from_message(
        station,
        call(
            "ReportChargingProfiles",
            {"requestId": 1, "chargingLimitSource": "SO", "evseId": 0, "chargingProfile": [external]},
        ),
    )

    assert build("ClearChargingProfile", make_csms(), station) == {"chargingProfileId": 5}


@pytest.mark.parametrize(
    "gone",
    [
        {"chargingProfilePurpose": "TxProfile", "transactionId": "T1"},
        {"validTo": "2024-01-01T00:00:00Z"},
    ],
)
def test_clear_charging_profile_does_not_name_profile_that_has_ended(gone: JsonObject) -> None:
    """K02.FR.05."""
    station = Station("CS1")
    start(station)
    start(station, eventType="Ended", seqNo=1)
    accept(station, "SetChargingProfile", profile(5))
    accept(station, "SetChargingProfile", profile(6, 1, **gone))

    assert build("ClearChargingProfile", make_csms(), station) == {"chargingProfileId": 5}


@pytest.mark.parametrize(
    ("formats", "priorities", "expected"),
    [
        ("ASCII,HTML", "InFront", ("ASCII", "InFront")),
        ("URI,UTF8", "AlwaysFront,NormalCycle", ("UTF8", "NormalCycle")),
    ],
)
def test_display_message_follows_reported_support(
    formats: str, priorities: str, expected: tuple[str, str]
) -> None:
    station = Station("CS1")
    report(station, "DisplayMessageCtrlr", "SupportedFormats", formats)
    report(station, "DisplayMessageCtrlr", "SupportedPriorities", priorities)

    message = build("SetDisplayMessage", make_csms(), station)["message"]

    assert (message["message"]["format"], message["priority"]) == expected


def test_display_message_in_unsupported_formats_is_skipped() -> None:
    station = Station("CS1")
    report(station, "DisplayMessageCtrlr", "SupportedFormats", "URI")

    with pytest.raises(NothingToDo, match="SupportedFormats = URI"):
        build("SetDisplayMessage", make_csms(), station)


def test_new_object_does_not_take_id_of_older_one() -> None:
    """Ids that a station reports may stem from before the start of the mock."""
    station = Station("CS1")
    for number in range(1, 4):
        station.display_messages[number] = {"id": number}
        station.reservations[number] = {"id": number, "idToken": TOKEN}
        station.charging_profiles[number] = profile(number, chargingProfilePurpose="TxProfile")

    assert build("SetDisplayMessage", make_csms(), station)["message"]["id"] == 4
    assert build("ReserveNow", make_csms(), station)["id"] == 4
    assert build("SetChargingProfile", make_csms(), station)["chargingProfile"]["id"] == 4


@pytest.mark.parametrize(("firmware_status", "is_sent"), [("Published", True), ("PublishFailed", False)])
def test_firmware_that_was_not_published_is_not_unpublished(firmware_status: str, is_sent: bool) -> None:
    station = Station("CS1")
    payload = {"status": firmware_status, "location": ["http://x"]}
    learn_from_message(station, call("PublishFirmwareStatusNotification", payload))

    assert (built("UnpublishFirmware", make_csms(), station) is not None) is is_sent


@pytest.mark.parametrize(("security_profile", "is_sent"), [("0", True), ("1", True), ("2", False)])
def test_network_profile_below_security_profile_is_skipped(security_profile: str, is_sent: bool) -> None:
    """B09.FR.04."""
    station = Station("CS1")
    report(station, "SecurityCtrlr", "SecurityProfile", security_profile)

    assert (built("SetNetworkProfile", make_csms(), station) is not None) is is_sent


@pytest.mark.parametrize("command", ["ReserveNow", "SetChargingProfile", "UpdateFirmware"])
def test_times_follow_clock_skew(command: str) -> None:
    payload = build(command, make_csms(Settings(clock_skew=-315_360_000)), Station("CS1"))

    names = ("expiryDateTime", "startSchedule", "retrieveDateTime")
    times = [time for name in names for time in parts(payload, name)]
    assert [time < "2020" for time in times] == [True]


# --payload over a default that does not apply


@pytest.mark.parametrize(
    ("command", "payload", "settings"),
    [
        ("RequestStartTransaction", {"evseId": 7}, {}),
        ("RequestStartTransaction", {"idToken": TOKEN}, {"auth_mode": "rate_limit"}),
        ("ReserveNow", {"idToken": TOKEN}, {"auth_mode": "rate_limit"}),
        ("SendLocalList", {"localAuthorizationList": [{"idToken": TOKEN}]}, {"unknown_token": "Invalid"}),
        ("SendLocalList", {"updateType": "Differential"}, {"unknown_token": "Invalid"}),
        ("CustomerInformation", {"customerIdentifier": "x"}, {"unknown_token": "Invalid"}),
        ("SetMonitoringLevel", {"severity": 3}, {}),
        ("SetChargingProfile", {"evseId": 1}, {}),
        ("CancelReservation", {"reservationId": 5}, {}),
    ],
)
def test_explicit_payload_is_sent_although_default_does_not_apply(
    command: str, payload: JsonObject, settings: JsonObject
) -> None:
    station = station_that(only_evse_charging)
    without_features(station)
    plain = make_csms(Settings.model_validate(settings))
    csms = make_csms(
        Settings.model_validate({**settings, "command": command, "delay": 0, "payload": payload})
    )

    assert built(command, plain, station) is None
    sent = build(command, csms, station)
    assert {name: sent[name] for name in payload} == payload
    assert OCPP_2_0_1.request(command).violation_when_sent(sent) is None


@pytest.mark.parametrize("command", ["ClearCache", "GetMonitoringReport", "CostUpdated"])
def test_skipped_command_is_not_sent_with_an_empty_payload(command: str) -> None:
    settings = Settings(command=command, delay=0, payload={})

    assert built(command, make_csms(settings), station_that(without_features)) is None
