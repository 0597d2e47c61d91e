"""Transactions: energy from meter values, and state from events in any order."""

import math
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.stations.transactions import (
    MAX_MISSING,
    EnergyMeter,
    Transaction,
    id_token_key,
    matches_token,
    parse_timestamp,
    register_readings,
)
from tests.support.payloads import call

NOON = "2024-01-01T12:00:00Z"
ONE = "2024-01-01T13:00:00Z"
TWO = "2024-01-01T14:00:00Z"


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def reading(timestamp: str, *sampled: float | JsonObject) -> JsonObject:
    """A MeterValueType; a number stands for the energy register in Wh."""
    values = [sample if isinstance(sample, dict) else {"value": sample} for sample in sampled]
    return {"timestamp": timestamp, "sampledValue": values}


def decoded(*readings: JsonObject) -> list[Any]:
    """MeterValueTypes as structs, decoded as part of a TransactionEvent."""
    meter_values: list[Any] = call("TransactionEvent", event(0, meterValue=list(readings))).content.meterValue
    return meter_values


def energy(*readings: JsonObject) -> float:
    meter = EnergyMeter()
    meter.read(decoded(*readings))
    return meter.wh


def unit(name: str | None = None, multiplier: int | None = None) -> JsonObject:
    fields = {"unit": name, "multiplier": multiplier}
    return {"unitOfMeasure": {key: value for key, value in fields.items() if value is not None}}


def event(seq_no: int, event_type: str = "Updated", **fields: Any) -> JsonObject:
    """A TransactionEvent; fields of its transactionInfo are given as ``info``."""
    info = {"transactionId": "T1", **fields.pop("info", {})}
    required = {"timestamp": NOON, "triggerReason": "MeterValuePeriodic", "transactionInfo": info}
    return {"eventType": event_type, "seqNo": seq_no, **required, **fields}


def transaction_of(*events: JsonObject) -> Transaction:
    """A transaction after these TransactionEvents."""
    transaction = Transaction("T1")
    for payload in events:
        transaction.note(call("TransactionEvent", payload).content)
    return transaction


# The energy register

BEGIN: JsonObject = {"context": "Transaction.Begin"}


def readings(*samples: JsonObject) -> tuple[float | None, float | None]:
    return register_readings(decoded(reading(NOON, *samples))[0].sampledValue)


@pytest.mark.parametrize(
    ("samples", "wh"),
    [
        case("plain value", [{"value": 5}], 5),
        case("explicit measurand", [{"value": 5, "measurand": "Energy.Active.Import.Register"}], 5),
        case("empty unit", [{"value": 5, **unit()}], 5),
        case("Wh", [{"value": 5, **unit("Wh")}], 5),
        case("kWh", [{"value": 5, **unit("kWh")}], 5000),
        case("multiplier", [{"value": 5, **unit(multiplier=3)}], 5000),
        case("kWh and multiplier", [{"value": 5, **unit("kWh", 3)}], 5_000_000),
        case("negative multiplier", [{"value": 5, **unit("Wh", -1)}], 0.5),
        case("at the outlet", [{"value": 5, "location": "Outlet"}], 5),
        case("other context", [{"value": 5, "context": "Transaction.End"}], 5),
        case("zero", [{"value": 0}], 0),
        case("three phases", [{"value": 1, "phase": p} for p in ("L1", "L2", "L3")], 3),
        case("three phases to neutral", [{"value": 1, "phase": p} for p in ("L1-N", "L2-N", "L3-N")], 3),
        case("one phase", [{"value": 7, "phase": "L2"}], 7),
        case("phases in different units", [{"value": 1, "phase": "L1", **unit("kWh")},
                                           {"value": 1, "phase": "L2"}], 1001),
        case("total before phases", [{"value": 9}, {"value": 1, "phase": "L1"}], 9),
        case("total after phases", [{"value": 1, "phase": "L1"}, {"value": 9}], 9),
        case("after another measurand", [{"value": 230, "measurand": "Voltage"}, {"value": 5}], 5),
        case("after another location", [{"value": 99, "location": "Inlet"}, {"value": 5}], 5),
    ],
)  # fmt: skip
def test_energy_register_is_found(samples: list[JsonObject], wh: float) -> None:
    begin_wh, other_wh = readings(*samples)

    assert begin_wh is None
    assert other_wh == pytest.approx(wh)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        case("alone", [{"value": 5, **BEGIN}], (5, None)),
        case("before another", [{"value": 5, **BEGIN}, {"value": 6}], (5, 6)),
        case("after another", [{"value": 6}, {"value": 5, **BEGIN}], (5, 6)),
        case("phases of both", [{"value": 1, "phase": "L1", **BEGIN}, {"value": 2, "phase": "L2", **BEGIN},
                                {"value": 4, "phase": "L1"}], (3, 4)),
    ],
)  # fmt: skip
def test_reading_at_the_begin_is_apart(
    samples: list[JsonObject], expected: tuple[float, float | None]
) -> None:
    assert readings(*samples) == expected


