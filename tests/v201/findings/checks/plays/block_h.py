"""How a misbehaving station causes the findings about reservations."""

from datetime import UTC, datetime
from typing import Any

from mock_csms.simulator.device_model import Key
from mock_csms.text import timestamp
from tests.support.observed_station import TOKEN, ObservedStation
from tests.v201.findings.checks.plays.block_c import configure, read
from tests.v201.findings.checks.scenes import Scene

VALID_S = 3600.0
QUIET_S = 700
"""Seconds without an authorization, after which no authorized driver can be about to plug in."""
NON_EVSE_SPECIFIC = Key("ReservationCtrlr", "NonEvseSpecific")


def read_settings(observed: ObservedStation) -> None:
    """Read the variables that say which reservations are possible."""
    read(
        observed,
        "AuthCtrlr.LocalPreAuthorize",
        "ReservationCtrlr.Enabled",
        "ReservationCtrlr.NonEvseSpecific",
    )


def reserve(observed: ObservedStation, **fields: Any) -> None:
    """Send a ReserveNow that is valid for an hour."""
    expiry = timestamp(datetime.fromtimestamp(observed.host.time() + VALID_S, UTC))
    observed.command("ReserveNow", {"id": 3, "expiryDateTime": expiry, "idToken": TOKEN, **fields})


def cancel(observed: ObservedStation) -> None:
    observed.command("CancelReservation", {"reservationId": 3})


def reserve_while_disabled(observed: ObservedStation) -> None:
    configure(observed, {"ReservationCtrlr.Enabled": "false"})
    reserve(observed, evseId=1)


def reserve_any_evse(observed: ObservedStation) -> None:
    read_settings(observed)
    observed.advance(QUIET_S)
    reserve(observed)
    observed.advance(6)


def reserve_specific_evse_only(observed: ObservedStation) -> None:
    observed.station.core.variables.put(NON_EVSE_SPECIFIC, "false")
    reserve_any_evse(observed)


def reserve_occupied_evse(observed: ObservedStation) -> None:
    read_settings(observed)
    observed.station.plug_in()
    observed.advance(5)
    reserve(observed, evseId=1)
    observed.advance(6)


def reserve_evse(observed: ObservedStation) -> None:
    reserve(observed, evseId=1)
    observed.advance(62)


def break_reserved_evse(observed: ObservedStation) -> None:
    reserve(observed, evseId=1)
    observed.advance(5)
    observed.station.charging.fault(1)
    observed.advance(62)


def cancel_twice(observed: ObservedStation) -> None:
    reserve(observed, evseId=1)
    observed.advance(5)
    cancel(observed)
    observed.advance(5)
    cancel(observed)


def cancel_once(observed: ObservedStation) -> None:
    reserve(observed, evseId=1)
    observed.advance(5)
    cancel(observed)
    observed.advance(62)


def use_reservation(observed: ObservedStation) -> None:
    reserve(observed, evseId=1)
    observed.advance(5)
    observed.station.present(TOKEN, 1)
    observed.advance(5)


SCENES = {
    "reservation-accepted-while-disabled": Scene(reserve_while_disabled),
    "unspecific-reservation-accepted": Scene(reserve_specific_evse_only),
    "reservation-status-wrong": Scene(reserve_occupied_evse),
    "free-station-not-reserved": Scene(reserve_any_evse),
    "reserved-status-not-sent": Scene(reserve_evse),
    "broken-reservation-not-removed": Scene(break_reserved_evse),
    "unknown-reservation-cancelled": Scene(cancel_twice),
    "reservation-not-cancelled": Scene(cancel_once),
    "reserved-status-kept": Scene(cancel_once),
    "used-reservation-kept": Scene(use_reservation),
    "reservation-expired-early": Scene(
        break_reserved_evse, also=frozenset({"broken-reservation-not-removed"})
    ),
}
