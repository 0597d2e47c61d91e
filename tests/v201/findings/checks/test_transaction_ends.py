"""Checks that transactions end, and that charging is authorized again, when this is required."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, REMOTE_START, TOKEN, Talk, case
from tests.v201.findings.checks.inventory import set_values

POINTS = "TxCtrlr.TxStopPoint"
TIMEOUT = "TxCtrlr.EVConnectionTimeOut"
ON_INVALID = "TxCtrlr.StopTxOnInvalidId"
SIDE = "TxCtrlr.StopTxOnEVSideDisconnect"


def start(talk: Talk, state: str = "Charging", **fields: Any) -> None:
    required = {"triggerReason": "EVDetected", "evse": EVSE, "info": {"chargingState": state}}
    talk.send_event(0, "Started", **{**required, **fields})


def update(talk: Talk, trigger: str, seq_no: int = 1, state: str | None = None, **fields: Any) -> None:
    info = {} if state is None else {"chargingState": state}
    talk.send_event(seq_no, triggerReason=trigger, info=info, **fields)


def end(talk: Talk, seq_no: int = 2, trigger: str = "EVDeparted", reason: str | None = None) -> None:
    talk.send_event(seq_no, "Ended", triggerReason=trigger, info={"stoppedReason": reason} if reason else {})


# Stop points


STOPS = [
    ("E06.FR.01", "ParkingBayOccupancy", "EVDeparted"),
    ("E06.FR.02", "EVConnected", "EVCommunicationLost"),
    ("E06.FR.03", "Authorized", "StopAuthorized"),
    ("E06.FR.06", "PowerPathClosed", "Deauthorized"),
    ("E06.FR.06", "PowerPathClosed", "StopAuthorized"),
    ("E06.FR.07", "EnergyTransfer", "ChargingStateChanged"),
]


@pytest.mark.parametrize(("requirement", "point", "trigger"), STOPS)
@pytest.mark.parametrize("ends", [False, True], ids=["goes on", "ends"])
def test_transaction_must_end_at_its_stop_point(
    talk: Talk, requirement: str, point: str, trigger: str, *, ends: bool
) -> None:
    start(talk)
    talk.read_variables({POINTS: point})
    token: JsonObject = {"idToken": TOKEN} if trigger == "StopAuthorized" else {}
    states = {"ChargingStateChanged": "SuspendedEV", "EVCommunicationLost": "Idle"}
    update(talk, trigger, state=states.get(trigger), **token)
    talk.wait(50)
    if ends:
        end(talk)
    talk.wait(20)

    assert ("transaction-not-ended" in talk.ids) is not ends
    assert talk.coverage(requirement) == ("met" if ends else "broken")


def test_transaction_may_go_on_while_only_the_data_link_to_the_vehicle_is_lost(talk: Talk) -> None:
    start(talk)
    talk.read_variables({POINTS: "EVConnected"})
    update(talk, "EVCommunicationLost", state="SuspendedEVSE")
    talk.wait(70)

    assert talk.ids == []


@pytest.mark.parametrize("delay_s", [0, 100])
def test_transaction_may_go_on_after_an_event_from_before_its_stop_point_was_set(
    talk: Talk, delay_s: int
) -> None:
    start(talk)
    event = talk.event(1, triggerReason="StopAuthorized", idToken=TOKEN)
    item = {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStopPoint"}, "attributeType": "Actual"}
    set_values(talk, [{**item, "attributeValue": "Authorized"}], "Accepted")
    talk.wait(delay_s)
    talk.call("TransactionEvent", event)
    talk.wait(70)

    assert "transaction-not-ended" not in talk.ids


@pytest.mark.parametrize(
    "excuse",
    [
        case("other stop point", lambda talk: talk.read_variables({POINTS: "ParkingBayOccupancy"})),
        case("disconnected", None),
        case("refused", None),
    ],
)
def test_transaction_may_go_on(
    talk: Talk, request: pytest.FixtureRequest, excuse: Callable[[Talk], object] | None
) -> None:
    start(talk)
    if excuse:
        excuse(talk)
    stop = talk.event(1, triggerReason="StopAuthorized", idToken=TOKEN)
    if "refused" in request.node.name:
        talk.error(talk.send_call("TransactionEvent", stop), "TransactionEvent")
    else:
        talk.call("TransactionEvent", stop)
    if "disconnected" in request.node.name:
        talk.reconnect(1)
    talk.wait(70)

    assert "transaction-not-ended" not in talk.ids


# Refused tokens


def refuse(talk: Talk, values: Mapping[str, str], *, is_whole: bool = False, **fields: Any) -> None:
    """Start a transaction and refuse its token; with ``is_whole``, first report a full inventory."""
    if is_whole:
        inventory = {"requestId": 9, "reportBase": "FullInventory"}
        talk.command("GetBaseReport", inventory)
        item = {
            "component": {"name": "EVSE", "evse": {"id": 1}},
            "variable": {"name": "AvailabilityState"},
            "variableAttribute": [{"value": "Available"}],
        }
        report = {"requestId": 9, "generatedAt": talk.now, "seqNo": 0, "reportData": [item]}
        talk.call("NotifyReport", report)
    start(talk)
    talk.read_variables(values)
    event = talk.event(1, **{"triggerReason": "Authorized", "idToken": TOKEN, **fields})
    talk.exchange("TransactionEvent", event, {"idTokenInfo": {"status": "Blocked"}})


SUSPENDED = {"triggerReason": "ChargingStateChanged", "info": {"chargingState": "SuspendedEVSE"}}
REFUSALS = [
    case("ends", ("E05.FR.10", "E06.FR.04"), {POINTS: "Authorized", ON_INVALID: "true"}, None),
    case("ends with the power path", ("E05.FR.10",), {POINTS: "PowerPathClosed", ON_INVALID: "true"}, None),
    case(
        "is deauthorized",
        ("E05.FR.09",),
        {POINTS: "EVConnected", ON_INVALID: "true"},
        {"triggerReason": "Deauthorized"},
    ),
    case("is suspended", ("E05.FR.02",), {POINTS: "EVConnected", ON_INVALID: "false"}, SUSPENDED),
]


@pytest.mark.parametrize(("requirements", "values", "reaction"), REFUSALS)
@pytest.mark.parametrize("reacts", [False, True])
def test_transaction_with_refused_token_must_end_or_be_suspended(
    talk: Talk,
    requirements: tuple[str, ...],
    values: Mapping[str, str],
    reaction: JsonObject | None,
    *,
    reacts: bool,
) -> None:
    refuse(talk, values, is_whole=True)
    if reacts and reaction:
        talk.send_event(2, **reaction)
    elif reacts:
        end(talk, trigger="Deauthorized", reason="DeAuthorized")
    talk.wait(70)

    assert ("refused-token-ignored" in talk.ids) is not reacts
    for requirement in requirements:
        assert talk.coverage(requirement) == ("met" if reacts else "broken")


@pytest.mark.parametrize(
    ("values", "fields", "is_whole"),
    [
        case("energy is left", {POINTS: "EVConnected", ON_INVALID: "false"}, {}, False),
        case("unknown setting", {POINTS: "Authorized"}, {}, False),
        case("offline", {POINTS: "Authorized", ON_INVALID: "true"}, {"offline": True}, False),
        case(
            "stop token",
            {POINTS: "EVConnected", ON_INVALID: "true"},
            {"triggerReason": "StopAuthorized"},
            False,
        ),
    ],
)
def test_refused_token_may_be_used(
    talk: Talk, values: Mapping[str, str], fields: JsonObject, *, is_whole: bool
) -> None:
    refuse(talk, values, is_whole=is_whole, **fields)
    talk.wait(70)

    assert "refused-token-ignored" not in talk.ids


@pytest.mark.parametrize(("requirements", "values", "reaction"), REFUSALS)
def test_another_end_shows_nothing_about_a_refused_token(
    talk: Talk, requirements: tuple[str, ...], values: Mapping[str, str], reaction: JsonObject | None
) -> None:
    refuse(talk, values, is_whole=True)
    end(talk, trigger="EVCommunicationLost", reason="EVDisconnected")
    talk.wait(70)

    assert "refused-token-ignored" not in talk.ids
    assert {talk.coverage(requirement) for requirement in requirements} == {"not exercised"}


# EVConnectionTimeOut

WAITS = [
    ("E03.FR.05", "connection-timeout-not-applied", "Authorized"),
    ("E03.FR.15", "connection-timeout-not-reported", "ParkingBayOccupancy"),
]


def wait_for_cable(talk: Talk, points: str, timeout: str = "30") -> None:
    talk.read_variables({POINTS: points, TIMEOUT: timeout})
    talk.send_event(
        0, "Started", triggerReason="Authorized", idToken=TOKEN, evse=EVSE, info={"chargingState": "Idle"}
    )


@pytest.mark.parametrize(("requirement", "kind", "points"), WAITS)
@pytest.mark.parametrize("is_reported", [False, True])
def test_timeout_without_cable_must_be_applied(
    talk: Talk, requirement: str, kind: str, points: str, *, is_reported: bool
) -> None:
    wait_for_cable(talk, points)
    talk.wait(50)
    if is_reported and points == "Authorized":
        end(talk, 1, "EVConnectTimeout", "Timeout")
    elif is_reported:
        update(talk, "EVConnectTimeout")
    talk.wait(50)

    assert talk.ids == [kind] * (not is_reported)
    assert talk.coverage(requirement) == ("met" if is_reported else "broken")


@pytest.mark.parametrize(
    ("timeout", "events"),
    [
        case("no limit", "0", []),
        case("plugged in", "30", [{"triggerReason": "EVDetected", "info": {"chargingState": "EVConnected"}}]),
        case("given up", "30", [{"triggerReason": "StopAuthorized", "idToken": TOKEN}]),
    ],
)
def test_timeout_does_not_apply(talk: Talk, timeout: str, events: list[JsonObject]) -> None:
    wait_for_cable(talk, "EVConnected", timeout)
    for seq_no, event in enumerate(events, 1):
        talk.send_event(seq_no, **event)
    talk.wait(100)

    assert talk.ids == []
    assert talk.coverage("E03.FR.05") == "not exercised"


# A vehicle that is plugged in again


def plug_in_again(talk: Talk, *events: JsonObject, side: str = "true", token: JsonObject = TOKEN) -> None:
    talk.read_variables({POINTS: "ParkingBayOccupancy", SIDE: side})
    start(talk)
    update(talk, "Authorized", idToken=token)
    update(talk, "EVCommunicationLost", 2, "Idle")
    for seq_no, event in enumerate(events, 3):
        talk.send_event(seq_no, **event)


CHARGING_AGAIN: JsonObject = {"triggerReason": "ChargingStateChanged", "info": {"chargingState": "Charging"}}
AUTHORIZED_AGAIN = {"triggerReason": "Authorized", "idToken": TOKEN}


@pytest.mark.parametrize(
    ("events", "options", "state"),
    [
        case("not authorized again", [CHARGING_AGAIN], {}, "broken"),
        case("authorized again", [AUTHORIZED_AGAIN, CHARGING_AGAIN], {}, "met"),
        case("authorized in the same event", [{**CHARGING_AGAIN, "idToken": TOKEN}], {}, "met"),
        case(
            "authorized in another event",
            [{"triggerReason": "EVDetected", "idToken": TOKEN}, CHARGING_AGAIN],
            {},
            "met",
        ),
        case(
            "charging twice",
            [CHARGING_AGAIN, {**CHARGING_AGAIN, "info": {"chargingState": "SuspendedEV"}}, CHARGING_AGAIN],
            {},
            "broken",
        ),
        case("stopped instead", [{"triggerReason": "StopAuthorized", "idToken": TOKEN}], {}, "not exercised"),
        case("may stay authorized", [CHARGING_AGAIN], {"side": "false"}, "not exercised"),
        case(
            "needs no token",
            [CHARGING_AGAIN],
            {"token": {"idToken": "", "type": "NoAuthorization"}},
            "not exercised",
        ),
    ],
)
def test_charging_after_disconnect_must_be_authorized_again(
    talk: Talk, events: list[JsonObject], options: Any, state: str
) -> None:
    plug_in_again(talk, *events, **options)

    assert talk.ids.count("charging-after-disconnect") == (state == "broken")
    assert talk.coverage("E09.FR.01") == state


def authorize(talk: Talk) -> None:
    talk.call("Authorize", {"idToken": TOKEN})


def start_remotely(talk: Talk) -> None:
    talk.command("RequestStartTransaction", REMOTE_START)


@pytest.mark.parametrize("use_token", [authorize, start_remotely])
@pytest.mark.parametrize("overtakes", [False, True])
def test_charging_after_disconnect_may_be_authorized_by_a_token(
    talk: Talk, use_token: Callable[[Talk], None], *, overtakes: bool
) -> None:
    talk.read_variables({POINTS: "ParkingBayOccupancy", SIDE: "true"})
    start(talk)
    update(talk, "Authorized", idToken=TOKEN)
    unplugging = talk.event(2, triggerReason="EVCommunicationLost", info={"chargingState": "Idle"})
    if overtakes:
        use_token(talk)
    talk.wait(90)
    talk.call("TransactionEvent", unplugging)
    if not overtakes:
        use_token(talk)
    talk.send_event(3, **CHARGING_AGAIN)

    assert "charging-after-disconnect" not in talk.ids
    assert talk.coverage("E09.FR.01") == "not exercised"


def test_charging_after_disconnect_needs_no_authorization_while_it_is_off(talk: Talk) -> None:
    talk.read_variables({"AuthCtrlr.Enabled": "false"})
    plug_in_again(talk, CHARGING_AGAIN)

    assert "charging-after-disconnect" not in talk.ids
