"""How a misbehaving station causes the findings about display messages."""

from typing import Any

from tests.support.observed_station import TOKEN, ObservedStation
from tests.support.talk import stamp
from tests.v201.findings.checks.scenes import Scene

MAX_MESSAGES = 20
"""Number of messages that the simulated station can store."""


def set_message(
    observed: ObservedStation,
    number: int = 1,
    *,
    content: str = "Welcome",
    **fields: Any,
) -> None:
    text = {"format": "UTF8", "content": content}
    message = {"id": number, "priority": "NormalCycle", "message": text, **fields}
    observed.command("SetDisplayMessage", {"message": message})


def report_inventory(observed: ObservedStation) -> None:
    observed.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    observed.advance(10)


def report_messages(observed: ObservedStation, **query: Any) -> None:
    observed.command("GetDisplayMessages", {"requestId": 2, **query})
    observed.advance(2)


def set_message_in_inventory(**fields: Any) -> Scene:
    def play(observed: ObservedStation) -> None:
        report_inventory(observed)
        set_message(observed, **fields)

    return Scene(play)


def set_message_with_known_formats(observed: ObservedStation) -> None:
    formats = {"component": {"name": "DisplayMessageCtrlr"}, "variable": {"name": "SupportedFormats"}}
    observed.command("GetVariables", {"getVariableData": [formats]})
    set_message(observed)


def fill_display(observed: ObservedStation) -> None:
    report_inventory(observed)
    for number in range(MAX_MESSAGES + 1):
        set_message(observed, number)


def set_message_after_transaction(observed: ObservedStation) -> None:
    station = observed.station
    station.plug_in()
    station.present(TOKEN)
    observed.advance(10)
    station.unplug()
    observed.advance(10)
    ended = observed.calls("TransactionEvent")[-1]
    set_message(observed, transactionId=ended["transactionInfo"]["transactionId"])


def use_message(observed: ObservedStation) -> None:
    set_message(observed)
    report_messages(observed)
    observed.command("ClearDisplayMessage", {"id": 1})


def ask_empty_display(observed: ObservedStation) -> None:
    report_messages(observed)
    report_messages(observed)


def clear_twice(observed: ObservedStation) -> None:
    set_message(observed)
    for _ in range(2):
        observed.command("ClearDisplayMessage", {"id": 1})


def let_message_expire(observed: ObservedStation) -> None:
    set_message(observed, 2)
    set_message(observed, endDateTime=stamp(observed.host.time() + 70))
    observed.advance(135)
    report_messages(observed)


def replace_front_message(observed: ObservedStation) -> None:
    for number in (1, 2):
        set_message(observed, number, priority="AlwaysFront")
    report_messages(observed)


def report_after_reboot(observed: ObservedStation) -> None:
    for number in (1, 2):
        set_message(observed, number)
    observed.command("Reset", {"type": "Immediate"})
    observed.advance(30)
    report_messages(observed)


def report_two_messages(observed: ObservedStation) -> None:
    for number in (1, 2):
        set_message(observed, number)
    report_messages(observed)


def report_by_priority(observed: ObservedStation) -> None:
    set_message(observed)
    report_messages(observed, priority="NormalCycle")


def replace_message(observed: ObservedStation) -> None:
    set_message(observed)
    set_message(observed, content="Goodbye")
    report_messages(observed)


SCENES = {
    "absent-message-cleared": Scene(clear_twice),
    "absent-messages-announced": Scene(ask_empty_display),
    "display-message-lost": Scene(report_after_reboot),
    "display-message-not-replaced": Scene(replace_message),
    "display-message-not-reported": Scene(report_two_messages),
    "empty-message-report": Scene(report_by_priority, also=frozenset({"display-message-not-reported"})),
    "finished-message-reported": Scene(let_message_expire),
    "message-for-ended-transaction-accepted": Scene(set_message_after_transaction),
    "message-for-unknown-display-accepted": set_message_in_inventory(display={"name": "Second"}),
    "message-over-limit-accepted": Scene(fill_display),
    "replaced-message-reported": Scene(replace_front_message),
    "stored-message-denied": Scene(use_message),
    "supported-message-refused": set_message_in_inventory(),
    "unsupported-message-accepted": Scene(set_message_with_known_formats),
}
