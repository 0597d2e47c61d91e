"""The EVSE and connector at which a rig performs the actions that a case asks for."""

from typing import Any

import pytest

from mock_csms.certify.case_steps import CaseSteps
from mock_csms.certify.station_file import StationFile, StationTable
from mock_csms.certify.stimuli import Stimulus
from mock_csms.certify.verbs.rig_verbs import RigVerbs


class RecordingRig:
    """A rig that records, as text, each action that it is asked for, and performs none."""

    def __init__(self) -> None:
        self.given: list[str] = []

    async def do(self, stimulus: Stimulus) -> None:
        """Record an action that the rig is asked for."""
        self.given.append(str(stimulus))


@pytest.mark.parametrize(
    ("stimulus", "parameters", "given"),
    [
        ("plug-in", {}, "plug-in evse=1 connector=2"),
        ("plug-in", {"evse": 2}, "plug-in evse=2 connector=1"),
        ("plug-in", {"connector": 3}, "plug-in evse=1 connector=3"),
        ("fault", {}, "fault evse=1 connector=2"),
        ("fault", {"evse": 2}, "fault evse=2"),
        ("park", {}, "park evse=1"),
        ("offline", {}, "offline"),
    ],
)
async def test_stimulus_is_given_at_the_evse_of_the_case_and_its_lowest_connector(
    stimulus: str, parameters: dict[str, Any], given: str
) -> None:
    rig = RecordingRig()
    file = StationFile(station=StationTable(evses={1: (3, 2), 2: (1,)}))

    await RigVerbs(rig, CaseSteps(), file).does(stimulus, **parameters)

    assert rig.given == [given]
