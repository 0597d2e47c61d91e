"""What a central system does by itself, over a real socket: what follows from what a station says."""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ocpp.v201 import call, call_result

from mock_csms.csms import Csms
from mock_csms.v201.version import OCPP_2_0_1
from tests.conftest import LogLines, Serve
from tests.support.station import ID_TOKEN, Station, connected

SEVERAL = 4
"""How often something that repeats is looked at."""


async def ask_for(station: Station, most: int = 32) -> Any:
    """Tell of the needs of an EV on EVSE 1 that takes so many A."""
    return await station.send(
        call.NotifyEVChargingNeeds(
            evse_id=1,
            charging_needs={
                "requested_energy_transfer": "AC_three_phase",
                "ac_charging_parameters": {
                    "energy_amount": 20_000,
                    "ev_min_current": 6,
                    "ev_max_current": most,
                    "ev_max_voltage": 400,
                },
            },
        )
    )


async def nothing_follows(station: Station) -> bool:
    """Tell whether a Heartbeat is answered without a command before its answer."""
    await station.send(call.Heartbeat())
    return not station.order


# Charging profiles (K15, K17)


async def test_charging_needs_are_followed_by_a_valid_charging_profile(
    csms: Csms, log_lines: LogLines
) -> None:
    async with connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1})
        assert (await ask_for(station)).status == "Accepted"
        followed = await station.next("SetChargingProfile")
        await log_lines.wait_for("<- SetChargingProfile result")
    profile = followed["charging_profile"]
    [schedule] = profile["charging_schedule"]
    assert followed["evse_id"] == 1
    assert (profile["charging_profile_purpose"], profile["transaction_id"]) == ("TxProfile", "tx-1")
    assert schedule["charging_schedule_period"] == [{"start_period": 0, "limit": 32.0}]
    [known] = csms.stations["CS1"].charging_profiles.values()
    assert OCPP_2_0_1.request("SetChargingProfile").violation(known) is None


async def test_charging_needs_are_followed_by_a_profile_again(csms: Csms, log_lines: LogLines) -> None:
    async with connected(csms) as station:
        await station.transaction("Started", 0, evse={"id": 1})
        await ask_for(station, 32)
        first = (await station.next("SetChargingProfile"))["charging_profile"]
        await log_lines.wait_for("<- SetChargingProfile result")
        await ask_for(station, 10)
        second = (await station.next("SetChargingProfile"))["charging_profile"]
    assert second["charging_schedule"][0]["charging_schedule_period"][0]["limit"] == 10
    assert (second["id"], second["transaction_id"]) == (first["id"], "tx-1")


async def test_charging_needs_are_followed_by_nothing_without_charging_profiles(serve: Serve) -> None:
    csms = await serve(charging_profiles=False)
    async with connected(csms) as station:
        assert (await ask_for(station)).status == "Accepted"
        assert await nothing_follows(station)


async def test_charging_needs_that_a_rule_rejects_are_followed_by_nothing(serve: Serve) -> None:
    rule = {"when": {"action": "NotifyEVChargingNeeds"}, "then": {"answer": {"status": "Rejected"}}}
    csms = await serve(rules=[rule])
    async with connected(csms) as station:
        assert (await ask_for(station)).status == "Rejected"
        assert await nothing_follows(station)


async def test_a_charging_profile_that_is_refused_leaves_the_connection_as_it_is(
    csms: Csms, log_lines: LogLines
) -> None:
    async with connected(csms) as station:
        station.answers["SetChargingProfile"] = lambda **_: call_result.SetChargingProfile("Rejected")
        await ask_for(station)
        await log_lines.wait_for("SetChargingProfile REFUSED")
        assert (await station.send(call.Heartbeat())).current_time
    assert csms.stations["CS1"].charging_profiles == {}


async def test_a_charging_profile_is_within_the_limit_that_the_station_told_of(csms: Csms) -> None:
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
        await ask_for(station)
        profile = (await station.next("SetChargingProfile"))["charging_profile"]
    assert profile["charging_schedule"][0]["charging_schedule_period"][0]["limit"] == 9.5


# Running costs (I02)


def energy(at: str, wh: float) -> list[dict[str, Any]]:
    return [{"timestamp": at, "sampled_value": [{"value": wh}]}]


