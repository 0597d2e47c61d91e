"""Meter values on the wire: periodic, aligned to the clock, triggered and at the end (J)."""

from datetime import datetime
from itertools import pairwise

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.sampling import next_multiple
from tests.support.driving import observed, play, samples, set_variable
from tests.support.observed_station import ObservedStation

REGISTER = "Energy.Active.Import.Register"


def with_trigger(station: ObservedStation, trigger: str) -> list[JsonObject]:
    return [event for event in station.calls("TransactionEvent") if event["triggerReason"] == trigger]


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_updates_come_at_the_interval_with_all_measurands() -> None:
    station = observed(SampledDataCtrlr_TxUpdatedInterval=10)
    set_variable(station, "SampledDataCtrlr.TxUpdatedMeasurands", f"{REGISTER},SoC,Voltage")

    play(station, ["plug in"], wait_s=65)

    updates = with_trigger(station, "MeterValuePeriodic")
    times = [seconds(event["timestamp"]) for event in updates]
    assert [round(b - a) for a, b in pairwise(times)] == [10] * 5
    (value,) = updates[0]["meterValue"]
    assert {sample["measurand"] for sample in value["sampledValue"]} == {REGISTER, "SoC", "Voltage"}
    assert {sample["context"] for sample in value["sampledValue"]} == {"Sample.Periodic"}
    assert value["timestamp"] == updates[0]["timestamp"]


def test_changed_interval_counts_at_once() -> None:
    station = observed(SampledDataCtrlr_TxUpdatedInterval=1000)
    play(station, ["plug in"])

    set_variable(station, "SampledDataCtrlr.TxUpdatedInterval", 10)
    station.advance(25)

    assert len(with_trigger(station, "MeterValuePeriodic")) == 2


def test_no_updates_come_when_sampling_is_disabled_until_it_is_enabled_again() -> None:
    station = observed(SampledDataCtrlr_TxUpdatedInterval=10, SampledDataCtrlr_Enabled=False)
    play(station, ["plug in"], wait_s=35)
    assert with_trigger(station, "MeterValuePeriodic") == []

    set_variable(station, "SampledDataCtrlr.Enabled", True)
    station.advance(25)

    assert len(with_trigger(station, "MeterValuePeriodic")) in {2, 3}


def test_energy_between_two_updates_is_power_times_time() -> None:
    station = observed(SampledDataCtrlr_TxUpdatedInterval=60)

    play(station, ["plug in", "token"], wait_s=200)

    updates = with_trigger(station, "MeterValuePeriodic")[-2:]
    first, second = (samples(event, "Sample.Periodic")[0] for event in updates)
    (power_w,) = (
        sample["value"]
        for sample in updates[1]["meterValue"][0]["sampledValue"]
        if sample["measurand"] == "Power.Active.Import"
    )
    assert second - first == pytest.approx(power_w * 60 / 3600, rel=0.001)


def test_samples_taken_offline_are_delivered_with_the_offline_flag() -> None:
    station = observed(SampledDataCtrlr_TxUpdatedInterval=10)
    play(station, ["plug in", "token"])
    station.station.go_offline(60)

    station.advance(100)

    flags = [event.get("offline", False) for event in with_trigger(station, "MeterValuePeriodic")]
    assert flags == [False] * 2 + [True] * 6 + [False] * (len(flags) - 8)
    assert station.end() == []


def test_ended_event_has_begin_intermediate_and_end_samples() -> None:
    station = observed(SampledDataCtrlr_TxEndedInterval=10)

    play(station, ["plug in", "token"], wait_s=21)
    play(station, ["token"])

    ended = station.calls("TransactionEvent")[-1]
    contexts = [value["sampledValue"][0]["context"] for value in ended["meterValue"]]
    assert contexts == ["Transaction.Begin", *["Sample.Periodic"] * 4, "Transaction.End"]
    times = [value["timestamp"] for value in ended["meterValue"]]
    assert times == sorted(times)


def test_ended_event_of_a_long_transaction_is_thinned_evenly() -> None:
    station = observed(SampledDataCtrlr_TxEndedInterval=1)

    play(station, ["plug in", "token"], wait_s=300)
    play(station, ["token"])

    ended = station.calls("TransactionEvent")[-1]
    times = [seconds(value["timestamp"]) for value in ended["meterValue"]]
    steps = [round(b - a) for a, b in pairwise(times)]
    assert 25 < len(times) <= 53
    assert set(steps[1:-1]) == {16}
    assert ended["meterValue"][0]["sampledValue"][0]["context"] == "Transaction.Begin"
    assert ended["meterValue"][-1]["sampledValue"][0]["context"] == "Transaction.End"


# Aligned to the clock


def test_aligned_values_come_at_multiples_since_midnight() -> None:
    station = observed(AlignedDataCtrlr_Interval=60)

    play(station, ["plug in", "token"], wait_s=100)

    idle, charging = station.calls("MeterValues"), with_trigger(station, "MeterValueClock")
    assert {request["evseId"] for request in idle} == {2}
    for values in ([request["meterValue"] for request in idle], [event["meterValue"] for event in charging]):
        assert len(values) == 3
        assert all(seconds(value[0]["timestamp"]) % 60 == 0 for value in values)
        assert all(value[0]["sampledValue"][0]["context"] == "Sample.Clock" for value in values)


