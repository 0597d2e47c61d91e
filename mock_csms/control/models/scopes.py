"""Models of scopes: named groups of changes (header X-Scope) that are reverted together."""

from mock_csms.control.models.base import Model, Root


class ScopeSummary(Model):
    """A scope, and how many changes of each kind it has."""

    name: str
    """Name of the scope, from the header `X-Scope` of the changes."""
    rules: int
    """Number of rules that were added, replaced, enabled, disabled or deleted."""
    tokens: int
    """Number of idTokens that were set or deleted."""
    profiles: int
    """Number of stations for which a setting or the password was changed."""
    findings: int
    """Number of kinds of findings that were silenced, or set to be reported again."""


class ScopeList(Root[list[ScopeSummary]]):
    """The open scopes."""


class ScopeDetails(Model):
    """A scope with its changes."""

    name: str
    """Name of the scope."""
    rules: list[str]
    """Ids of the rules that were added, replaced, enabled, disabled or deleted."""
    tokens: list[str]
    """IdTokens that were set or deleted."""
    profiles: dict[str, list[str]]
    """Names of the settings that were changed for a station, by its identity."""
    findings: list[str]
    """Ids of the kinds of findings that were silenced, or set to be reported again."""
