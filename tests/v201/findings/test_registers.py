"""Checks of the energy registers of transactions and EVSEs (J02.FR.16)."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.registers import MAX_READINGS, MAX_SERIES, EvseRegisters, Registers
from tests.support.talk import Talk, case, register


def send_readings(talk: Talk, *values: float, evse_id: int | None = None, **fields: Any) -> None:
    """Send readings a minute apart, in the events of a transaction or in MeterValues of an EVSE."""
    for seq_no, value in enumerate(values):
        talk.at += 60
        readings = register(value, talk.at, **fields)
        if evse_id is None:
            talk.send_event(seq_no, "Updated" if seq_no else "Started", **readings)
        else:
            talk.call("MeterValues", {"evseId": evse_id, **readings})


@pytest.mark.parametrize("evse_id", [None, 1])
@pytest.mark.parametrize(
    "fields",
    [
        case("export", {"measurand": "Energy.Active.Export.Register"}),
        case("reactive import", {"measurand": "Energy.Reactive.Import.Register"}),
        case(
            "reactive export",
            {"measurand": "Energy.Reactive.Export.Register", "unitOfMeasure": {"unit": "kvarh"}},
        ),
        case("one phase", {"phase": "L1"}),
        case("multiplier", {"unitOfMeasure": {"multiplier": 2}}),
    ],
)
def test_decrease_is_found(talk: Talk, evse_id: int | None, fields: JsonObject) -> None:
    send_readings(talk, 1000, 900, evse_id=evse_id, **fields)

    assert talk.ids == ["meter-register-decreased"]


@pytest.mark.parametrize("evse_id", [None, 1])
@pytest.mark.parametrize(
    ("readings", "is_found"),
    [
        case("rounded to 0.1 kWh", [(1249, "Wh"), (1.2, "kWh")], False),
        case("rounded to 1 kWh", [(1999, "Wh"), (1, "kWh")], False),
        case("rounded to 1.0 kWh", [(1999, "Wh"), (1.0, "kWh")], False),
        case("rounded in one unit", [(1.249, "kWh"), (1.2, "kWh")], False),
        case("rounded up before", [(1.3, "kWh"), (1251, "Wh")], False),
        case("one digit", [(1.3, "kWh"), (1.2, "kWh")], True),
        case("one kWh", [(5, "kWh"), (4, "kWh")], True),
        case("more than a digit", [(1301, "Wh"), (1.2, "kWh")], True),
        case("Wh", [(1249, "Wh"), (1200, "Wh")], True),
    ],
)
def test_decrease_within_the_coarser_resolution_is_rounding(
    talk: Talk, readings: list[tuple[float, str]], is_found: bool, evse_id: int | None
) -> None:
    for seq_no, (value, unit) in enumerate(readings):
        talk.at += 60
        fields = register(value, talk.at, unitOfMeasure={"unit": unit})
        if evse_id is None:
            talk.send_event(seq_no, "Updated" if seq_no else "Started", **fields)
        else:
            talk.call("MeterValues", {"evseId": evse_id, **fields})

    assert talk.ids == ["meter-register-decreased"] * is_found


@pytest.mark.parametrize("event_type", ["Updated", "Ended"])
def test_start_value_repeated_in_a_later_event_is_not_a_new_reading(talk: Talk, event_type: str) -> None:
    send_readings(talk, 1000, 2000)
    talk.at += 60
    samples = [{"value": 1000, "context": "Transaction.Begin"}, {"value": 3000, "context": "Transaction.End"}]
    reading = {"timestamp": talk.now, "sampledValue": samples}
    talk.send_event(2, event_type, meterValue=[reading])

    assert not talk.findings


@pytest.mark.parametrize("evse_id", [None, 1])
@pytest.mark.parametrize(
    "fields",
    [
        case("interval", {"measurand": "Energy.Active.Import.Interval"}),
        case("net", {"measurand": "Energy.Active.Net"}),
        case("cable", {"location": "Cable"}),
        case("unknown unit", {"unitOfMeasure": {"unit": "MJ"}}),
        case("huge multiplier", {"unitOfMeasure": {"multiplier": 400}}),
    ],
)
def test_decrease_of_other_measurands_is_accepted(
    talk: Talk, evse_id: int | None, fields: JsonObject
) -> None:
    send_readings(talk, 1000, 900, evse_id=evse_id, **fields)

    assert not talk.findings


def test_decrease_in_event_that_repeats_a_seq_no_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started", **register(450_010, talk.at))
    talk.at += 60
    talk.send_event(0, "Ended", **register(544, talk.at))

    assert set(talk.ids) == {"meter-register-decreased", "seq-no-repeated"}


def test_retry_with_older_reading_is_accepted(talk: Talk) -> None:
    started = talk.send_event(0, "Started", **register(1000, talk.at))
    talk.at += 60
    talk.send_event(1, **register(2000, talk.at))
    talk.call("TransactionEvent", started)

    assert not talk.findings


def test_evses_phases_and_measurands_have_their_own_registers(talk: Talk) -> None:
    send_readings(talk, 1000, evse_id=1)
    send_readings(talk, 900, evse_id=2)
    send_readings(talk, 300, evse_id=1, phase="L1")
    send_readings(talk, 5, evse_id=1, measurand="Energy.Active.Export.Register")
    send_readings(talk, 1001, evse_id=1)

    assert not talk.findings


def test_register_of_evse_0_may_be_of_several_meters(talk: Talk) -> None:
    send_readings(talk, 1000, 900, evse_id=0)

    assert not talk.findings


def test_register_after_a_boot_may_be_of_a_new_meter(talk: Talk) -> None:
    send_readings(talk, 1000, evse_id=1)
    talk.reconnect(30)
    talk.boot()
    talk.status()
    send_readings(talk, 5, evse_id=1)

    assert not talk.findings


def test_register_of_evse_may_count_each_transaction_from_zero(talk: Talk) -> None:
    for transaction_id, end_wh in (("T1", 700), ("T2", 300)):
        talk.send_event(0, "Started", info={"transactionId": transaction_id})
        send_readings(talk, 0, end_wh, evse_id=1)
        talk.send_event(1, "Ended", info={"transactionId": transaction_id})

    assert not talk.findings


def test_older_reading_of_evse_is_accepted(talk: Talk) -> None:
    send_readings(talk, 1000, evse_id=1)
    talk.call("MeterValues", {"evseId": 1, **register(900, talk.at - 30)})
    talk.call("MeterValues", {"evseId": 1, **register(900, talk.at)})

    assert not talk.findings


def test_number_of_readings_is_limited() -> None:
    registers, evse_registers = Registers(), EvseRegisters()
    for number in range(10 * MAX_READINGS):
        series = (f"M{number % (2 * MAX_SERIES)}", None, "Outlet")
        reading = f"2026-01-01T00:00:{number:04}Z", float(number), number, 1, (float(number), number, 1.0)
        registers.read(series, reading)
        evse_registers.read(number, series, reading)

    assert len(registers) == MAX_SERIES
    assert all(len(readings) <= MAX_READINGS for readings in registers.values())
    assert len(evse_registers) == EvseRegisters.limit