async def test_the_cost_is_told_while_a_transaction_runs(serve: Serve) -> None:
    csms = await serve(cost_updates=0.05, cost_per_kwh=0.5)
    async with connected(csms) as station:
        meter = energy("2026-01-01T10:00:00Z", 0) + energy("2026-01-01T11:00:00Z", 3000)
        await station.transaction("Started", 0, meter_value=meter)
        told = [await station.next("CostUpdated") for _ in range(SEVERAL)]
    assert told == [{"total_cost": 1.5, "transaction_id": "tx-1"}] * SEVERAL


async def test_the_cost_is_told_of_every_transaction_that_runs(serve: Serve) -> None:
    csms = await serve(cost_updates=0.05)
    async with connected(csms) as station:
        await station.transaction("Started", 0, "tx-1")
        await station.transaction("Started", 0, "tx-2")
        told = [(await station.next("CostUpdated"))["transaction_id"] for _ in range(SEVERAL)]
    assert set(told) == {"tx-1", "tx-2"}


async def test_the_cost_is_not_told_after_a_transaction_ended(serve: Serve) -> None:
    """Another transaction goes on, so that one can tell when the time for an update has come."""
    csms = await serve(cost_updates=0.05)
    async with connected(csms) as station:
        await station.transaction("Started", 0, "tx-1")
        await station.transaction("Started", 0, "tx-2")
        await station.next("CostUpdated")
        await station.transaction("Ended", 1, "tx-1")
        told = [(await station.next("CostUpdated"))["transaction_id"] for _ in range(2 * SEVERAL)]
    assert told[SEVERAL:] == ["tx-2"] * SEVERAL, "the first ones may have been on their way"


async def test_the_cost_is_not_told_by_default(csms: Csms) -> None:
    async with connected(csms) as station:
        await station.transaction("Started", 0)
        assert await nothing_follows(station)


# What follows an invalid token

BLOCKED = {"AABBCCDD": {"status": "Blocked"}}


async def test_a_transaction_with_an_invalid_token_is_stopped_where_the_settings_say_so(serve: Serve) -> None:
    csms = await serve(after_invalid_id="stop", tokens=BLOCKED)
    async with connected(csms) as station:
        await station.transaction("Started", 0, "tx-7", id_token=ID_TOKEN)
        assert await station.next("RequestStopTransaction") == {"transaction_id": "tx-7"}


async def test_a_transaction_that_a_rule_finds_invalid_is_stopped_too(serve: Serve) -> None:
    answer = {"idTokenInfo": {"status": "Expired"}}
    rule = {"when": {"action": "TransactionEvent"}, "then": {"answer": answer}}
    csms = await serve(after_invalid_id="stop", rules=[rule])
    async with connected(csms) as station:
        await station.transaction("Started", 0, "tx-7", id_token=ID_TOKEN)
        assert await station.next("RequestStopTransaction") == {"transaction_id": "tx-7"}


async def test_a_transaction_with_a_valid_token_is_not_stopped(serve: Serve) -> None:
    csms = await serve(after_invalid_id="stop")
    async with connected(csms) as station:
        await station.transaction("Started", 0, id_token=ID_TOKEN)
        assert await nothing_follows(station)


async def test_a_transaction_with_an_invalid_token_is_left_alone_by_default(serve: Serve) -> None:
    csms = await serve(tokens=BLOCKED)
    async with connected(csms) as station:
        await station.transaction("Started", 0, id_token=ID_TOKEN)
        assert await nothing_follows(station)


# A station that does not boot


async def test_a_station_that_does_not_boot_is_asked_to(serve: Serve) -> None:
    csms = await serve(ask_for_boot=0.05)
    async with connected(csms) as station:
        assert await station.next("TriggerMessage") == {"requested_message": "BootNotification"}


async def test_a_station_that_booted_is_not_asked_to(serve: Serve) -> None:
    """One that came after it and does not boot is asked, so its own time is over by then."""
    csms = await serve(ask_for_boot=0.4)
    async with connected(csms, "CS1") as booted:
        await booted.boot()
        async with connected(csms, "CS2") as silent:
            await silent.next("TriggerMessage")
            assert await nothing_follows(booted)


