"""Upgrades of a station's security profile (A05)."""

import pytest

from mock_csms.security.passwords import Password
from mock_csms.security.profiles import Clearance, Presented
from mock_csms.security.upgrades import MAX_SLOTS, SecurityUpgrades, proven_profile

PASSWORD = Clearance(password=Password.of("correct-horse-battery"))


def upgraded(to: int = 2, configured: int = 1) -> SecurityUpgrades:
    """Return the upgrades after CS1 has accepted and used a network profile with security profile ``to``."""
    upgrades = SecurityUpgrades()
    upgrades.slot_accepted("CS1", configured, 2, to)
    upgrades.priority_accepted("CS1", configured, [2, 1])
    upgrades.connected("CS1", to)
    return upgrades


@pytest.mark.parametrize(
    ("presented", "clearance", "proven"),
    [
        pytest.param(Presented(), Clearance(), 0, id="nothing"),
        pytest.param(Presented(is_encrypted=True), Clearance(), 0, id="TLS only"),
        pytest.param(Presented(), PASSWORD, 1, id="password"),
        pytest.param(Presented(is_encrypted=True), PASSWORD, 2, id="password over TLS"),
        pytest.param(Presented(is_encrypted=True, certificate_flaw=""), Clearance(), 3, id="certificate"),
        pytest.param(Presented(is_encrypted=True, certificate_flaw="bad"), PASSWORD, 2, id="bad certificate"),
    ],
)
def test_proven_profile_follows_from_the_credentials(
    presented: Presented, clearance: Clearance, proven: int
) -> None:
    assert proven_profile(presented, clearance) == proven


def test_connection_with_the_planned_profile_makes_it_the_lowest() -> None:
    """A05.FR.07."""
    assert upgraded(to=2).reached("CS1", 1) == 2


def test_connection_below_the_planned_profile_changes_nothing() -> None:
    upgrades = SecurityUpgrades()
    upgrades.slot_accepted("CS1", 1, 2, 2)
    upgrades.priority_accepted("CS1", 1, [2, 1])
    upgrades.connected("CS1", 1)
    assert upgrades.reached("CS1", 1) == 0


def test_slot_outside_the_priority_is_not_planned() -> None:
    upgrades = SecurityUpgrades()
    upgrades.slot_accepted("CS1", 1, 2, 2)
    upgrades.priority_accepted("CS1", 1, [1])
    upgrades.connected("CS1", 2)
    assert upgrades.reached("CS1", 1) == 0


def test_slot_that_is_set_after_the_priority_is_planned() -> None:
    upgrades = upgraded(to=2)
    upgrades.slot_accepted("CS1", 1, 2, 3)
    upgrades.connected("CS1", 3)
    assert upgrades.reached("CS1", 1) == 3


def test_profile_above_the_planned_one_is_no_upgrade_to_itself() -> None:
    upgrades = SecurityUpgrades()
    upgrades.slot_accepted("CS1", 1, 2, 2)
    upgrades.priority_accepted("CS1", 1, [2])
    upgrades.connected("CS1", 3)
    assert upgrades.reached("CS1", 1) == 2


@pytest.mark.parametrize(
    ("slot_profile", "reached"),
    [
        pytest.param(2, 2, id="to 2 (A05.FR.08)"),
        pytest.param(1, 2, id="to 1, which is not allowed (A05.FR.09)"),
    ],
)
def test_accepted_downgrade_lowers_the_profile_to_2_at_most(slot_profile: int, reached: int) -> None:
    upgrades = upgraded(to=3)
    upgrades.slot_accepted("CS1", 1, 1, slot_profile)
    upgrades.priority_accepted("CS1", 1, [1])
    assert upgrades.reached("CS1", 1) == reached


def test_other_profile_in_the_settings_ends_the_upgrade() -> None:
    upgrades = upgraded(configured=1)
    assert upgrades.reached("CS1", 0) == 0


@pytest.mark.parametrize("identity", ["CS1", None])
def test_forgotten_upgrade_leaves_the_profile_of_the_settings(identity: str | None) -> None:
    upgrades = upgraded()
    upgrades.clear() if identity is None else upgrades.forget(identity)
    assert upgrades.reached("CS1", 1) == 0


def test_slot_in_use_is_that_of_the_upgrade() -> None:
    assert upgraded().slot_in_use("CS1") == 2


def test_station_that_has_not_moved_has_no_slot_in_use() -> None:
    upgrades = SecurityUpgrades()
    assert upgrades.slot_in_use("CS1") is None
    upgrades.slot_accepted("CS1", 1, 2, 2)
    upgrades.priority_accepted("CS1", 1, [2, 1])
    assert upgrades.slot_in_use("CS1") is None


def test_number_of_slots_is_bounded() -> None:
    upgrades = SecurityUpgrades()
    for slot in range(MAX_SLOTS + 1):
        upgrades.slot_accepted("CS1", 0, slot, 2)
    upgrades.priority_accepted("CS1", 0, [MAX_SLOTS])
    upgrades.connected("CS1", 2)
    assert upgrades.reached("CS1", 0) == 0