@pytest.mark.parametrize(
    "samples",
    [
        case("no samples", []),
        case("interval", [{"value": 5, "measurand": "Energy.Active.Import.Interval"}]),
        case("export", [{"value": 5, "measurand": "Energy.Active.Export.Register"}]),
        case("reactive", [{"value": 5, "measurand": "Energy.Reactive.Import.Register"}]),
        case("power", [{"value": 5, "measurand": "Power.Active.Import"}]),
        case("inlet", [{"value": 5, "location": "Inlet"}]),
        case("in the vehicle", [{"value": 5, "location": "EV"}]),
        case("neutral", [{"value": 5, "phase": "N"}]),
        case("phase to phase", [{"value": 5, "phase": "L1-L2"}]),
        case("unit of another quantity", [{"value": 5, **unit("V")}]),
        case("unit in other case", [{"value": 5, **unit("WH")}]),
        case("multiplier out of range", [{"value": 5, **unit("Wh", 5000)}]),
    ],
)
def test_other_samples_are_not_the_energy_register(samples: list[JsonObject]) -> None:
    assert readings(*samples) == (None, None)


# Energy between readings


@pytest.mark.parametrize(
    ("readings", "wh"),
    [
        case("no readings", [], 0),
        case("one reading", [reading(NOON, 500)], 0),
        case("two readings", [reading(NOON, 500), reading(ONE, 800)], 300),
        case("register starts at zero", [reading(NOON, 0), reading(ONE, 800)], 800),
        case("without a register", [reading(NOON, {"value": 230, "measurand": "Voltage"})], 0),
        case("register missing in between",
             [reading(NOON, 5), reading(ONE, {"value": 230, "measurand": "Voltage"}), reading(TWO, 8)], 3),
        case("register decreases", [reading(NOON, 800), reading(ONE, 500)], 0),
        case("units change", [reading(NOON, 500), reading(ONE, {"value": 1, **unit("kWh")})], 500),
        case("invalid timestamp in between",
             [reading(NOON, 500), reading("yesterday", 9999), reading(ONE, 800)], 300),
        case("same timestamp, last one counts", [reading(NOON, 500), reading(NOON, 700)], 200),
    ],
)  # fmt: skip
def test_energy_is_last_reading_minus_first(readings: list[JsonObject], wh: float) -> None:
    assert energy(*readings) == pytest.approx(wh)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_energy_depends_on_timestamps_not_on_order(order: tuple[int, ...]) -> None:
    readings = [reading(NOON, 500), reading(ONE, 800), reading(TWO, 1200)]

    assert energy(*(readings[index] for index in order)) == 700


