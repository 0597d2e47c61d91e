"""The boot status that the settings define for a station's first and later BootNotifications."""

from typing import Any

import pytest

from tests.support.settings import settings_of


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        case("default", "", ["Accepted", "Accepted"]),
        case("one status", "--boot-status Pending", ["Pending", "Pending"]),
        case("sequence", "--boot-status-sequence Pending,Rejected,Accepted",
             ["Pending", "Rejected", "Accepted", "Accepted", "Accepted"]),
        case("sequence of one", "--boot-status-sequence Rejected", ["Rejected", "Rejected"]),
        case("sequence and status", "--boot-status Accepted --boot-status-sequence Pending,Rejected",
             ["Pending", "Rejected", "Rejected"]),
    ],
)  # fmt: skip
def test_boot_status_follows_sequence(line: str, answers: list[str]) -> None:
    settings = settings_of(line)

    assert [settings.boot_status_at(boot) for boot in range(1, len(answers) + 1)] == answers
