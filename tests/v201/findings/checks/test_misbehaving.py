"""A simulated station causes each finding of a check by a misbehaviour, and no finding without one."""

import pytest

from mock_csms.simulator.misbehaviour.by_finding import misbehaviours_by_finding
from mock_csms.v201.findings.all_checks import CHECKS
from tests.support.observed_station import file_server
from tests.v201.findings.checks.scenes import all_scenes

__all__ = ["file_server"]

SCENES = all_scenes()
CASES = [
    pytest.param(kind, misbehaviour, id=f"{kind}: {misbehaviour}")
    for kind in CHECKS.kinds
    for misbehaviour in misbehaviours_by_finding().get(kind, ())
]

pytestmark = pytest.mark.usefixtures("file_server")


def test_every_kind_has_a_scene_and_a_misbehaviour() -> None:
    assert SCENES.keys() == CHECKS.kinds.keys()
    assert CHECKS.kinds.keys() <= misbehaviours_by_finding().keys()


@pytest.mark.parametrize(("kind", "misbehaviour"), CASES)
def test_misbehaviour_causes_its_finding(kind: str, misbehaviour: str) -> None:
    scene = SCENES[kind]

    assert kind in scene.findings(misbehaviour) <= {kind, *scene.also}


@pytest.mark.parametrize("kind", CHECKS.kinds)
def test_scene_without_misbehaviour_has_no_finding(kind: str) -> None:
    assert SCENES[kind].findings() == set()
