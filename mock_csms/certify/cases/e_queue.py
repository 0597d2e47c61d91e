"""Cases of block E, transactions: their status, and events that wait to be delivered."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.registry import CaseList
from mock_csms.certify.station_file import CaseToken
from mock_csms.client import ABSENT, Pattern, TranscriptEntry

CASES: Final = CaseList()

UNKNOWN_ID: Final = "no-such-transaction"


ATTEMPTS: Final = 3
"""MessageAttempts in cases about retries."""
NO_ANSWER: Final = {"fault": {"kind": "no-answer"}}
INTERNAL_ERROR: Final = {"error": {"code": "InternalError"}}


async def is_offline(run: CaseRun, seconds: float | None = None) -> float:
    """Set the variables for a later offline period, and return its length in seconds.

    ``seconds`` is the least length; the default is a little longer than two sampling intervals.
    """
    back_off_s = ceil(seconds or 2 * run.times.sampled_interval + run.times.deviation)
    await run.given.variables(
        OCPPCommCtrlr__OfflineThreshold=back_off_s + 60,
        OCPPCommCtrlr__RetryBackOffWaitMinimum=back_off_s,
        OCPPCommCtrlr__RetryBackOffRandomRange=0,
    )
    return back_off_s


async def loses_readings(run: CaseRun) -> float:
    """Charge, and go offline until readings are queued; return the maximum seconds until a reconnection."""
    back_off_s = await is_offline(run)
    await run.given.variables(SampledDataCtrlr__TxUpdatedInterval=run.times.sampled_interval)
    await run.given.variables_if_implemented(SampledDataCtrlr__Enabled=True)
    await run.given.energy_transfer_started()
    await run.csms.goes_offline()
    await run.waits(back_off_s - run.times.deviation)
    return 2 * back_off_s + run.times.message


async def queued_events(run: CaseRun) -> list[TranscriptEntry]:
    """Return the events of an offline period, and check that ``offline`` is true in each event."""
    events = [await run.station.sends_one_of(Pattern("TransactionEvent"))]
    while events[-1]["eventType"] != "Ended":
        event = await run.station.optionally_sends("TransactionEvent", within=run.times.silence)
        if event is None or is_later(run, event):
            break
        events.append(event)
    for event in events:
        run.check(event.payload.get("offline") is True, "each queued event has offline true", event)
    return events


def is_later(run: CaseRun, event: TranscriptEntry) -> bool:
    """Whether an event happened after the station connected again, and ``offline`` is not true in it."""
    connected = run.csms.connected_again
    since = event.time if connected is None else connected.time
    happened = datetime.fromisoformat(event["timestamp"])
    is_marked = event.payload.get("offline") is True
    return not is_marked and happened > since - timedelta(seconds=run.times.deviation)


async def delivers_readings(run: CaseRun) -> None:
    """Check that all events of an offline period are readings, because nothing else happened in it."""
    for event in await queued_events(run):
        has_readings = event["eventType"] == "Updated" and bool(event.payload.get("meterValue"))
        run.check(has_readings, "each queued event is an Updated event with meter values", event)


async def status_is(run: CaseRun, *, ongoing: Any, queued: bool, **transaction: str) -> None:
    """Send GetTransactionStatus, for a transaction or for the whole queue, and check the answer."""
    expected = {"ongoingIndicator": ongoing, "messagesInQueue": queued}
    await run.csms.sends("GetTransactionStatus", transaction, expect=expected)


@CASES.case("TC_E_28_CS", "Report an unknown transaction as not ongoing, with nothing in the queue")
async def status_of_unknown_transaction(run: CaseRun) -> None:
    await status_is(run, ongoing=False, queued=False, transactionId=UNKNOWN_ID)


@CASES.case("TC_E_30_CS", "Report a running transaction as ongoing, with nothing in the queue")
async def status_of_running_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await status_is(run, ongoing=True, queued=False, transactionId=run.transaction_id)


@CASES.case("TC_E_32_CS", "Report an ended transaction as not ongoing, with nothing in the queue")
async def status_of_ended_transaction(run: CaseRun) -> None:
    await run.given.energy_transfer_started()
    await run.given.parking_bay_unoccupied()
    await status_is(run, ongoing=False, queued=False, transactionId=run.transaction_id)


@CASES.case("TC_E_34_CS", "Report nothing in the queue if no transaction is named")
async def status_of_empty_queue(run: CaseRun) -> None:
    await status_is(run, ongoing=ABSENT, queued=False)


@CASES.family(
    {
        (
            "TC_E_29_CS",
            "Report a running transaction as ongoing, with events in the queue, after an offline period",
        ): (
            True,
            True,
        ),
        ("TC_E_33_CS", "Report queued events after an offline period if no transaction is named"): (
            False,
            ABSENT,
        ),
    }
)
async def status_with_queue(run: CaseRun, is_named: bool, ongoing: Any) -> None:
    within = await loses_readings(run)
    asked = {"transactionId": run.transaction_id} if is_named else {}
    expected = {"ongoingIndicator": ongoing, "messagesInQueue": True}
    await run.csms.comes_back_with("GetTransactionStatus", asked, expect=expected, within=within)
    await delivers_readings(run)


@CASES.case(
    "TC_E_31_CS",
    "Report an ended transaction as not ongoing, with events in the queue, after an offline period",
)
async def status_of_ended_transaction_with_queue(run: CaseRun) -> None:
    back_off_s = await is_offline(run, run.times.manual + run.times.transaction)
    await run.given.variables_if_implemented(OCPPCommCtrlr__UnlockOnEVSideDisconnect=True)
    await run.given.energy_transfer_started()
    await run.csms.goes_offline()
    states = run.state.observed_later()
    is_local = run.file.station.stop == "local"
    await (run.rig.presents() if is_local else run.rig.pauses())
    await run.rig.unplugs()
    if run.state.situation.is_occupied:
        await run.rig.leaves()
    asked = {"transactionId": run.transaction_id}
    expected = {"ongoingIndicator": False, "messagesInQueue": True}
    within = 2 * back_off_s + run.times.message
    await run.csms.comes_back_with("GetTransactionStatus", asked, expect=expected, within=within)
    if is_local:
        await states.stop_authorized(by="local")
        await states.parking_bay_unoccupied()
    else:
        await states.energy_transfer_suspended()
        await states.unplugged_at_vehicle()


@CASES.case("TC_E_40_CS", "Deliver the readings of an offline period")
async def readings_after_offline_period(run: CaseRun) -> None:
    await run.csms.comes_back(within=await loses_readings(run))
    await delivers_readings(run)


@CASES.case("TC_E_43_CS", "Deliver the events of a transaction that took place while offline")
async def transaction_while_offline(run: CaseRun) -> None:
    await run.given.token_known_offline()
    await run.given.transaction_ended_offline()
    kinds = {event["eventType"] for event in await queued_events(run)}
    run.check({"Started", "Ended"} <= kinds, "a Started and an Ended event are among the queued ones")


async def stops_while_offline(run: CaseRun, token: CaseToken) -> None:
    """Present a token and drive away while the server is offline, and check the queued events."""
    await run.csms.goes_offline()
    await run.rig.presents(token)
    await run.rig.unplugs()
    if run.state.situation.is_occupied:
        await run.rig.leaves()
    await run.csms.comes_back(within=2 * run.times.manual + run.times.message)
    events = await queued_events(run)
    is_stopped = any(event["triggerReason"] == "StopAuthorized" for event in events)
    run.check(is_stopped, "an event about the stop with the token is among the queued ones")
    run.check(events[-1]["eventType"] == "Ended", "the last of the queued events is Ended")


@CASES.case("TC_E_44_CS", "Deliver the end of a transaction that ended in an offline period")
async def stopped_while_offline(run: CaseRun) -> None:
    await is_offline(run, run.times.manual)
    await run.given.energy_transfer_started()
    await stops_while_offline(run, run.tokens.valid)


@CASES.case("TC_E_45_CS", "End the transaction with a token of the same group in an offline period")
async def stopped_by_group_while_offline(run: CaseRun) -> None:
    group = {"idToken": run.tokens.group, "type": "Central"}
    await run.csms.answers("Authorize", {"idTokenInfo": {"status": "Accepted", "groupIdToken": group}})
    await run.csms.answers(
        "TransactionEvent",
        {"idTokenInfo": {"status": "Accepted", "groupIdToken": group}},
        expression="idToken",
    )
    await run.given.token_known_offline(run.tokens.second, groupIdToken=group)
    await is_offline(run, run.times.manual)
    await run.given.energy_transfer_started()
    await stops_while_offline(run, run.tokens.second)


@CASES.case("TC_E_16_CS", "End the transaction if its token proves invalid after an offline period")
async def invalid_after_offline_period(run: CaseRun) -> None:
    await run.given.transaction_points(
        stop=["Authorized,PowerPathClosed", "Authorized", "PowerPathClosed"],
        stop_without=["EnergyTransfer", "DataSigned"],
    )
    await run.given.variables(TxCtrlr__StopTxOnInvalidId=True)
    await run.given.variables_if_implemented(
        AuthCtrlr__Enabled=True, AuthCtrlr__DisableRemoteAuthorization=False
    )
    await run.given.token_known_offline()
    await run.csms.answers("TransactionEvent", {"idTokenInfo": {"status": "Invalid"}}, expression="idToken")
    await run.given.transaction_started_offline()
    await run.station.sends("TransactionEvent", eventType="Started", offline=True)
    await run.station.at_last_sends(
        "TransactionEvent",
        eventType="Ended",
        triggerReason="Deauthorized",
        transactionInfo__stoppedReason="DeAuthorized",
    )
    await run.station.has_sent_no_other("TransactionEvent", eventType="Updated", offline=ABSENT)


async def retries(run: CaseRun, *answers: Mapping[str, Any], times: int, timeout_s: float) -> None:
    """Expect ``times`` attempts to send the event with chargingState Charging.

    The server gives one of ``answers`` to each attempt, and repeats the last one if there are too few. Before
    attempt n+1, the station has to wait ``timeout_s`` and n times MessageAttemptInterval.
    """
    interval_s = ceil(2 * run.times.deviation)
    await run.given.variables(
        OCPPCommCtrlr__MessageAttempts__TransactionEvent=ATTEMPTS,
        OCPPCommCtrlr__MessageAttemptInterval__TransactionEvent=interval_s,
    )
    await run.given.variables_if_implemented(SampledDataCtrlr__TxUpdatedInterval=0)
    charging = {"transactionInfo": {"chargingState": "Charging"}}
    await run.given.authorized()
    await run.csms.answers("TransactionEvent", *answers, where=charging)
    await run.given.ev_connected()
    longest_s = ATTEMPTS * interval_s + timeout_s + run.times.message
    tries = [
        await run.station.at_last_sends("TransactionEvent", charging, within=longest_s) for _ in range(times)
    ]
    for number, (earlier, later) in enumerate(pairwise(tries), start=1):
        run.check(later["seqNo"] == earlier["seqNo"], "the attempts are about the same event", later)
        run.station.about(earlier, later, number * interval_s + timeout_s)
    await run.station.is_silent(
        "TransactionEvent", charging, during=times * interval_s + timeout_s + run.times.deviation
    )


async def timeout_of_messages(run: CaseRun) -> float:
    """Return the seconds that the station waits for an answer (MessageTimeout)."""
    return float(await run.variable("OCPPCommCtrlr", "MessageTimeout", "Default") or 0)


@CASES.family(
    {
        ("TC_E_41_CS", "Repeat an unanswered event at growing intervals, and then give up"): (
            [NO_ANSWER],
            ATTEMPTS,
        ),
        ("TC_E_42_CS", "Repeat an unanswered event until it is answered"): ([NO_ANSWER, {}], 2),
    }
)
async def unanswered_event(run: CaseRun, answers: list[Mapping[str, Any]], times: int) -> None:
    await retries(run, *answers, times=times, timeout_s=await timeout_of_messages(run))


@CASES.family(
    {
        ("TC_E_50_CS", "Repeat a refused event at growing intervals, and then give up"): (
            [INTERNAL_ERROR],
            ATTEMPTS,
        ),
        ("TC_E_51_CS", "Repeat a refused event until it is accepted"): (
            [INTERNAL_ERROR, {}],
            2,
        ),
    }
)
async def refused_event(run: CaseRun, answers: list[Mapping[str, Any]], times: int) -> None:
    await retries(run, *answers, times=times, timeout_s=0)
