"""The shared observer reports violations of OCPP-J, for actions of any version."""

import ast
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from ocpp.v201.enums import Action

from mock_csms import findings
from mock_csms.findings.calls import IN_PARALLEL_WITHIN_S
from mock_csms.findings.kinds import NO_FINDINGS, SHARED_KINDS, Finding, Findings
from mock_csms.findings.observer import Observer
from mock_csms.messages import UNREADABLE_PAYLOAD, JsonObject

type Script = Callable[[Observer], Sequence[Finding]]


def make_observer(
    *silenced: str, unreadable_id: str | None = "-1", kind: type[Observer] = Observer
) -> Observer:
    """Return the observer of a connected station."""
    new_observer = kind("CS001", frozenset(silenced), SHARED_KINDS, unreadable_id)
    new_observer.connected(0.0, 1)
    return new_observer


def ids(findings: Sequence[Finding]) -> list[str]:
    return [finding.id for finding in findings]


def ping(observer: Observer, message_id: str = "a", at: float = 1.0) -> Findings:
    """Pass a CALL of the station and its immediate answer to the observer; return the findings."""
    return observer.exchanged(at, 2, message_id, "Ping", {}, {})


def send_call(
    observer: Observer, action: str = "Ping", message_id: str = "a", at: float = 1.0, *, known: bool = True
) -> Sequence[Finding]:
    """Pass a CALL of the station without an answer to the observer; return the findings."""
    return observer.received_call(at, 2, message_id, action, {}, violation=None, known=known)


def reuse_message_id(observer: Observer) -> Sequence[Finding]:
    ping(observer)
    return ping(observer, at=3.0)


def send_parallel_calls(observer: Observer) -> Sequence[Finding]:
    send_call(observer)
    return ping(observer, "b", at=1.0 + IN_PARALLEL_WITHIN_S / 2)


def repeat_answer(observer: Observer) -> Sequence[Finding]:
    observer.sent_call(1.0, 2, "ours", "Pong", {})
    observer.received_answer(1.5, 3, "ours", "Pong", {})
    return observer.received_answer(2.0, 4, "ours", None, {})


def leave_unanswered(observer: Observer) -> Sequence[Finding]:
    observer.sent_call(1.0, 2, "ours", "Pong", {})
    return observer.timed_out(31.0, "ours", "Pong")


def test_repeated_answer_names_call_and_both_answers() -> None:
    (finding,) = repeat_answer(make_observer())

    assert finding.frames == (2, 3, 4)


VIOLATIONS: dict[str, Script] = {
    "message-id-reused": reuse_message_id,
    "calls-in-parallel": send_parallel_calls,
    "malformed-frame": lambda observer: observer.malformed(1.0, 2, "the frame is not valid JSON"),
    "call-violates-schema": lambda observer: observer.received_call(
        1.0, 2, "a", "Ping", {}, violation="no pong"
    ),
    "answer-violates-schema": lambda observer: observer.received_answer(
        1.0, 2, "a", "Pong", {}, violation="no ping"
    ),
    "call-unanswered": leave_unanswered,
    "answer-to-unknown-call": lambda observer: observer.received_answer(1.0, 2, "never-sent", None, {}),
    "answer-repeated": repeat_answer,
    "unknown-action": lambda observer: send_call(observer, "Pnig", known=False),
}


def test_every_shared_kind_has_an_example() -> None:
    assert VIOLATIONS.keys() == SHARED_KINDS.keys()


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_violation_is_found_with_severity_and_section_of_its_kind(kind: str) -> None:
    (finding,) = VIOLATIONS[kind](make_observer())

    assert finding[:4] == (kind, *SHARED_KINDS[kind][:2], "CS001")


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_violation_of_silenced_kind_is_not_found(kind: str) -> None:
    assert not VIOLATIONS[kind](make_observer(kind))


def test_compliant_station_has_no_findings() -> None:
    observer = make_observer()
    send_call(observer)
    observer.sent_result(1.5, 3, "a", "Ping", {})
    send_call(observer, message_id="b", at=2.0)
    observer.sent_error(2.5, 5, "b", "Ping")
    observer.sent_call(3.0, 6, "ours", "Pong", {})
    answer = observer.received_answer(3.5, 7, "ours", "Pong", {})

    assert not (
        *ping(observer, "c", at=4.0),
        *answer,
        *observer.tick(60.0),
        *observer.disconnected(61.0, 9),
        *observer.end(62.0),
    )


# Unknown actions (OCPP-J 4.1.7)


def test_unknown_action_is_in_the_sentence() -> None:
    (finding,) = send_call(make_observer(), "Pnig", known=False)

    assert finding.sentence == (
        "Pnig is not an action of this OCPP version; use DataTransfer for vendor-specific messages"
    )
    assert finding.frames == (2,)


def test_long_unknown_action_is_truncated() -> None:
    (finding,) = send_call(make_observer(), "x" * 1000, known=False)

    assert len(finding.sentence) < 200


def test_unknown_action_is_found_in_each_call() -> None:
    observer = make_observer()
    findings = [*send_call(observer, "Pnig", known=False), *observer.sent_error(1.1, 3, "a", "Pnig")]
    findings += send_call(observer, "Pnig", "b", at=3.0, known=False)

    assert ids(findings) == ["unknown-action", "unknown-action"]


