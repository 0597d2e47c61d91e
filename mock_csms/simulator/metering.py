"""Vehicles, energy meters and the values sampled from the meters (J)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from ocpp.v201.enums import CertificateActionEnumType as CertificateAction
from ocpp.v201.enums import MeasurandEnumType as Measurand
from ocpp.v201.enums import ReadingContextEnumType as ReadingContext

from mock_csms.messages import JsonObject

VOLTAGE_V: Final = 230.0
FREQUENCY_HZ: Final = 50.0
PHASES: Final = 3
MAX_SAMPLES: Final = 50
"""Maximum number of meter values of one context in an Ended event; longer series are thinned out."""


@dataclass
class Vehicle:
    """A vehicle that is plugged in."""

    max_power_w: float = 11040.0
    """Maximum power; the default is three phases of 16 A."""
    demand_wh: float = 20000.0
    """Energy that the vehicle takes before it suspends charging."""
    capacity_wh: float = 60000.0
    has_iso_15118: bool = False
    certificate_request: CertificateAction | None = CertificateAction.install
    """Request of an ISO 15118 vehicle for a contract certificate; None if the vehicle makes no request."""
    presents_contract: bool = False
    """Whether the vehicle presents its contract certificate once ``certificate_request`` is accepted."""
    taken_wh: float = 0.0
    is_paused: bool = False
    """Whether the vehicle itself suspends charging."""

    @property
    def is_drawing(self) -> bool:
        """Whether the vehicle takes offered energy: it is not paused and its demand is not met."""
        return not self.is_paused and self.taken_wh < self.demand_wh

    @property
    def state_of_charge(self) -> float:
        """State of charge in percent; 80 when the vehicle's demand is met."""
        return round(80 - 100 * (self.demand_wh - min(self.taken_wh, self.demand_wh)) / self.capacity_wh, 1)


@dataclass
class Meter:
    """An energy meter; the register counts all energy that flows."""

    register_wh: float = 0.0
    power_w: float = 0.0
    read_at: float = 0.0
    """Time up to which the register was advanced."""

    def advance(self, now: float) -> float:
        """Count the energy up to a time and return the added energy in Wh."""
        added_wh = self.power_w * max(now - self.read_at, 0) / 3600
        self.register_wh += added_wh
        self.read_at = max(now, self.read_at)
        return added_wh


class MeterReading(NamedTuple):
    """A reading of one meter."""

    register_wh: float
    power_w: float
    offered_w: float
    state_of_charge: float | None = None


class Samples:
    """Evenly spaced meter values. If there are too many, every second one is dropped (E06.FR.13)."""

    def __init__(self) -> None:
        self.kept: list[JsonObject] = []
        self._step = 1
        """One of this many added values is kept."""
        self._added = 0

    def add(self, value: JsonObject) -> None:
        """Keep ``value`` if it is the first of ``_step`` added values; otherwise, drop it.

        If more than MAX_SAMPLES values are then kept, drop every second of these and double ``_step``.
        """
        if self._added % self._step == 0:
            self.kept.append(value)
            if len(self.kept) > MAX_SAMPLES:
                self.kept = self.kept[::2]
                self._step *= 2
        self._added += 1


SAMPLERS: Final[Mapping[str, Callable[[MeterReading], list[JsonObject]]]] = {
    Measurand.energy_active_import_register: lambda reading: [
        {"value": round(reading.register_wh, 3), "unitOfMeasure": {"unit": "Wh"}}
    ],
    Measurand.power_active_import: lambda reading: [
        {"value": round(reading.power_w, 1), "unitOfMeasure": {"unit": "W"}}
    ],
    Measurand.power_offered: lambda reading: [
        {"value": round(reading.offered_w, 1), "unitOfMeasure": {"unit": "W"}}
    ],
    Measurand.current_import: lambda reading: [
        {"value": round(reading.power_w / VOLTAGE_V / PHASES, 2), "phase": f"L{number}"}
        | {"unitOfMeasure": {"unit": "A"}}
        for number in range(1, PHASES + 1)
    ],
    Measurand.current_offered: lambda reading: [
        {"value": round(reading.offered_w / VOLTAGE_V / PHASES, 2), "unitOfMeasure": {"unit": "A"}}
    ],
    Measurand.voltage: lambda _: [
        {"value": VOLTAGE_V, "phase": f"L{number}-N", "unitOfMeasure": {"unit": "V"}}
        for number in range(1, PHASES + 1)
    ],
    Measurand.frequency: lambda _: [{"value": FREQUENCY_HZ, "unitOfMeasure": {"unit": "Hertz"}}],
    Measurand.soc: lambda reading: [
        {"value": reading.state_of_charge, "unitOfMeasure": {"unit": "Percent"}, "location": "EV"}
        for _ in range(reading.state_of_charge is not None)
    ],
}
"""Functions by measurand; each makes the sampled values of a reading, without their measurand and context."""


def meter_value(
    at: str, measurands: Iterable[str], reading: MeterReading, context: ReadingContext
) -> list[JsonObject]:
    """List with one MeterValueType of the available measurands; empty if none of them is available."""
    sampled = [
        {**value, "measurand": measurand, "context": context}
        for measurand in measurands
        if measurand in SAMPLERS
        for value in SAMPLERS[measurand](reading)
    ]
    return [{"timestamp": at, "sampledValue": sampled}] if sampled else []
