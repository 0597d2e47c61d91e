"""Scenes: what a central system and drivers do with a station, so that its misbehaviour causes a finding."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple

from tests.support.observed_station import ObservedStation
from tests.v201.findings.checks import plays


class Scene(NamedTuple):
    """A function that acts on a booted station, and the options with which the station is made."""

    play: Callable[[ObservedStation], object]
    station: Mapping[str, Any] = {}
    also: frozenset[str] = frozenset()
    """Other findings that the misbehaviour inevitably causes."""

    def findings(self, *misbehaviours: str) -> set[str]:
        """Play the scene with a station that has these misbehaviours; return the ids of all findings."""
        observed = ObservedStation(*misbehaviours, **self.station)
        observed.start()
        self.play(observed)
        return {finding.id for finding in observed.end()}


def all_scenes() -> dict[str, Scene]:
    """Return the scenes of all functional blocks by kind of finding."""
    scenes: dict[str, Scene] = {}
    for module in iter_modules(plays.__path__):
        scenes |= import_module(f"{plays.__name__}.{module.name}").SCENES
    return scenes
