"""Vehicles, meters and sampled values of a simulated station."""

import pytest

from mock_csms.simulator.metering import SAMPLERS, Meter, MeterReading, Vehicle, meter_value

READING = MeterReading(register_wh=1234.5678, power_w=6900, offered_w=11040, state_of_charge=42.5)
TIME = "2026-01-01T00:00:00.000Z"


def test_meter_counts_energy_of_the_power_that_flows() -> None:
    meter = Meter(register_wh=1000, power_w=3600, read_at=100)

    assert meter.advance(110) == pytest.approx(10)
    assert meter.register_wh == pytest.approx(1010)


def test_meter_register_stays_when_clock_goes_back() -> None:
    meter = Meter(register_wh=1000, power_w=3600, read_at=100)

    assert meter.advance(50) == 0
    assert meter.advance(101) == pytest.approx(1)


def test_vehicle_stops_drawing_when_its_demand_is_met() -> None:
    vehicle = Vehicle(demand_wh=100, capacity_wh=1000)

    assert vehicle.is_drawing
    assert vehicle.state_of_charge == 70
    vehicle.taken_wh = 101
    assert not vehicle.is_drawing
    assert vehicle.state_of_charge == 80


def test_meter_value_has_context_and_measurand_in_each_sample() -> None:
    value = meter_value(TIME, ["Energy.Active.Import.Register", "Current.Import"], READING, "Trigger")

    assert [(item["measurand"], item["value"]) for item in value[0]["sampledValue"]] == [
        ("Energy.Active.Import.Register", 1234.568),
        ("Current.Import", 10.0),
        ("Current.Import", 10.0),
        ("Current.Import", 10.0),
    ]
    assert {item["context"] for item in value[0]["sampledValue"]} == {"Trigger"}
    assert [item.get("phase") for item in value[0]["sampledValue"]] == [None, "L1", "L2", "L3"]


def test_meter_value_without_measured_quantity_is_empty() -> None:
    assert meter_value(TIME, ["Energy.Reactive.Net"], READING, "Trigger") == []
    assert meter_value(TIME, ["SoC"], READING._replace(state_of_charge=None), "Trigger") == []


@pytest.mark.parametrize("measurand", SAMPLERS)
def test_every_measurand_has_a_unit(measurand: str) -> None:
    (value,) = meter_value(TIME, [measurand], READING, "Other")

    assert all(item["unitOfMeasure"]["unit"] for item in value["sampledValue"])
