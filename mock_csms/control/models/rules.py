"""Models of rules, and of the idTokens for all stations."""

from typing import Annotated

from pydantic import Field

from mock_csms.behaviour.rules import Rule, RuleDirection, Then
from mock_csms.behaviour.tokens import Token
from mock_csms.control.models.base import Model, OcppPayload, RequestBody, Root, absent


class RuleCounts(Model):
    """The counts of a rule for a station."""

    matches: int
    """Number of messages that met the conditions of the rule."""
    hits: int
    """Number of messages that the rule was applied to."""


class ActiveRuleView(Rule):
    """A rule with its counts for each station. Unset keys are left out."""

    id: str
    """Id of the rule; a rule that was added without one has a generated id."""
    then: tuple[Then, ...] = ()
    """Effects in sequence: for each station, the first hit gets the first effect, the second hit the second,
    and so on. All further hits get the last effect.
    """
    enabled: bool
    """Whether the rule applies to messages; a disabled rule is kept but has no effect."""
    scope: str | None = absent()
    """Scope in which the rule was added, enabled or disabled; left out if that was outside any scope."""
    uses: dict[str, RuleCounts]
    """Counts by the identity of the station."""


class RuleList(Root[list[ActiveRuleView]]):
    """The rules, in the order in which they are tried."""


class RuleChange(RequestBody):
    """A change of a rule."""

    enabled: bool
    """false disables the rule, true enables it."""


class Trial(RequestBody):
    """A message to try the rules on."""

    station: Annotated[str, Field(max_length=48)]
    """Identity of the station, which need not be known."""
    action: str
    """Action that the station sends or answers; `handshake` for its opening handshake."""
    direction: RuleDirection = "call"
    """`call` for a CALL from the station, `answer` for its answer to a command."""
    payload: OcppPayload = Field(default={})
    """Payload of the message."""


class TrialResult(Model):
    """The rules that match the message of a `Trial`."""

    state: str
    """Name of the state that rules have put the station in with `set`; `start` if no rule has done so."""
    rules: list[str]
    """Ids of the matching rules, in the order in which they are tried."""


class TokenTable(Root[dict[str, Token]]):
    """Tokens by idToken. Keys that were not set are left out."""
