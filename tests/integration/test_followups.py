"""Commands that follow automatically from a station's messages, over a real socket."""

from typing import Any

import pytest
from ocpp.v201 import call, call_result

from mock_csms.csms import Csms
from mock_csms.ocppj.calling import MAX_WAITING_COMMANDS
from mock_csms.v201.charging_profiles import MAX_LIMIT
from mock_csms.v201.version import OCPP_2_0_1
from tests.conftest import LogLines, Serve
from tests.support.certificates import build_csr
from tests.support.station import ID_TOKEN, Station, connected, no_command_follows

NOON = "2026-01-01T12:00:00Z"
REPETITIONS = 4
"""Number of repeated messages that a test waits for."""


async def send_charging_needs(station: Station, max_current: int = 32) -> Any:
    """Send NotifyEVChargingNeeds for EVSE 1, with the maximum current in A; return the answer."""
    return await station.send(
        call.NotifyEVChargingNeeds(
            evse_id=1,
            charging_needs={
                "requested_energy_transfer": "AC_three_phase",
                "ac_charging_parameters": {
                    "energy_amount": 20_000,
                    "ev_min_current": 6,
                    "ev_max_current": max_current,
                    "ev_max_voltage": 400,
                },
            },
        )
    )


# Charging profiles (K15, K17)


async def test_charging_needs_trigger_a_valid_charging_profile(csms: Csms, log_lines: LogLines) -> None:
    async with connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1})
        assert (await send_charging_needs(station)).status == "Accepted"
        command = await station.next("SetChargingProfile")
        await log_lines.wait_for("<- SetChargingProfile result")
    profile = command["charging_profile"]
    [schedule] = profile["charging_schedule"]
    assert command["evse_id"] == 1
    assert (profile["charging_profile_purpose"], profile["transaction_id"]) == ("TxProfile", "tx-1")
    assert schedule["charging_schedule_period"] == [{"start_period": 0, "limit": 32.0}]
    [stored] = csms.stations["CS1"].charging_profiles.values()
    assert OCPP_2_0_1.request("SetChargingProfile").violation(stored) is None


async def test_second_charging_needs_replace_the_charging_profile(csms: Csms, log_lines: LogLines) -> None:
    async with connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1})
        await send_charging_needs(station, 32)
        first = (await station.next("SetChargingProfile"))["charging_profile"]
        await log_lines.wait_for("<- SetChargingProfile result")
        await send_charging_needs(station, 10)
        second = (await station.next("SetChargingProfile"))["charging_profile"]
    assert second["charging_schedule"][0]["charging_schedule_period"][0]["limit"] == 10
    assert (second["id"], second["transaction_id"]) == (first["id"], "tx-1")


async def test_charging_needs_trigger_no_command_when_charging_profiles_are_off(serve: Serve) -> None:
    csms = await serve(charging_profiles=False)
    async with connected(csms) as station:
        assert (await send_charging_needs(station)).status == "Rejected"
        assert await no_command_follows(station)


async def test_charging_needs_rejected_by_a_rule_trigger_no_command(serve: Serve) -> None:
    rule = {"when": {"action": "NotifyEVChargingNeeds"}, "then": {"answer": {"status": "Rejected"}}}
    csms = await serve(rules=[rule])
    async with connected(csms) as station:
        assert (await send_charging_needs(station)).status == "Rejected"
        assert await no_command_follows(station)


async def test_rejected_charging_profile_leaves_the_connection_alive(csms: Csms, log_lines: LogLines) -> None:
    async with connected(csms) as station:
        station.answers["SetChargingProfile"] = lambda **_: call_result.SetChargingProfile("Rejected")
        await station.transaction("Started", 0, evse={"id": 1})
        await send_charging_needs(station)
        await log_lines.wait_for("SetChargingProfile REFUSED")
        assert (await station.send(call.Heartbeat())).current_time
    assert csms.stations["CS1"].charging_profiles == {}


async def test_charging_profile_respects_the_limit_reported_by_the_station(csms: Csms) -> None:
    schedule = {
        "id": 1,
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": 0, "limit": 9.5}],
    }
    limit = call.NotifyChargingLimit(
        charging_limit={"charging_limit_source": "EMS"}, charging_schedule=[schedule]
    )
    async with connected(csms) as station:
        await station.send(limit)
        await station.transaction("Started", 0, evse={"id": 1})
        await send_charging_needs(station)
        profile = (await station.next("SetChargingProfile"))["charging_profile"]
    assert profile["charging_schedule"][0]["charging_schedule_period"][0]["limit"] == 9.5


# Running costs (I02)


def energy(at: str, wh: float) -> list[dict[str, Any]]:
    return [{"timestamp": at, "sampled_value": [{"value": wh}]}]


