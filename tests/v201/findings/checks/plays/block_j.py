"""How a misbehaving station causes the findings about meter values."""

from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.plays.block_e import charge, charge_twice, report_inventory, write
from tests.v201.findings.checks.scenes import Scene


def charge_for_two_intervals(observed: ObservedStation) -> None:
    charge(observed, 70)


def stay_idle(observed: ObservedStation) -> None:
    """Request clock-aligned readings every 30 s, and stay idle for several of them."""
    report_inventory(observed)
    write(observed, {"AlignedDataCtrlr.Interval": "30"})
    observed.advance(300)


def charge_with_readings_only_while_idle(observed: ObservedStation) -> None:
    write(observed, {"AlignedDataCtrlr.Interval": "60", "AlignedDataCtrlr.SendDuringIdle": "true"})
    charge(observed, 190)


SCENES = {
    "aligned-readings-during-transaction": Scene(charge_with_readings_only_while_idle),
    "aligned-readings-missing": Scene(stay_idle, {"heartbeat_s": 60}),
    "reading-ambiguous": Scene(charge_for_two_intervals),
    "reading-context-wrong": Scene(charge_for_two_intervals),
    "reading-location-wrong": Scene(charge_for_two_intervals),
    "reading-unit-wrong": Scene(charge_for_two_intervals),
    "register-rebased": Scene(charge_twice),
}
