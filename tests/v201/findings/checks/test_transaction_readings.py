"""Checks of the readings that the events of a transaction must have."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, Talk, case, settle, stamp
from tests.v201.findings.checks.inventory import item, take_inventory

ENERGY = "Energy.Active.Import.Register"
POWER = "Power.Active.Import"
SETTINGS = {
    "TxStartedMeasurands": ENERGY,
    "TxUpdatedMeasurands": f"{ENERGY},{POWER},SoC",
    "TxEndedMeasurands": ENERGY,
    "TxUpdatedInterval": "60",
}
"""Variables of SampledDataCtrlr."""
SIGNED = {
    "signedMeterData": "",
    "signingMethod": "",
    "encodingMethod": "",
    "publicKey": "",
}


@pytest.fixture
def metered() -> Talk:
    """A station with one EVSE, whose meter settings are known."""
    return talk_with_evses(1)


@pytest.fixture
def mixed() -> Talk:
    """A station with two EVSEs, whose meter settings are known."""
    return talk_with_evses(1, 2)


def talk_with_evses(*evse_ids: int) -> Talk:
    talk = Talk(silenced=frozenset({"inventory-incomplete"}))
    talk.connect()
    settle(talk)
    settings = [
        item({"name": "SampledDataCtrlr"}, name, attributes=[{"value": value}])
        for name, value in SETTINGS.items()
    ]
    evses = [item({"name": "EVSE", "evse": {"id": evse_id}}, "Power") for evse_id in evse_ids]
    take_inventory(talk, [*settings, *evses])
    return talk


def readings(talk: Talk, *measurands: str, context: str = "Sample.Periodic", **fields: Any) -> JsonObject:
    samples = [{"value": 1, "measurand": name, "context": context, **fields} for name in measurands]
    return (
        {"meterValue": [{"timestamp": talk.now, "sampledValue": samples}] if samples else []}
        if samples
        else {}
    )


def begin(talk: Talk, **fields: Any) -> JsonObject:
    return readings(talk, ENERGY, context="Transaction.Begin", **fields)


def start(talk: Talk, **fields: Any) -> None:
    talk.send_event(0, "Started", triggerReason="EVDetected", **{"evse": EVSE, **begin(talk), **fields})


def end(talk: Talk, seq_no: int, **fields: Any) -> None:
    readings_at_end = readings(talk, ENERGY, context="Transaction.End")
    talk.send_event(seq_no, "Ended", triggerReason="EVCommunicationLost", **{**readings_at_end, **fields})


def set_measurands(talk: Talk, *, wait_s: float = 360) -> None:
    set_variable(talk, "TxUpdatedMeasurands", ENERGY, wait_s=wait_s)


def set_variable(talk: Talk, name: str, value: str, *, wait_s: float = 0) -> None:
    named: JsonObject = {"component": {"name": "SampledDataCtrlr"}, "attributeType": "Actual"}
    named["variable"] = {"name": name}
    message_id = talk.send_command("SetVariables", {"setVariableData": [{**named, "attributeValue": value}]})
    talk.answer_command(
        message_id, "SetVariables", {"setVariableResult": [{**named, "attributeStatus": "Accepted"}]}
    )
    talk.wait(wait_s)


# Started


def test_started_event_without_readings_is_found(metered: Talk) -> None:
    metered.send_event(0, "Started", evse=EVSE, triggerReason="CablePluggedIn")

    assert metered.ids == ["readings-missing"]
    assert metered.coverage("E01.FR.09") == "broken"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        case("with readings", {}, "met"),
        case(
            "offline",
            {
                "offline": True,
                "meterValue": [{"timestamp": stamp(0), "sampledValue": [{"value": 0, "measurand": POWER}]}],
            },
            "not exercised",
        ),
    ],
)
def test_started_event_with_readings_or_offline_is_accepted(
    metered: Talk, fields: JsonObject, state: str
) -> None:
    start(metered, **fields)

    assert "readings-missing" not in metered.ids
    assert metered.coverage("E01.FR.09") == state


@pytest.mark.parametrize(
    "values",
    [
        case("off", {"SampledDataCtrlr.Enabled": "false"}),
        case("nothing to report", {"SampledDataCtrlr.TxStartedMeasurands": ""}),
        case("only of the vehicle", {"SampledDataCtrlr.TxStartedMeasurands": "SoC"}),
        case("signed later", {"SampledDataCtrlr.SignReadings": "true"}),
    ],
)
def test_started_event_needs_no_readings(metered: Talk, values: dict[str, str]) -> None:
    metered.read_variables(values)
    metered.send_event(0, "Started", evse=EVSE, triggerReason="CablePluggedIn")

    assert metered.ids == []
    assert metered.coverage("E01.FR.09") == "not exercised"


def test_readings_are_free_while_their_settings_change(metered: Talk) -> None:
    set_measurands(metered, wait_s=10)
    metered.send_event(0, "Started", evse=EVSE, triggerReason="CablePluggedIn")

    assert metered.ids == []


def test_started_event_needs_no_readings_while_the_station_may_sign_them_later(talk: Talk) -> None:
    talk.read_variables({"SampledDataCtrlr.TxStartedMeasurands": ENERGY})
    talk.send_event(0, "Started", evse=EVSE, triggerReason="CablePluggedIn")

    assert talk.ids == []


@pytest.mark.parametrize(("has_reported", "is_found"), [(False, False), (True, True)])
def test_each_evse_of_a_station_may_have_another_meter(
    mixed: Talk, *, has_reported: bool, is_found: bool
) -> None:
    mixed.read_variables({"SampledDataCtrlr.TxEndedMeasurands": f"{ENERGY},{POWER}"})
    start(mixed)
    end(mixed, 1, **(readings(mixed, ENERGY, POWER, context="Transaction.End") if has_reported else {}))
    start(mixed, info={"transactionId": "T2"})
    end(mixed, 1, info={"transactionId": "T2"})

    assert mixed.ids == ["readings-missing"] * is_found


# Charging starts after a Started event without the EVSE


@pytest.mark.parametrize(("fields", "state"), [case("without", {}, "broken"), case("with", begin, "met")])
def test_readings_at_the_begin_of_charging(metered: Talk, fields: Any, state: str) -> None:
    metered.send_event(0, "Started", triggerReason="EVDetected")
    extra = fields(metered) if callable(fields) else fields
    metered.send_event(
        1, triggerReason="ChargingStateChanged", info={"chargingState": "Charging"}, evse=EVSE, **extra
    )

    assert metered.ids == ["readings-missing"] * (state == "broken")
    assert metered.coverage("E01.FR.17") == state


def test_sentence_names_the_context_that_the_begin_of_charging_lacks(metered: Talk) -> None:
    metered.send_event(0, "Started", triggerReason="EVDetected")
    periodic = readings(metered, ENERGY)
    metered.send_event(
        1, triggerReason="ChargingStateChanged", info={"chargingState": "Charging"}, evse=EVSE, **periodic
    )

    assert "with context Transaction.Begin" in metered.findings[0].sentence


@pytest.mark.parametrize(
    "events",
    [
        case("not charging", [{"info": {"chargingState": "EVConnected"}}]),
        case("EVSE was known", [{"evse": EVSE}]),
    ],
)
def test_begin_of_charging_needs_no_readings_of_the_start(metered: Talk, events: list[JsonObject]) -> None:
    metered.read_variables({"SampledDataCtrlr.TxStartedMeasurands": ENERGY})
    if "evse" in events[0]:
        start(metered)
        metered.send_event(1, triggerReason="ChargingStateChanged", info={"chargingState": "Charging"})
    else:
        metered.send_event(0, "Started", triggerReason="EVDetected")
        metered.send_event(1, triggerReason="ChargingStateChanged", evse=EVSE, **events[0])

    assert metered.ids == []
    assert metered.coverage("E01.FR.17") == "not exercised"


@pytest.mark.parametrize("trigger", ["EVDetected", "ChargingStateChanged"])
def test_charging_again_needs_no_readings_of_the_start(metered: Talk, trigger: str) -> None:
    charging = {"chargingState": "Charging"}
    metered.send_event(0, "Started", triggerReason="EVDetected")
    metered.send_event(1, triggerReason=trigger, info=charging, evse=EVSE, **begin(metered))
    metered.send_event(2, triggerReason="ChargingStateChanged", info={"chargingState": "SuspendedEV"})
    metered.send_event(3, triggerReason="ChargingStateChanged", info=charging)

    assert metered.ids == []


# Periodic readings


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        case("all", [(ENERGY, POWER)], "met"),
        case("split", [(ENERGY,), (POWER,)], "met"),
        case("one is missing", [(ENERGY,)], "broken"),
    ],
)
def test_first_periodic_readings_must_be_complete(
    metered: Talk, parts: list[tuple[str, ...]], state: str
) -> None:
    start(metered)
    metered.wait(60)
    for seq_no, part in enumerate(parts, 1):
        metered.send_event(seq_no, **readings(metered, *part))
    assert metered.coverage("E02.FR.10") == "not exercised"
    metered.wait(60)
    for seq_no in (5, 6):
        metered.at += 1
        metered.send_event(seq_no, **readings(metered, ENERGY))

    assert metered.ids == ["readings-missing"] * (state == "broken")
    assert metered.coverage("E02.FR.10") == state


def test_periodic_readings_around_a_disconnection_are_free(metered: Talk) -> None:
    start(metered)
    metered.send_event(1, **readings(metered, ENERGY))
    metered.reconnect(1)
    metered.send_event(2, **readings(metered, ENERGY))

    assert metered.ids == []


@pytest.mark.parametrize(("count", "state"), [(1, "broken"), (2, "met"), (5, "met")])
def test_periodic_readings_must_not_be_too_few(metered: Talk, count: int, state: str) -> None:
    start(metered)
    for seq_no in range(1, count + 1):
        metered.send_event(seq_no, **readings(metered, ENERGY, POWER))
    metered.wait(360)
    end(metered, count + 1)

    assert metered.ids == ["periodic-readings-missing"] * (state == "broken")
    assert metered.coverage("J02.FR.11") == state


@pytest.mark.parametrize("late", ["Started", "Ended"])
def test_periodic_readings_of_a_short_transaction_are_enough_if_events_arrive_late(
    metered: Talk, late: str
) -> None:
    first = metered.event(0, "Started", triggerReason="EVDetected", evse=EVSE, **begin(metered))
    metered.wait(700 if late == "Started" else 0)
    metered.call("TransactionEvent", first)
    last = metered.event(
        1, "Ended", triggerReason="EVDeparted", **readings(metered, ENERGY, context="Transaction.End")
    )
    metered.wait(700 if late == "Ended" else 0)
    metered.call("TransactionEvent", last)

    assert "periodic-readings-missing" not in metered.ids


@pytest.mark.parametrize(
    "prepare",
    [
        case("short", lambda talk: talk.wait(200)),
        case("disconnected", lambda talk: (talk.wait(360), talk.reconnect(1))),
        case("set meanwhile", set_measurands),
        case(
            "off",
            lambda talk: (talk.wait(360), talk.read_variables({"SampledDataCtrlr.TxUpdatedInterval": "0"})),
        ),
    ],
)
def test_periodic_readings_are_not_certainly_missing(metered: Talk, prepare: Any) -> None:
    start(metered)
    prepare(metered)
    end(metered, 1)

    assert "periodic-readings-missing" not in metered.ids
    assert metered.coverage("J02.FR.11") == "not exercised"


# Ended


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        case("with readings", {}, "met"),
        case(
            "without",
            {
                "meterValue": [
                    {
                        "timestamp": stamp(0),
                        "sampledValue": [{"value": 1, "measurand": POWER, "context": "Transaction.End"}],
                    }
                ]
            },
            "broken",
        ),
        case(
            "reset",
            {
                "meterValue": [
                    {
                        "timestamp": stamp(0),
                        "sampledValue": [{"value": 1, "measurand": POWER, "context": "Transaction.End"}],
                    }
                ],
                "triggerReason": "AbnormalCondition",
                "info": {"stoppedReason": "PowerLoss"},
            },
            "met",
        ),
    ],
)
def test_readings_of_ended_event(metered: Talk, fields: JsonObject, state: str) -> None:
    start(metered)
    metered.send_event(
        1,
        "Ended",
        **{
            "triggerReason": "EVCommunicationLost",
            **readings(metered, ENERGY, context="Transaction.End"),
            **fields,
        },
    )

    assert ("readings-missing" in metered.ids) == (state == "broken")
    assert metered.coverage("E06.FR.11") == state


# Signatures


@pytest.mark.parametrize(
    ("signed", "state"),
    [case("never", (), "broken"), case("at the start", (0,), "met"), case("at the end", (1,), "met")],
)
@pytest.mark.parametrize("requirement", ["E02.FR.14", "J02.FR.21"])
def test_energy_must_be_signed_at_start_or_end(
    metered: Talk, requirement: str, signed: tuple[int, ...], state: str
) -> None:
    metered.read_variables({"SampledDataCtrlr.SignReadings": "true"})
    start(metered, **begin(metered, **({"signedMeterValue": SIGNED} if 0 in signed else {})))
    fields = {"signedMeterValue": SIGNED} if 1 in signed else {}
    end(metered, 1, **readings(metered, ENERGY, context="Transaction.End", **fields))

    assert metered.ids == ["reading-not-signed"] * (state == "broken")
    assert metered.coverage(requirement) == state


@pytest.mark.parametrize("trigger", ["MeterValueClock", "MeterValuePeriodic", "SignedDataReceived"])
def test_energy_signed_in_any_updated_event_is_accepted(metered: Talk, trigger: str) -> None:
    metered.read_variables({"SampledDataCtrlr.SignReadings": "true"})
    start(metered)
    metered.at += 60
    metered.send_event(1, triggerReason=trigger, **readings(metered, ENERGY, signedMeterValue=SIGNED))
    end(metered, 2, **readings(metered, ENERGY, context="Transaction.End"))

    assert "reading-not-signed" not in metered.ids
    assert metered.coverage("E02.FR.14") == "met"


@pytest.mark.parametrize(("has_signed", "is_found"), [(False, False), (True, True)])
def test_energy_must_be_signed_by_an_evse_whose_meter_can_sign(
    mixed: Talk, *, has_signed: bool, is_found: bool
) -> None:
    mixed.read_variables({"SampledDataCtrlr.SignReadings": "true"})
    start(mixed, **begin(mixed, **({"signedMeterValue": SIGNED} if has_signed else {})))
    end(mixed, 1)
    start(mixed, info={"transactionId": "T2"})
    end(mixed, 1, info={"transactionId": "T2"})

    assert mixed.ids == ["reading-not-signed"] * is_found


@pytest.mark.parametrize(
    ("reason", "is_found"), [("PowerUp", True), ("FirmwareUpdate", False), ("Unknown", False)]
)
def test_new_firmware_may_not_sign_energy(mixed: Talk, reason: str, *, is_found: bool) -> None:
    start(mixed, **begin(mixed, signedMeterValue=SIGNED))
    end(mixed, 1)
    mixed.boot(reason=reason)
    mixed.status()
    mixed.read_variables({"SampledDataCtrlr.SignReadings": "true"})
    start(mixed, info={"transactionId": "T2"})
    end(mixed, 1, info={"transactionId": "T2"})

    assert mixed.ids == ["reading-not-signed"] * is_found


def test_energy_need_not_be_signed_if_signing_was_set_before_the_late_start_arrived(metered: Talk) -> None:
    first = metered.event(0, "Started", triggerReason="EVDetected", evse=EVSE, **begin(metered))
    set_variable(metered, "SignReadings", "true", wait_s=100)
    metered.call("TransactionEvent", first)
    end(metered, 1)

    assert "reading-not-signed" not in metered.ids


def test_unsigned_energy_is_accepted_without_sign_readings(metered: Talk) -> None:
    start(metered)
    end(metered, 1)

    assert metered.ids == []
    assert metered.coverage("E02.FR.14") == "not exercised"


@pytest.mark.parametrize(
    ("fields", "state"), [case("unsigned", {}, "broken"), case("signed", {"signedMeterValue": SIGNED}, "met")]
)
def test_clock_aligned_energy_must_be_signed(metered: Talk, fields: JsonObject, state: str) -> None:
    metered.read_variables({"AlignedDataCtrlr.SignReadings": "true"})
    start(metered)
    values = [
        *readings(metered, ENERGY, context="Sample.Clock", **fields)["meterValue"],
        *readings(metered, ENERGY, context="Transaction.End")["meterValue"],
    ]
    end(metered, 1, meterValue=values)

    assert metered.ids == ["reading-not-signed"] * (state == "broken")
    assert metered.coverage("J01.FR.21") == state


def test_signature_of_another_reading_shows_nothing_about_clock_aligned_ones(metered: Talk) -> None:
    metered.read_variables({"AlignedDataCtrlr.SignReadings": "true"})
    start(metered, **begin(metered, signedMeterValue=SIGNED))
    values = [
        *readings(metered, ENERGY, context="Sample.Clock")["meterValue"],
        *readings(metered, ENERGY, context="Transaction.End")["meterValue"],
    ]
    end(metered, 1, meterValue=values)

    assert metered.coverage("J01.FR.21") == "not exercised"


# Timestamps


@pytest.mark.parametrize(
    ("ago_s", "state"),
    [
        case("in the interval", 30, "met"),
        case("rounded", 60.5, "met"),
        case("too old", 70, "broken"),
        case("after the event", -10, "broken"),
    ],
)
def test_times_of_several_meter_values_must_be_in_the_interval(
    metered: Talk, ago_s: float, state: str
) -> None:
    start(metered)
    metered.wait(100)
    now = readings(metered, ENERGY, POWER)["meterValue"][0]
    metered.send_event(1, meterValue=[{**now, "timestamp": stamp(metered.at - ago_s)}, now])

    assert metered.ids == ["reading-outside-interval"] * (state == "broken")
    assert metered.coverage("J02.FR.10") == state


def test_time_of_one_meter_value_is_free(metered: Talk) -> None:
    start(metered)
    metered.wait(100)
    now = readings(metered, ENERGY, POWER)["meterValue"][0]
    metered.send_event(1, meterValue=[{**now, "timestamp": stamp(metered.at - 70)}])

    assert metered.ids == []
    assert metered.coverage("J02.FR.10") == "not exercised"


def test_old_readings_are_accepted_while_the_interval_is_unknown(talk: Talk) -> None:
    start(talk)
    talk.wait(100)
    now = readings(talk, ENERGY, POWER)["meterValue"][0]
    talk.send_event(1, meterValue=[{**now, "timestamp": stamp(talk.at - 70)}, now])

    assert talk.ids == []
    assert talk.coverage("J02.FR.10") == "not exercised"


def test_times_of_readings_are_free_while_the_clock_is_wrong(metered: Talk) -> None:
    metered.exchange("Heartbeat", {}, {"currentTime": stamp(metered.at - 3600)})
    now = readings(metered, ENERGY, POWER)["meterValue"][0]
    start(metered, meterValue=[now, {**now, "timestamp": stamp(metered.at + 3600)}])

    assert "reading-outside-interval" not in metered.ids


# Contexts


def test_readings_without_a_context_for_the_start_are_accepted_if_none_are_due(talk: Talk) -> None:
    talk.read_variables({"SampledDataCtrlr.TxStartedMeasurands": ""})
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", **readings(talk, ENERGY))

    assert "meter-context-wrong" not in talk.ids


@pytest.mark.parametrize(("name", "value"), [("Enabled", "false"), ("TxEndedMeasurands", "")])
def test_begin_without_end_is_accepted_if_sampling_changed_meanwhile(
    talk: Talk, name: str, value: str
) -> None:
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", **begin(talk))
    set_variable(talk, name, value, wait_s=100)
    talk.send_event(1, "Ended", triggerReason="EVCommunicationLost", **begin(talk))

    assert "meter-context-wrong" not in talk.ids


def test_begin_without_end_is_accepted_while_sampling_is_off(talk: Talk) -> None:
    talk.read_variables({"SampledDataCtrlr.Enabled": "false"})
    talk.send_event(1, "Ended", triggerReason="EVCommunicationLost", **begin(talk))

    assert "meter-context-wrong" not in talk.ids
