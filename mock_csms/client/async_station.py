"""Handle of a station for asyncio: waits for its messages, and sends commands to it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final, Literal

from mock_csms.client import operations
from mock_csms.client.answers import CommandAnswer
from mock_csms.client.entries import RefusedConnection, TranscriptEntry, VersionActions
from mock_csms.client.explanation import failure_text
from mock_csms.client.failures import ApiError, WrongArgument, with_hint
from mock_csms.client.fields import nested
from mock_csms.client.follower import Follower
from mock_csms.client.http import ControlApi
from mock_csms.client.operations import Json, of_station, present
from mock_csms.client.patterns import Pattern, check_actions
from mock_csms.client.waits import (
    MessageWait,
    WaitForAll,
    WaitForAny,
    WaitForExchange,
    WaitForNext,
    WaitForNone,
    WaitForOnly,
    WaitForParts,
)

__tracebackhide__ = True

PATIENCE_S: Final = 30.0
"""Default time limit, in seconds, for a message to come; ``within`` sets another one."""
EXCHANGE_S: Final = 5.0
"""Maximum seconds to wait, once a command has an outcome, for its CALL and answer in the transcript."""


CALL_HINTS: Final = {
    "unknown-station": "connects() waits for its connection",
    "not-connected": "connects() waits for its connection",
}
"""Hints that `call` adds to an ApiError for a command that was not sent, by kind of problem."""


class _DefaultPayload:
    def __repr__(self) -> str:
        return "DEFAULT_PAYLOAD"


DEFAULT_PAYLOAD: Final = _DefaultPayload()
"""Stands for a payload that is not given: the server then sends its default payload for the command."""

type Action = str | Iterable[str]
"""An action, or several actions, any of which matches."""
type Fields = Mapping[str, Any] | None


class AsyncStationHandle:
    """A station with a cursor into the journal; made by `AsyncClient.station`.

    Methods such as `waits_for` look only at messages after the cursor. A match moves the cursor to the entry
    that matches, and `call` moves it to the command. Keywords that are not named in the signature of a method
    are fields of the payload.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that a client has
        self,
        identity: str,
        cursor: int,
        api: ControlApi,
        follower: Follower,
        *,
        actions: Sequence[VersionActions],
        within: float,
    ) -> None:
        self.id = identity
        self.cursor = cursor
        """Number of the journal entry after which methods such as `waits_for` look for messages.

        A test may set it to an earlier entry.
        """
        self._api = api
        self._follower = follower
        self._actions = actions
        self._within = within

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, cursor={self.cursor})"

    # Messages

    async def waits_for(
        self, action: Action, fields: Fields = None, /, *, within: float | None = None, **others: Any
    ) -> TranscriptEntry:
        """Wait for a message with these fields, and return it. Other messages are ignored.

        Raises NotSeen.
        """
        return await self.waits_for_any(Pattern(action, fields, **others), within=within)

    async def waits_for_any(self, *expected: Pattern, within: float | None = None) -> TranscriptEntry:
        """Wait for one of several messages, and return it; raises NotSeen."""
        return await self._perform(WaitForAny(self.id, self.cursor, self._seconds(within), *expected))

    async def waits_for_all(
        self, *expected: Pattern, within: float | None = None
    ) -> Sequence[TranscriptEntry]:
        """Wait for several messages in any order, and return them in the order of the arguments.

        Raises NotSeen.
        """
        return await self._perform(WaitForAll(self.id, self.cursor, self._seconds(within), *expected))

    async def next(
        self,
        action: Action,
        fields: Fields = None,
        /,
        *,
        within: float | None = None,
        where: Fields = None,
        ignoring: Sequence[Pattern] = (),
        **others: Any,
    ) -> TranscriptEntry:
        """Wait for the next message of this action, which must have these fields, and return it.

        Messages of other actions are skipped, and so are messages without the fields in ``where`` and
        messages that match ``ignoring``. In ``next("StatusNotification", where={"evseId": 2},
        connectorStatus="Occupied")``, messages about other EVSEs are skipped. Raises WrongMessage at once if
        a field differs, and NotSeen if no message comes in time.
        """
        expected = Pattern(action, {**(where or {}), **(fields or {})}, **others)
        meant = Pattern(action, where)
        return await self._perform(
            WaitForNext(self.id, self.cursor, self._seconds(within), expected, meant, *ignoring)
        )

    async def never(self, action: Action, fields: Fields = None, /, *, during: float, **others: Any) -> None:
        """Check that no message with these fields came after the cursor, or comes within ``during`` seconds.

        Raises UnwantedMessage as soon as such a message comes.
        """
        await self._perform(WaitForNone(self.id, self.cursor, during, Pattern(action, fields, **others)))

    async def sends_nothing_but(
        self,
        *allowed: str | Pattern,
        during: float = 0,
        after: TranscriptEntry | None = None,
        before: TranscriptEntry | None = None,
    ) -> None:
        """Check that only these messages came after the cursor, or come within ``during`` seconds.

        With ``after`` and ``before``, the messages between these two entries are checked. Raises
        UnwantedMessage.
        """
        messages = [each if isinstance(each, Pattern) else Pattern(each) for each in allowed]
        start = self.cursor if after is None else after.number
        end = None if before is None else before.number
        await self._perform(WaitForOnly(self.id, start, during, *messages, before=end))

    @asynccontextmanager
    async def forbidding(
        self, action: Action, fields: Fields = None, /, **others: Any
    ) -> AsyncIterator[None]:
        """Check at the end of the context that no message with these fields came inside it.

        Raises UnwantedMessage.
        """
        start = await self._api.send(operations.newest_number())
        yield
        await self._perform(WaitForNone(self.id, start, 0, Pattern(action, fields, **others)))

    async def collects(
        self, action: str, fields: Fields = None, /, *, within: float | None = None, **others: Any
    ) -> Sequence[TranscriptEntry]:
        """Wait for all parts of a report, such as NotifyReport, and return them in the order of seqNo.

        The last part is the one whose ``tbc`` is false or absent. Raises NotSeen.
        """
        return await self._perform(
            WaitForParts(self.id, self.cursor, self._seconds(within), Pattern(action, fields, **others))
        )

    async def connects(self, *, within: float | None = None, **facts: Any) -> TranscriptEntry:
        """Wait until the station connects with these facts of the handshake; raises NotSeen.

        Facts are the members of ``handshake`` in the journal: ``connects(listener="tls")``.
        """
        return await self.waits_for_any(Pattern.event("connected", facts), within=within)

    async def disconnects(self, *, within: float | None = None) -> TranscriptEntry:
        """Wait until the connection of the station ends; raises NotSeen."""
        return await self.waits_for_any(Pattern.event("disconnected", {}), within=within)

    async def is_refused(self, *, within: float | None = None, **facts: Any) -> TranscriptEntry:
        """Wait until the server refuses an opening handshake of the station; raises NotSeen."""
        return await self.waits_for_any(Pattern.event("refused", facts), within=within)

    async def skip_to_now(self) -> None:
        """Move the cursor to the newest journal entry of the server."""
        self._move_to(await self._api.send(operations.newest_number()))

    async def _perform[Result](self, wait: MessageWait[Result]) -> Result:
        check_actions(wait.patterns, self._actions)
        if not wait.seconds >= 0:  # also not a number
            raise WrongArgument(f"the time limit cannot be {wait.seconds} seconds; write 0 or more")
        result = await self._follower.perform(wait)
        self._move_to(wait.matched or 0)
        return result

    def _seconds(self, within: float | None) -> float:
        return self._within if within is None else within

    def _move_to(self, number: int) -> None:
        self.cursor = max(self.cursor, number)

    # Commands

    async def call(  # noqa: PLR0913 - one for each option
        self,
        action: str,
        payload: Any = DEFAULT_PAYLOAD,
        /,
        *,
        timeout: float | None = None,
        validate: bool = True,
        split: bool = False,
        when: Literal["connected"] | None = None,
        within: float | None = None,
        **fields: Any,
    ) -> CommandAnswer:
        """Send a command and return the answer.

        The keywords that are not options are fields of the payload; a field with the name of an option goes
        into the dict ``payload``: ``call("Reset", {"type": "Immediate"}, timeout=5)``. Without payload and
        fields, the server sends its default payload. If the station answers with a CALLERROR or not at all,
        a `CommandAnswer` is returned too, but its `is_` fails. Raises ApiError if the command was not sent.

        Options:
            timeout: seconds to wait for the answer.
            validate: if false, any action with any payload is sent.
            split: send long lists in parts within the limits of the station.
            when: "connected" sends the command when the station connects next.
            within: seconds to wait for this connection; 60 if omitted.
        """
        options = present(timeout=timeout, when=when, within=within)
        options |= {} if validate else {"validate": False}
        options |= {"split": True} if split else {}
        content = _with_fields(payload, fields)
        body = {
            "action": str(action),
            **options,
            **({} if content is DEFAULT_PAYLOAD else {"payload": content}),
        }
        start = self._follower.transcript.last
        answer = await self._send_command(operations.call(self.id, body))
        return await self._with_frames(CommandAnswer.of_json(self.id, str(action), answer), start)

    async def _send_command(self, command: operations.Operation[Json]) -> Json:
        try:
            return await self._api.send(command)
        except ApiError as problem:
            raise with_hint(problem, CALL_HINTS) from None

    async def _with_frames(self, answer: CommandAnswer, start: int) -> CommandAnswer:
        """Return ``answer`` with the journal entries of the command (or of its first part) and of the answer
        of the station; move the cursor to the command.
        """
        entries: Sequence[TranscriptEntry] = ()
        first = answer.parts[0] if answer.parts else answer
        if first.message_id is not None:
            has_answer = first.outcome == "result" or first.error_code is not None
            entries = await self._perform(
                WaitForExchange(self.id, start, EXCHANGE_S, first.message_id, has_answer)
            )
        call, entry = ([*entries, None, None])[:2]
        return replace(answer, call=call, entry=entry, explain=self._explain)

    def _explain(self, sentence: str) -> str:
        return failure_text(self._follower.transcript, self.id, self.cursor, sentence)

    async def release(self, action: str | None = None, *, count: int | None = None) -> list[CommandAnswer]:
        """Send the answers and commands held back for the station, at most ``count``; return their outcomes.

        The outcome of a held answer is "sent"; the outcome of a held command is the station's answer.
        """
        body = present(action=action, count=count)
        return await self._api.send(
            operations.Operation(
                "POST", of_station(self.id, "/release"), self._released, body=body, timeout_s=None
            )
        )

    def _released(self, items: Any) -> list[CommandAnswer]:
        return [CommandAnswer.of_json(self.id, item["action"], item) for item in items]

    # Connection

    async def disconnect(self, code: int = 1000, reason: str = "", *, abort: bool = False) -> None:
        """Close the connection with a close frame; with ``abort``, drop it without one."""
        query: Json = {"abort": "true"} if abort else present(code=code, reason=reason or None)
        await self._api.send(operations.disconnect(self.id, query))

    async def offline(
        self,
        *,
        refuse: int | Literal["hang", "reset"] | None = None,
        seconds: float | None = None,
        close: int | None = None,
    ) -> None:
        """Take the server offline for the station: end its connection, and refuse new ones.

        The server stays offline for ``seconds``, or until `back_online` is called. It refuses new connections
        with an HTTP status, by default 503; ``hang`` leaves the handshake unanswered, and ``reset`` resets
        the connection. The open connection ends without a close frame unless ``close`` has a close code.
        """
        options = present(refuse=refuse, close=close) | ({} if seconds is None else {"for": seconds})
        await self._api.send(operations.offline(self.id, options))

    async def back_online(self) -> list[RefusedConnection]:
        """Accept connections of the station again; return those refused while offline, the oldest first."""
        return await self._api.send(operations.back_online(self.id))

    # State and settings

    async def state(self) -> Json:
        """Return the full state of the station, as in ``GET /v1/stations/{id}``."""
        return await self._api.send(operations.read_state(self.id))

    async def coverage(self, *states: str) -> Json:
        """Return which requirements the station has been seen to meet, as in
        ``GET /v1/stations/{id}/coverage``.

        ``states``: only requirements in these states, such as ``broken``.
        """
        return await self._api.send(operations.read_coverage(self.id, states))

    async def profile(self) -> Json:
        """Return the server's settings for the station."""
        return await self._api.send(operations.read_profile(self.id))

    async def change_profile(self, changes: Fields = None, /, **others: Any) -> Json:
        """Change the server's settings for the station: ``bootStatus="Rejected"``; None reverts a setting."""
        return await self._api.send(operations.change_profile(self.id, {**(changes or {}), **others}))

    async def set_password(self, password: str) -> None:
        """Set the password that the station needs to connect; nothing is sent to the station."""
        await self._api.send(operations.set_password(self.id, password))


def _with_fields(payload: Any, fields: Mapping[str, Any]) -> Any:
    """Return ``payload`` with ``fields`` added; raises TypeError if the payload is not a dict."""
    if not fields:
        return payload
    own = {} if payload is DEFAULT_PAYLOAD else payload
    if not isinstance(own, Mapping):
        raise TypeError(
            f"fields can only be added to a dict, not to {own!r}; a keyword that is not an option is a field"
        )
    return {**own, **nested(fields)}
