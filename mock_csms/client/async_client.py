"""Client of the control API for asyncio."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Final, Literal, Self

from mock_csms.client import operations
from mock_csms.client.async_station import PATIENCE_S, Action, AsyncStationHandle, Fields
from mock_csms.client.entries import (
    KnownStation,
    ListenerAddress,
    StationFinding,
    TranscriptEntry,
    VersionActions,
)
from mock_csms.client.explanation import findings_text, problem_text
from mock_csms.client.failures import ApiError, ClientError, NotVerified, UnwantedFindings, WrongArgument
from mock_csms.client.fields import as_payload
from mock_csms.client.follower import Follower
from mock_csms.client.http import ControlApi
from mock_csms.client.operations import Json
from mock_csms.client.patterns import spelled_actions
from mock_csms.client.rehearsal import AsyncRehearsal
from mock_csms.client.transcript import transcript_text

__tracebackhide__ = True

CONNECT_WITHIN_S: Final = 10.0
"""Default of ``connect_within``: seconds to keep trying to reach a server that does not answer."""


class AsyncClient:
    """A client of the control API, for asyncio: ``async with AsyncClient(url) as csms``.

    It reads the event stream of the server in the background, so that waiting for a message needs no
    polling. The first handle of each station sees every message that comes after the client has connected.
    """

    def __init__(
        self, url: str, token: str | None = None, *, connect_within: float = CONNECT_WITHIN_S
    ) -> None:
        """Make a client of the control API at ``url``, such as http://127.0.0.1:9001, without connecting.

        ``connect_within`` is the number of seconds to keep trying to reach a server that does not answer,
        when the client connects and when it loses the event stream later.
        """
        self.url = url
        self.rules = AsyncRules(self)
        self.tokens = AsyncTokens(self)
        self.rehearsal = AsyncRehearsal(self.send)
        self._connect_within = connect_within
        self._api = ControlApi(url, token)
        self._follower: Follower | None = None
        self._listeners: list[ListenerAddress] = []
        self._actions: list[VersionActions] = []
        self._known_stations: set[str] = set()

    async def __aenter__(self) -> Self:
        try:
            await self._connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _connect(self) -> None:
        self._listeners = await self._api.send_patiently(operations.listeners(), self._connect_within)
        self._actions = await self._api.send(operations.actions())
        start = await self._api.send(operations.newest_number())
        self._follower = Follower(self._api, start, self._connect_within, station_url=self._station_url())
        await self._follower.opened.wait()
        self._follower.check()

    async def close(self) -> None:
        """Close the client; waits that have not ended raise ClientError."""
        if self._follower is not None:
            await self._follower.close()
        await self._api.close()

    def _connected(self) -> Follower:
        """Return the `Follower` of the event stream; raises ClientError before the client is connected."""
        if self._follower is None:
            raise ClientError("the client is not connected; use 'async with AsyncClient(...) as csms:'")
        return self._follower

    async def send[Result](self, operation: operations.Operation[Result]) -> Result:
        """Send a request to the control API and return its result; raises ApiError or NotReachable."""
        return await self._api.send(operation)

    # Stations

    @property
    def ws(self) -> str:
        """ws:// URL to which stations append their identity; raises ClientError if all ports need TLS."""
        return self._url("ws")

    @property
    def wss(self) -> str:
        """wss:// URL to which a station appends its identity; raises ClientError if no port accepts TLS."""
        return self._url("wss")

    def _url(self, scheme: str) -> str:
        self._connected()
        for url in (getattr(listener, scheme) for listener in self._listeners):
            if url:
                return str(url)
        raise ClientError(f"the server has no port for {scheme}://")

    def _station_url(self) -> str:
        """Return the URL that a failure suggests if a station has never connected; empty if no port for
        stations is open.
        """
        return next((url for each in self._listeners if (url := each.ws or each.wss)), "")

    def station(self, identity: str, *, within: float = PATIENCE_S) -> AsyncStationHandle:
        """Make a handle for a station, which need not have connected yet.

        ``within`` is the default time limit, in seconds, of the methods that wait for a message.

        The first handle of a station sees every message since the client connected, even those that came
        before the handle was made. A later handle of the station starts at the newest entry that the client
        has received.
        """
        transcript = self._connected().transcript
        is_first = identity.lower() not in self._known_stations
        self._known_stations.add(identity.lower())
        cursor = transcript.start if is_first else transcript.last
        return AsyncStationHandle(
            identity, cursor, self._api, self._connected(), actions=self._actions, within=within
        )

    async def stations(self) -> list[KnownStation]:
        """List the stations that the server knows."""
        return await self.send(operations.stations())

    async def listeners(self) -> list[ListenerAddress]:
        """List the ports for stations."""
        return await self.send(operations.listeners())

    async def change_listener(self, name: str, **changes: Any) -> Json:
        """Change settings of a port, such as ``tlsFault="expired"``, for new connections.

        Settings that are not given return to their values at the start of the server, so that a call without
        settings reverts all changes.
        """
        return await self.send(operations.change_listener(name, changes))

    async def actions(self) -> list[VersionActions]:
        """List the actions of each OCPP version."""
        return await self.send(operations.actions())

    async def action(self, action: str, station: str | None = None) -> Json:
        """Return the schemas of an action, and its default payload, which may depend on ``station``."""
        return await self.send(operations.action_details(action, station))

    # Journal and findings

    async def findings(self, station: str | None = None) -> list[StationFinding]:
        """List the violations of the specification; ``station`` is an identity or a glob."""
        return await self.send(operations.findings(station))

    async def has_no_findings(self, station: str | None = None) -> None:
        """Check that no station has violated the specification; raises UnwantedFindings.

        ``station`` is an identity or a glob.
        """
        if found := await self.findings(station):
            raise UnwantedFindings(findings_text(found))

    async def journal(  # noqa: PLR0913 - one for each query parameter
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
        query = operations.present(
            station=station,
            action=action,
            direction=direction,
            type=type,
            expression=expression,
            since=since,
            limit=limit,
        )
        return await self.send(operations.journal(query))

    async def verify(  # noqa: PLR0913 - one for each option
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
        match = operations.present(
            station=station,
            action=None if action is None else spelled_actions(action, self._actions),
            direction=direction,
            expression=expression,
            payload=as_payload({**(fields or {}), **others}) or None,
        )
        match["type"] = type  # null stands for any type
        bounds = operations.present(times=times, atLeast=at_least, atMost=at_most)
        bounds = {**(bounds or {"atLeast": 1}), **operations.present(since=since)}
        try:
            return await self.send(operations.verification(match, bounds))
        except ApiError as problem:
            if problem.kind == "not-verified":
                raise NotVerified(problem_text(problem)) from None
            raise

    async def note(self, text: str, station: str | None = None) -> TranscriptEntry:
        """Write a note into the journal, about a station if one is given.

        Transcripts and diagrams show the note.
        """
        return await self.send(operations.note(text, station))

    async def transcript(self, station: str | None = None, *, limit: int = 200) -> str:
        """Return as text, a line each, the newest ``limit`` journal entries that the client has received."""
        follower = self._connected()
        with suppress(ClientError):  # a server that has ended is a reason to read the transcript
            await follower.catch_up()
        return transcript_text(follower.transcript, station, limit)

    # Changes

    @asynccontextmanager
    async def scope(self, name: str) -> AsyncIterator[Self]:
        """Mark changes made during the context with the scope ``name``; revert them when the context ends.

        This includes all changes of rules, idTokens, silenced kinds of findings, and profiles (settings of
        stations) that this client makes meanwhile, whichever task makes them.
        """
        if not (name.isascii() and name.isprintable() and name.strip() == name != ""):
            raise WrongArgument(f"the name of a scope must have only visible ASCII characters, not {name!r}")
        outer, self._api.scope = self._api.scope, name
        try:
            yield self
        finally:
            self._api.scope = outer
            await self._revert_scope(name)

    async def _revert_scope(self, scope: str) -> None:
        try:
            await self.send(operations.delete_scope(scope))
        except ApiError as problem:
            if problem.kind != "unknown-scope":  # a scope without changes does not exist
                raise

    async def silence(self, *kinds: str) -> list[str]:
        """Stop reporting kinds of findings, given by their ids, and return all silenced kinds."""
        return await self.send(operations.silences(kinds, ()))

    async def report(self, *kinds: str) -> list[str]:
        """Report kinds of findings again, and return the kinds that are still silenced."""
        return await self.send(operations.silences((), kinds))

    async def reset(self, station: str | None = None, *, profiles: bool = False) -> None:
        """Reset the server, or the stations that match a glob, to the state at the start; rules are kept.

        Changes to settings of stations (profiles) are reverted too, if ``profiles`` is true or no ``station``
        is given.
        """
        await self.send(operations.reset_state(station, profiles))


class AsyncRules:
    """Lists and changes the rules of the server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def add(self, rule: Mapping[str, Any] | None = None, /, **members: Any) -> Json:
        """Add a rule and return it with its id.

        Pass the rule as a dict, or its members as keywords:
        ``add(when={"action": "Heartbeat"}, then={"fault": {"kind": "no-answer"}}, times=1)``.
        """
        return await self._client.send(operations.add_rule({**(rule or {}), **members}))

    async def put(self, rule_id: str, rule: Fields = None, /, **members: Any) -> Json:
        """Add a rule with the id ``rule_id``, or replace the rule that has it; return the new rule."""
        return await self._client.send(operations.put_rule(rule_id, {**(rule or {}), **members}))

    async def list(self) -> Sequence[Json]:
        """List the rules with the number of their uses by each station."""
        return await self._client.send(operations.rules())

    async def disable(self, rule: str | Mapping[str, Any]) -> Json:
        """Disable a rule, given by its id or as `add` returned it, and return it; its counts are kept."""
        return await self._client.send(operations.switch_rule(_rule_id(rule), enabled=False))

    async def enable(self, rule: str | Mapping[str, Any]) -> Json:
        """Enable a disabled rule, given by its id or as `add` returned it, and return it."""
        return await self._client.send(operations.switch_rule(_rule_id(rule), enabled=True))

    async def delete(self, rule: str | Mapping[str, Any]) -> None:
        """Delete a rule, given by its id or as `add` returned it."""
        await self._client.send(operations.delete_rule(_rule_id(rule)))


def _rule_id(rule: str | Mapping[str, Any]) -> str:
    return rule if isinstance(rule, str) else str(rule["id"])


class AsyncTokens:
    """Lists and changes the idTokens that apply to all stations."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def put(self, id_token: str, token: Fields = None, /, **members: Any) -> Json:
        """Add or replace an idToken: ``put("AABBCCDD", status="Blocked")``."""
        return await self._client.send(operations.put_token(id_token, {**(token or {}), **members}))

    async def list(self) -> dict[str, Json]:
        """Return the idTokens with their settings."""
        return await self._client.send(operations.tokens())

    async def delete(self, id_token: str) -> None:
        """Delete an idToken."""
        await self._client.send(operations.delete_token(id_token))
