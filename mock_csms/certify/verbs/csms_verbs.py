"""The server in a case: commands, answers, and the connection."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final

from mock_csms.certify.case_steps import CaseSteps
from mock_csms.certify.verbs.cursor import Cursor
from mock_csms.certify.verbs.texts import fields_text
from mock_csms.client import (
    ApiError,
    AsyncClient,
    AsyncStationHandle,
    ClientError,
    CommandAnswer,
    RefusedConnection,
    TranscriptEntry,
)
from mock_csms.client.async_station import DEFAULT_PAYLOAD

DEFAULT: Final[Mapping[str, Any]] = MappingProxyType({})
"""Payload that stands for the server's default payload of a command."""
FAULTS_OF_COMMANDS: Final = frozenset({"invalid-payload", "unknown-command", "list-too-long", "not-sent"})
"""Kinds of API errors for commands that the server sends only with ``validate=False``."""
THEN_MEMBERS: Final = frozenset({"answer", "error", "fault", "set_state", "call"})
"""Members of the effect of a rule; a mapping without any of them is the payload of an answer."""


class CsmsVerbs:
    """The server as seen by a case."""

    def __init__(
        self,
        client: AsyncClient,
        handle: AsyncStationHandle,
        cursor: Cursor,
        steps: CaseSteps,
        within: float,
    ) -> None:
        """``within`` is the number of seconds that a station may take for the answer to a command."""
        self.client = client
        """Client of the control API, for requests that the verbs do not cover."""
        self.handle = handle
        self._cursor = cursor
        self._steps = steps
        self._is_offline = False
        self._rules: list[str] = []
        """Ids of the rules that the case has added."""
        self.connected_again: TranscriptEntry | None = None
        """Journal entry of the connection of the station after the server was offline."""
        self._within = within

    async def sends(
        self,
        action: str,
        payload: Mapping[str, Any] | None = None,
        /,
        *,
        expect: str | set[str] | Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> CommandAnswer:
        """Send a command, which the station has to answer with a CALLRESULT, and return the answer.

        The payload may be `DEFAULT`, the server's default payload of the command. ``expect`` is the status of
        the answer, a set of possible ones, or fields of the answer. Raises WrongAnswer if the answer is
        another one, a CALLERROR or missing.
        """
        expected = {"status": expect} if isinstance(expect, str | set) else expect
        answer = await self.tries(action, payload, **fields)
        with self._steps.step(f"the station answers {action}{fields_text(expected, {})}") as step:
            step.is_about(answer.entry or answer.call)
            return answer.has(expected)

    async def is_refused(
        self, action: str, payload: Mapping[str, Any] | None = None, /, *, code: str, **fields: Any
    ) -> CommandAnswer:
        """Send a command, which the station has to answer with a CALLERROR of this code.

        Raises WrongAnswer.
        """
        answer = await self.tries(action, payload, **fields)
        with self._steps.step(f"the station answers {action} with a CALLERROR {code}") as step:
            step.is_about(answer.entry or answer.call)
            return answer.is_error(code)

    async def tries(
        self, action: str, payload: Mapping[str, Any] | None = None, /, **fields: Any
    ) -> CommandAnswer:
        """Send a command and return the answer, which may be a CALLERROR or missing.

        A command that the server refuses to send is sent without validation. The payload may have
        placeholders such as ``{{now}}``.
        """
        given = payload or {}
        with self._steps.step(f"the server sends {action}{fields_text(given, fields)}") as step:
            content = DEFAULT_PAYLOAD if payload is DEFAULT else dict(given)
            answer = await self._call(action, content, fields)
            step.is_about(answer.call)
        self._cursor.note(answer.call)
        return answer

    async def _call(self, action: str, content: Any, fields: Mapping[str, Any]) -> CommandAnswer:
        """Send a command; if the server refuses to send it, send it without validation."""
        try:
            return await self.handle.call(action, content, timeout=self._within, **fields)
        except ApiError as problem:
            if problem.kind not in FAULTS_OF_COMMANDS:
                raise
        return await self.handle.call(action, content, timeout=self._within, validate=False, **fields)

    async def answers(
        self,
        action: str,
        *answers: Mapping[str, Any],
        where: Mapping[str, Any] | None = None,
        expression: str | None = None,
    ) -> str:
        """Add a rule that answers the station's messages of this action, until the end of the case.

        Each of ``answers`` is the payload of one answer, or the effect of a rule such as ``{"fault": {"kind":
        "no-answer"}}``; the last one is repeated. ``where`` has fields of the message. Returns the id of the
        rule, for `takes_back`.
        """
        when: dict[str, Any] = {"station": self.handle.id, "action": action}
        when |= {"payload": dict(where)} if where else {}
        when |= {"expression": expression} if expression else {}
        then = [dict(each) if THEN_MEMBERS & each.keys() else {"answer": dict(each)} for each in answers]
        rule = await self._add_rule(when=when, then=then)
        self._steps.note(f"the server answers {action} with {fields_text(answers[0], {}).strip()}")
        return rule

    async def _add_rule(self, **members: Any) -> str:
        rule = await self.client.rules.add(**members)
        self._rules.append(str(rule["id"]))
        return self._rules[-1]

    async def default_payload(self, action: str) -> dict[str, Any]:
        """Return the server's default payload of a command to the station."""
        return dict((await self.client.action(action, self.handle.id))["defaultPayload"])

    async def takes_back(self, rule_id: str) -> None:
        """Delete a rule of `answers`, so that the server answers as before."""
        self._rules.remove(rule_id)
        await self.client.rules.delete(rule_id)

    async def takes_all_back(self) -> None:
        """Delete all rules of the case, and accept connections again if the server is offline."""
        for rule_id in [*self._rules]:
            with suppress(ClientError):  # a rule for a number of times may be gone already
                await self.takes_back(rule_id)
        if self._is_offline:
            await self.handle.back_online()

    async def behaves(self, **changes: Any) -> None:
        """Change the profile (the settings of the server for this station) until the end of the case."""
        await self.handle.change_profile(changes)
        self._steps.note(f"the server is set to {fields_text(changes, {}).strip()}")

    async def closes_the_connection(self) -> None:
        """Close the connection; the station may connect again."""
        with self._steps.step("the server closes the connection"):
            await self.handle.disconnect()

    async def refuses_connections(self, times: int) -> None:
        """Refuse the next ``times`` connections of the station."""
        when = {"station": self.handle.id, "action": "handshake"}
        await self._add_rule(when=when, then=[{"fault": {"kind": "503"}}], times=times)
        self._steps.note(f"the server refuses the next connections, {times} in all")

    async def goes_offline(self, **options: Any) -> None:
        """Drop the connection and refuse new ones; options as in `AsyncStationHandle.offline`."""
        with self._steps.step("the server goes offline"):
            self._is_offline = True
            await self.handle.offline(**options)
        entry = await self.handle.disconnects(within=self._within)
        self._cursor.note(entry)

    async def comes_back(self, within: float) -> list[RefusedConnection]:
        """Accept connections again, and wait for the station; return its attempts that were refused."""
        attempts = await self.handle.back_online()
        self._is_offline = False
        with self._steps.step("the station connects again") as step:
            entry = await self.handle.connects(within=within)
            step.is_about(entry)
        self._cursor.note(entry)
        self.connected_again = entry
        return attempts

    async def comes_back_with(
        self, action: str, payload: Mapping[str, Any], *, expect: Mapping[str, Any], within: float
    ) -> None:
        """Accept connections again, and send a command at the moment the station connects.

        Raises WrongAnswer if the fields of the answer differ from ``expect``.
        """
        with self._steps.step(f"the server sends {action}{fields_text(payload, {})} at once"):
            sending = asyncio.create_task(
                self.handle.call(action, dict(payload), when="connected", within=within)
            )
            try:
                await self.comes_back(within)
                answer = await sending
            finally:
                sending.cancel()
        self._cursor.note(answer.call)
        with self._steps.step(f"the station answers {action}{fields_text(expect, {})}") as step:
            step.is_about(answer.entry or answer.call)
            answer.has(expect)

    async def releases(self, action: str | None = None) -> list[CommandAnswer]:
        """Send the answers and commands that have been held back, and return their outcomes."""
        with self._steps.step("the server sends the messages that it has held back"):
            return await self.handle.release(action)

    def has(self, answer: CommandAnswer, expect: str | set[str]) -> None:
        """Check that a command that was held back is answered with this status; raises WrongAnswer."""
        expected = {"status": expect}
        with self._steps.step(f"the station answers {answer.action}{fields_text(expected, {})}") as step:
            step.is_about(answer.entry or answer.call)
            answer.has(expected)

    async def changes_its_port(self, name: str, **changes: Any) -> None:
        """Change a port of the server for new connections, as with ``tlsFault="expired"``.

        Without ``changes``, all earlier changes are reverted.
        """
        await self.client.change_listener(name, **changes)
        self._steps.note(f"the port {name} is set to{fields_text(None, changes) or ' its first settings'}")
