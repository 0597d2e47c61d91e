"""Stations that must pass no case: one that is mute, and one that refuses everything."""

from collections.abc import Mapping
from typing import Final

from mock_csms.simulator.verbs import VERBS
from mock_csms.v201.action_tables import CSMS_ACTIONS, STATION_ACTIONS

NOTHING_IS_NOTICED: Final = tuple(f"overlook {verb}" for verb in VERBS)

HOPELESS: Final[Mapping[str, tuple[str, ...]]] = {
    "mute": (
        *(f"omit {action}" for action in STATION_ACTIONS if action not in CSMS_ACTIONS),
        *(f"ignore {action}" for action in CSMS_ACTIONS),
        *NOTHING_IS_NOTICED,
    ),
    "refusing": (*(f"refuse {action} NotSupported" for action in CSMS_ACTIONS), *NOTHING_IS_NOTICED),
}
"""Misbehaviours of each station that must pass no case; the refusing one still boots."""
