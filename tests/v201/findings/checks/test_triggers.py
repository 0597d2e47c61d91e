"""Checks of triggered messages."""

from collections.abc import Callable

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, Talk, case
from tests.v201.findings.checks.inventory import set_values

MEASURANDS = {
    "SampledDataCtrlr.Available": "true",
    "SampledDataCtrlr.Enabled": "true",
    "SampledDataCtrlr.TxUpdatedMeasurands": "Energy.Active.Import.Register",
}
ALIGNED_MEASURANDS = {
    "AlignedDataCtrlr.Available": "true",
    "AlignedDataCtrlr.Enabled": "true",
    "AlignedDataCtrlr.Measurands": "Voltage,Current.Import",
}


def readings(talk: Talk, context: str | None = None) -> list[JsonObject]:
    sample = {"value": 5, **({"context": context} if context else {})}
    return [{"timestamp": talk.now, "sampledValue": [sample]}]


def send_event(talk: Talk) -> None:
    talk.send_event(0, triggerReason="Trigger", info={"chargingState": "Charging"})


def send_readings(talk: Talk) -> None:
    talk.call("MeterValues", {"evseId": 1, "meterValue": readings(talk, "Trigger")})


def ask(talk: Talk, requested: str) -> str:
    return talk.send_command("TriggerMessage", {"requestedMessage": requested})


def answer(talk: Talk, message_id: str) -> None:
    talk.answer_command(message_id, "TriggerMessage", {"status": "Accepted"})


MESSAGES = [case("event", "TransactionEvent", send_event), case("readings", "MeterValues", send_readings)]


@pytest.mark.parametrize(("requested", "send"), MESSAGES)
def test_triggered_message_before_answer_is_found(
    talk: Talk, requested: str, send: Callable[[Talk], None]
) -> None:
    talk.boot()  # so that no earlier TriggerMessage can be the cause
    message_id = ask(talk, requested)
    send(talk)
    answer(talk, message_id)

    assert talk.ids == ["triggered-message-before-answer"]
    assert talk.coverage("F06.FR.04") == "broken"


@pytest.mark.parametrize(("requested", "send"), MESSAGES)
def test_triggered_message_after_answer_is_accepted(
    talk: Talk, requested: str, send: Callable[[Talk], None]
) -> None:
    answer(talk, ask(talk, requested))
    send(talk)

    assert talk.ids == []
    assert talk.coverage("F06.FR.04") == "met"


def trigger_before(talk: Talk) -> None:
    answer(talk, ask(talk, "TransactionEvent"))


def trigger_in_vain(talk: Talk) -> None:
    talk.time_out("TriggerMessage", {"requestedMessage": "TransactionEvent"})
    talk.findings.clear()


@pytest.mark.parametrize("before", [trigger_before, trigger_in_vain])
def test_triggered_message_before_answer_may_belong_to_an_earlier_trigger(
    talk: Talk, before: Callable[[Talk], None]
) -> None:
    talk.boot()
    before(talk)
    ask(talk, "TransactionEvent")
    send_event(talk)

    assert talk.ids == []
    assert talk.coverage("F06.FR.04") == "not exercised"


@pytest.mark.parametrize(
    ("variables", "fields", "info"),
    [
        case("no state", {}, {}, {}),
        case("no readings", MEASURANDS, {"evse": EVSE}, {"chargingState": "Charging"}),
    ],
)
def test_incomplete_triggered_event_is_found(
    talk: Talk, variables: dict[str, str], fields: JsonObject, info: JsonObject
) -> None:
    if variables:
        talk.read_variables(variables)
    talk.send_event(0, triggerReason="Trigger", info=info, **fields)

    assert talk.ids == ["triggered-event-incomplete"]
    assert talk.coverage("F06.FR.07") == "broken"


