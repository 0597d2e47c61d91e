"""Calls of `Facts.command_failed`: without a valid answer, a station may still have carried out a command."""

from collections.abc import Callable

import pytest

from mock_csms.findings.facts import Facts
from tests.support.talk import Talk, case


class FailedCommands(Facts):
    """Facts that only store the actions with which `command_failed` is called."""

    __slots__ = ("actions",)

    def __init__(self) -> None:
        self.actions: list[str | None] = []

    def command_failed(self, action: str | None) -> None:
        self.actions.append(action)


def send_clear_cache(talk: Talk) -> str:
    return talk.send_command("ClearCache", {})


def answer_invalidly(talk: Talk) -> None:
    talk.answer_command(send_clear_cache(talk), "ClearCache", {}, violation="no status")


def time_out(talk: Talk) -> None:
    talk.collect(talk.observer.timed_out(talk.at, send_clear_cache(talk), "ClearCache"))


def disconnect(talk: Talk) -> None:
    send_clear_cache(talk)
    talk.reconnect(after=1)
    talk.reconnect(after=1)


def answer_first(talk: Talk) -> None:
    talk.answer_command(send_clear_cache(talk), "ClearCache", {"status": "Rejected"})
    talk.reconnect(after=1)


@pytest.mark.parametrize(
    ("play", "actions"),
    [
        case("error", lambda talk: talk.answer_command(send_clear_cache(talk), "ClearCache"), ["ClearCache"]),
        case("invalid answer", answer_invalidly, ["ClearCache"]),
        case("no answer in time", time_out, ["ClearCache"]),
        case("disconnected before the answer", disconnect, ["ClearCache"]),
        case("sent with a fault", lambda talk: talk.observer.sent_spoilt_call("spoilt"), [None]),
        case("valid answer", answer_first, []),
    ],
)
def test_facts_are_told_of_commands_with_unknown_effect(
    talk: Talk, play: Callable[[Talk], None], actions: list[str | None]
) -> None:
    failed = talk.observer._known[FailedCommands]

    play(talk)

    assert failed.actions == actions
