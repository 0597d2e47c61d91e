"""Reverting a scope (X-Scope) leaves the mock as if the scope's changes had never been made."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple

import pytest

from mock_csms.behaviour.rules import Rule
from mock_csms.behaviour.tokens import Token
from mock_csms.csms import Csms
from mock_csms.settings import Settings
from server import VERSIONS

SCOPES = (None, "A", "B", "C")
RULES = ("of-settings", "r1", "r2")
TOKENS = ("OF-SETTINGS", "t1", "T1", "t2")
KINDS = ("call-unanswered", "heartbeat-missing")
STEPS = 40
SEEDS = range(60)


class Change(NamedTuple):
    """A function that changes a mock, and the scope of the change (None for no scope)."""

    apply: Callable[[Csms, str | None], Any]
    scope: str | None


def rule(rule_id: str, state: str) -> Rule:
    """A rule that the test recognizes by ``state``, the value of its field ``set``."""
    return Rule.model_validate({"id": rule_id, "when": {"action": "Heartbeat"}, "set": state})


SETTINGS = Settings.model_validate(
    {
        "rules": [rule("of-settings", "first")],
        "tokens": {"OF-SETTINGS": {"status": "Blocked"}},
        "silence": ["heartbeat-missing"],
    }
)


def random_change(rng: Random, number: int) -> Change:
    """A random change of rules, tokens, settings of a station, or silenced findings."""
    scope, rule_id, token, kind = rng.choice(SCOPES), rng.choice(RULES), rng.choice(TOKENS), rng.choice(KINDS)
    station, interval = f"CS{rng.randrange(2)}", rng.choice([None, number + 1])
    fault = rng.choice([None, [f"Heartbeat:no-answer:nth={number + 1}"]])
    changes: dict[str, Any] = rng.choice(
        [{"heartbeat_interval": interval}, {"faults": fault, "boot_status": "Pending"}]
    )
    applied: list[Callable[[Csms, str | None], Any]] = [
        lambda csms, scope: csms.rulebook.add(rule(rule_id, f"state-{number}"), scope),
        lambda csms, scope: csms.rulebook.remove(rule_id, scope),
        lambda csms, scope: csms.change_token(token, Token(personal_message=f"{number}"), scope),
        lambda csms, scope: csms.change_token(token, None, scope),
        lambda csms, scope: csms.change_profile(station, changes, scope),
        lambda csms, scope: csms.records.silences.change([kind], [], scope),
        lambda csms, scope: csms.records.silences.change([], [kind], scope),
    ]
    return Change(rng.choice(applied), scope)


def changed(changes: Iterable[Change]) -> Csms:
    """A mock after some changes."""
    csms = Csms(SETTINGS, VERSIONS)
    for change in changes:
        change.apply(csms, change.scope)
    return csms


def random_changes(rng: Random) -> list[Change]:
    """Random changes that the mock accepts: none deletes a rule that does not exist."""
    csms = Csms(SETTINGS, VERSIONS)
    changes = (random_change(rng, number) for number in range(STEPS))
    return [change for change in changes if change.apply(csms, change.scope) is not False]


def revert_scope(csms: Csms, scope: str) -> None:
    """Revert a scope, as `DELETE /v1/scopes/{name}` does."""
    for kind in csms.records.silences.ids_of(scope):
        csms.records.silences.revert_scope(kind, scope)
    csms.profiles.revert_scope_of_tokens(scope)
    for rule_id in csms.rulebook.ids_of(scope):
        csms.rulebook.revert_scope(rule_id, scope)
    for station in csms.profiles.stations_of(scope):
        csms.revert_scope_of_profile(station, scope)


def in_force(csms: Csms) -> dict[str, Any]:
    """The rules, tokens, settings of stations, silenced findings and scopes of a mock."""
    return {
        "rules": {one.id: one.set for one in csms.rulebook},
        "tokens": {
            name.lower(): token.personal_message for name, token in csms.profile("CS9").tokens.items()
        },
        "profiles": [csms.profile(f"CS{number}").model_dump(exclude={"tokens"}) for number in range(2)],
        "silenced": csms.records.silences.silenced(),
        "scopes": {*csms.rulebook.scopes, *csms.profiles.scopes, *csms.records.silences.scopes},
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_scope_that_is_taken_back_might_never_have_been(seed: int) -> None:
    rng = Random(seed)
    changes = random_changes(rng)
    scope = rng.choice(["A", "B", "C"])
    csms = changed(changes)
    revert_scope(csms, scope)

    expected = in_force(changed(change for change in changes if change.scope != scope))
    actual = in_force(csms)
    scopes = actual.pop("scopes"), expected.pop("scopes")
    assert actual == expected
    assert scope not in scopes[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_all_scopes_that_are_taken_back_in_any_order_leave_the_other_changes(seed: int) -> None:
    rng = Random(seed)
    changes = random_changes(rng)
    csms = changed(changes)
    for scope in rng.sample(["A", "B", "C"], 3):
        revert_scope(csms, scope)

    assert in_force(csms) == in_force(changed(change for change in changes if change.scope is None))
