"""How a misbehaving station causes the findings about data transfer."""

from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks.scenes import Scene


def wait_for_heartbeat(observed: ObservedStation) -> None:
    observed.advance(30)


SCENES = {"vendor-id-not-domain": Scene(wait_for_heartbeat)}