async def test_cost_updates_are_sent_while_a_transaction_runs(serve: Serve) -> None:
    csms = await serve(cost_updates=0.05, cost_per_kwh=0.5)
    async with connected(csms) as station:
        meter = energy("2026-01-01T10:00:00Z", 0) + energy("2026-01-01T11:00:00Z", 3000)
        await station.transaction("Started", 0, meter_value=meter)
        updates = [await station.next("CostUpdated") for _ in range(REPETITIONS)]
    assert updates == [{"total_cost": 1.5, "transaction_id": "tx-1"}] * REPETITIONS


async def test_cost_updates_are_sent_for_every_running_transaction(serve: Serve) -> None:
    csms = await serve(cost_updates=0.05)
    async with connected(csms) as station:
        await station.transaction("Started", 0, "tx-1")
        await station.transaction("Started", 0, "tx-2")
        updates = [(await station.next("CostUpdated"))["transaction_id"] for _ in range(REPETITIONS)]
    assert set(updates) == {"tx-1", "tx-2"}


async def test_cost_updates_stop_when_the_transaction_ends(serve: Serve) -> None:
    """A second transaction keeps running: its updates prove that those of the first have stopped."""
    csms = await serve(cost_updates=0.05)
    async with connected(csms) as station:
        await station.transaction("Started", 0, "tx-1")
        await station.transaction("Started", 0, "tx-2")
        await station.next("CostUpdated")
        await station.transaction("Ended", 1, "tx-1")
        updates = [(await station.next("CostUpdated"))["transaction_id"] for _ in range(2 * REPETITIONS)]
    assert updates[REPETITIONS:] == ["tx-2"] * REPETITIONS, "the first updates may precede the end"


async def test_cost_updates_are_off_by_default(csms: Csms) -> None:
    async with connected(csms) as station:
        await station.transaction("Started", 0)
        assert await no_command_follows(station)


# Transactions with an invalid token

BLOCKED = {"AABBCCDD": {"status": "Blocked"}}


async def test_transaction_with_an_invalid_token_is_stopped_when_configured(serve: Serve) -> None:
    csms = await serve(after_invalid_id="stop", tokens=BLOCKED)
    async with connected(csms) as station:
        await station.transaction("Started", 0, "tx-7", id_token=ID_TOKEN)
        assert await station.next("RequestStopTransaction") == {"transaction_id": "tx-7"}


async def test_transaction_declared_invalid_by_a_rule_is_stopped(serve: Serve) -> None:
    answer = {"idTokenInfo": {"status": "Expired"}}
    rule = {"when": {"action": "TransactionEvent"}, "then": {"answer": answer}}
    csms = await serve(after_invalid_id="stop", rules=[rule])
    async with connected(csms) as station:
        await station.transaction("Started", 0, "tx-7", id_token=ID_TOKEN)
        assert await station.next("RequestStopTransaction") == {"transaction_id": "tx-7"}


async def test_transaction_with_a_valid_token_is_not_stopped(serve: Serve) -> None:
    csms = await serve(after_invalid_id="stop")
    async with connected(csms) as station:
        await station.transaction("Started", 0, id_token=ID_TOKEN)
        assert await no_command_follows(station)


async def test_transaction_with_an_invalid_token_continues_by_default(serve: Serve) -> None:
    csms = await serve(tokens=BLOCKED)
    async with connected(csms) as station:
        await station.transaction("Started", 0, id_token=ID_TOKEN)
        assert await no_command_follows(station)


# Stations that do not boot


async def test_station_without_boot_gets_a_trigger_message(serve: Serve) -> None:
    csms = await serve(ask_for_boot=0.05)
    async with connected(csms) as station:
        assert await station.next("TriggerMessage") == {"requested_message": "BootNotification"}


async def test_booted_station_gets_no_trigger_message(serve: Serve) -> None:
    """CS2 connects after CS1 and never boots. A wrong trigger to CS1 would precede the trigger to CS2."""
    csms = await serve(ask_for_boot=0.4)
    async with connected(csms, "CS1") as booted:
        await booted.boot()
        async with connected(csms, "CS2") as silent:
            await silent.next("TriggerMessage")
            assert await no_command_follows(booted)


async def test_booted_station_gets_no_trigger_message_after_a_reconnect(serve: Serve) -> None:
    csms = await serve(ask_for_boot=0.05)
    async with connected(csms, "CS1") as station:
        await station.boot()
    async with connected(csms, "CS1") as back, connected(csms, "CS2") as silent:
        await silent.next("TriggerMessage")
        assert await no_command_follows(back)


async def test_station_without_boot_gets_no_trigger_message_by_default(csms: Csms) -> None:
    async with connected(csms) as station:
        assert await no_command_follows(station)


# Transactions that a connection left open (E14)