async def test_a_station_that_comes_back_after_its_boot_is_not_asked_to(serve: Serve) -> None:
    csms = await serve(ask_for_boot=0.05)
    async with connected(csms, "CS1") as station:
        await station.boot()
    async with connected(csms, "CS1") as back, connected(csms, "CS2") as silent:
        await silent.next("TriggerMessage")
        assert await nothing_follows(back)


async def test_a_station_that_does_not_boot_is_left_alone_by_default(csms: Csms) -> None:
    async with connected(csms) as station:
        assert await nothing_follows(station)


# Transactions that a connection left open (E14)


async def test_a_station_that_comes_back_is_asked_for_the_transactions_it_left_open(serve: Serve) -> None:
    csms = await serve(check_transactions=True)
    async with connected(csms) as station:
        for name in ("tx-1", "tx-2", "tx-3"):
            await station.transaction("Started", 0, name)
        await station.transaction("Ended", 1, "tx-2")
    async with connected(csms) as station:
        asked = [(await station.next("GetTransactionStatus"))["transaction_id"] for _ in range(2)]
        await station.send(call.Heartbeat())
    assert asked == ["tx-3", "tx-1"]
    assert station.order == ["GetTransactionStatus"] * 2


def ongoing(indicator: bool | None) -> call_result.GetTransactionStatus:
    return call_result.GetTransactionStatus(messages_in_queue=False, ongoing_indicator=indicator)


async def test_a_transaction_that_the_station_says_is_over_has_ended(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(check_transactions=True)
    async with connected(csms) as station:
        await station.transaction("Started", 0)
    async with connected(csms) as station:
        station.answers["GetTransactionStatus"] = lambda **_: ongoing(False)
        await log_lines.wait_for("<- GetTransactionStatus result")
    assert csms.stations["CS1"].transactions["tx-1"].ended


async def test_a_transaction_that_the_station_says_goes_on_has_not_ended(
    serve: Serve, log_lines: LogLines
) -> None:
    csms = await serve(check_transactions=True)
    async with connected(csms) as station:
        await station.transaction("Started", 0)
    async with connected(csms) as station:
        station.answers["GetTransactionStatus"] = lambda **_: ongoing(True)
        await log_lines.wait_for("<- GetTransactionStatus result")
    assert not csms.stations["CS1"].transactions["tx-1"].ended


async def test_a_station_that_comes_back_is_asked_nothing_by_default(csms: Csms) -> None:
    async with connected(csms) as station:
        await station.transaction("Started", 0)
    async with connected(csms) as station:
        assert await nothing_follows(station)


async def test_a_station_that_comes_for_the_first_time_is_asked_nothing(serve: Serve) -> None:
    csms = await serve(check_transactions=True)
    async with connected(csms) as station:
        assert await nothing_follows(station)


# Certificates (A02, A03)


def a_csr() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CS1")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


async def test_a_csr_that_a_rule_rejects_is_followed_by_nothing(serve: Serve) -> None:
    rule = {"when": {"action": "SignCertificate"}, "then": {"answer": {"status": "Rejected"}}}
    csms = await serve(rules=[rule])
    async with connected(csms) as station:
        assert (await station.send(call.SignCertificate(csr=a_csr()))).status == "Rejected"
        assert await nothing_follows(station)


async def test_a_csr_that_is_none_but_that_a_rule_accepts_is_followed_by_a_certificate(serve: Serve) -> None:
    answer = {"status": "Accepted", "statusInfo": None}
    rule = {"when": {"action": "SignCertificate"}, "then": {"answer": answer}}
    csms = await serve(rules=[rule])
    async with connected(csms) as station:
        assert (await station.send(call.SignCertificate(csr="not a CSR"))).status == "Accepted"
        assert (await station.next("CertificateSigned"))["certificate_chain"]


async def test_a_csr_without_an_answer_is_followed_by_nothing(serve: Serve) -> None:
    rule = {"when": {"action": "SignCertificate"}, "then": {"error": {"code": "InternalError"}}}
    csms = await serve(rules=[rule])
    async with connected(csms) as station:
        await station.call(call.SignCertificate(csr=a_csr()))
        assert await nothing_follows(station)