@pytest.mark.parametrize(
    ("first", "last"),
    [
        case("offset ahead", "2024-01-01T14:00:00+02:00", ONE),
        case("offset behind", NOON, "2024-01-01T08:00:00-05:00"),
        case("no offset means UTC", "2024-01-01T12:00:00", "2024-01-01T14:30:00+02:00"),
        case("milliseconds", "2024-01-01T12:00:00.001Z", "2024-01-01T12:00:00.002Z"),
    ],
)
def test_timestamps_are_compared_across_time_zones(first: str, last: str) -> None:
    assert energy(reading(last, 800), reading(first, 500)) == 300


def test_readings_of_several_messages_are_combined() -> None:
    meter = EnergyMeter()
    meter.read(decoded(reading(NOON, 500)))
    meter.read(decoded(reading(ONE, 800)))

    assert meter.wh == 300


# Timestamps


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01T12:00:00Z",
        "2024-01-01T12:00:00.000Z",
        "2024-01-01T12:00:00.000000000Z",
        "2024-01-01T12:00:00+00:00",
        "2024-01-01T14:00:00+02:00",
        "2024-01-01T06:30:00-05:30",
        "2024-01-01T12:00:00",
        "2024-01-01t12:00:00z",
    ],
)
def test_timestamp_is_parsed(text: str) -> None:
    """RFC 3339 5.6 also allows t and z; a timestamp without a zone is taken as UTC."""
    assert parse_timestamp(text) == datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "1704110400", "2024-13-01T12:00:00Z", "2024-01-01T12:00:00X"]
)
def test_invalid_timestamp_is_none(text: str) -> None:
    assert parse_timestamp(text) is None


# Cost


@pytest.mark.parametrize(
    ("wh", "per_kwh", "cost"),
    [
        case("no energy", 0, 0.25, 0),
        case("free", 10_000, 0, 0),
        case("ten kWh", 10_000, 0.25, 2.5),
        case("rounded to four decimals", 1, 0.123456, 0.0001),
        case("no floating-point residue", 300, 0.1, 0.03),
    ],
)
def test_cost_is_energy_times_price(wh: float, per_kwh: float, cost: float) -> None:
    transaction = transaction_of(
        event(0, "Started", meterValue=[reading(NOON, 1000), reading(ONE, 1000 + wh)])
    )

    assert transaction.cost(per_kwh) == cost


@pytest.mark.parametrize(
    ("first", "last"),
    [
        case("kWh", {"value": 0}, {"value": 1e308, **unit("kWh")}),
        case("multiplier", {"value": 0}, {"value": 1e300, **unit(multiplier=30)}),
        case("both ends", {"value": -1.7e308}, {"value": 1.7e308}),
        case("from infinity to infinity", {"value": 1e300, **unit(multiplier=30)},
             {"value": 1e301, **unit(multiplier=30)}),
    ],
)  # fmt: skip
def test_cost_is_finite_for_impossible_registers(first: JsonObject, last: JsonObject) -> None:
    """JSON has no infinity: an infinite cost would make the answer to the TransactionEvent fail."""
    transaction = transaction_of(event(0, meterValue=[reading(NOON, first), reading(ONE, last)]))

    assert math.isfinite(transaction.cost(0.25))


# Events


def test_transaction_runs_without_ended_event() -> None:
    assert not transaction_of(event(0, "Started"), event(1)).ended


def test_ended_event_ends_transaction() -> None:
    assert transaction_of(event(0, "Started"), event(1, "Ended")).ended


def test_late_event_does_not_restart_ended_transaction() -> None:
    """TC_E_31_CSMS."""
    assert transaction_of(event(0, "Started"), event(2, "Ended"), event(1)).ended


def test_charging_state_is_that_of_highest_seq_no() -> None:
    late = event(1, info={"chargingState": "EVConnected"})

    assert transaction_of(event(2, info={"chargingState": "Charging"}), late).charging_state == "Charging"