async def test_reconnected_station_is_asked_for_its_open_transactions(serve: Serve) -> None:
    csms = await serve(check_transactions=True)
    async with connected(csms) as station:
        for name in ("tx-1", "tx-2", "tx-3"):
            await station.transaction("Started", 0, name)
        await station.transaction("Ended", 1, "tx-2")
    async with connected(csms) as station:
        requested = [(await station.next("GetTransactionStatus"))["transaction_id"] for _ in range(2)]
        await station.send(call.Heartbeat())
    assert requested == ["tx-3", "tx-1"]
    assert station.order == ["GetTransactionStatus"] * 2


def ongoing(indicator: bool | None) -> call_result.GetTransactionStatus:
    return call_result.GetTransactionStatus(messages_in_queue=False, ongoing_indicator=indicator)


async def test_transaction_reported_as_over_has_ended(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(check_transactions=True)
    async with connected(csms) as station:
        await station.transaction("Started", 0)
    async with connected(csms) as station:
        station.answers["GetTransactionStatus"] = lambda **_: ongoing(False)
        await log_lines.wait_for("<- GetTransactionStatus result")
    assert csms.stations["CS1"].transactions["tx-1"].ended


async def test_transaction_reported_as_ongoing_has_not_ended(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(check_transactions=True)
    async with connected(csms) as station:
        await station.transaction("Started", 0)
    async with connected(csms) as station:
        station.answers["GetTransactionStatus"] = lambda **_: ongoing(True)
        await log_lines.wait_for("<- GetTransactionStatus result")
    assert not csms.stations["CS1"].transactions["tx-1"].ended


async def test_reconnected_station_is_not_asked_by_default(csms: Csms) -> None:
    async with connected(csms) as station:
        await station.transaction("Started", 0)
    async with connected(csms) as station:
        assert await no_command_follows(station)


async def test_new_station_is_not_asked_for_transactions(serve: Serve) -> None:
    csms = await serve(check_transactions=True)
    async with connected(csms) as station:
        assert await no_command_follows(station)


# Delayed follow-ups


async def test_delayed_certificate_follows_later_answers(serve: Serve) -> None:
    csms = await serve(follow_up_delay=0.4)
    async with connected(csms) as station:
        assert (await station.send(call.SignCertificate(csr=build_csr()))).status == "Accepted"
        assert await no_command_follows(station)
        assert (await station.next("CertificateSigned"))["certificate_chain"]


@pytest.mark.parametrize(
    ("status", "expected"), [("Accepted", True), ("Processing", True), ("Rejected", False)]
)
async def test_delayed_profile_follows_unless_the_needs_are_rejected(
    serve: Serve, status: str, expected: bool
) -> None:
    """K15.FR.04, FR.05, FR.07. The CSR is sent last, so any SetChargingProfile precedes CertificateSigned."""
    rule = {"when": {"action": "NotifyEVChargingNeeds"}, "then": {"answer": {"status": status}}}
    csms = await serve(follow_up_delay=0.2, rules=[rule])
    async with connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1})
        assert (await send_charging_needs(station)).status == status
        await station.send(call.SignCertificate(csr=build_csr()))
        assert await no_command_follows(station)
        await station.next("CertificateSigned")
        assert ("SetChargingProfile" in station.order) is expected


async def test_profile_for_needs_before_the_transaction_follows_its_first_event(csms: Csms) -> None:
    """K15.FR.05 and FR.07."""
    async with connected(csms) as station:
        assert (await send_charging_needs(station, 10)).status == "Processing"
        assert await no_command_follows(station)
        await station.transaction("Started", 0, "tx-2", evse={"id": 2})
        assert await no_command_follows(station)
        await station.transaction("Started", 0, "tx-1", evse={"id": 1})
        profile = (await station.next("SetChargingProfile"))["charging_profile"]
        await station.transaction("Updated", 1, "tx-1", evse={"id": 1})
        await station.send(call.Heartbeat())
    assert (profile["charging_profile_purpose"], profile["transaction_id"]) == ("TxProfile", "tx-1")
    assert profile["charging_schedule"][0]["charging_schedule_period"][0]["limit"] == 10
    assert station.order == ["SetChargingProfile"]


async def test_delayed_profile_is_for_the_transaction_that_runs_then(serve: Serve) -> None:
    csms = await serve(follow_up_delay=0.4)
    async with connected(csms) as station:
        await send_charging_needs(station)
        await station.transaction("Started", 0, "tx-2", evse={"id": 1})
        profile = (await station.next("SetChargingProfile"))["charging_profile"]
    assert (profile["charging_profile_purpose"], profile["transaction_id"]) == ("TxProfile", "tx-2")


