"""Requirements that the findings about transactions mark as met or broken (E, J02)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.talk import EVSE, TOKEN, Talk, case, register, reservation, stamp


def run(talk: Talk, *events: tuple[str, dict[str, Any]]) -> None:
    """Send a transaction of these events, a minute apart, and wait until it is judged."""
    for seq_no, (event_type, fields) in enumerate(events):
        talk.at += 60
        talk.send_event(seq_no, event_type, **fields)
    talk.wait(6)


STARTED = ("Started", {"triggerReason": "CablePluggedIn", "evse": EVSE})
ENDED = ("Ended", {"triggerReason": "EVCommunicationLost"})


def ended(trigger: str, reason: str | None) -> tuple[str, dict[str, Any]]:
    return "Ended", {"triggerReason": trigger, "info": {"stoppedReason": reason} if reason else {}}


def updated(trigger: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return "Updated", {"triggerReason": trigger, **fields}


def send_queued(talk: Talk, *, from_seq_no: int, is_flagged: bool = True) -> None:
    """Send the events of an offline transaction after the reconnect, from this seqNo on."""
    talk.wait(10)
    talk.reconnect(400)
    for seq_no, event_type in list(enumerate(("Started", "Updated", "Ended")))[from_seq_no:]:
        talk.send_event(
            seq_no,
            event_type,
            timestamp=stamp(talk.at - 200 + seq_no),
            **({"offline": True} if is_flagged else {}),
        )
    talk.wait(6)


def send_late(talk: Talk, *, is_flagged: bool) -> None:
    """Send, after a reconnect, an event that happened 100 s before the connection was lost."""
    talk.wait(200)
    event = talk.event(0, "Started", offline=is_flagged)
    talk.wait(100)
    talk.reconnect(200)
    talk.call("TransactionEvent", event)


def use_reservation(talk: Talk, *, trigger: str, **fields: Any) -> None:
    talk.command("ReserveNow", reservation(talk))
    talk.send_event(0, "Started", triggerReason=trigger, evse=EVSE, idToken=TOKEN, **fields)


def read_registers(talk: Talk, *values: float) -> None:
    run(
        talk,
        STARTED,
        *(
            updated("MeterValuePeriodic", **register(value, talk.at + 60 * index))
            for index, value in enumerate(values, 2)
        ),
        ENDED,
    )


def start_with_readings(talk: Talk, event_type: str, context: str) -> None:
    readings = register(1, talk.at, context=context)
    trigger = {"triggerReason": "EVCommunicationLost"} if event_type == "Ended" else {}
    talk.send_event(0, event_type, **trigger, **readings)


def start_twice_on_evse(talk: Talk, *, first_ends: bool) -> None:
    talk.wait(100)
    for number, name in enumerate(("T1", "T2")):
        talk.send_event(0, "Started", evse=EVSE, info={"transactionId": name})
        talk.wait(100)
        if number == 0 and first_ends:
            talk.send_event(1, "Ended", info={"transactionId": name})
            talk.wait(100)


type Play = Callable[[Talk], None]


@pytest.mark.parametrize(
    ("requirement", "meets", "breaks"),
    [
        case(
            "seqNo",
            "E01.FR.07",
            lambda talk: talk.send_transaction(0, 1, 2),
            lambda talk: (talk.send_transaction(0, 2), talk.wait(6)),
        ),
        case(
            "transactionId",
            "E01.FR.08",
            lambda talk: talk.send_event(0, "Started"),
            lambda talk: (talk.send_event(0, "Started"), talk.wait(1), talk.send_event(0, "Started")),
        ),
        case(
            "readings at the start",
            "E01.FR.09",
            lambda talk: start_with_readings(talk, "Started", "Transaction.Begin"),
            lambda talk: start_with_readings(talk, "Started", "Sample.Periodic"),
        ),
        case(
            "readings at the end",
            "E06.FR.11",
            lambda talk: start_with_readings(talk, "Ended", "Transaction.End"),
            lambda talk: start_with_readings(talk, "Ended", "Sample.Periodic"),
        ),
        *(
            case(
                f"token of the driver, {requirement}",
                requirement,
                lambda talk: run(talk, STARTED, updated("Authorized", idToken=TOKEN)),
                lambda talk: run(talk, STARTED, updated("Authorized")),
            )
            for requirement in ("E01.FR.10", "E03.FR.01")
        ),
        *(
            case(
                f"token of a remote start, {requirement}",
                requirement,
                lambda talk: run(
                    talk, STARTED, updated("RemoteStart", idToken=TOKEN), ended("RemoteStop", "Remote")
                ),
                lambda talk: run(talk, STARTED, updated("RemoteStart"), ended("RemoteStop", "Remote")),
            )
            for requirement in ("F01.FR.04", "F02.FR.05")
        ),
        *(
            case(
                f"reservation, {requirement}",
                requirement,
                lambda talk, trigger=trigger: use_reservation(talk, trigger=trigger, reservationId=3),
                lambda talk, trigger=trigger: use_reservation(talk, trigger=trigger),
            )
            for requirement, trigger in (
                ("E01.FR.13", "Authorized"),
                ("H01.FR.15", "Authorized"),
                ("F02.FR.06", "RemoteStart"),
            )
        ),
        case(
            "one transaction on an EVSE",
            "E01.FR.14",
            lambda talk: start_twice_on_evse(talk, first_ends=True),
            lambda talk: start_twice_on_evse(talk, first_ends=False),
        ),
        case(
            "connector",
            "E01.FR.16",
            lambda talk: run(talk, STARTED, ENDED),
            lambda talk: run(talk, ("Started", {"triggerReason": "CablePluggedIn"}), ENDED),
        ),
        *(
            case(
                f"queued transaction, {requirement}",
                requirement,
                lambda talk: send_queued(talk, from_seq_no=0),
                lambda talk: send_queued(talk, from_seq_no=1),
            )
            for requirement in ("E04.FR.01", "E04.FR.02")
        ),
        *(
            case(
                f"offline flag, {requirement}",
                requirement,
                lambda talk: send_queued(talk, from_seq_no=0),
                lambda talk: send_queued(talk, from_seq_no=0, is_flagged=False),
            )
            for requirement in ("E04.FR.03", "E12.FR.02")
        ),
        case(
            "offline flag of a waiting event",
            "E11.FR.07",
            lambda talk: send_late(talk, is_flagged=True),
            lambda talk: send_late(talk, is_flagged=False),
        ),
        case(
            "stop token",
            "E07.FR.02",
            lambda talk: run(talk, STARTED, updated("StopAuthorized", idToken=TOKEN)),
            lambda talk: run(talk, STARTED, updated("StopAuthorized")),
        ),
        case(
            "register",
            "J02.FR.16",
            lambda talk: read_registers(talk, 1000, 1001),
            lambda talk: read_registers(talk, 1000, 900),
        ),
        case(
            "remote stop",
            "F03.FR.03",
            lambda talk: run(talk, STARTED, ended("RemoteStop", "Remote")),
            lambda talk: run(talk, STARTED, ended("RemoteStop", "Local")),
        ),
        case(
            "unplugged after a remote stop",
            "F04.FR.03",
            lambda talk: run(talk, STARTED, updated("RemoteStop"), ended("EVCommunicationLost", "Remote")),
            lambda talk: run(
                talk, STARTED, updated("RemoteStop"), ended("EVCommunicationLost", "EVDisconnected")
            ),
        ),
        *(
            case(
                f"reset, {requirement}",
                requirement,
                lambda talk: run(talk, STARTED, ended("ResetCommand", "ImmediateReset")),
                lambda talk: run(talk, STARTED, ended("ResetCommand", "Reboot")),
            )
            for requirement in ("B12.FR.04", "B12.FR.08")
        ),
        case(
            "end without the driver",
            "E06.FR.08",
            lambda talk: run(talk, STARTED, ended("TimeLimitReached", "TimeLimitReached")),
            lambda talk: run(talk, STARTED, ended("TimeLimitReached", None)),
        ),
    ],
)
def test_requirement_is_met_or_broken(talk: Talk, requirement: str, meets: Play, breaks: Play) -> None:
    assert talk.coverage(requirement) == "not exercised"
    meets(talk)
    assert talk.coverage(requirement) == "met"
    assert not any(requirement in found.section for found in talk.findings)

    talk.observer.begin()
    talk.observer.coverage.clear()
    talk.connect()
    talk.boot()
    breaks(talk)

    assert talk.coverage(requirement) == "broken"
    assert any(requirement in found.section for found in talk.findings)


def test_finding_names_only_the_requirement_of_its_case(talk: Talk) -> None:
    run(talk, STARTED, ended("TimeLimitReached", None))

    assert [found.section for found in talk.findings] == ["E06.FR.08"]
    assert talk.coverage("F03.FR.03") == "not exercised"
