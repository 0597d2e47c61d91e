"""Reports must follow the answer to their command."""

from collections.abc import Callable

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.solicited import REPORTED_BY
from tests.support.talk import PARTS, REPORT_COMMANDS, Talk, case

COMMANDS = [*REPORT_COMMANDS, "GetReport"]


def send(talk: Talk, command: str, request_id: int = 9) -> str:
    return talk.send_command(command, {"requestId": request_id, **REPORT_COMMANDS.get(command, {})})


def part(command: str, request_id: int = 9) -> JsonObject:
    return {**PARTS[REPORTED_BY[command]], "requestId": request_id}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("is_answered", [True, False])
def test_report_must_follow_the_answer(talk: Talk, command: str, is_answered: bool) -> None:
    message_id = send(talk, command)
    if is_answered:
        talk.answer_command(message_id, command, {"status": "Accepted"})
    talk.call(REPORTED_BY[command], part(command))

    assert talk.ids == ([] if is_answered else ["result-before-answer"])
    assert talk.coverage("FR.05") == ("met" if is_answered else "broken")


def use_the_id_before(talk: Talk) -> None:
    talk.answer_command(send(talk, "GetReport"), "GetReport", {"status": "Accepted"})
    send(talk, "GetBaseReport")


def fail(talk: Talk) -> None:
    talk.answer_command(send(talk, "GetReport"), "GetReport")


def reconnect(talk: Talk) -> None:
    send(talk, "GetReport")
    talk.reconnect(1)


def boot(talk: Talk) -> None:
    send(talk, "GetReport")
    talk.boot()


@pytest.mark.parametrize(
    "excuse",
    [
        case("requestId used before", use_the_id_before),
        case("CALLERROR", fail),
        case("reconnect", reconnect),
        case("boot", boot),
    ],
)
def test_report_of_uncertain_command_is_accepted(talk: Talk, excuse: Callable[[Talk], None]) -> None:
    excuse(talk)
    talk.call("NotifyReport", part("GetReport"))

    assert "result-before-answer" not in talk.ids


def test_commands_before_the_first_boot_are_uncertain(unbooted: Talk) -> None:
    send(unbooted, "GetReport")
    unbooted.call("NotifyReport", part("GetReport"))

    assert not unbooted.findings
