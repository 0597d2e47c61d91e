"""The server: how it was started, where it keeps its records, and what it has counted."""

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
from fastapi import APIRouter
from fastapi.responses import Response
from pydantic.alias_generators import to_camel

from mock_csms._version import __version__
from mock_csms.control.models.base import answer
from mock_csms.control.models.server import ServerFacts, ServerStatistics
from mock_csms.control.problems import documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import encode, json_response
from mock_csms.csms import Csms
from mock_csms.findings.kinds import FINDING_SEVERITIES
from mock_csms.journal.history import Sample
from mock_csms.journal.store import format_seconds
from mock_csms.messages import JsonObject
from mock_csms.settings.command_settings import CommandSettings
from mock_csms.settings.listening_settings import MAIN_LISTENER
from mock_csms.settings.server_settings import Settings


def router(csms: Csms) -> APIRouter:
    """Return the routes of this module."""
    routes = APIRouter(prefix="/v1", tags=["server"], route_class=StrictRoute)

    @routes.get("/server", responses=documented() | answer(ServerFacts, "The server"))
    async def show_server() -> Response:
        """Show the addresses of the server, its journal, and the commands that its settings schedule."""
        settings = csms.settings
        return json_response(
            {
                "version": __version__,
                "startedAt": format_seconds(csms.started_at),
                "ocppVersions": [version.name for version in csms.ocpp_versions],
                "stationUrls": _station_urls(csms),
                "control": csms.control,
                "journal": _journal(csms),
                "schedule": list(_schedule(settings)),
                "files": _as_text(settings.files),
                "pki": _as_text(settings.pki),
                "seed": csms.rulebook.seed,
                "tokenRequired": settings.control_token is not None,
            }
        )

    @routes.get(
        "/statistics", responses=documented() | answer(ServerStatistics, "The counts and their history")
    )
    async def show_statistics() -> Response:
        """Show counts since the start, and a history of the last ten minutes in steps of two seconds.

        `POST /v1/reset` keeps the counts. The lists of the history have the same length, the oldest values
        first; messages and refused connections are per second. `/metrics` has the counts by action.
        """
        return json_response(_statistics(csms))

    return routes


def _statistics(csms: Csms) -> JsonObject:
    records = csms.records
    statistics, found = records.statistics, records.activities.found_by_severity
    return {
        **statistics.totals._asdict(),
        "connections": statistics.connections,
        "connected": len(csms.sessions),
        "refused": statistics.refused.total(),
        "faults": statistics.faults.total(),
        "findings": {severity: found[severity] for severity in FINDING_SEVERITIES},
        "history": _history(records.history.samples),
    }


def _history(samples: Collection[Sample]) -> msgspec.Raw:
    columns = zip(*samples, strict=True) if samples else [()] * len(Sample._fields)
    history = {to_camel(name): column for name, column in zip(Sample._fields, columns, strict=True)}
    return msgspec.Raw(encode(history))


def _station_urls(csms: Csms) -> list[str]:
    """URLs for stations, without the identity at the end; those for other machines come first."""
    listeners = csms.listeners
    urls = [listeners.url_from(host) for host in listeners.hosts(MAIN_LISTENER)]
    urls += [listeners.wss_url] if listeners.wss_url else []
    urls += [listeners.url_of(name) for name in listeners if name != MAIN_LISTENER]
    return [f"{url}/" for url in dict.fromkeys(urls)]


def _journal(csms: Csms) -> JsonObject:
    journal, file = csms.records.journal, csms.journal_file
    return {
        "last": journal.last_number,
        "stored": len(journal),
        "maxEntries": journal.max_entries,
        "bytes": journal.size,
        "maxBytes": journal.max_bytes,
        "file": _as_text(csms.settings_at_start.journal),
        "missing": 0 if file is None else file.lost,
    }


def _as_text(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _schedule(settings: Settings) -> Iterator[JsonObject]:
    """Yield the commands that the main settings schedule, then those of station profiles."""
    yield from _plan(settings.station, settings)
    for pattern, plan in settings.plans.items():
        yield from _plan(pattern, plan)


def _plan(stations: str, plan: CommandSettings) -> Iterator[JsonObject]:
    for step in plan.commands:
        yield {"stations": stations, "action": step.command, "delay": step.after, "period": None}
    if plan.command is not None:
        yield {"stations": stations, "action": plan.command, "delay": plan.delay, "period": plan.period}
