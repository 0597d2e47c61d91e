"""Energy registers of transactions and EVSEs, which must not decrease (J02.FR.16)."""

from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from typing import Final

from mock_csms.messages import JsonObject
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.transactions import ENERGY_REGISTER, MAX_WH, TRANSACTION_BEGIN
from mock_csms.v201.findings.clock import seconds_of

REGISTERS: Final = frozenset(
    {
        "Energy.Active.Export.Register",
        ENERGY_REGISTER,
        "Energy.Reactive.Export.Register",
        "Energy.Reactive.Import.Register",
    }
)
UNIT_SIZES: Final = {"Wh": 1.0, "kWh": 1000.0, "varh": 1.0, "kvarh": 1000.0}
MAX_EXPONENT: Final = 30
ROUNDING: Final = 1.0
"""Decrease, in Wh or varh, that rounding can explain at any resolution."""
FLOAT_ERROR: Final = 1e-6
OUTLET: Final = frozenset({"Outlet"})
FIXED_METERS: Final = frozenset({"Outlet", "Inlet"})
"""Locations whose meter belongs to the station."""
MAX_SERIES: Final = 16
MAX_READINGS: Final = 50

type Series = tuple[str, str | None, str]
"""Measurand, phase (None: all phases) and location of a register."""

type RegisterValue = tuple[float, float, float]
"""Value of a register in Wh or varh, the value as sent, and the size of the unit as sent, in Wh or varh."""

type Reading = tuple[str, float, int, int, RegisterValue]
"""Reading of a register: sortable timestamp, value in Wh or varh, seqNo and frame of the message, and the
`RegisterValue` of the reading.
"""


def register_values(
    samples: Iterable[JsonObject], locations: Container[str], *, is_start: bool = False
) -> Iterator[tuple[Series, RegisterValue]]:
    """Yield each energy register in ``samples`` whose location is in ``locations``, with its value.

    A reading with context Transaction.Begin counts only in the Started event (``is_start``).
    """
    for sample in samples:
        if not is_start and sample.get("context") == TRANSACTION_BEGIN:
            continue
        measurand, location = sample.get("measurand", ENERGY_REGISTER), sample.get("location", "Outlet")
        if measurand not in REGISTERS or location not in locations:
            continue
        sent, unit = sample["value"], sample.get("unitOfMeasure")
        factor = 1.0
        if unit is not None:
            unit_size, exponent = UNIT_SIZES.get(unit.get("unit", "Wh")), unit.get("multiplier", 0)
            if unit_size is None or abs(exponent) > MAX_EXPONENT:
                continue
            factor = unit_size * 10.0**exponent
        value = sent * factor
        if -MAX_WH <= value <= MAX_WH:
            yield (measurand, sample.get("phase"), location), (value, sent, factor)


class Registers(dict[Series, list[Reading]]):
    """Readings of a transaction's registers, each in order of time."""

    __slots__ = ()

    @property
    def are_comparable(self) -> bool:
        """Whether at least one register has several readings."""
        return any(len(readings) > 1 for readings in self.values())

    def read(self, series: Series, reading: Reading) -> tuple[Reading, Reading] | None:
        """Add a reading. If the register decreases to or from this reading, return the two readings as
        (earlier, later).

        A reading that is older than the readings of earlier events proves nothing, because the clock may have
        been set in between.
        """
        readings = self.get(series)
        if readings is None:
            if len(self) < MAX_SERIES:
                self[series] = [reading]
            return None
        last = readings[-1]
        if reading[0] >= last[0] and reading[1] >= last[1] and len(readings) < MAX_READINGS:
            readings.append(reading)
            return None
        return _insert(readings, reading)


def _insert(readings: list[Reading], reading: Reading) -> tuple[Reading, Reading] | None:
    index = bisect_right(readings, reading[0], key=itemgetter(0))
    readings.insert(index, reading)
    neighbours = readings[max(index - 1, 0) : index + 2]
    if len(readings) > MAX_READINGS:
        del readings[: MAX_READINGS // 2]
    for earlier, later in pairwise(neighbours):
        if _decreases(earlier, later) and earlier[2] <= later[2] and _is_before(earlier[0], later[0]):
            return earlier, later
    return None


class EvseRegisters(BoundedDict[tuple[int, Series], Reading]):
    """Last reading of each register in MeterValues, by EVSE."""

    __slots__ = ()
    limit = 200

    def read(self, evse_id: int, series: Series, reading: Reading) -> tuple[Reading, Reading] | None:
        """Add a reading; return (earlier, later) if the register decreased.

        A reading that is not newer than the last one proves nothing. A reading of EVSE 0 proves nothing
        either, because EVSE 0 may have several meters.
        """
        place, last = (evse_id, series), self.get((evse_id, series))
        if evse_id <= 0 or (last is not None and reading[0] < last[0]):
            return None
        if last is None or not _decreases(last, reading):
            self[place] = reading
            return None
        if not _is_before(last[0], reading[0]):
            return None
        self[place] = reading
        return last, reading


def unit_of(series: Series) -> str:
    """Return the unit of a register."""
    return "varh" if "Reactive" in series[0] else "Wh"


def _decreases(earlier: Reading, later: Reading) -> bool:
    """Return whether a register decreases by more than rounding to the coarser resolution can explain."""
    decrease = earlier[1] - later[1]
    if decrease <= ROUNDING:
        return False
    return decrease + FLOAT_ERROR >= max(_resolution(earlier[4]), _resolution(later[4]))


def _resolution(value: RegisterValue) -> float:
    """Return the size of the last digit that was sent, in Wh or varh. Trailing zeros are ignored, because a
    parsed number does not show them.
    """
    _, sent, factor = value
    if sent == int(sent):
        return factor
    exponent = Decimal(repr(sent)).as_tuple().exponent
    return factor * 10.0 ** int(exponent)


def may_be_rounded(earlier: RegisterValue, later: RegisterValue) -> bool:
    """Return whether rounding to the coarser resolution can explain that a register decreases."""
    return earlier[0] - later[0] + FLOAT_ERROR < max(_resolution(earlier), _resolution(later))


def _is_before(key: str, other: str) -> bool:
    seconds, others = seconds_of(key), seconds_of(other)
    return seconds is not None and others is not None and seconds < others