def test_charging_state_is_kept_if_event_has_none() -> None:
    assert transaction_of(event(1, info={"chargingState": "Charging"}), event(2)).charging_state == "Charging"


def test_repeated_events_change_only_the_count() -> None:
    started = event(0, "Started", meterValue=[reading(NOON, 500)], info={"chargingState": "Charging"})
    ended = event(1, "Ended", meterValue=[reading(ONE, 800)], info={"stoppedReason": "Local"})

    once, twice = transaction_of(started, ended), transaction_of(started, ended, started, ended)

    assert twice.events == 4
    twice.events = once.events
    assert twice == once


def test_seq_no_can_start_anywhere_and_skip() -> None:
    """TC_E_53: the first seqNo need not be 0."""
    transaction = transaction_of(event(7, "Started"), event(12, "Ended", info={"chargingState": "Idle"}))

    assert (transaction.ended, transaction.charging_state) == (True, "Idle")


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("bearer", range(3))
def test_remote_start_id_is_learned_from_any_event(bearer: int, order: tuple[int, ...]) -> None:
    events = [event(0, "Started"), event(1), event(2, "Ended")]
    events[bearer] = event(bearer, events[bearer]["eventType"], info={"remoteStartId": 42})

    assert transaction_of(*(events[index] for index in order)).remote_start_id == 42


def test_stopped_reason_is_kept_if_late_event_has_none() -> None:
    assert transaction_of(
        event(2, "Ended", info={"stoppedReason": "EVDisconnected"}), event(1)
    ).stopped_reason == ("EVDisconnected")


def test_id_token_is_kept_if_later_events_have_none() -> None:
    token = {"idToken": "AABB", "type": "ISO14443"}

    assert transaction_of(event(0, "Started", idToken=token), event(1)).id_token == token


def test_reservation_is_learned_from_any_event() -> None:
    assert transaction_of(event(0, "Started"), event(1, reservationId=5), event(2)).reservation_id == 5


def test_evse_is_learned_after_start() -> None:
    transaction = transaction_of(event(0, "Started"), event(1, evse={"id": 2, "connectorId": 1}))

    assert (transaction.evse_id, transaction.connector_id) == (2, 1)


def test_connector_is_kept_if_later_event_has_only_the_evse() -> None:
    transaction = transaction_of(
        event(0, "Started", evse={"id": 2, "connectorId": 1}), event(1, evse={"id": 2})
    )

    assert (transaction.evse_id, transaction.connector_id) == (2, 1)


def test_energy_is_combined_from_events_in_any_order() -> None:
    ended = event(2, "Ended", meterValue=[reading(ONE, 1200), reading(TWO, 1500)])
    started = event(0, "Started", meterValue=[reading(NOON, 1000)])

    assert transaction_of(ended, started).meter.wh == 500


# The start value of the register


BEGIN = {"context": "Transaction.Begin"}


@pytest.mark.parametrize("order", list(permutations(range(2))), ids=str)
def test_begin_sample_is_the_start_value_in_any_order(order: tuple[int, ...]) -> None:
    """J02.FR.18: one timestamp applies to all samples of a meter value."""
    samples = [{"value": 235_800, **BEGIN}, {"value": 240_800, "context": "Sample.Periodic"}]

    assert energy(reading(NOON, 235_800), reading(ONE, *(samples[index] for index in order))) == 5000


def test_repeated_begin_sample_leaves_the_last_reading() -> None:
    begin = {"value": 100, **BEGIN}

    assert energy(reading(NOON, begin), reading(ONE, 400, begin), reading(TWO, begin)) == 300


def test_begin_sample_in_a_later_event_is_the_start_value() -> None:
    """E01.FR.17: if the Started event names no EVSE, a later event has the Transaction.Begin sample."""
    assert energy(reading(ONE, {"value": 100, **BEGIN}), reading(TWO, 150)) == 50


def test_reading_before_a_late_begin_sample_is_not_lost() -> None:
    assert energy(reading(TWO, {"value": 100, **BEGIN}), reading(ONE, 150)) == 50


