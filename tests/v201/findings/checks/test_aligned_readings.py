"""Checks of clock-aligned readings."""

from collections.abc import Callable

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, Talk, case, settle, stamp
from tests.v201.findings.checks.inventory import item, take_inventory

ENERGY = "Energy.Active.Import.Register"
CLOCK = "Sample.Clock"


@pytest.fixture
def aligned() -> Talk:
    """A station whose whole device model is known, with clock-aligned readings every minute."""
    talk = Talk(silenced=frozenset({"inventory-incomplete"}))
    talk.connect()
    settle(talk)
    report_settings(talk)
    return talk


def report_settings(talk: Talk) -> None:
    settings = {"Interval": "60", "Measurands": ENERGY}
    items = [
        item({"name": "AlignedDataCtrlr"}, name, attributes=[{"value": value}])
        for name, value in settings.items()
    ]
    take_inventory(talk, items)


def values(talk: Talk, context: str = CLOCK) -> JsonObject:
    return {"meterValue": [{"timestamp": talk.now, "sampledValue": [{"value": 1, "context": context}]}]}


def send_meter_values(talk: Talk, evse_id: int = 1) -> None:
    talk.call("MeterValues", {"evseId": evse_id, **values(talk)})


def start(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="EVDetected", evse=EVSE)


def beat(talk: Talk, seconds: float) -> None:
    """Send a Heartbeat, wait, and send another Heartbeat."""
    talk.call("Heartbeat")
    talk.wait(seconds)
    talk.call("Heartbeat")


@pytest.mark.parametrize(("requirement", "is_busy"), [("J01.FR.14", False), ("J01.FR.22", True)])
def test_missing_readings_are_found_at_the_next_heartbeat(
    aligned: Talk, requirement: str, *, is_busy: bool
) -> None:
    if is_busy:
        start(aligned)
    beat(aligned, 250)

    assert aligned.ids == ["aligned-readings-missing"]
    assert aligned.findings[0].section == requirement
    assert aligned.coverage(requirement) == "broken"


@pytest.mark.parametrize(
    ("requirement", "is_busy", "send"),
    [
        case("idle", "J01.FR.14", False, send_meter_values),
        case("busy", "J01.FR.22", True, send_meter_values),
        case(
            "event",
            "J01.FR.22",
            True,
            lambda talk: talk.send_event(1, triggerReason="MeterValueClock", **values(talk)),
        ),
    ],
)
def test_readings_in_time_are_accepted(
    aligned: Talk, requirement: str, send: Callable[[Talk], object], *, is_busy: bool
) -> None:
    if is_busy:
        start(aligned)
    aligned.call("Heartbeat")
    aligned.wait(200)
    send(aligned)
    aligned.wait(200)
    aligned.call("Heartbeat")

    assert aligned.ids == []
    assert aligned.coverage(requirement) == "met"


type Step = Callable[[Talk], object]

LONG_PAUSE: Step = lambda talk: beat(talk, 250)  # noqa: E731 - a step as in the tables


def heartbeat(talk: Talk) -> None:
    talk.call("Heartbeat")


def pause(seconds: float) -> Step:
    return lambda talk: talk.wait(seconds)


def set_values(values: dict[str, str]) -> Step:
    return lambda talk: talk.read_variables(
        {f"AlignedDataCtrlr.{name}": value for name, value in values.items()}
    )


def wait_for_answer(talk: Talk) -> None:
    """Send a Heartbeat that the server answers only after 200 s."""
    message_id = talk.send_call("Heartbeat", {})
    talk.wait(200)
    talk.result(message_id, "Heartbeat")


def wait_in_vain(talk: Talk) -> None:
    """Send a Heartbeat whose answer the server withholds, and wait for 200 s."""
    message_id = talk.send_call("Heartbeat", {})
    talk.withhold(message_id)
    talk.wait(200)


@pytest.mark.parametrize(
    "steps",
    [
        case("too short", [lambda talk: beat(talk, 200)]),
        case("late answer", [lambda talk: beat(talk, 60), wait_for_answer, heartbeat]),
        case("no answer", [lambda talk: beat(talk, 60), wait_in_vain, heartbeat]),
        case(
            "disconnected",
            [lambda talk: beat(talk, 200), lambda talk: talk.reconnect(1), lambda talk: beat(talk, 60)],
        ),
        case("transaction began", [heartbeat, start, pause(250), heartbeat]),
        case("off", [set_values({"Interval": "0"}), LONG_PAUSE]),
        case("no measurands", [set_values({"Measurands": ""}), LONG_PAUSE]),
        case("disabled", [set_values({"Enabled": "false"}), LONG_PAUSE]),
        case("no interval", [set_values({"Interval": "-1"}), LONG_PAUSE]),
        case("only while idle", [set_values({"SendDuringIdle": "true"}), start, LONG_PAUSE]),
    ],
)
def test_readings_are_not_certainly_missing(aligned: Talk, steps: list[Step]) -> None:
    for step in steps:
        step(aligned)

    assert "aligned-readings-missing" not in aligned.ids
    assert aligned.coverage("J01.FR.14") == "not exercised"


