"""Station profiles: finds the profiles of a station, and merges schedules and changes of profiles."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from typing import Any, Final

from mock_csms.behaviour.rules import Rule, rule_of_flag
from mock_csms.messages import JsonObject
from mock_csms.settings.files import reading_no_files
from mock_csms.settings.station_settings import Profile

PROFILE_WILDCARDS: Final = frozenset("*?[")
PLAN_FIELDS: Final = frozenset({"command", "commands", "period", "delay", "payload"})
"""Settings that schedule commands."""


def is_profile_glob(name: str) -> bool:
    """Whether the name of a profile has wildcards."""
    return not PROFILE_WILDCARDS.isdisjoint(name)


class ProfileNames:
    """Finds the names of profiles, which are identities or globs, that match a station.

    Identities are looked up in a dictionary, because there may be thousands. The case of a glob does not
    matter: a station could otherwise evade its security profile by spelling its identity in another case.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._order = {name: (*_specificity(name), number) for number, name in enumerate(names)}
        self._globs = {
            name: re.compile(translate(name), re.IGNORECASE).match
            for name in self._order
            if is_profile_glob(name)
        }

    def matching(self, identity: str) -> tuple[str, ...]:
        """Names that match a station, the most specific last. Equally specific names keep their order."""
        matching = {name for name, matches in self._globs.items() if matches(identity)}
        if identity in self._order:
            matching.add(identity)
        return tuple(sorted(matching, key=self._order.__getitem__))


def _specificity(pattern: str) -> tuple[bool, int]:
    return not is_profile_glob(pattern), sum(character not in PROFILE_WILDCARDS for character in pattern)


def plan_of(general: Profile, overlays: Iterable[Profile]) -> Profile:
    """Merge the scheduled commands of ``overlays`` over those of ``general``.

    All other settings of the result are defaults.
    """
    values = {name: getattr(general, name) for name in PLAN_FIELDS}
    for overlay in overlays:
        values |= plan_replaced_by(overlay)
        values |= {name: getattr(overlay, name) for name in PLAN_FIELDS & overlay.model_fields_set}
    return Profile.model_construct(**values)


def plan_replaced_by(overlay: Profile) -> dict[str, Any]:
    """Values that reset the inherited settings with which the schedule of ``overlay`` would conflict.

    A ``command`` replaces inherited ``commands``, and ``commands`` replace an inherited ``command``.
    """
    no_schedule: dict[str, Any] = {"period": None, "delay": None, "payload": None}
    if overlay.commands:
        return {"command": None, **no_schedule}
    if "command" not in overlay.model_fields_set:
        return {}
    return {"commands": ()} if overlay.command else no_schedule


def fault_rules(identity: str, changes: JsonObject) -> dict[str, Rule]:
    """Make a rule for each fault in ``changes`` of a station; return the rules by id."""
    faults = Profile.model_validate({"faults": changes.get("faults", ())}).faults
    rules = {f"changed {identity}: {text}": rule_of_flag(text, station=identity) for text in faults}
    return {rule_id: rule.model_copy(update={"id": rule_id}) for rule_id, rule in rules.items()}


def with_changes(profile: Profile, changes: JsonObject) -> Profile:
    """Validate changes and return a copy of the profile with them.

    Raises ValueError, also for a change that names a file.
    """
    with reading_no_files():
        overlay = Profile.model_validate(changes)
    return updated_profile(profile, {name: getattr(overlay, name) for name in overlay.model_fields_set})


def updated_profile(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    """A copy of a profile with changed values, which are not validated."""
    return Profile.model_construct(
        **{name: changes.get(name, getattr(profile, name)) for name in Profile.model_fields}
    )
