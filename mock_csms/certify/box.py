"""Runs a simulated station ("the station in the box") as the station under test.

`StationRig` carries out the stimuli: actions at the station, such as plugging in.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from mock_csms.certify.box_server import PASSWORD
from mock_csms.certify.features import FEATURES, PROFILES
from mock_csms.certify.station_file import StationFile, StationTable, TimesTable
from mock_csms.certify.stimuli import CannotDo, Stimulus
from mock_csms.certify.variants import USUAL, BoxVariant
from mock_csms.pki import Pki
from mock_csms.simulator.core import Setup
from mock_csms.simulator.fleet import FleetMember, FleetOptions
from mock_csms.simulator.host import LoopHost
from mock_csms.simulator.security_setup import (
    CLIENT_CERTIFICATE_PROFILE,
    NO_SECURITY,
    TLS_PROFILES,
    SecuritySetup,
)
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.trust_store import CSMS_ROOT
from mock_csms.simulator.verbs import Obstacle, WrongStep, step_of, verb_named
from mock_csms.v201.version import OCPP_2_0_1

SPEED: Final = 100.0
"""Factor by which restarts and installations of the simulated station are faster than in reality."""
MESSAGE_S: Final = 5.0
"""Seconds within which a message of the simulated station has to come."""
BOX_STOP_S: Final = 5.0
STEPS_OF_STIMULI: Final = {"no-site-limit": "site-limit"}
"""Simulator step by stimulus, where the names differ; ``site-limit`` without amperes ends the limit."""
EXCLUDING: Final = frozenset({"AQ-2", "AQ-8", "AQ-11", "C-43", "Mode12Only"})
"""Features that the simulated station does not claim, because each rules out more cases than it adds."""
CLAIMS: Final = tuple(id_ for id_ in FEATURES if id_ not in EXCLUDING)


class StationRig:
    """Carries out stimuli at a simulated station in the same process."""

    def __init__(self, station: SimulatedStation) -> None:
        self._station = station

    async def do(self, stimulus: Stimulus) -> None:
        """Perform the simulator step for a stimulus; raises CannotDo."""
        if stimulus.name in {"choose", "confirm"}:
            return
        name = STEPS_OF_STIMULI.get(stimulus.name, stimulus.name)
        try:
            step = step_of(verb_named(name), stimulus.parameters, self._station.core.setup)
            step.do(self._station, lambda _: None)
        except (WrongStep, Obstacle) as reason:
            raise CannotDo(f"the station in the box cannot do {stimulus}: {reason}") from None


def file_of_box(identity: str) -> StationFile:
    """Return the station file of the simulated station, which claims every certification profile."""
    return StationFile(
        station=StationTable(identity=identity, profiles=PROFILES, features=CLAIMS, password=PASSWORD),
        times=TimesTable(
            message=MESSAGE_S,
            boot=10,
            deviation=0.5,
            silence=1,
            transaction=0.2,
            ev_connection_timeout=1,
            aligned_interval=1,
            sampled_interval=1,
            manual=2,
            transfer=20,
            reservation=1,
            schedule=2,
            signing=1,
        ),
    )


def security_of_box(identity: str, pki: Pki, profile: int) -> SecuritySetup:
    """Return the credentials and the root certificate that a station needs for a security profile."""
    client = pki.issue_client(identity) if profile == CLIENT_CERTIFICATE_PROFILE else None
    return SecuritySetup(
        profile=profile,
        password=PASSWORD,
        roots={CSMS_ROOT: pki.root_pem} if profile in TLS_PROFILES else {},
        client_chain="".join(client.chain) if client else "",
        client_key=(client.key_pem or "") if client else "",
        contract_chain="".join(pki.named("contract").chain),
    )


@asynccontextmanager
async def box_station(
    identity: str,
    url: str,
    misbehaviours: Sequence[str] = (),
    variant: BoxVariant = USUAL,
    security: SecuritySetup = NO_SECURITY,
) -> AsyncIterator[StationRig]:
    """Run a simulated station with these misbehaviours while the context is open."""
    setup = Setup(identity=identity, url=url, speed=SPEED, security=security, **variant.setup)
    ways = [*variant.ways, *misbehaviours]
    options = FleetOptions(setups=[setup], misbehaviours=ways, has_drivers=False)
    member = FleetMember(setup, LoopHost(), options, OCPP_2_0_1, lambda _: None)
    _put_values(member.station, variant)
    member.start(options, lambda: None)
    try:
        yield StationRig(member.station)
    finally:
        async with asyncio.timeout(BOX_STOP_S):
            await member.connection.aclose()


def _put_values(station: SimulatedStation, variant: BoxVariant) -> None:
    """Set the variables of a variant in the device model of the station, at all EVSEs and connectors."""
    for key in list(station.core.variables):
        value = variant.variables.get(f"{key.component}.{key.variable}")
        if value is not None:
            station.core.variables.put(key, value)
