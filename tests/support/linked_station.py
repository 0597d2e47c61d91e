"""A simulated station with a real connection to a central system."""

from random import Random

from mock_csms.simulator.connection import Connection
from mock_csms.simulator.core import Setup
from mock_csms.simulator.fleet import build_station
from mock_csms.simulator.host import LoopHost
from mock_csms.simulator.security_setup import NO_SECURITY, SecuritySetup
from mock_csms.simulator.station import SimulatedStation
from mock_csms.v201.version import OCPP_2_0_1


def linked_station(
    url: str,
    *misbehaviours: str,
    identity: str = "CS1",
    speed: float = 1.0,
    security: SecuritySetup = NO_SECURITY,
) -> tuple[SimulatedStation, Connection]:
    """Return a station and its `Connection`, which is not open yet."""
    setup = Setup(identity=identity, url=url, speed=speed, security=security)
    station = build_station(setup, LoopHost(), Random(1), OCPP_2_0_1, misbehaviours)
    station.core.link = connection = Connection(station, OCPP_2_0_1)
    return station, connection