def test_changed_aligned_interval_counts_at_once() -> None:
    station = observed(AlignedDataCtrlr_Interval=86400)

    set_variable(station, "AlignedDataCtrlr.Interval", 30)
    station.advance(65)

    assert len(station.calls("MeterValues")) in {4, 6}


@pytest.mark.parametrize("is_running", [False, True])
def test_aligned_values_only_come_during_idle_if_configured(is_running: bool) -> None:
    station = observed(AlignedDataCtrlr_Interval=30, AlignedDataCtrlr_SendDuringIdle=True)

    play(station, ["plug in"] if is_running else ["park"], wait_s=95)

    assert bool(station.calls("MeterValues")) is not is_running
    assert with_trigger(station, "MeterValueClock") == []


def test_aligned_values_do_not_come_when_disabled() -> None:
    station = observed(AlignedDataCtrlr_Interval=30, AlignedDataCtrlr_Enabled=False)

    play(station, ["plug in"], wait_s=95)

    assert station.calls("MeterValues") == []
    assert with_trigger(station, "MeterValueClock") == []


def test_aligned_values_of_idle_evses_are_not_kept_while_offline() -> None:
    station = observed(AlignedDataCtrlr_Interval=30)
    station.station.go_offline(70)

    station.advance(75)

    assert len(station.calls("MeterValues")) <= 2


def test_both_aligned_intervals_work_when_they_are_equal() -> None:
    station = observed(
        AlignedDataCtrlr_Interval=30,
        AlignedDataCtrlr_TxEndedInterval=30,
        AlignedDataCtrlr_TxEndedMeasurands=REGISTER,
    )

    play(station, ["plug in", "token"], wait_s=70)
    play(station, ["token"])

    ended = station.calls("TransactionEvent")[-1]
    assert len(samples(ended, "Sample.Clock")) == len(with_trigger(station, "MeterValueClock")) == 5


@pytest.mark.parametrize(
    ("time_s", "interval_s", "expected"),
    [
        (0, 900, 900),
        (899.9, 900, 900),
        (900, 900, 1800),
        (86399, 50000, 86400),
        (86400, 50000, 136400),
        (136400, 50000, 172800),
        (5, 86400, 86400),
    ],
)
def test_next_multiple_counts_from_midnight(time_s: float, interval_s: int, expected: float) -> None:
    assert next_multiple(time_s, interval_s) == expected


def test_aligned_values_follow_the_clock_when_it_is_set() -> None:
    station = observed(AlignedDataCtrlr_Interval=60)
    station.station.registration.clock_set.emit(0.0)
    station.station.core.clock_offset_s = 20.5
    station.station.registration.clock_set.emit(20.5)

    station.advance(60)

    assert [seconds(sent["meterValue"][0]["timestamp"]) % 60 for sent in station.calls("MeterValues")] == [
        0,
        0,
    ]


# Triggered


def test_triggered_meter_values_come_for_the_evse_named_or_for_all() -> None:
    station = observed()

    for evse in ({}, {"evse": {"id": 2}}):
        answer = station.command("TriggerMessage", {"requestedMessage": "MeterValues", **evse})
        assert answer == {"status": "Accepted"}
        station.advance(5)

    assert [sent["evseId"] for sent in station.calls("MeterValues")] == [1, 2, 2]
    sampled = station.calls("MeterValues")[0]["meterValue"][0]["sampledValue"]
    assert {sample["context"] for sample in sampled} == {"Trigger"}


def test_trigger_of_values_that_no_meter_has_is_rejected() -> None:
    station = observed(AlignedDataCtrlr_Measurands="SoC")

    answer = station.command("TriggerMessage", {"requestedMessage": "MeterValues"})
    station.advance(5)

    assert answer == {"status": "Rejected"}
    assert station.calls("MeterValues") == []


def test_triggered_event_has_the_charging_state_and_the_updated_measurands() -> None:
    station = observed()
    play(station, ["plug in", "token"])

    station.command("TriggerMessage", {"requestedMessage": "TransactionEvent", "evse": {"id": 1}})
    station.advance(5)

    event = station.calls("TransactionEvent")[-1]
    assert (event["eventType"], event["triggerReason"]) == ("Updated", "Trigger")
    assert event["transactionInfo"]["chargingState"] == "Charging"
    assert len(samples(event, "Trigger")) == 1


def test_trigger_of_an_event_without_a_transaction_is_rejected() -> None:
    station = observed()

    answer = station.command("TriggerMessage", {"requestedMessage": "TransactionEvent"})

    assert answer == {"status": "Rejected"}


def test_no_samples_are_taken_without_power() -> None:
    station = observed(SampledDataCtrlr_TxUpdatedInterval=10, AlignedDataCtrlr_Interval=10)
    play(station, ["plug in", "token"])
    off_at = station.host.time()

    station.station.power_cycle(600)
    station.advance(720)

    times = [seconds(event["timestamp"]) for event in station.calls("TransactionEvent")]
    assert [time for time in times if off_at < time < off_at + 600] == []
    assert max(times) >= off_at + 600


def test_aligned_values_come_without_any_setting() -> None:
    station = ObservedStation()
    station.start()
    interval_s = station.station.core.variables.integer("AlignedDataCtrlr", "Interval")

    station.advance(interval_s + 1)

    assert len(station.calls("MeterValues")) == 2
