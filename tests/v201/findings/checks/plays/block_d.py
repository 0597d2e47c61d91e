"""How a misbehaving station causes the findings about the local authorization list."""

from typing import Any

from tests.support.observed_station import TOKEN, ObservedStation
from tests.v201.findings.checks.plays.block_c import configure, read
from tests.v201.findings.checks.scenes import Scene

ENTRY = {"idToken": TOKEN, "idTokenInfo": {"status": "Accepted"}}


def send(observed: ObservedStation, version: int = 1, update_type: str = "Full", **fields: Any) -> None:
    """Read whether local lists are enabled, send one, and wait until the station must have stored it."""
    read(observed, "LocalAuthListCtrlr.Enabled")
    request = {"versionNumber": version, "updateType": update_type, **fields}
    observed.command("SendLocalList", request)
    observed.advance(6)


def read_version(observed: ObservedStation) -> None:
    observed.command("GetLocalListVersion")


def read_version_after_update(observed: ObservedStation) -> None:
    send(observed, localAuthorizationList=[ENTRY])
    read_version(observed)


def read_version_while_disabled(observed: ObservedStation) -> None:
    configure(observed, {"LocalAuthListCtrlr.Enabled": "false"})
    read_version(observed)


def read_version_after_restart(observed: ObservedStation) -> None:
    send(observed, localAuthorizationList=[ENTRY])
    observed.station.power_cycle()
    observed.advance(15)
    read(observed, "LocalAuthListCtrlr.Enabled")
    read_version(observed)


def read_version_twice(observed: ObservedStation) -> None:
    read_version(observed)
    read_version(observed)


def send_outdated_update(observed: ObservedStation) -> None:
    send(observed, version=5)
    send(observed, version=4, update_type="Differential")


def read_entries(observed: ObservedStation) -> None:
    send(observed, localAuthorizationList=[ENTRY])
    read(observed, "LocalAuthListCtrlr.Entries")


def report_inventory(observed: ObservedStation) -> None:
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(5)


SCENES = {
    "list-version-wrong": Scene(read_version_after_update),
    "list-version-while-disabled": Scene(read_version_while_disabled),
    "list-lost-at-reboot": Scene(read_version_after_restart),
    "list-changed-by-itself": Scene(read_version_twice),
    "outdated-list-accepted": Scene(send_outdated_update),
    "list-entries-wrong": Scene(read_entries),
    "list-entries-not-reported": Scene(report_inventory),
}
