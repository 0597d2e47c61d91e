"""Upgrades of stations to a higher security profile. After an upgrade, a lower profile is refused (A05)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from mock_csms.security.profiles import Clearance, Presented
from mock_csms.stations.bounded import BoundedDict

MAX_UPGRADES: Final = 20_000
MAX_SLOTS: Final = 100
"""Maximum number of configuration slots per station for which a security profile is stored."""
LOWEST_AFTER_DOWNGRADE: Final = 2
"""Lowest profile after a downgrade: a station may go from 3 to 2, but never to 1 (A05.FR.08, FR.09)."""


def proven_profile(presented: Presented, clearance: Clearance) -> int:
    """Highest security profile that the credentials of an admitted station meet."""
    if presented.is_encrypted and presented.certificate_flaw == "":
        return 3
    if clearance.password is None:
        return 0
    return 2 if presented.is_encrypted else 1


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Security profiles of a station's configuration slots, and the one that the station has reached."""

    configured: int
    """Security profile in the settings at the first change. If the settings change it, the upgrade ends."""
    slots: Mapping[int, int] = field(default_factory=dict)
    """Security profile of each configuration slot that an accepted SetNetworkProfile has set, by slot."""
    priority: tuple[int, ...] = ()
    """Slots in the last accepted NetworkConfigurationPriority."""
    reached: int = 0
    """Planned security profile that the station has connected with; a lower one is refused (A05.FR.07)."""

    @property
    def planned(self) -> int:
        """Highest security profile of the slots in ``priority``; 0 if ``slots`` has none of them."""
        return max((self.slots[slot] for slot in self.priority if slot in self.slots), default=0)


class _Upgrades(BoundedDict[str, Upgrade]):
    """The latest upgrades, by station."""

    limit = MAX_UPGRADES


class SecurityUpgrades:
    """Stores the security profiles that commands of the mock have moved stations to."""

    def __init__(self) -> None:
        self._upgrades = _Upgrades()

    def __iter__(self) -> Iterator[str]:
        return iter(self._upgrades)

    def slot_accepted(self, identity: str, configured: int, slot: int, security_profile: int) -> None:
        """Record an accepted SetNetworkProfile; ``configured`` is the security profile of the settings."""
        known = self._known(identity, configured)
        slots = {**known.slots, slot: security_profile}
        if len(slots) <= MAX_SLOTS:
            self._upgrades[identity] = replace(known, slots=slots)

    def priority_accepted(self, identity: str, configured: int, slots: Collection[int]) -> None:
        """Record an accepted NetworkConfigurationPriority, if the mock has set at least one of its slots."""
        known = self._known(identity, configured)
        profiles = [known.slots[slot] for slot in slots if slot in known.slots]
        if profiles:
            lowest = max(min(profiles), LOWEST_AFTER_DOWNGRADE)
            reached = min(known.reached, lowest)
            self._upgrades[identity] = replace(known, priority=tuple(slots), reached=reached)

    def connected(self, identity: str, proven: int) -> None:
        """Complete a planned upgrade if the credentials on a new connection meet its security profile."""
        known = self._upgrades.get(identity)
        if known is not None and proven >= known.planned > known.reached:
            self._upgrades[identity] = replace(known, reached=known.planned)

    def reached(self, identity: str, configured: int) -> int:
        """Return the profile that a station has been moved to; 0 if none or if ``configured`` has changed."""
        known = self._upgrades.get(identity)
        return known.reached if known is not None and known.configured == configured else 0

    def slot_in_use(self, identity: str) -> int | None:
        """Return the configuration slot that an upgraded station uses, or None if it is not known."""
        known = self._upgrades.get(identity)
        if known is None or not known.reached or not known.priority:
            return None
        first = known.priority[0]
        return first if known.slots.get(first) == known.reached else None

    def forget(self, identity: str) -> None:
        """Drop the upgrade of a station; the security profile in the settings applies again."""
        self._upgrades.pop(identity, None)

    def clear(self) -> None:
        """Drop the upgrades of all stations."""
        self._upgrades.clear()

    def _known(self, identity: str, configured: int) -> Upgrade:
        known = self._upgrades.get(identity)
        return known if known is not None and known.configured == configured else Upgrade(configured)
