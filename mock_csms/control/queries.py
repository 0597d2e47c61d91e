"""Queries of the journal in slices, so that they do not keep the stations waiting."""

from http import HTTPStatus
from typing import Final

from mock_csms.behaviour.expressions import Expression, TooCostly, check_expression
from mock_csms.control.problems import Problem
from mock_csms.control.responses import in_slices
from mock_csms.journal.store import Entry, Journal, Query
from mock_csms.schema.budget import OutOfBudget, SearchBudget

MAX_QUERY_STEPS: Final = 1_000_000
"""Maximum steps that a query's expression takes on all entries together; they take about a second."""


async def newest(journal: Journal, query: Query) -> list[Entry]:
    """Return the newest entries that match a query, oldest first. Like `Journal.query`, but in slices."""
    entries: list[Entry] = []
    async for part in in_slices(journal.newest_first(query)):
        entries += part
        if len(entries) >= query.limit:
            break
    return entries[: query.limit][::-1]


async def newest_by_expression(journal: Journal, query: Query, expression: str) -> list[Entry]:
    """Return the newest entries that match a query and whose JSON meets a JMESPath, oldest first.

    Raises Problem.
    """
    try:
        check_expression(expression)
    except ValueError as error:
        raise _refused(str(error)) from None
    compiled, steps, entries = Expression(expression), SearchBudget(MAX_QUERY_STEPS), list[Entry]()
    async for part in in_slices(journal.newest_first(query)):
        async for entry in in_slices(part):
            if _holds(compiled, entry, steps):
                entries.append(entry)
            if len(entries) == query.limit:
                return entries[::-1]
    return entries[::-1]


def _holds(expression: Expression, entry: Entry, steps: SearchBudget) -> bool:
    try:
        with steps.for_one() as budget:
            return expression.holds(entry.as_json(), budget)
    except TooCostly as error:
        raise _refused(f"{error} (entry {entry.number})") from None
    except OutOfBudget:
        detail = (
            f"the search stopped at entry {entry.number} after {MAX_QUERY_STEPS} steps; use further "
            f"parameters such as 'station', 'action' or 'since', or a simpler expression"
        )
        raise _refused(detail) from None


def _refused(detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", f"query.expression: {detail}")