def test_sample_without_context_is_a_reading() -> None:
    assert energy(reading(NOON, {"value": 5, **BEGIN}, 9)) == 4


def test_begin_sample_of_three_phases_is_added_up() -> None:
    begin = [{"value": 1, "phase": phase, **BEGIN} for phase in ("L1", "L2", "L3")]

    assert energy(reading(NOON, *begin, {"value": 10})) == 7


# Final events


def test_second_ended_event_changes_nothing() -> None:
    started = event(0, "Started", meterValue=[reading(NOON, 0)])
    ended = event(1, "Ended", meterValue=[reading(ONE, 1000)], info={"stoppedReason": "EVDisconnected"})
    other = event(1, "Ended", meterValue=[reading(TWO, 99_000)], info={"stoppedReason": "TimeLimitReached"})

    transaction = transaction_of(started, ended, other)

    assert (transaction.meter.wh, transaction.stopped_reason) == (1000, "EVDisconnected")


def test_event_after_the_ended_event_changes_nothing() -> None:
    ended = event(1, "Ended", meterValue=[reading(ONE, 1000)])
    later = event(2, meterValue=[reading(TWO, 5000)], info={"chargingState": "Charging"})

    transaction = transaction_of(event(0, meterValue=[reading(NOON, 0)]), ended, later)

    assert (transaction.meter.wh, transaction.charging_state, transaction.ended) == (1000, None, True)


def test_ended_transaction_has_no_charging_state_of_earlier_events() -> None:
    assert (
        transaction_of(event(0, info={"chargingState": "Charging"}), event(1, "Ended")).charging_state is None
    )


# Missing events


@pytest.mark.parametrize(
    ("seq_nos", "missing"),
    [
        case("none", [0, 1, 2], set()),
        case("none, from any number", [7, 8], set()),
        case("two", [0, 3], {1, 2}),
        case("none, out of order", [2, 0, 1], set()),
        case("the one that came late", [0, 2, 1], set()),
        case("none, all the same", [0, 0, 0], set()),
        case("those before a late first", [3, 1], {2}),
    ],
)
def test_missing_events_count_from_the_first(seq_nos: list[int], missing: set[int]) -> None:
    """E 1.3.2.1: the first seqNo need not be 0."""
    assert transaction_of(*map(event, seq_nos)).missing == missing


def test_number_of_missing_events_is_limited() -> None:
    assert len(transaction_of(event(0), event(2**31 - 1), event(2**32)).missing) == MAX_MISSING


# Long texts


def test_long_id_token_is_stored_without_its_additional_info() -> None:
    token = {"idToken": "AABB", "type": "eMAID"}
    info = [{"additionalIdToken": "x" * 36, "type": "y" * 50}] * 100

    assert transaction_of(event(0, idToken={**token, "additionalInfo": info})).id_token == token


def test_evse_0_and_connector_0_are_not_learned() -> None:
    transaction = transaction_of(event(0, evse={"id": 0, "connectorId": 0}))

    assert (transaction.evse_id, transaction.connector_id) == (None, None)


# idTokens


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ({"idToken": "aabbccdd", "type": "ISO14443"}, True),
        ({"idToken": "AABBCCDD", "type": "ISO14443", "additionalInfo": []}, True),
        ({"idToken": "AABBCCDD", "type": "ISO15693"}, False),
        ({"idToken": "AABBCCDE", "type": "ISO14443"}, False),
    ],
    ids=["other case", "further properties", "other type", "other text"],
)
def test_id_tokens_are_compared_by_text_without_case_and_type(other: JsonObject, is_same: bool) -> None:
    id_token = {"idToken": "AABBCCDD", "type": "ISO14443"}

    assert matches_token(id_token, other) is is_same
    assert (id_token_key(id_token) == id_token_key(other)) is is_same
