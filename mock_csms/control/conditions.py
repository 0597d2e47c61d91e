"""Conditions on journal entries: a `Match` from a request, and a query for entries that may match."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import NamedTuple, Self

from mock_csms.control.problems import Problem
from mock_csms.control.requests import station_glob
from mock_csms.csms import Csms
from mock_csms.journal.globs import is_glob
from mock_csms.journal.store import Entry, Query
from mock_csms.messages import JsonObject
from mock_csms.schema.budget import Budget
from mock_csms.text import suggest
from mock_csms.verdict.matches import Match
from mock_csms.versions import actions_from_csms, actions_from_station

type EntryKey = tuple[str | None, str | None]
"""Identity of a station in lower case, and an action; None stands for any."""


class EntryCondition(NamedTuple):
    """A `Match` from a request, and a journal query with those of its conditions that a query can express."""

    match: Match
    query: Query

    @classmethod
    def of(cls, csms: Csms, match: Match, since: int) -> Self:
        """Make the condition for entries after ``since``; raises Problem if it would never hold."""
        check_condition(csms, match, since)
        action = next(iter(match.actions)) if match.actions and len(match.actions) == 1 else None
        station = station_glob(csms, match.station)
        return cls(match, Query(station, action, match.direction, match.entry_type, since))

    def holds(self, entry: Entry, content: JsonObject, budget: Budget) -> bool:
        """Whether an entry meets the condition, with ``content`` as its JSON; raises OutOfBudget."""
        return self.query.is_about(entry) and self.match.content_holds(content, budget)

    @property
    def station(self) -> str | None:
        """Glob for the one station that the match names; None if the match may be about several stations."""
        names_one = not is_glob(self.match.station) or self.query.station != self.match.station
        return self.query.station if names_one else None

    @property
    def keys(self) -> set[EntryKey]:
        """Keys of the entries that may meet the condition."""
        station = self.query.station
        key = None if station is None or is_glob(station) else station.lower()
        return {(key, action) for action in self.match.actions or {None}}


def common_query(conditions: Sequence[EntryCondition]) -> Query:
    """Return a query for the entries that may meet any of several conditions."""
    queries = {condition.query for condition in conditions}
    if len(queries) == 1:
        return queries.pop()
    stations = {query.station for query in queries}
    station = stations.pop() if len(stations) == 1 else None
    return Query(station, since=min(query.since or 0 for query in queries))


def check_condition(csms: Csms, match: Match, since: int) -> None:
    """Raise Problem for a ``since`` in the future or an unknown action: the condition would never hold."""
    newest = csms.records.journal.last_number
    if since > newest:
        detail = (
            f"since: there is no entry {since} yet, the newest is {newest}; if the server has been "
            "restarted, begin with 0"
        )
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-event", detail)
    unknown = () if match.names_type else _unknown_actions(csms, match)
    for sentence in unknown:
        detail = f'{sentence}; to match an action that OCPP does not have, give "type" too, such as "call"'
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail)


def hints(csms: Csms, matches: Iterable[Match]) -> list[str]:
    """Return a hint for each unknown station and action in the matches, with a similar known name."""
    texts: dict[str, None] = {}
    for match in matches:
        station = match.station
        if not is_glob(station) and csms.spelling(station) not in csms.stations:
            texts[f"no station {station!r} is known{suggest(station, csms.stations)}"] = None
        texts |= dict.fromkeys(_unknown_actions(csms, match))
    return list(texts)


def _unknown_actions(csms: Csms, match: Match) -> list[str]:
    actions = actions_from_station(csms.ocpp_versions) | actions_from_csms(csms.ocpp_versions)
    return [
        f"OCPP has no action {action!r}{suggest(action, actions)}"
        for action in sorted((match.actions or frozenset()) - actions)
    ]