def test_known_action_is_not_reported_as_unknown() -> None:
    assert not send_call(make_observer(), known=True)


def test_message_id_of_unknown_action_cannot_be_reused() -> None:
    observer = make_observer()
    send_call(observer, "Pnig", known=False)
    observer.sent_error(1.1, 3, "a", "Pnig")

    assert ids(ping(observer, at=2.0)) == ["message-id-reused"]


def test_unknown_action_may_be_in_parallel() -> None:
    observer = make_observer()
    send_call(observer)

    assert ids(send_call(observer, "Pnig", "b", known=False)) == ["calls-in-parallel", "unknown-action"]


def test_call_after_unanswered_unknown_action_is_parallel() -> None:
    observer = make_observer()
    send_call(observer, "Pnig", known=False)

    assert ids(ping(observer, "b")) == ["calls-in-parallel"]


def test_payload_of_unknown_action_is_not_judged() -> None:
    observer = make_observer(kind=Judging)

    findings = observer.received_call(1.0, 2, "a", "Pnig", {}, violation="broken", known=False)

    assert ids(findings) == ["unknown-action"]


# CALLERRORs about frames without a readable id (OCPP-J 4.2.3)


@pytest.mark.parametrize(
    ("unreadable_id", "message_id", "findings"),
    [
        ("-1", "-1", []),
        (None, "-1", ["answer-to-unknown-call"]),
        ("0", "-1", ["answer-to-unknown-call"]),
        ("0", "0", []),
    ],
)
def test_call_error_about_unreadable_frame_is_not_an_answer(
    unreadable_id: str | None, message_id: str, findings: list[str]
) -> None:
    observer = make_observer(unreadable_id=unreadable_id)

    assert ids(observer.received_answer(1.0, 2, message_id, None, None)) == findings


# Hooks


class Judging(Observer):
    """Observer whose hooks return the finding ``malformed-frame``, except `command_sent`, which raises."""

    __slots__ = ("answered_in",)

    answered_actions = frozenset({"Ping"})

    def begin(self) -> None:
        super().begin()
        self.answered_in: list[tuple[int, str, float]] = []

    def judge_call(self, at: float, frame: int, action: str, payload: JsonObject) -> Findings:
        return self._report("malformed-frame", at, (frame,), "judged")

    def answered(  # noqa: PLR0917 - the hook
        self, at: float, frame: int, action: str, payload: JsonObject, answer: JsonObject, waited: float
    ) -> Findings:
        self.answered_in.append((frame, action, waited))
        return self._report("malformed-frame", at, (frame,), "answered")

    def command_sent(self, at: float, frame: int, message_id: str, action: str, request: JsonObject) -> None:
        raise UNREADABLE_PAYLOAD[0]

    def overdue(self, at: float) -> Findings:
        return self._report("malformed-frame", at, (1,), "overdue")


@pytest.fixture
def judging() -> Judging:
    new_observer = make_observer(kind=Judging)
    assert isinstance(new_observer, Judging)
    return new_observer


def test_hook_judges_each_valid_call(judging: Judging) -> None:
    findings = [*ping(judging), *send_call(judging, message_id="b")]

    assert ids(findings) == ["malformed-frame", "malformed-frame"]


def test_answered_hook_is_called_for_its_actions(judging: Judging) -> None:
    ping(judging)
    judging.exchanged(2.0, 4, "b", "Other", {}, {})
    send_call(judging, message_id="c", at=3.0)
    judging.sent_result(3.5, 7, "c", "Ping", {"answer": 1})

    assert judging.answered_in == [(7, "Ping", 0.5)]


def test_answered_hook_judges_answer_given_at_once(judging: Judging) -> None:
    findings = judging.exchanged(2.0, 4, "b", "Ping", {}, {"answer": 1})

    assert judging.answered_in == [(5, "Ping", 0.0)]
    assert [finding.sentence for finding in findings] == ["judged", "answered"]


def test_command_unreadable_for_hook_is_ignored(judging: Judging) -> None:
    assert judging.sent_call(1.0, 2, "ours", "Pong", {}) == NO_FINDINGS


@pytest.mark.parametrize("connections", [0, 1, 2])
def test_overdue_hook_is_called_only_while_connected(judging: Judging, connections: int) -> None:
    judging.disconnected(1.0, 2)
    for _ in range(connections):
        judging.connected(2.0, 3)

    assert bool(judging.tick(3.0)) is bool(connections)


def test_overdue_hook_is_not_called_while_an_answer_is_pending(judging: Judging) -> None:
    send_call(judging, at=1.0)

    assert not judging.tick(5.0)


def test_forget_keeps_station_connected(judging: Judging) -> None:
    ping(judging)
    judging.forget(2.0, 4)

    assert judging.answered_in == []
    assert judging.tick(3.0)


# Shared modules are independent of the version


@pytest.mark.parametrize(
    "file", sorted(Path(findings.__file__).parent.glob("*.py")), ids=lambda file: file.name
)
def test_shared_findings_name_no_version(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}

    assert "v201" not in source
    assert texts.isdisjoint(action.value for action in Action)