async def test_too_many_waiting_follow_ups_are_not_sent(serve: Serve, log_lines: LogLines) -> None:
    csms = await serve(follow_up_delay=1_000)
    async with connected(csms) as station:
        csr = build_csr()
        for _ in range(MAX_WAITING_COMMANDS + 1):
            assert (await station.send(call.SignCertificate(csr=csr))).status == "Accepted"
        await log_lines.wait_for("a follow-up is not sent: 200 commands already wait")
        assert csms.sessions["CS1"].connection.task_count == MAX_WAITING_COMMANDS


# The EV's charging schedule (K15 to K17)


def ev_schedule(limit: float) -> call.NotifyEVChargingSchedule:
    period = {"start_period": 0, "limit": limit}
    schedule = {"id": 1, "charging_rate_unit": "A", "charging_schedule_period": [period]}
    return call.NotifyEVChargingSchedule(
        time_base="2999-01-01T00:00:00Z", evse_id=1, charging_schedule=schedule
    )


async def test_schedule_within_the_profile_in_force_is_accepted(csms: Csms, log_lines: LogLines) -> None:
    """K15.FR.11."""
    async with connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1})
        await send_charging_needs(station, 16)
        await log_lines.wait_for("<- SetChargingProfile result")
        assert (await station.send(ev_schedule(16))).status == "Accepted"


async def test_schedule_over_the_profile_in_force_is_rejected_and_negotiated_again(
    csms: Csms, log_lines: LogLines
) -> None:
    """K15.FR.12, K15.FR.13."""
    async with connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1})
        await send_charging_needs(station, 16)
        first = (await station.next("SetChargingProfile"))["charging_profile"]
        await log_lines.wait_for("<- SetChargingProfile result")
        assert (await station.send(ev_schedule(32))).status == "Rejected"
        second = (await station.next("SetChargingProfile"))["charging_profile"]
    assert second["id"] == first["id"]
    assert second["charging_schedule"][0]["charging_schedule_period"][0]["limit"] == 16


@pytest.mark.parametrize(
    ("time_base", "fields", "period"),
    [
        (NOON, {}, {"number_phases": 0}),
        (NOON, {"duration": 10**15}, {}),
        (NOON, {}, {"start_period": 10**12}),
        ("9999-12-31T23:59:59Z", {"duration": 3600}, {}),
        ("0001-01-01T00:00:00+14:00", {}, {"limit": 1e308}),
    ],
    ids=["no phases", "long", "late period", "end of time", "begin of time"],
)
async def test_schedule_with_extreme_values_is_compared(
    csms: Csms, time_base: str, fields: dict[str, Any], period: dict[str, Any]
) -> None:
    """A profile in W for a schedule in A, so that the limits are converted."""
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [
            {
                "id": 1,
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11_000}],
            }
        ],
    }
    async with connected(csms) as station:
        csms.stations["CS1"].charging_profiles[1] = {"evseId": 1, "chargingProfile": profile}
        periods = [{"start_period": 0, "limit": 32, **period}]
        schedule = {"id": 1, "charging_rate_unit": "A", "charging_schedule_period": periods, **fields}
        request = call.NotifyEVChargingSchedule(time_base=time_base, evse_id=1, charging_schedule=schedule)
        assert (await station.send(request)).status == "Rejected"


@pytest.mark.parametrize(("limit", "sent_limit"), [(1e308, MAX_LIMIT), (-1e308, -MAX_LIMIT)])
async def test_extreme_limit_of_station_gets_a_profile(csms: Csms, limit: float, sent_limit: float) -> None:
    periods = [{"start_period": 0, "limit": limit}]
    schedule = {"id": 1, "charging_rate_unit": "W", "charging_schedule_period": periods}
    async with connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1})
        source = {"charging_limit_source": "EMS"}
        await station.send(call.NotifyChargingLimit(charging_limit=source, charging_schedule=[schedule]))
        needs = {"requested_energy_transfer": "DC"}
        await station.send(call.NotifyEVChargingNeeds(evse_id=1, charging_needs=needs))
        command = await station.next("SetChargingProfile")
    [sent_schedule] = command["charging_profile"]["charging_schedule"]
    assert sent_schedule["charging_schedule_period"] == [{"start_period": 0, "limit": sent_limit}]


async def test_schedule_without_a_profile_in_force_is_accepted(csms: Csms) -> None:
    async with connected(csms) as station:
        assert (await station.send(ev_schedule(32))).status == "Accepted"
        assert await no_command_follows(station)


# Cost without a meter reading


async def test_cost_is_left_out_without_a_meter_reading(csms: Csms) -> None:
    """I03.FR.04: a totalCost of 0 means that the transaction is free."""
    async with connected(csms) as station:
        await station.transaction("Started", 0)
        assert (await station.transaction("Ended", 1)).total_cost is None
