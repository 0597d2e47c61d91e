"""Client of the control API for code that does not use asyncio."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal, Self

from mock_csms.client.async_client import CONNECT_WITHIN_S, AsyncClient
from mock_csms.client.async_station import PATIENCE_S, Action, Fields
from mock_csms.client.entries import (
    KnownStation,
    ListenerAddress,
    StationFinding,
    TranscriptEntry,
    VersionActions,
)
from mock_csms.client.operations import Json
from mock_csms.client.portal import Portal
from mock_csms.client.rehearsal import RehearsalRun
from mock_csms.client.station import StationHandle

__tracebackhide__ = True


class Client:
    """A client of the control API: ``with Client(url) as csms``; without ``with``, call ``csms.close()``.

    It reads the event stream of the server in the background, so that waiting for a message needs no
    polling. The first handle of each station sees every message that comes after the client has been made.
    Several threads may use the client.
    """

    def __init__(
        self, url: str, token: str | None = None, *, connect_within: float = CONNECT_WITHIN_S
    ) -> None:
        """Connect to the control API at ``url``, such as http://127.0.0.1:9001; raises NotReachable.

        ``connect_within`` is the number of seconds to keep trying to reach a server that does not answer,
        when the client connects and when it loses the event stream later.
        """
        self.url = url
        self._client = AsyncClient(url, token, connect_within=connect_within)
        self._portal = Portal()
        self._run = self._portal.run
        self.rules = Rules(self._client, self._portal)
        self.tokens = IdTokens(self._client, self._portal)
        self.rehearsal = RehearsalRun(self._client.rehearsal, self._portal)
        try:
            self._run(self._client.__aenter__())
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the client; waits of other threads that have not ended raise ClientError."""
        self._portal.close(self._client.close())

    # Stations

    @property
    def ws(self) -> str:
        """ws:// URL to which stations append their identity; raises ClientError if all ports need TLS."""
        return self._client.ws

    @property
    def wss(self) -> str:
        """wss:// URL to which a station appends its identity; raises ClientError if no port accepts TLS."""
        return self._client.wss

    def station(self, identity: str, *, within: float = PATIENCE_S) -> StationHandle:
        """Make a handle for a station, which need not have connected yet.

        ``within`` is the default time limit, in seconds, of the methods that wait for a message.

        The first handle of a station sees every message since the client connected, even those that came
        before the handle was made. A later handle of the station starts at the newest entry that the client
        has received.
        """
        return StationHandle(self._client.station(identity, within=within), self._portal)

    def stations(self) -> list[KnownStation]:
        """List the stations that the server knows."""
        return self._run(self._client.stations())

    def listeners(self) -> list[ListenerAddress]:
        """List the ports for stations."""
        return self._run(self._client.listeners())

    def change_listener(self, name: str, **changes: Any) -> Json:
        """Change settings of a port, such as ``tlsFault="expired"``, for new connections.

        Settings that are not given return to their values at the start of the server, so that a call without
        settings reverts all changes.
        """
        return self._run(self._client.change_listener(name, **changes))

    def actions(self) -> list[VersionActions]:
        """List the actions of each OCPP version."""
        return self._run(self._client.actions())

    def action(self, action: str, station: str | None = None) -> Json:
        """Return the schemas of an action, and its default payload, which may depend on ``station``."""
        return self._run(self._client.action(action, station))

    # Journal and findings

    def findings(self, station: str | None = None) -> list[StationFinding]:
        """List the violations of the specification; ``station`` is an identity or a glob."""
        return self._run(self._client.findings(station))

    def has_no_findings(self, station: str | None = None) -> None:
        """Check that no station has violated the specification; raises UnwantedFindings.

        ``station`` is an identity or a glob.
        """
        self._run(self._client.has_no_findings(station))

    def journal(  # noqa: PLR0913 - one for each query parameter
        self,
        *,
        station: str | None = None,
        action: str | None = None,
        direction: str | None = None,
        type: str | None = None,  # noqa: A002 - the name of the query parameter
        expression: str | None = None,
        since: int | None = None,
        limit: int = 100,
    ) -> list[TranscriptEntry]:
        """List the newest matching journal entries; ``expression`` is a JMESPath over an entry as JSON."""
        query = {"station": station, "action": action, "direction": direction, "type": type}
        return self._run(self._client.journal(**query, expression=expression, since=since, limit=limit))

    def verify(  # noqa: PLR0913 - one for each option
        self,
        action: Action | None = None,
        fields: Fields = None,
        /,
        *,
        station: str | None = None,
        direction: Literal["received", "sent"] | None = None,
        type: str | None = "call",  # noqa: A002 - the name of the member
        expression: str | None = None,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        since: int | None = None,
        **others: Any,
    ) -> list[TranscriptEntry]:
        """Check the number of matching journal entries without waiting, and return the newest of them.

        Without ``times``, ``at_least`` and ``at_most``, at least one entry has to match. Only CALLs match
        unless another ``type`` is given, such as "result", or None for any type. The server compares the
        fields: each is a value, a dict with some fields, a list of items, or `ABSENT`. ``expression`` is a
        JMESPath over the payload. A field with the name of an option goes into the dict ``fields``. Raises
        NotVerified.
        """
        return self._run(
            self._client.verify(
                action,
                fields,
                station=station,
                direction=direction,
                type=type,
                expression=expression,
                times=times,
                at_least=at_least,
                at_most=at_most,
                since=since,
                **others,
            )
        )

    def note(self, text: str, station: str | None = None) -> TranscriptEntry:
        """Write a note into the journal, about a station if one is given.

        Transcripts and diagrams show the note.
        """
        return self._run(self._client.note(text, station))

    def transcript(self, station: str | None = None, *, limit: int = 200) -> str:
        """Return as text, a line each, the newest ``limit`` journal entries that the client has received."""
        return self._run(self._client.transcript(station, limit=limit))

    # Changes

    @contextmanager
    def scope(self, name: str) -> Iterator[Self]:
        """Mark changes made during the context with the scope ``name``; revert them when the context ends.

        This includes all changes of rules, idTokens, silenced kinds of findings, and profiles (settings of
        stations) that this client makes meanwhile, whichever thread makes them.
        """
        with self._portal.entered(self._client.scope(name)):
            yield self

    def silence(self, *kinds: str) -> list[str]:
        """Stop reporting kinds of findings, given by their ids, and return all silenced kinds."""
        return self._run(self._client.silence(*kinds))

    def report(self, *kinds: str) -> list[str]:
        """Report kinds of findings again, and return the kinds that are still silenced."""
        return self._run(self._client.report(*kinds))

    def reset(self, station: str | None = None, *, profiles: bool = False) -> None:
        """Reset the server, or the stations that match a glob, to the state at the start; rules are kept.

        Changes to settings of stations (profiles) are reverted too, if ``profiles`` is true or no ``station``
        is given.
        """
        self._run(self._client.reset(station, profiles=profiles))