@pytest.mark.parametrize(
    ("variables", "evse", "state"),
    [
        case("measurands unknown", {}, EVSE, "not exercised"),
        case("EVSE unknown", MEASURANDS, None, "not exercised"),
        case("no measurands", {"SampledDataCtrlr.TxUpdatedMeasurands": ""}, EVSE, "met"),
        case("of the vehicle", {"SampledDataCtrlr.TxUpdatedMeasurands": "SoC"}, EVSE, "not exercised"),
        case("disabled", {**MEASURANDS, "SampledDataCtrlr.Enabled": "false"}, EVSE, "not exercised"),
    ],
)
def test_triggered_event_may_lack_readings(
    talk: Talk, variables: dict[str, str], evse: JsonObject | None, state: str
) -> None:
    if variables:
        talk.read_variables(variables)
    fields: JsonObject = {"evse": evse} if evse else {}
    talk.send_event(0, triggerReason="Trigger", info={"chargingState": "Charging"}, **fields)

    assert talk.ids == []
    assert talk.coverage("F06.FR.07") == state


def test_triggered_event_with_state_and_readings_is_accepted(talk: Talk) -> None:
    talk.send_event(
        0, triggerReason="Trigger", info={"chargingState": "Charging"}, meterValue=readings(talk, "Trigger")
    )

    assert talk.ids == []
    assert talk.coverage("F06.FR.07") == "met"


def set_measurands(talk: Talk, component: str, variable: str) -> None:
    """Set measurands; a triggered message that is already on its way may still have the old ones."""
    named = {"component": {"name": component}, "variable": {"name": variable}}
    set_values(talk, [{**named, "attributeValue": "Voltage"}], "Accepted")


def test_triggered_event_may_follow_the_settings_from_before(talk: Talk) -> None:
    set_measurands(talk, "SampledDataCtrlr", "TxUpdatedMeasurands")
    talk.send_event(0, triggerReason="Trigger", info={"chargingState": "Charging"}, evse=EVSE)

    assert talk.ids == []


def test_triggered_readings_may_follow_the_settings_from_before(talk: Talk) -> None:
    set_measurands(talk, "AlignedDataCtrlr", "Measurands")
    send_triggered_readings(talk, "Current.Import")

    assert talk.ids == []


def test_triggered_event_from_a_queue_may_arrive_before_the_answer_to_the_next_trigger(talk: Talk) -> None:
    event = talk.event(0, triggerReason="Trigger", info={"chargingState": "Charging"})
    talk.boot()  # so that no earlier TriggerMessage can be the cause
    talk.at += 60
    ask(talk, "TransactionEvent")
    talk.call("TransactionEvent", event)

    assert "triggered-message-before-answer" not in talk.ids


def send_triggered_readings(talk: Talk, *measurands: str) -> None:
    answer(talk, ask(talk, "MeterValues"))
    samples = [{"value": 5, "context": "Trigger", "measurand": measurand} for measurand in measurands]
    meter_value = [{"timestamp": talk.now, "sampledValue": samples}]
    talk.call("MeterValues", {"evseId": 1, "meterValue": meter_value})


def test_triggered_readings_without_configured_measurands_are_found(talk: Talk) -> None:
    talk.read_variables(ALIGNED_MEASURANDS)
    send_triggered_readings(talk, "SoC")

    assert talk.ids == ["triggered-readings-missing"]
    assert talk.coverage("F06.FR.06") == "broken"


@pytest.mark.parametrize(
    "variables",
    [
        case("all", {"AlignedDataCtrlr.Measurands": "Voltage"}),
        case("some", {"AlignedDataCtrlr.Measurands": "Voltage,SoC"}),
        case("none configured", {"AlignedDataCtrlr.Measurands": ""}),
        case("unknown", {"AlignedDataCtrlr.Interval": "60"}),
    ],
)
def test_triggered_readings_with_configured_measurands_are_accepted(
    talk: Talk, variables: dict[str, str]
) -> None:
    talk.read_variables(variables)
    send_triggered_readings(talk, "Voltage")

    assert talk.ids == []
    assert talk.coverage("F06.FR.06") == "met"


LOG = {"action": "LogStatusNotification", "requirement": "F06.FR.15"}
FIRMWARE = {"action": "FirmwareStatusNotification", "requirement": "F06.FR.16"}


def tell(talk: Talk, action: str, *statuses: str, is_triggered: bool = False) -> None:
    """Send statuses of an upload or update (requestId 6), each after a TriggerMessage if ``is_triggered``."""
    for status in statuses:
        if is_triggered:
            talk.trigger(action)
        request_id = {} if status == "Idle" else {"requestId": 6}
        talk.call(action, {"status": status, **request_id})