@pytest.mark.parametrize("is_busy", [False, True])
def test_readings_may_be_missing_while_the_settings_are_unknown(talk: Talk, *, is_busy: bool) -> None:
    talk.read_variables({"AlignedDataCtrlr.Interval": "60", "AlignedDataCtrlr.Measurands": ENERGY})
    if is_busy:
        talk.read_variables({"AlignedDataCtrlr.Enabled": "true", "AlignedDataCtrlr.Available": "true"})
        start(talk)
    beat(talk, 250)

    assert talk.ids == []


# SendDuringIdle


def set_idle_only(talk: Talk, evse_id: int | None = None) -> None:
    component: JsonObject = {"name": "AlignedDataCtrlr", **({"evse": {"id": evse_id}} if evse_id else {})}
    item = {"component": component, "variable": {"name": "SendDuringIdle"}}
    message_id = talk.send_command("GetVariables", {"getVariableData": [{**item, "attributeType": "Actual"}]})
    result = {**item, "attributeType": "Actual", "attributeStatus": "Accepted", "attributeValue": "true"}
    talk.answer_command(message_id, "GetVariables", {"getVariableResult": [result]})


@pytest.mark.parametrize(("requirement", "evse_id"), [("J01.FR.19", 1), ("J01.FR.20", None)])
def test_readings_during_a_transaction_are_found(talk: Talk, requirement: str, evse_id: int | None) -> None:
    set_idle_only(talk, evse_id)
    start(talk)
    talk.wait(100)
    send_meter_values(talk)
    talk.wait(30)
    assert talk.ids == []
    talk.send_event(1)

    assert talk.ids == ["aligned-readings-during-transaction"]
    assert talk.findings[0].section == requirement
    assert talk.coverage(requirement) == "broken"


def test_several_readings_during_a_transaction_are_one_finding(talk: Talk) -> None:
    set_idle_only(talk)
    set_idle_only(talk, 1)
    start(talk)
    talk.wait(100)
    send_meter_values(talk)
    talk.wait(30)
    send_meter_values(talk)
    talk.wait(30)
    talk.send_event(1)

    assert [finding.section for finding in talk.findings] == ["J01.FR.19, J01.FR.20"]


@pytest.mark.parametrize(("requirement", "evse_id"), [("J01.FR.19", 1), ("J01.FR.20", None)])
@pytest.mark.parametrize(
    ("seconds", "reading_at", "state"),
    [
        case("silent", 200, 0, "met"),
        case("too short", 100, 0, "not exercised"),
        case("reading while the Ended event is on the way", 200, 190, "not exercised"),
    ],
)
def test_transaction_without_readings(  # noqa: PLR0917 - the columns of the tables
    aligned: Talk, requirement: str, evse_id: int | None, seconds: float, reading_at: float, state: str
) -> None:
    set_idle_only(aligned, evse_id)
    send_meter_values(aligned)
    aligned.wait(100)
    start(aligned)
    if reading_at:
        aligned.wait(reading_at)
        send_meter_values(aligned)
    aligned.wait(seconds - reading_at)
    aligned.send_event(1, "Ended", triggerReason="EVDeparted")

    assert aligned.ids == []
    assert aligned.coverage(requirement) == state


@pytest.mark.parametrize("reason", [{"Measurands": ""}, {"Enabled": "false"}])
def test_silence_for_another_reason_shows_nothing(aligned: Talk, reason: dict[str, str]) -> None:
    set_idle_only(aligned)
    set_values(reason)(aligned)
    start(aligned)
    aligned.wait(200)
    aligned.send_event(1, "Ended", triggerReason="EVDeparted")

    assert aligned.coverage("J01.FR.20") == "not exercised"


def test_readings_by_a_clock_that_was_told_another_time_are_accepted(talk: Talk) -> None:
    set_idle_only(talk)
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at + 3600)})
    start(talk)
    talk.wait(100)
    send_meter_values(talk)
    talk.wait(30)
    talk.send_event(1)

    assert "aligned-readings-during-transaction" not in talk.ids


def test_reading_from_before_the_transaction_is_accepted(talk: Talk) -> None:
    set_idle_only(talk)
    old = values(talk)["meterValue"]
    start(talk)
    talk.wait(100)
    new = values(talk, "Trigger")["meterValue"]
    talk.call("MeterValues", {"evseId": 1, "meterValue": [*new, *old]})
    talk.wait(30)
    talk.send_event(1)

    assert talk.ids == []


def test_unknown_transaction_may_keep_an_idle_station_silent(unbooted: Talk) -> None:
    report_settings(unbooted)
    set_idle_only(unbooted)
    beat(unbooted, 250)

    assert "aligned-readings-missing" not in unbooted.ids


def test_aligned_event_is_found_if_readings_are_only_for_idle_time(talk: Talk) -> None:
    set_idle_only(talk)
    start(talk)
    talk.wait(100)
    talk.send_event(1, triggerReason="MeterValueClock", **values(talk))

    assert talk.ids == ["aligned-readings-during-transaction"]


@pytest.mark.parametrize(
    "steps",
    [
        case("just started", [start, pause(30), send_meter_values]),
        case("other EVSE", [start, pause(100), lambda talk: send_meter_values(talk, 2)]),
        case(
            "not set for the station",
            [
                start,
                pause(100),
                lambda talk: talk.send_event(1, triggerReason="MeterValueClock", **values(talk)),
            ],
        ),
    ],
)
def test_readings_outside_transactions_are_accepted(talk: Talk, steps: list[Step]) -> None:
    set_idle_only(talk, 1)
    for step in steps:
        step(talk)

    assert talk.ids == []
