"""The shared observer finds what breaks OCPP-J, for actions of any version."""

import ast
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from ocpp.v201.enums import Action

from mock_csms import findings
from mock_csms.findings.calls import IN_PARALLEL
from mock_csms.findings.kinds import NO_FINDINGS, SHARED_KINDS, Finding, Findings
from mock_csms.findings.observer import Observer
from mock_csms.messages import UNREADABLE_PAYLOAD, JsonObject

type Script = Callable[[Observer], Sequence[Finding]]


def observer(*silenced: str, unreadable_id: str | None = "-1", kind: type[Observer] = Observer) -> Observer:
    """Observer of a station that is connected."""
    made = kind("CS001", frozenset(silenced), SHARED_KINDS, unreadable_id)
    made.connected(0.0, 1)
    return made


def ids(found: Sequence[Finding]) -> list[str]:
    return [finding.id for finding in found]


def ping(it: Observer, message_id: str = "a", at: float = 1.0) -> Findings:
    """Have the station send a CALL that is answered at once."""
    return it.exchanged(at, 2, message_id, "Ping", {}, {})


def receive(
    it: Observer, action: str = "Ping", message_id: str = "a", at: float = 1.0, *, known: bool = True
) -> Sequence[Finding]:
    """Have the station send a CALL that is not answered yet."""
    return it.received_call(at, 2, message_id, action, {}, violation=None, known=known)


def reused_id(it: Observer) -> Sequence[Finding]:
    ping(it)
    return ping(it, at=2.0)


def parallel(it: Observer) -> Sequence[Finding]:
    receive(it)
    return ping(it, "b", at=1.0 + IN_PARALLEL / 2)


def repeated_answer(it: Observer) -> Sequence[Finding]:
    it.sent_call(1.0, 2, "ours", "Pong", {})
    it.received_answer(1.5, 3, "ours", "Pong", {})
    return it.received_answer(2.0, 4, "ours", None, {})


def no_answer(it: Observer) -> Sequence[Finding]:
    it.sent_call(1.0, 2, "ours", "Pong", {})
    return it.timed_out(31.0, "ours", "Pong")


OFFENCES: dict[str, Script] = {
    "message-id-reused": reused_id,
    "calls-in-parallel": parallel,
    "malformed-frame": lambda it: it.malformed(1.0, 2, "the frame is not valid JSON"),
    "call-violates-schema": lambda it: it.received_call(1.0, 2, "a", "Ping", {}, violation="no pong"),
    "answer-violates-schema": lambda it: it.received_answer(1.0, 2, "a", "Pong", {}, violation="no ping"),
    "call-unanswered": no_answer,
    "answer-to-unknown-call": lambda it: it.received_answer(1.0, 2, "never-sent", None, {}),
    "answer-repeated": repeated_answer,
    "unknown-action": lambda it: receive(it, "Pnig", known=False),
}


def test_there_is_an_offence_of_every_shared_kind() -> None:
    assert OFFENCES.keys() == SHARED_KINDS.keys()


@pytest.mark.parametrize("kind", OFFENCES)
def test_offence_is_found_with_the_severity_and_section_of_its_kind(kind: str) -> None:
    (found,) = OFFENCES[kind](observer())

    assert found[:4] == (kind, *SHARED_KINDS[kind][:2], "CS001")


@pytest.mark.parametrize("kind", OFFENCES)
def test_offence_of_a_silenced_kind_is_not_found(kind: str) -> None:
    assert not OFFENCES[kind](observer(kind))


def test_nothing_is_found_about_a_station_that_keeps_to_ocpp_j() -> None:
    it = observer()
    receive(it)
    it.sent_result(1.5, 3, "a", "Ping", {})
    receive(it, message_id="b", at=2.0)
    it.sent_error(2.5, 5, "b", "Ping")
    it.sent_call(3.0, 6, "ours", "Pong", {})
    answer = it.received_answer(3.5, 7, "ours", "Pong", {})

    assert not (*ping(it, "c", at=4.0), *answer, *it.tick(60.0), *it.disconnected(61.0, 9), *it.end(62.0))


# Unknown actions (OCPP-J 4.1.7)


def test_unknown_action_is_named() -> None:
    (found,) = receive(observer(), "Pnig", known=False)

    assert found.sentence == (
        "Pnig is not an action of this OCPP version; vendor-specific messages go into DataTransfer"
    )
    assert found.frames == (2,)


def test_long_name_of_an_unknown_action_is_cut() -> None:
    (found,) = receive(observer(), "x" * 1000, known=False)

    assert len(found.sentence) < 200


