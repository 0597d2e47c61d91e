"""Handle of a station for code without asyncio: waits for its messages, and sends commands to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from mock_csms.client.answers import CommandAnswer
from mock_csms.client.async_station import (
    DEFAULT_PAYLOAD,
    Action,
    AsyncStationHandle,
    Fields,
)
from mock_csms.client.entries import RefusedConnection, TranscriptEntry
from mock_csms.client.operations import Json
from mock_csms.client.patterns import Pattern
from mock_csms.client.portal import Portal

__tracebackhide__ = True


class StationHandle:
    """A station with a cursor into the journal; made by `Client.station`.

    Methods such as `waits_for` look only at messages after the cursor. A match moves the cursor to the entry
    that matches, and `call` moves it to the command. Keywords that are not named in the signature of a method
    are fields of the payload.
    """

    def __init__(self, station: AsyncStationHandle, portal: Portal) -> None:
        self._station = station
        self._portal = portal
        self._run = portal.run

    @property
    def id(self) -> str:
        """Identity of the station."""
        return self._station.id

    @property
    def cursor(self) -> int:
        """Number of the journal entry after which methods such as `waits_for` look for messages.

        A test may set it to an earlier entry.
        """
        return self._station.cursor

    @cursor.setter
    def cursor(self, number: int) -> None:
        self._station.cursor = number

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, cursor={self.cursor})"

    # Messages

    def waits_for(
        self, action: Action, fields: Fields = None, /, *, within: float | None = None, **others: Any
    ) -> TranscriptEntry:
        """Wait for a message with these fields, and return it. Other messages are ignored.

        Raises NotSeen.
        """
        return self._run(self._station.waits_for(action, fields, within=within, **others))

    def waits_for_any(self, *expected: Pattern, within: float | None = None) -> TranscriptEntry:
        """Wait for one of several messages, and return it; raises NotSeen."""
        return self._run(self._station.waits_for_any(*expected, within=within))

    def waits_for_all(self, *expected: Pattern, within: float | None = None) -> Sequence[TranscriptEntry]:
        """Wait for several messages in any order, and return them in the order of the arguments.

        Raises NotSeen.
        """
        return self._run(self._station.waits_for_all(*expected, within=within))

    def next(
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
        return self._run(
            self._station.next(action, fields, within=within, where=where, ignoring=ignoring, **others)
        )

    def never(self, action: Action, fields: Fields = None, /, *, during: float, **others: Any) -> None:
        """Check that no message with these fields came after the cursor, or comes within ``during`` seconds.

        Raises UnwantedMessage as soon as such a message comes.
        """
        self._run(self._station.never(action, fields, during=during, **others))

    def sends_nothing_but(
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
        self._run(self._station.sends_nothing_but(*allowed, during=during, after=after, before=before))

    @contextmanager
    def forbidding(self, action: Action, fields: Fields = None, /, **others: Any) -> Iterator[None]:
        """Check at the end of the context that no message with these fields came inside it.

        Raises UnwantedMessage.
        """
        with self._portal.entered(self._station.forbidding(action, fields, **others)):
            yield

    def collects(
        self, action: str, fields: Fields = None, /, *, within: float | None = None, **others: Any
    ) -> Sequence[TranscriptEntry]:
        """Wait for all parts of a report, such as NotifyReport, and return them in the order of seqNo.

        The last part is the one whose ``tbc`` is false or absent. Raises NotSeen.
        """
        return self._run(self._station.collects(action, fields, within=within, **others))

    def connects(self, *, within: float | None = None, **facts: Any) -> TranscriptEntry:
        """Wait until the station connects with these facts of the handshake; raises NotSeen.

        Facts are the members of ``handshake`` in the journal: ``connects(listener="tls")``.
        """
        return self._run(self._station.connects(within=within, **facts))

    def disconnects(self, *, within: float | None = None) -> TranscriptEntry:
        """Wait until the connection of the station ends; raises NotSeen."""
        return self._run(self._station.disconnects(within=within))

    def is_refused(self, *, within: float | None = None, **facts: Any) -> TranscriptEntry:
        """Wait until the server refuses an opening handshake of the station; raises NotSeen."""
        return self._run(self._station.is_refused(within=within, **facts))

    def skip_to_now(self) -> None:
        """Move the cursor to the newest journal entry of the server."""
        self._run(self._station.skip_to_now())

    # Commands

    def call(  # noqa: PLR0913 - one for each option
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
        return self._run(
            self._station.call(
                action,
                payload,
                timeout=timeout,
                validate=validate,
                split=split,
                when=when,
                within=within,
                **fields,
            )
        )

    def release(self, action: str | None = None, *, count: int | None = None) -> list[CommandAnswer]:
        """Send the answers and commands held back for the station, at most ``count``; return their outcomes.

        The outcome of a held answer is "sent"; the outcome of a held command is the station's answer.
        """
        return self._run(self._station.release(action, count=count))

    # Connection

    def disconnect(self, code: int = 1000, reason: str = "", *, abort: bool = False) -> None:
        """Close the connection with a close frame; with ``abort``, drop it without one."""
        self._run(self._station.disconnect(code, reason, abort=abort))

    def offline(
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
        self._run(self._station.offline(refuse=refuse, seconds=seconds, close=close))

    def back_online(self) -> list[RefusedConnection]:
        """Accept connections of the station again; return those refused while offline, the oldest first."""
        return self._run(self._station.back_online())

    # State and settings

    def state(self) -> Json:
        """Return the full state of the station, as in ``GET /v1/stations/{id}``."""
        return self._run(self._station.state())

    def coverage(self, *states: str) -> Json:
        """Return which requirements the station has been seen to meet, as in
        ``GET /v1/stations/{id}/coverage``.

        ``states``: only requirements in these states, such as ``broken``.
        """
        return self._run(self._station.coverage(*states))

    def profile(self) -> Json:
        """Return the server's settings for the station."""
        return self._run(self._station.profile())

    def change_profile(self, changes: Fields = None, /, **others: Any) -> Json:
        """Change the server's settings for the station: ``bootStatus="Rejected"``; None reverts a setting."""
        return self._run(self._station.change_profile(changes, **others))

    def set_password(self, password: str) -> None:
        """Set the password that the station needs to connect; nothing is sent to the station."""
        self._run(self._station.set_password(password))