class Rules:
    """Lists and changes the rules of the server."""

    def __init__(self, client: AsyncClient, portal: Portal) -> None:
        self._rules = client.rules
        self._run = portal.run

    def add(self, rule: Mapping[str, Any] | None = None, /, **members: Any) -> Json:
        """Add a rule and return it with its id.

        Pass the rule as a dict, or its members as keywords:
        ``add(when={"action": "Heartbeat"}, then={"fault": {"kind": "no-answer"}}, times=1)``.
        """
        return self._run(self._rules.add(rule, **members))

    def put(self, rule_id: str, rule: Fields = None, /, **members: Any) -> Json:
        """Add a rule with the id ``rule_id``, or replace the rule that has it; return the new rule."""
        return self._run(self._rules.put(rule_id, rule, **members))

    def list(self) -> Sequence[Json]:
        """List the rules with the number of their uses by each station."""
        return self._run(self._rules.list())

    def disable(self, rule: str | Mapping[str, Any]) -> Json:
        """Disable a rule, given by its id or as `add` returned it, and return it; its counts are kept."""
        return self._run(self._rules.disable(rule))

    def enable(self, rule: str | Mapping[str, Any]) -> Json:
        """Enable a disabled rule, given by its id or as `add` returned it, and return it."""
        return self._run(self._rules.enable(rule))

    def delete(self, rule: str | Mapping[str, Any]) -> None:
        """Delete a rule, given by its id or as `add` returned it."""
        self._run(self._rules.delete(rule))


class IdTokens:
    """Lists and changes the idTokens that apply to all stations."""

    def __init__(self, client: AsyncClient, portal: Portal) -> None:
        self._tokens = client.tokens
        self._run = portal.run

    def put(self, id_token: str, token: Fields = None, /, **members: Any) -> Json:
        """Add or replace an idToken: ``put("AABBCCDD", status="Blocked")``."""
        return self._run(self._tokens.put(id_token, token, **members))

    def list(self) -> dict[str, Json]:
        """Return the idTokens with their settings."""
        return self._run(self._tokens.list())

    def delete(self, id_token: str) -> None:
        """Delete an idToken."""
        self._run(self._tokens.delete(id_token))
