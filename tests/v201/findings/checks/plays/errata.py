"""How a misbehaving station causes the findings about requirements that the errata have added."""

from mock_csms.simulator.security_setup import SecuritySetup
from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.plays.block_b import PRIORITY, PROFILE, set_value, take_inventory
from tests.v201.findings.checks.plays.block_c import (
    MASTER_GROUP,
    OTHER,
    SETTLED_S,
    answer_authorize,
    charge,
    configure,
)
from tests.v201.findings.checks.scenes import Scene


def select_lower_profile(observed: ObservedStation) -> None:
    take_inventory(observed)
    observed.command(
        "SetNetworkProfile",
        {"configurationSlot": 2, "connectionData": {**PROFILE, "ocppCsmsUrl": "wss://host"}},
    )
    set_value(PRIORITY, "2")(observed)


def stop_with_master_pass(observed: ObservedStation) -> None:
    configure(observed, {"AuthCtrlr.MasterPassGroupId": "MASTER"})
    charge(observed)
    observed.advance(SETTLED_S)
    answer_authorize(observed, groupIdToken=MASTER_GROUP)
    observed.station.present(OTHER)
    observed.advance(5)


def reset_during_transaction(observed: ObservedStation) -> None:
    charge(observed)
    observed.command("Reset", {"type": "Immediate"})
    observed.advance(5)


SCENES = {
    "security-downgrade-selected": Scene(
        select_lower_profile,
        station={"security": SecuritySetup(profile=2)},
        also=frozenset({"security-downgrade-accepted"}),
    ),
    "master-pass-not-reported": Scene(stop_with_master_pass),
    "reset-trigger-reason-wrong": Scene(reset_during_transaction),
}
