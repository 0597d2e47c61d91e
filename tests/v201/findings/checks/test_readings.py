"""Checks of the fields of readings."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import EVSE, Talk, case

ENERGY = "Energy.Active.Import.Register"


def sample(**fields: Any) -> JsonObject:
    return {"value": 1, **fields}


def unit(name: str) -> JsonObject:
    return {"unitOfMeasure": {"unit": name}}


def send(
    talk: Talk, requirement: str, *samples: JsonObject, event_type: str = "Updated", evse_id: int = 1
) -> None:
    """Send readings: for a requirement of J01 in a MeterValues, else in a TransactionEvent."""
    values = {"meterValue": [{"timestamp": talk.now, "sampledValue": list(samples)}]}
    if requirement.startswith("J01"):
        talk.call("MeterValues", {"evseId": evse_id, **values})
        return
    fields = {} if event_type == "Updated" else {"triggerReason": "CablePluggedIn", "evse": EVSE}
    talk.send_event(0, event_type, **fields, **values)


CURRENT = [sample(value=value, measurand="Current.Import") for value in (1, 2)]


@pytest.mark.parametrize(
    ("requirements", "kind", "samples", "state"),
    [
        case(
            "unit",
            ("J01.FR.07", "J02.FR.03"),
            "reading-unit-wrong",
            [sample(measurand="Voltage", **unit("A"))],
            "broken",
        ),
        case(
            "no measurand", ("J01.FR.07", "J02.FR.03"), "reading-unit-wrong", [sample(**unit("W"))], "broken"
        ),
        case(
            "fitting unit", ("J01.FR.07", "J02.FR.03"), "reading-unit-wrong", [sample(**unit("kWh"))], "met"
        ),
        case(
            "no unit",
            ("J01.FR.07", "J02.FR.03"),
            "reading-unit-wrong",
            [sample(measurand="Voltage")],
            "not exercised",
        ),
        case(
            "other unit",
            ("J01.FR.07", "J02.FR.03"),
            "reading-unit-wrong",
            [sample(measurand="Voltage", **unit("mV"))],
            "not exercised",
        ),
        case(
            "power factor",
            ("J01.FR.07", "J02.FR.03"),
            "reading-unit-wrong",
            [sample(measurand="Power.Factor", **unit("Percent"))],
            "not exercised",
        ),
        case(
            "place", ("J01.FR.09", "J02.FR.05"), "reading-location-wrong", [sample(location="EV")], "broken"
        ),
        case(
            "state of charge",
            ("J01.FR.09", "J02.FR.05"),
            "reading-location-wrong",
            [sample(measurand="SoC", location="EV")],
            "met",
        ),
        case("no place", ("J01.FR.09", "J02.FR.05"), "reading-location-wrong", [sample()], "not exercised"),
        case("no phases", ("J01.FR.10", "J02.FR.06"), "reading-ambiguous", CURRENT, "broken"),
        case(
            "phases",
            ("J01.FR.10", "J02.FR.06"),
            "reading-ambiguous",
            [{**one, "phase": f"L{number}"} for number, one in enumerate(CURRENT, 1)],
            "met",
        ),
        case(
            "equal values",
            ("J01.FR.10", "J02.FR.06"),
            "reading-ambiguous",
            [CURRENT[0], CURRENT[0]],
            "not exercised",
        ),
        case(
            "told apart by the vendor",
            ("J01.FR.10", "J02.FR.06"),
            "reading-ambiguous",
            [{**one, "customData": {"vendorId": "V", "meter": one["value"]}} for one in CURRENT],
            "not exercised",
        ),
        case(
            "temperatures",
            ("J01.FR.10", "J02.FR.06"),
            "reading-ambiguous",
            [{**one, "measurand": "Frequency"} for one in CURRENT],
            "not exercised",
        ),
        case(
            "units",
            ("J01.FR.10", "J02.FR.06"),
            "reading-ambiguous",
            [{**one, "unitOfMeasure": {"multiplier": number}} for number, one in enumerate(CURRENT)],
            "not exercised",
        ),
    ],
)
@pytest.mark.parametrize("where", [0, 1], ids=["MeterValues", "TransactionEvent"])
def test_field_of_reading(  # noqa: PLR0917 - the columns of the table
    talk: Talk, where: int, requirements: tuple[str, str], kind: str, samples: list[JsonObject], state: str
) -> None:
    send(talk, requirements[where], *samples)

    assert talk.ids == [kind] * (state == "broken")
    assert talk.coverage(requirements[where]) == state


def test_readings_of_the_whole_station_may_be_of_several_meters(talk: Talk) -> None:
    send(talk, "J01.FR.10", *CURRENT, evse_id=0)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("context", "state"),
    [
        ("Transaction.Begin", "broken"),
        ("Transaction.End", "broken"),
        ("Sample.Clock", "met"),
        (None, "not exercised"),
    ],
)
def test_meter_values_must_not_have_the_context_of_a_transaction(
    talk: Talk, context: str | None, state: str
) -> None:
    send(talk, "J01.FR.08", sample(**({"context": context} if context else {})))

    assert talk.ids == ["reading-context-wrong"] * (state == "broken")
    assert talk.coverage("J01.FR.08") == state


@pytest.mark.parametrize("event_type", ["Started", "Updated"])
@pytest.mark.parametrize(
    ("context", "state"),
    [("Transaction.End", "broken"), ("Transaction.Begin", "met"), (None, "not exercised")],
)
def test_event_before_the_end_must_not_have_the_context_of_the_end(
    talk: Talk, event_type: str, context: str | None, state: str
) -> None:
    send(talk, "J02.FR.04", sample(**({"context": context} if context else {})), event_type=event_type)

    assert ("reading-context-wrong" in talk.ids) == (state == "broken")
    assert talk.coverage("J02.FR.04") == state


def test_signed_reading_of_the_end_in_an_event_of_its_own_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="EVDetected")
    values = [{"timestamp": talk.now, "sampledValue": [sample(context="Transaction.End")]}]
    talk.send_event(1, triggerReason="SignedDataReceived", meterValue=values)

    assert talk.ids == []


def test_context_of_end_in_ended_event_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="EVDetected")
    values = [{"timestamp": talk.now, "sampledValue": [sample(context="Transaction.End")]}]
    talk.send_event(1, "Ended", triggerReason="EVCommunicationLost", meterValue=values)

    assert talk.ids == []
