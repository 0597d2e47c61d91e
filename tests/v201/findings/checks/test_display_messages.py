"""Checks of display messages: the answers to their commands, and their reports."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.monitors import command, report_variable
from tests.support.talk import Script, Talk, case, stamp

DISPLAY: JsonObject = {"component": {"name": "Display"}, "variable": {"name": "Available"}}
COUNT: JsonObject = {
    "component": {"name": "DisplayMessageCtrlr"},
    "variable": {"name": "DisplayMessages"},
}
SUPPORTED = {
    "DisplayMessageCtrlr.SupportedPriorities": "normalCycle, AlwaysFront",
    "DisplayMessageCtrlr.SupportedFormats": "ASCII,UTF8",
}
OF_TRANSACTION: JsonObject = {"transactionId": "T1"}


def message(
    number: int = 1, *, content: str = "Welcome", text_format: str = "UTF8", **fields: Any
) -> JsonObject:
    return {
        "id": number,
        "priority": "NormalCycle",
        "message": {"format": text_format, "content": content},
        **fields,
    }


def set_message(talk: Talk, number: int = 1, status: str = "Accepted", **fields: Any) -> None:
    command(talk, "SetDisplayMessage", {"message": message(number, **fields)}, status)


def clear_message(talk: Talk, number: int = 1, status: str = "Accepted") -> None:
    command(talk, "ClearDisplayMessage", {"id": number}, status)


def ask(talk: Talk, status: str = "Accepted", **query: Any) -> None:
    command(talk, "GetDisplayMessages", {"requestId": 20, **query}, status)


def report_messages(talk: Talk, *messages: JsonObject, **query: Any) -> None:
    """Request a report of messages, which the station sends in one part."""
    ask(talk, **query)
    send_part(talk, *messages)


def send_part(talk: Talk, *messages: JsonObject, **fields: Any) -> None:
    info = {"messageInfo": list(messages)} if messages else {}
    talk.call("NotifyDisplayMessages", {"requestId": 20, **info, **fields})


def start_transaction(talk: Talk) -> None:
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1})


def end_transaction(talk: Talk) -> None:
    talk.send_event(1, "Ended")
    talk.wait(6)


@pytest.mark.parametrize(
    ("fields", "refusal", "requirements"),
    [
        case("priority", {"priority": "InFront"}, "NotSupportedPriority", ("O01.FR.01", "O02.FR.03")),
        case("format", {"text_format": "HTML"}, "NotSupportedMessageFormat", ("O01.FR.03", "O02.FR.05")),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_unsupported_message_must_be_refused(
    talk: Talk, fields: JsonObject, refusal: str, requirements: tuple[str, str], place: int
) -> None:
    requirement, transaction = requirements[place], OF_TRANSACTION if place else {}
    set_message(talk, **fields, **transaction)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    talk.read_variables(SUPPORTED)
    set_message(talk, status="Rejected", **fields, **transaction)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    set_message(talk, status=refusal, **fields, **transaction)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    set_message(talk, **fields, **transaction)

    assert talk.ids == ["unsupported-message-accepted"]
    assert talk.coverage(requirement) == "broken"
    assert talk.coverage(requirements[1 - place]) == "not exercised"


@pytest.mark.parametrize(
    ("refusal", "requirement"),
    [("NotSupportedPriority", "O01.FR.01"), ("NotSupportedMessageFormat", "O01.FR.03")],
)
def test_supported_message_must_not_be_refused_as_unsupported(
    talk: Talk, refusal: str, requirement: str
) -> None:
    talk.read_variables(SUPPORTED)
    set_message(talk, status="Rejected")
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")

    set_message(talk, status=refusal)

    assert talk.ids == ["supported-message-refused"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(("fields", "requirement"), [({}, "O01.FR.11"), (OF_TRANSACTION, "O02.FR.11")])
def test_message_over_the_limit_must_be_refused(talk: Talk, fields: JsonObject, requirement: str) -> None:
    report_variable(talk, COUNT, maxLimit=1)
    set_message(talk, 1)
    set_message(talk, 1)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    set_message(talk, 2, "NotSupportedState", **fields)
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    set_message(talk, 2, "Rejected", **fields)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    set_message(talk, 2, **fields)

    assert talk.ids == ["message-over-limit-accepted"]
    assert talk.coverage(requirement) == "broken"


def boot(talk: Talk) -> None:
    talk.boot()
    talk.status()


@pytest.mark.parametrize(
    "make_room",
    [
        case("cleared", clear_message),
        case("expired", lambda talk: talk.wait(200)),
        case("failed command", lambda talk: talk.ask_in_vain("ClearDisplayMessage", {"id": 1})),
        case("power cycle", boot),
    ],
)
def test_message_is_not_over_the_limit_after(talk: Talk, make_room: Script) -> None:
    report_variable(talk, COUNT, maxLimit=1)
    set_message(talk, endDateTime=stamp(talk.at + 100))

    make_room(talk)
    set_message(talk, 2)

    assert talk.ids == []


def test_message_for_unknown_display_should_be_refused(talk: Talk) -> None:
    set_message(talk, display={"name": "Second"})
    report_variable(talk, DISPLAY)
    set_message(talk, display={"name": "display"})
    assert (talk.ids, talk.coverage("O01.FR.22")) == ([], "not exercised")
    set_message(talk, 2, "NotSupportedState", display={"name": "Second"})
    assert (talk.ids, talk.coverage("O01.FR.22")) == ([], "not exercised")
    set_message(talk, 2, "Rejected", display={"name": "Second"})
    assert (talk.ids, talk.coverage("O01.FR.22")) == ([], "met")

    set_message(talk, 2, display={"name": "Second"})

    assert talk.ids == ["message-for-unknown-display-accepted"]
    assert talk.coverage("O01.FR.22") == "broken"


def test_message_for_ended_transaction_must_be_refused(talk: Talk) -> None:
    start_transaction(talk)
    set_message(talk, **OF_TRANSACTION)
    sent = talk.send_command("SetDisplayMessage", {"message": message(**OF_TRANSACTION)})
    end_transaction(talk)
    talk.answer_command(sent, "SetDisplayMessage", {"status": "Accepted"})
    assert (talk.ids, talk.coverage("O02.FR.01")) == ([], "not exercised")
    set_message(talk, 2, "Rejected", **OF_TRANSACTION)
    assert (talk.ids, talk.coverage("O02.FR.01")) == ([], "not exercised")
    set_message(talk, 2, "UnknownTransaction", **OF_TRANSACTION)
    assert (talk.ids, talk.coverage("O02.FR.01")) == ([], "met")

    set_message(talk, 2, **OF_TRANSACTION)

    assert talk.ids == ["message-for-ended-transaction-accepted"]
    assert talk.coverage("O02.FR.01") == "broken"


@pytest.mark.parametrize(
    ("query", "requirement"),
    [
        ({}, "O03.FR.01"),
        ({"id": [1]}, "O04.FR.01"),
        ({"priority": "NormalCycle"}, "O04.FR.01"),
        ({"state": "Idle"}, "O04.FR.01"),
    ],
)
def test_stored_message_must_not_be_denied(talk: Talk, query: JsonObject, requirement: str) -> None:
    ask(talk, "Unknown", **query)
    set_message(talk, 2, priority="InFront", state="Faulted")
    ask(talk, "Unknown", id=[3])
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    set_message(talk, state="Idle")
    report_messages(talk, message(), message(2), **query)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    ask(talk, "Unknown", **query)

    assert talk.ids == ["stored-message-denied"]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(("query", "requirement"), [({}, "O03.FR.06"), ({"id": [1]}, "O04.FR.07")])
def test_messages_must_not_be_announced_without_any(talk: Talk, query: JsonObject, requirement: str) -> None:
    ask(talk, "Unknown")
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    ask(talk, "Unknown", **query)
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")
    ask(talk, **query)
    assert talk.ids == ["absent-messages-announced"]
    assert talk.coverage(requirement) == "broken"

    set_message(talk)
    ask(talk, **query)

    assert talk.ids == ["absent-messages-announced"]


def test_stored_message_can_be_cleared(talk: Talk) -> None:
    clear_message(talk, status="Unknown")
    assert (talk.ids, talk.coverage("O05.FR.01")) == ([], "not exercised")
    set_message(talk)
    clear_message(talk)
    assert (talk.ids, talk.coverage("O05.FR.01")) == ([], "met")
    set_message(talk)

    clear_message(talk, status="Unknown")

    assert talk.ids == ["stored-message-denied"]
    assert talk.coverage("O05.FR.01") == "broken"


def test_message_that_a_report_has_since_can_be_cleared_again(talk: Talk) -> None:
    clear_message(talk)
    report_messages(talk, message())
    clear_message(talk)

    assert talk.ids == []
    assert talk.coverage("O05.FR.02") == "not exercised"


def test_message_must_not_be_cleared_twice(talk: Talk) -> None:
    clear_message(talk)
    set_message(talk)
    clear_message(talk)
    assert (talk.ids, talk.coverage("O05.FR.02")) == ([], "not exercised")
    clear_message(talk, status="Unknown")
    assert (talk.ids, talk.coverage("O05.FR.02")) == ([], "met")

    clear_message(talk)

    assert talk.ids == ["absent-message-cleared"]
    assert talk.coverage("O05.FR.02") == "broken"


@pytest.mark.parametrize(("fields", "requirement"), [({}, "O01.FR.07"), (OF_TRANSACTION, "O02.FR.07")])
def test_expired_message_must_not_be_reported(talk: Talk, fields: JsonObject, requirement: str) -> None:
    start_transaction(talk)
    end = {"endDateTime": stamp(talk.at + 100), **fields}
    set_message(talk, **end)
    set_message(talk, 2)
    report_messages(talk, message(**end), message(2))
    talk.wait(110)
    report_messages(talk, message(**end), message(2))
    assert (talk.ids, talk.coverage(requirement)) == ([], "not exercised")
    talk.wait(60)

    report_messages(talk, message(**end), message(2))

    assert talk.ids == ["finished-message-reported"]
    assert talk.coverage(requirement) == "broken"


def test_message_may_have_expired_by_a_clock_that_was_told_another_time(talk: Talk) -> None:
    set_message(talk, endDateTime=stamp(talk.at + 1800))
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at + 3600)})

    report_messages(talk, message(2))

    assert talk.ids == []


def test_message_has_not_expired_by_a_clock_that_was_told_another_time(talk: Talk) -> None:
    set_message(talk, endDateTime=stamp(talk.at + 100))
    talk.exchange("Heartbeat", {}, {"currentTime": stamp(talk.at - 3600)})
    talk.wait(170)

    report_messages(talk, message())

    assert "finished-message-reported" not in talk.ids
    assert talk.coverage("O01.FR.07") == "not exercised"


@pytest.mark.parametrize(("fields", "requirement"), [({}, "O01.FR.07"), (OF_TRANSACTION, "O02.FR.07")])
def test_expired_message_is_missing_in_report(talk: Talk, fields: JsonObject, requirement: str) -> None:
    start_transaction(talk)
    set_message(talk, endDateTime=stamp(talk.at + 100), **fields)
    talk.wait(170)

    report_messages(talk, message(2))

    assert (talk.ids, talk.coverage(requirement)) == ([], "met")


@pytest.mark.parametrize(("is_reported", "state"), [(True, "broken"), (False, "met")])
def test_message_must_end_with_its_transaction(talk: Talk, is_reported: bool, state: str) -> None:
    start_transaction(talk)
    set_message(talk, **OF_TRANSACTION)
    report_messages(talk, message(**OF_TRANSACTION))
    assert talk.coverage("O02.FR.02") == "not exercised"
    end_transaction(talk)

    report_messages(talk, message(2), *([message(**OF_TRANSACTION)] if is_reported else []))

    assert talk.ids == (["finished-message-reported"] if is_reported else [])
    assert talk.coverage("O02.FR.02") == state


FRONT: JsonObject = {"priority": "AlwaysFront"}


@pytest.mark.parametrize(("fields", "requirement"), [({}, "O01.FR.16"), (OF_TRANSACTION, "O02.FR.18")])
@pytest.mark.parametrize(("is_reported", "state"), [(True, "broken"), (False, "met")])
def test_always_front_message_must_be_replaced(
    talk: Talk, fields: JsonObject, requirement: str, is_reported: bool, state: str
) -> None:
    set_message(talk, **FRONT, **fields)
    report_messages(talk, message(**FRONT, **fields))
    assert talk.coverage(requirement) == "not exercised"
    set_message(talk, 2, **FRONT, **fields)

    old = [message(**FRONT, **fields)] if is_reported else []
    report_messages(talk, message(2, **FRONT, **fields), *old)

    assert talk.ids == (["replaced-message-reported"] if is_reported else [])
    assert talk.coverage(requirement) == state


@pytest.mark.parametrize(
    "fields",
    [{"state": "Charging"}, {"display": {"name": "Second"}}, {"startDateTime": stamp(0)}, OF_TRANSACTION],
)
def test_always_front_messages_for_different_times_may_be_kept(talk: Talk, fields: JsonObject) -> None:
    set_message(talk, **FRONT)
    set_message(talk, 2, **FRONT, **fields)

    report_messages(talk, message(**FRONT), message(2, **FRONT, **fields))
    report_messages(talk, message(2, **FRONT, **fields))

    assert talk.ids == []


@pytest.mark.parametrize(
    ("query", "requirement"), [({}, "O03.FR.02"), ({"priority": "NormalCycle"}, "O04.FR.03")]
)
def test_report_must_have_all_messages(talk: Talk, query: JsonObject, requirement: str) -> None:
    report_messages(talk, message(9), **query)
    set_message(talk, 3, endDateTime=stamp(talk.at + 30))
    set_message(talk, 4, **OF_TRANSACTION)
    report_messages(talk, message(9), **query)
    assert talk.ids == []
    set_message(talk)
    set_message(talk, 2)
    ask(talk, **query)
    send_part(talk, message(), tbc=True)
    send_part(talk, message(2))
    assert (talk.ids, talk.coverage(requirement)) == ([], "met")

    report_messages(talk, message(2), **query)

    assert talk.ids == ["display-message-not-reported"]
    assert talk.coverage(requirement) == "broken"


def clear_meanwhile(talk: Talk) -> None:
    ask(talk)
    clear_message(talk)
    send_part(talk, message(2))


def lose_part(talk: Talk) -> None:
    ask(talk)
    talk.call("NotifyDisplayMessages", {}, violation="no requestId")
    send_part(talk, message(2))


def ask_for_others(talk: Talk) -> None:
    report_messages(talk, message(2, priority="InFront"), priority="InFront")
    report_messages(talk, message(2), id=[2])
    report_messages(talk, message(2), state="Idle")


def use_request_id_again(talk: Talk) -> None:
    ask(talk, priority="InFront")
    ask(talk)
    send_part(talk, message(2, priority="InFront"))


def use_request_id_three_times(talk: Talk) -> None:
    ask(talk)
    use_request_id_again(talk)


def use_request_id_after_a_denial(talk: Talk) -> None:
    ask(talk, priority="InFront")
    ask(talk, "Unknown", id=[3])
    ask(talk)
    send_part(talk, message(2, priority="InFront"))


def reuse_request_id_between_parts(talk: Talk) -> None:
    ask(talk)
    ask(talk, priority="InFront")
    send_part(talk, message())
    ask(talk)
    send_part(talk, message(2, priority="InFront"))


def exceed_the_followed_number(talk: Talk) -> None:
    ask(talk)
    send_part(talk, *(message(number) for number in range(2, 1_002)), tbc=True)
    send_part(talk, message(1_002), tbc=True)
    send_part(talk, message(1_003))


@pytest.mark.parametrize(
    "play",
    [
        clear_meanwhile,
        lose_part,
        ask_for_others,
        use_request_id_again,
        use_request_id_three_times,
        use_request_id_after_a_denial,
        reuse_request_id_between_parts,
        exceed_the_followed_number,
    ],
)
def test_message_may_be_missing(talk: Talk, play: Script) -> None:
    set_message(talk)

    play(talk)

    assert "display-message-not-reported" not in talk.ids


@pytest.mark.parametrize(("is_reported", "state"), [(False, "broken"), (True, "met")])
def test_message_must_survive_a_reboot(talk: Talk, is_reported: bool, state: str) -> None:
    set_message(talk)
    set_message(talk, 2)
    talk.boot(reason="RemoteReset")
    assert talk.coverage("O01.FR.10") == "not exercised"

    report_messages(talk, message(2), *([message()] if is_reported else []))

    assert talk.ids == ([] if is_reported else ["display-message-lost"])
    assert talk.coverage("O01.FR.10") == state


@pytest.mark.parametrize(("is_reported", "state"), [(False, "broken"), (True, "met")])
def test_message_of_running_transaction_must_survive_a_reboot(
    talk: Talk, is_reported: bool, state: str
) -> None:
    start_transaction(talk)
    set_message(talk, **OF_TRANSACTION)
    talk.boot(reason="RemoteReset")
    talk.send_event(1)

    report_messages(talk, message(2), *([message(**OF_TRANSACTION)] if is_reported else []))
    talk.wait(6)
    talk.send_event(2)

    assert talk.ids == ([] if is_reported else ["display-message-lost"])
    assert talk.coverage("O02.FR.10") == state


def test_report_with_criteria_must_not_be_empty(talk: Talk) -> None:
    report_messages(talk)
    assert (talk.ids, talk.coverage("O04.FR.02")) == ([], "not exercised")
    set_message(talk)
    report_messages(talk, message(), priority="NormalCycle")
    assert (talk.ids, talk.coverage("O04.FR.02")) == ([], "met")

    report_messages(talk, priority="InFront")

    assert talk.ids == ["empty-message-report"]
    assert talk.coverage("O04.FR.02") == "broken"


def test_message_must_be_replaced_by_one_with_its_id(talk: Talk) -> None:
    set_message(talk)
    report_messages(talk, message())
    set_message(talk)
    report_messages(talk, message())
    assert (talk.ids, talk.coverage("O06.FR.01")) == ([], "not exercised")
    set_message(talk, content="Hello")
    report_messages(talk, message(content="HELLO"))
    assert (talk.ids, talk.coverage("O06.FR.01")) == ([], "met")

    report_messages(talk, message())

    assert talk.ids == ["display-message-not-replaced"]
    assert talk.coverage("O06.FR.01") == "broken"


# Compliant stations although a message is missing, or is still reported after its end


def miss_in_report(talk: Talk) -> None:
    report_messages(talk, message(2))


def miss_in_report_of_others(talk: Talk) -> None:
    report_messages(talk, message(3))


def deny_query(talk: Talk) -> None:
    ask(talk, "Unknown")


def deny_clearing(talk: Talk) -> None:
    clear_message(talk, status="Unknown")


@pytest.mark.parametrize(
    ("play", "kind", "requirement"),
    [
        (miss_in_report, "display-message-not-reported", "O03.FR.02"),
        (deny_query, "stored-message-denied", "O03.FR.01"),
        (deny_clearing, "stored-message-denied", "O05.FR.01"),
    ],
)
def test_message_of_transaction_may_be_gone_before_the_ended_event(
    talk: Talk, play: Script, kind: str, requirement: str
) -> None:
    start_transaction(talk)
    set_message(talk, **OF_TRANSACTION)
    play(talk)
    talk.send_event(1, "Ended")
    assert talk.ids == []
    assert talk.coverage(requirement) != "broken"
    talk.send_event(0, "Started", evse={"id": 1, "connectorId": 1}, info={"transactionId": "T2"})
    set_message(talk, transactionId="T2")
    play(talk)
    talk.wait(6)

    talk.send_event(1, info={"transactionId": "T2"})

    assert talk.ids == [kind]
    assert talk.coverage(requirement) == "broken"


@pytest.mark.parametrize(
    ("play", "kind"),
    [
        (miss_in_report_of_others, "display-message-not-reported"),
        (deny_query, "stored-message-denied"),
    ],
)
def test_missing_message_of_transaction_does_not_hide_another(talk: Talk, play: Script, kind: str) -> None:
    start_transaction(talk)
    set_message(talk, **OF_TRANSACTION)
    set_message(talk, 2)

    play(talk)

    assert talk.ids == [kind]


def reboot_during_two_transactions(talk: Talk) -> None:
    """Reboot while the message 1 is shown for the transaction T1, and the message 2 for T2."""
    infos: list[JsonObject] = [{"transactionId": "T1"}, {"transactionId": "T2"}]
    for number, info in enumerate(infos, 1):
        talk.send_event(0, "Started", evse={"id": number, "connectorId": 1}, info=info)
        set_message(talk, number, **info)
    talk.boot(reason="RemoteReset")
    for info in infos:
        talk.send_event(1, info=info)


@pytest.mark.parametrize("play", [miss_in_report_of_others, deny_query])
def test_missing_message_of_ended_transaction_does_not_hide_another(talk: Talk, play: Script) -> None:
    reboot_during_two_transactions(talk)

    play(talk)
    talk.wait(6)
    talk.send_event(2, "Ended")
    talk.send_event(2, info={"transactionId": "T2"})

    assert talk.ids == ["display-message-lost"]


def test_report_that_may_lack_a_message_does_not_meet_the_requirement(talk: Talk) -> None:
    reboot_during_two_transactions(talk)

    report_messages(talk, message(2, transactionId="T2"))

    assert talk.ids == []
    assert talk.coverage("O02.FR.10") == "not exercised"


def test_message_is_not_over_the_limit_if_a_transaction_may_have_ended(talk: Talk) -> None:
    report_variable(talk, COUNT, maxLimit=1)
    start_transaction(talk)
    set_message(talk, **OF_TRANSACTION)

    set_message(talk, 2)

    assert talk.ids == []


@pytest.mark.parametrize("deny", [deny_query, deny_clearing])
def test_message_denied_after_a_reboot_is_lost(talk: Talk, deny: Script) -> None:
    set_message(talk)
    talk.boot(reason="RemoteReset")

    deny(talk)

    assert talk.ids == ["display-message-lost"]
    assert talk.coverage("O01.FR.10") == "broken"


def test_messages_lost_by_a_reboot_do_not_count_for_the_limit(talk: Talk) -> None:
    report_variable(talk, COUNT, maxLimit=1)
    set_message(talk)
    talk.boot(reason="RemoteReset")

    set_message(talk, 2)

    assert talk.ids == []


def test_message_seen_after_a_reboot_is_not_lost_by_it(talk: Talk) -> None:
    set_message(talk)
    talk.boot(reason="RemoteReset")
    report_messages(talk, message())

    report_messages(talk, message(2))

    assert talk.ids == ["display-message-not-reported"]


def test_report_may_have_many_messages(talk: Talk) -> None:
    set_message(talk)
    ask(talk)

    for number in range(1, 151):
        send_part(talk, message(number), tbc=True)
    send_part(talk, message(151))

    assert talk.ids == []
    assert talk.coverage("O03.FR.02") == "met"


@pytest.mark.parametrize("fields", [OF_TRANSACTION, {"endDateTime": stamp(0)}])
def test_report_may_be_empty_if_its_message_may_have_ended(talk: Talk, fields: JsonObject) -> None:
    set_message(talk, **fields)

    report_messages(talk, id=[1])

    assert talk.ids == []


def test_station_may_still_know_a_transaction_that_has_just_ended(talk: Talk) -> None:
    start_transaction(talk)
    talk.send_event(1, "Ended")

    set_message(talk, **OF_TRANSACTION)

    assert talk.ids == []


@pytest.mark.parametrize("refusal", ["NotSupportedPriority", "NotSupportedMessageFormat"])
def test_display_may_support_less_than_its_station(talk: Talk, refusal: str) -> None:
    talk.read_variables(SUPPORTED)

    set_message(talk, status=refusal, display={"name": "Display", "instance": "Second"})

    assert talk.ids == []
