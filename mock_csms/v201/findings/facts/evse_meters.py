"""Abilities of the meter of each EVSE, which may differ within a station (J01, J02)."""

from typing import Final

from mock_csms.findings.facts import Facts
from mock_csms.stations.bounded import BoundedDict
from mock_csms.stations.transactions import ENERGY_REGISTER
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts
from mock_csms.v201.findings.known import MAY_HAVE_NEW_FIRMWARE, Known201
from mock_csms.v201.findings.samples import CERTAIN

_MAX_EVSES: Final = 50


class _Measurands(BoundedDict[int, frozenset[str]]):
    __slots__ = ()
    limit = _MAX_EVSES


class EvseMeters(Facts):
    """Measurands and signatures in the transactions that have ended, by EVSE."""

    __slots__ = ("_measurands", "_signing")

    def __init__(self) -> None:
        self._measurands = _Measurands()
        self._signing: frozenset[int] = frozenset()

    def measurands(self, evse_id: int) -> frozenset[str]:
        """Return the measurands that an EVSE can certainly report."""
        return self._measurands.get(evse_id, frozenset()) | {ENERGY_REGISTER}

    def has_signed(self, evse_id: int) -> bool:
        """Return whether a transaction on an EVSE had signed readings, so that its meter can sign."""
        return evse_id in self._signing

    def note(self, evse_id: int, measurands: frozenset[str], *, is_signed: bool) -> None:
        """Register the measurands in a transaction on an EVSE, and whether it had signed readings."""
        known = self._measurands.get(evse_id, frozenset())
        if not measurands <= known:
            self._measurands[evse_id] = known | measurands
        if is_signed and evse_id not in self._signing and len(self._signing) < _MAX_EVSES:
            self._signing |= {evse_id}

    def booted(self, reason: str) -> None:
        if reason in MAY_HAVE_NEW_FIRMWARE:
            self._measurands.clear()
            self._signing = frozenset()


def certain_measurands(known: Known201, evse_id: int) -> frozenset[str]:
    """Return the measurands that an EVSE can certainly report if they are configured on the station."""
    if known[DeviceModelFacts].only_evse == evse_id:
        return CERTAIN
    return known[EvseMeters].measurands(evse_id)


def can_sign(known: Known201, evse_id: int) -> bool:
    """Return whether an EVSE of a station with SignReadings can certainly sign its readings."""
    return known[DeviceModelFacts].only_evse == evse_id or known[EvseMeters].has_signed(evse_id)