def test_idle_during_upload_is_found(talk: Talk) -> None:
    tell(talk, LOG["action"], "Uploading")
    tell(talk, LOG["action"], "Idle", is_triggered=True)

    assert talk.ids == ["triggered-status-wrong"]
    assert talk.coverage("F06.FR.14") == "broken"


@pytest.mark.parametrize(
    ("statuses", "triggered", "state"),
    [
        case("uploading", ["Uploading"], "Uploading", "met"),
        case("just uploaded", ["Uploading"], "Uploaded", "not exercised"),
        case("ended", ["Uploading", "Uploaded"], "Idle", "not exercised"),
        case("perhaps tried again", ["Uploading", "UploadFailure"], "Idle", "not exercised"),
    ],
)
def test_possible_status_of_upload_is_accepted(
    talk: Talk, statuses: list[str], triggered: str, state: str
) -> None:
    tell(talk, LOG["action"], *statuses)
    tell(talk, LOG["action"], triggered, is_triggered=True)

    assert talk.ids == []
    assert talk.coverage("F06.FR.14") == state


@pytest.mark.parametrize("task", [case("log", LOG), case("firmware", FIRMWARE)])
def test_other_status_than_idle_without_task_is_found(talk: Talk, task: dict[str, str]) -> None:
    tell(talk, task["action"], "Idle", is_triggered=True)
    tell(
        talk,
        task["action"],
        {"F06.FR.15": "Uploading", "F06.FR.16": "Installed"}[task["requirement"]],
        is_triggered=True,
    )

    assert talk.ids == ["triggered-status-wrong"]
    assert talk.coverage(task["requirement"]) == "broken"


@pytest.mark.parametrize("task", [case("log", LOG), case("firmware", FIRMWARE)])
def test_idle_without_task_meets_the_requirement(talk: Talk, task: dict[str, str]) -> None:
    tell(talk, task["action"], "Idle", is_triggered=True)

    assert talk.ids == []
    assert talk.coverage(task["requirement"]) == "met"


def test_idle_shows_nothing_if_a_task_may_have_begun_before_the_connection(talk: Talk) -> None:
    talk.reconnect(5)
    tell(talk, LOG["action"], "Idle", is_triggered=True)

    assert talk.ids == []
    assert talk.coverage(LOG["requirement"]) == "not exercised"


@pytest.mark.parametrize(
    ("task", "statuses", "triggered"),
    [
        case("retry", LOG, ["Uploaded"], "Uploaded"),
        case("update in progress", FIRMWARE, ["Downloading"], "Idle"),
        case("unknown", FIRMWARE, [], "Installed"),
    ],
)
def test_status_is_not_judged_if_a_task_may_be_in_progress(
    talk: Talk, task: dict[str, str], statuses: list[str], triggered: str
) -> None:
    tell(talk, task["action"], *statuses)
    tell(talk, task["action"], triggered, is_triggered=True)

    assert talk.ids == []
    assert talk.coverage(task["requirement"]) == "not exercised"


def test_status_is_not_judged_after_a_new_command(talk: Talk) -> None:
    tell(talk, LOG["action"], "Idle", is_triggered=True)
    talk.command(
        "GetLog", {"requestId": 6, "logType": "DiagnosticsLog", "log": {"remoteLocation": "http://x"}}
    )
    tell(talk, LOG["action"], "Uploading", is_triggered=True)

    assert talk.ids == []


def test_status_is_not_judged_after_the_end_of_an_earlier_task(talk: Talk) -> None:
    log = {"logType": "DiagnosticsLog", "log": {"remoteLocation": "http://x"}}
    talk.command("GetLog", {"requestId": 6, **log})
    talk.command("GetLog", {"requestId": 7, **log})
    tell(talk, LOG["action"], "Uploaded")
    talk.trigger(LOG["action"])
    talk.call(LOG["action"], {"status": "Uploading", "requestId": 7})

    assert "triggered-status-wrong" not in talk.ids


def test_only_the_first_status_after_a_trigger_is_judged(talk: Talk) -> None:
    tell(talk, FIRMWARE["action"], "Idle", is_triggered=True)
    tell(talk, FIRMWARE["action"], "Downloading")

    assert talk.ids == []