def test_unknown_action_is_found_in_each_call() -> None:
    it = observer()
    found = [*receive(it, "Pnig", known=False), *it.sent_error(1.1, 3, "a", "Pnig")]
    found += receive(it, "Pnig", "b", at=3.0, known=False)

    assert ids(found) == ["unknown-action", "unknown-action"]


def test_known_action_is_not_an_unknown_action() -> None:
    assert not receive(observer(), known=True)


def test_unknown_action_uses_up_its_message_id() -> None:
    it = observer()
    receive(it, "Pnig", known=False)
    it.sent_error(1.1, 3, "a", "Pnig")

    assert ids(ping(it, at=2.0)) == ["message-id-reused"]


def test_unknown_action_may_be_in_parallel() -> None:
    it = observer()
    receive(it)

    assert ids(receive(it, "Pnig", "b", known=False)) == ["calls-in-parallel", "unknown-action"]


def test_call_after_an_unanswered_unknown_action_is_in_parallel() -> None:
    it = observer()
    receive(it, "Pnig", known=False)

    assert ids(ping(it, "b")) == ["calls-in-parallel"]


def test_payload_of_an_unknown_action_is_not_judged() -> None:
    it = observer(kind=Judging)

    found = it.received_call(1.0, 2, "a", "Pnig", {}, violation="broken", known=False)

    assert ids(found) == ["unknown-action"]


# CALLERRORs about frames without a readable id (OCPP-J 4.2.3)


@pytest.mark.parametrize(
    ("unreadable_id", "message_id", "found"),
    [
        ("-1", "-1", []),
        (None, "-1", ["answer-to-unknown-call"]),
        ("0", "-1", ["answer-to-unknown-call"]),
        ("0", "0", []),
    ],
)
def test_error_about_an_unreadable_frame_answers_no_call(
    unreadable_id: str | None, message_id: str, found: list[str]
) -> None:
    it = observer(unreadable_id=unreadable_id)

    assert ids(it.received_answer(1.0, 2, message_id, None, None)) == found


# Hooks


class Judging(Observer):
    """Finds a malformed frame in every CALL and in every tick, and cannot read any command."""

    __slots__ = ("answered_in",)

    answered_actions = frozenset({"Ping"})

    def begin(self) -> None:
        super().begin()
        self.answered_in: list[tuple[int, str, float]] = []

    def judge_call(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        return self._report("malformed-frame", at, (frame,), "judged")

    def answered(self, at: float, frame: int, action: str, answer: JsonObject, waited: float) -> None:
        self.answered_in.append((frame, action, waited))

    def command_sent(self, at: float, frame: int, message_id: str, action: str, request: JsonObject) -> None:
        raise UNREADABLE_PAYLOAD[0]

    def overdue(self, at: float) -> Findings:
        return self._report("malformed-frame", at, (1,), "overdue")


@pytest.fixture
def judging() -> Judging:
    made = observer(kind=Judging)
    assert isinstance(made, Judging)
    return made


def test_hook_judges_each_valid_call(judging: Judging) -> None:
    found = [*ping(judging), *receive(judging, message_id="b")]

    assert ids(found) == ["malformed-frame", "malformed-frame"]


def test_hook_is_called_for_the_answers_it_asks_for(judging: Judging) -> None:
    ping(judging)
    judging.exchanged(2.0, 4, "b", "Other", {}, {})
    receive(judging, message_id="c", at=3.0)
    judging.sent_result(3.5, 7, "c", "Ping", {})

    assert judging.answered_in == [(3, "Ping", 0.0), (7, "Ping", 0.5)]


def test_command_that_a_hook_cannot_read_is_ignored(judging: Judging) -> None:
    assert judging.sent_call(1.0, 2, "ours", "Pong", {}) == NO_FINDINGS


@pytest.mark.parametrize("connections", [0, 1, 2])
def test_nothing_is_overdue_from_a_station_that_is_not_connected(judging: Judging, connections: int) -> None:
    judging.disconnected(1.0, 2)
    for _ in range(connections):
        judging.connected(2.0, 3)

    assert bool(judging.tick(3.0)) is bool(connections)


def test_nothing_is_overdue_while_the_station_waits_for_an_answer(judging: Judging) -> None:
    receive(judging, at=1.0)

    assert not judging.tick(5.0)


def test_connected_station_stays_connected_when_it_is_forgotten(judging: Judging) -> None:
    ping(judging)
    judging.forget(2.0, 4)

    assert judging.answered_in == []
    assert judging.tick(3.0)


# What is shared names no version


@pytest.mark.parametrize(
    "file", sorted(Path(findings.__file__).parent.glob("*.py")), ids=lambda file: file.name
)
def test_shared_findings_name_no_version(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}

    assert "v201" not in source
    assert texts.isdisjoint(action.value for action in Action)
