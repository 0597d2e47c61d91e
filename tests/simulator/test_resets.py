"""Resets, restarts and power cuts of a simulated station."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.device_model import Key
from tests.support.driving import charge
from tests.support.observed_station import TOKEN, ObservedStation

MINUTE_S = 60


@pytest.fixture
def observed() -> ObservedStation:
    started = ObservedStation()
    started.start()
    return started


def reset(observed: ObservedStation, kind: str, evse_id: int | None = None) -> str:
    answer = observed.command("Reset", {"type": kind} | ({"evseId": evse_id} if evse_id is not None else {}))
    assert answer is not None
    return str(answer["status"])


def boots(observed: ObservedStation) -> list[str]:
    return [payload["reason"] for payload in observed.calls("BootNotification")]


def ended(observed: ObservedStation) -> list[JsonObject]:
    return [event for event in observed.calls("TransactionEvent") if event["eventType"] == "Ended"]


def causes(events: list[JsonObject]) -> list[tuple[str, Any]]:
    return [(event["triggerReason"], event["transactionInfo"].get("stoppedReason")) for event in events]


def security_events(observed: ObservedStation) -> list[str]:
    return [payload["type"] for payload in observed.calls("SecurityEventNotification")]


@pytest.mark.parametrize("kind", ["Immediate", "OnIdle"])
def test_idle_station_restarts_at_once(observed: ObservedStation, kind: str) -> None:
    assert reset(observed, kind) == "Accepted"

    observed.advance(MINUTE_S)
    assert boots(observed) == ["PowerUp", "RemoteReset"]
    assert observed.link.drops == 0
    assert "ResetOrReboot" in security_events(observed)
    assert observed.end() == []


def test_immediate_reset_ends_transactions_before_the_restart(observed: ObservedStation) -> None:
    charge(observed, 1)
    charge(observed, 2, {**TOKEN, "idToken": "OTHER"})

    assert reset(observed, "Immediate") == "Accepted"
    observed.advance(2)
    assert causes(ended(observed)) == [("ResetCommand", "ImmediateReset")] * 2
    assert "offline" not in ended(observed)[0]
    observed.advance(MINUTE_S)
    assert boots(observed) == ["PowerUp", "RemoteReset"]


def test_events_of_a_reset_that_get_no_answer_are_sent_after_the_boot(observed: ObservedStation) -> None:
    charge(observed)
    observed.withhold = lambda action: action == "TransactionEvent"
    reset(observed, "Immediate")
    observed.advance(10)
    assert len(boots(observed)) == 2
    observed.withhold = lambda _: False

    observed.advance(MINUTE_S)

    assert causes(ended(observed))[-1] == ("ResetCommand", "ImmediateReset")
    assert len(boots(observed)) == 2
    assert observed.end() == []


def test_reset_on_idle_waits_for_the_last_transaction(observed: ObservedStation) -> None:
    charge(observed, 1)
    charge(observed, 2, {**TOKEN, "idToken": "OTHER"})

    assert reset(observed, "OnIdle") == "Scheduled"
    observed.station.unplug(1)
    observed.advance(MINUTE_S)
    assert boots(observed) == ["PowerUp"]
    observed.station.unplug(2)
    observed.advance(MINUTE_S)
    assert boots(observed) == ["PowerUp", "ScheduledReset"]
    assert causes(ended(observed)) == [("EVCommunicationLost", "EVDisconnected")] * 2


def test_reset_of_an_evse_ends_its_transaction_without_a_restart(observed: ObservedStation) -> None:
    charge(observed, 1)
    charge(observed, 2, {**TOKEN, "idToken": "OTHER"})

    assert reset(observed, "Immediate", 1) == "Accepted"
    observed.advance(MINUTE_S)
    assert causes(ended(observed)) == [("ResetCommand", "ImmediateReset")]
    assert observed.station.core.evses.by_id[2].transaction_id is not None
    assert boots(observed) == ["PowerUp"]


def test_reset_on_idle_of_an_evse_in_use_is_scheduled(observed: ObservedStation) -> None:
    charge(observed, 1)

    assert reset(observed, "OnIdle", 1) == "Scheduled"
    assert reset(observed, "OnIdle", 2) == "Accepted"
    observed.station.unplug(1)
    observed.advance(MINUTE_S)
    assert boots(observed) == ["PowerUp"]


def test_reset_of_unknown_evse_is_rejected(observed: ObservedStation) -> None:
    assert reset(observed, "Immediate", 3) == "Rejected"


def test_power_cut_ends_the_transaction_when_power_is_back(observed: ObservedStation) -> None:
    charge(observed)
    observed.advance(MINUTE_S)

    observed.station.power_cycle()
    observed.advance(MINUTE_S)

    assert boots(observed) == ["PowerUp", "PowerUp"]
    assert observed.link.drops == 1
    assert causes(ended(observed)) == [("AbnormalCondition", "PowerLoss")]
    assert ended(observed)[0]["offline"] is True
    assert observed.end() == []


def test_no_energy_flows_while_the_power_is_off(observed: ObservedStation) -> None:
    charge(observed)
    observed.advance(MINUTE_S)
    observed.station.power_cycle(3600)
    session = observed.station.transactions.sessions[1]
    before_wh = session.meter.register_wh

    observed.advance(4000)

    assert session.meter.register_wh == before_wh


def test_inoperative_evse_stays_unavailable_after_a_restart(observed: ObservedStation) -> None:
    observed.command("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": 1}})
    reset(observed, "Immediate")
    observed.advance(MINUTE_S)

    last = observed.calls("StatusNotification")[-2:]
    assert [payload["connectorStatus"] for payload in last] == ["Unavailable", "Available"]


def test_second_reset_during_the_first_is_survived(observed: ObservedStation) -> None:
    reset(observed, "Immediate")
    reset(observed, "Immediate")
    observed.advance(MINUTE_S)

    assert boots(observed) == ["PowerUp", "RemoteReset"]


def test_immediate_reset_takes_the_place_of_a_scheduled_one(observed: ObservedStation) -> None:
    charge(observed)
    assert reset(observed, "OnIdle") == "Scheduled"
    assert reset(observed, "Immediate") == "Accepted"
    observed.advance(MINUTE_S)

    assert boots(observed) == ["PowerUp", "RemoteReset"]
    assert causes(ended(observed)) == [("ResetCommand", "ImmediateReset")]


@pytest.mark.parametrize("evse_id", [None, 1])
def test_transaction_that_starts_after_the_answer_is_reset_too(
    observed: ObservedStation, evse_id: int | None
) -> None:
    assert reset(observed, "Immediate", evse_id) == "Accepted"
    observed.station.plug_in(1)
    observed.advance(MINUTE_S)

    assert causes(ended(observed)) == [("ResetCommand", "ImmediateReset")]


@pytest.mark.parametrize(("evse_id", "reasons"), [(None, ["PowerUp", "ScheduledReset"]), (1, ["PowerUp"])])
def test_reset_on_idle_waits_for_a_transaction_that_starts_after_the_answer(
    observed: ObservedStation, evse_id: int | None, reasons: list[str]
) -> None:
    assert reset(observed, "OnIdle", evse_id) == "Accepted"
    charge(observed)
    observed.advance(MINUTE_S)
    assert boots(observed) == ["PowerUp"]

    observed.station.unplug(1)
    observed.advance(MINUTE_S)

    assert boots(observed) == reasons
    assert causes(ended(observed)) == [("EVCommunicationLost", "EVDisconnected")]


def test_reset_of_an_evse_that_does_not_allow_it_is_rejected(observed: ObservedStation) -> None:
    observed.station.core.variables.put(Key("EVSE", "AllowReset", None, 1), "false")

    assert reset(observed, "Immediate", 1) == "Rejected"
    assert reset(observed, "Immediate", 2) == "Accepted"


def test_power_cut_takes_the_place_of_a_scheduled_reset(observed: ObservedStation) -> None:
    charge(observed)
    assert reset(observed, "OnIdle") == "Scheduled"

    observed.station.power_cycle()
    observed.advance(10 * MINUTE_S)

    assert boots(observed) == ["PowerUp", "PowerUp"]
