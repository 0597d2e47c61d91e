"""Requirements of boots, resets and statuses that a station is seen to meet or to break."""

from collections.abc import Callable

import pytest

from tests.support.talk import EVSE, REMOTE_START, Talk, availability, case


def retry(status: str) -> Callable[[Talk], None]:
    """Make a script: a boot is answered with this status, and the station boots again after the interval."""

    def play(talk: Talk) -> None:
        talk.boot(status, 60)
        talk.wait(60)
        talk.boot()

    return play


def test_boot_on_a_new_connection_within_the_interval_does_not_show_a_retry(unbooted: Talk) -> None:
    unbooted.boot("Pending", 60)
    unbooted.reconnect(1)
    unbooted.boot()

    assert (unbooted.coverage("B02.FR.04"), unbooted.coverage("B02.FR.08")) == ("not exercised",) * 2


def send_heartbeats(talk: Talk) -> None:
    talk.boot(interval=60)
    talk.status()
    for _ in range(2):
        talk.wait(60)
        talk.call("Heartbeat")


def be_silent(talk: Talk) -> None:
    talk.boot(interval=60)
    talk.status()
    talk.wait(100)


def retry_early(status: str) -> Callable[[Talk], None]:
    def play(talk: Talk) -> None:
        talk.boot(status, 60)
        talk.boot()

    return play


def never_retry(status: str) -> Callable[[Talk], None]:
    def play(talk: Talk) -> None:
        talk.boot(status, 60)
        talk.wait(181)

    return play


def talk_too_early(status: str) -> Callable[[Talk], None]:
    def play(talk: Talk) -> None:
        talk.boot(status, 60)
        talk.call("Heartbeat")

    return play


def call_before_boot(talk: Talk) -> None:
    talk.call("Heartbeat")
    talk.boot()


def reset_and_boot(status: str, reason: str) -> Callable[[Talk], None]:
    def play(talk: Talk) -> None:
        talk.boot()
        talk.status()
        talk.command("Reset", {"type": "OnIdle"}, status)
        talk.reconnect(1)
        talk.boot(reason=reason)

    return play


def report_statuses(talk: Talk) -> None:
    talk.boot()
    talk.status()
    talk.wait(61)


def start_remotely(status: str) -> Callable[[Talk], None]:
    def play(talk: Talk) -> None:
        talk.boot("Pending", 0)
        talk.command("RequestStartTransaction", REMOTE_START, status)

    return play


def reset_during_transaction(talk: Talk) -> None:
    talk.boot()
    talk.send_event(0, "Started", evse=EVSE)
    talk.command("Reset", {"type": "OnIdle"}, "Scheduled")


def never_reset(talk: Talk) -> None:
    talk.boot()
    talk.status()
    talk.command("Reset", {"type": "OnIdle"})
    talk.wait(121)


def reboot_while_inoperative(reason: str, status: str) -> Callable[[Talk], None]:
    def play(talk: Talk) -> None:
        talk.boot()
        talk.status()
        talk.command("ChangeAvailability", availability("Inoperative"))
        talk.status("Unavailable")
        talk.wait(61)
        talk.boot(reason=reason)
        talk.status(status)

    return play


def stay_offline(has_status: bool) -> Callable[[Talk], None]:
    def play(talk: Talk) -> None:
        talk.boot()
        talk.status()
        talk.read_variables({"OCPPCommCtrlr.OfflineThreshold": "60"})
        talk.reconnect(1000)
        talk.call("Heartbeat")
        if has_status:
            talk.status()
        talk.wait(61)

    return play


@pytest.mark.parametrize(
    ("play", "requirements"),
    [
        case("pending", retry("Pending"), ("B02.FR.02", "B02.FR.04", "B02.FR.08")),
        case("rejected", retry("Rejected"), ("B02.FR.04", "B02.FR.08", "B03.FR.02", "B03.FR.06")),
        case("first boot", Talk.boot, ("B01.FR.08", "FR.01")),
        case("reset", reset_and_boot("Accepted", "RemoteReset"), ("B01.FR.09", "B11.FR.03", "B11.FR.04")),
        case("scheduled reset", reset_and_boot("Scheduled", "ScheduledReset"), ("B01.FR.09",)),
        case("heartbeats", send_heartbeats, ("B01.FR.04",)),
        case("statuses", report_statuses, ("B01.FR.05",)),
        case("remote start", start_remotely("Rejected"), ("B02.FR.05",)),
        case("reset during transaction", reset_during_transaction, ("B12.FR.01", "B11.FR.01")),
        case("inoperative", reboot_while_inoperative("PowerUp", "Unavailable"), ("B01.FR.07",)),
        case(
            "inoperative and reset",
            reboot_while_inoperative("RemoteReset", "Unavailable"),
            ("B01.FR.07", "B11.FR.02"),
        ),
        case("offline", stay_offline(has_status=True), ("B04.FR.01",)),
    ],
)
def test_requirement_is_met(
    unbooted: Talk, play: Callable[[Talk], None], requirements: tuple[str, ...]
) -> None:
    play(unbooted)

    assert not unbooted.findings
    assert {name: unbooted.coverage(name) for name in requirements} == dict.fromkeys(requirements, "met")


@pytest.mark.parametrize(
    ("play", "kind", "requirements"),
    [
        case("pending", retry_early("Pending"), "boot-retried-too-early", "B02.FR.04"),
        case("rejected", retry_early("Rejected"), "boot-retried-too-early", "B02.FR.04, B03.FR.02"),
        case("pending, never", never_retry("Pending"), "boot-not-retried", "B02.FR.08"),
        case("rejected, never", never_retry("Rejected"), "boot-not-retried", "B02.FR.08, B03.FR.06"),
        case("call while pending", talk_too_early("Pending"), "call-before-boot-accepted", "B02.FR.02"),
        case("call while rejected", talk_too_early("Rejected"), "call-before-boot-accepted", "B03.FR.02"),
        case("call before boot", call_before_boot, "call-before-boot-accepted", "B01.FR.08"),
        case(
            "remote start",
            start_remotely("Accepted"),
            "remote-request-accepted-while-pending",
            "B02.FR.05",
        ),
        case("silence", be_silent, "heartbeat-missing", "B01.FR.04, G02.FR.01, G02.FR.02"),
        case("reset", never_reset, "reset-not-carried-out", "B11.FR.03, B11.FR.04"),
        case("offline", stay_offline(has_status=False), "status-missing-after-offline", "B04.FR.01"),
    ],
)
def test_finding_names_the_requirements_broken(
    unbooted: Talk, play: Callable[[Talk], None], kind: str, requirements: str
) -> None:
    play(unbooted)

    assert [(finding.id, finding.section) for finding in unbooted.findings] == [(kind, requirements)]


@pytest.mark.parametrize(
    ("reason", "states"),
    [("PowerUp", ("broken", "not exercised")), ("RemoteReset", ("broken", "broken"))],
)
def test_connector_available_after_a_restart_breaks_the_persistence(
    unbooted: Talk, reason: str, states: tuple[str, str]
) -> None:
    reboot_while_inoperative(reason, "Available")(unbooted)

    assert unbooted.ids == ["available-while-inoperative"]
    assert (unbooted.coverage("B01.FR.07"), unbooted.coverage("B11.FR.02")) == states
