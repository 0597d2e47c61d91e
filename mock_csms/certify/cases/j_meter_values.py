"""Cases of block J, meter values."""

from collections.abc import Sequence
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.readings import (
    DEFAULT_MEASURAND,
    MeterValue,
    are_from_station,
    are_regular,
    by_moment,
    contexts,
    keys_are_sent,
    measurands_of,
    meter_values,
    signatures,
    taken_at,
    with_context,
)
from mock_csms.certify.registry import CaseList
from mock_csms.client import ANY, Pattern, TranscriptEntry

CASES: Final = CaseList()

ROUNDS: Final = 3
"""Number of moments whose readings a case waits for."""
BEGIN_CONTEXT: Final = "Transaction.Begin"
PERIODIC_CONTEXT: Final = "Sample.Periodic"
CLOCK_CONTEXT: Final = "Sample.Clock"
END_CONTEXT: Final = "Transaction.End"
CLOCK_READING: Final = [{"sampledValue": [{"context": CLOCK_CONTEXT}]}]
METER_MESSAGE: Final = Pattern("MeterValues")
CLOCK_EVENT: Final = Pattern("TransactionEvent", triggerReason="MeterValueClock")
PERIODIC_EVENT: Final = Pattern("TransactionEvent", triggerReason="MeterValuePeriodic")


async def rounds(run: CaseRun, interval_s: float, *patterns: Pattern) -> list[TranscriptEntry]:
    """Collect messages until they have readings of `ROUNDS` moments."""
    found: list[TranscriptEntry] = []
    while len(by_moment(meter_values(found), tolerance(run, interval_s))) < ROUNDS:
        found.append(await run.station.sends_one_of(*patterns, within=interval_s + run.times.message))
        run.check(bool(meter_values(found[-1:])), "the message has meter values", found[-1])
    return found


def tolerance(run: CaseRun, interval_s: float) -> float:
    """Return how far apart readings of one moment may be, in seconds."""
    return min(run.times.deviation, interval_s / 2)


async def configured(run: CaseRun, component: str, variable: str) -> set[str]:
    """Return the measurands that a variable of the station configures."""
    value = await run.variable(component, variable) or ""
    return {name.strip() for name in value.split(",") if name.strip()}


def checks_readings(
    run: CaseRun, values: Sequence[MeterValue], expected: set[str], message: TranscriptEntry
) -> None:
    """Check that readings have the expected measurands; then check their location with `checks_location`."""
    run.check(expected <= measurands_of(values), "the readings have all configured measurands", message)
    checks_location(run, values, message)


def checks_location(run: CaseRun, values: Sequence[MeterValue], message: TranscriptEntry) -> None:
    """Check that no readings but the state of charge are from the vehicle (errata 6.2.58)."""
    run.check(are_from_station(values), "nothing but a state of charge is measured in the vehicle", message)


def checks_rounds(
    run: CaseRun, found: Sequence[TranscriptEntry], context: str, interval_s: float, expected: set[str]
) -> None:
    """Check the readings of several moments; the last moment may still lack measurands."""
    values, last = meter_values(found), found[-1]
    run.check(contexts(values) == {context}, f"the readings have the context {context}", last)
    checks_location(run, values, last)
    checks_interval(run, values, interval_s, last)
    for meter in {each.payload.get("evseId") for each in found}:
        of_meter = meter_values(each for each in found if each.payload.get("evseId") == meter)
        for at_once in by_moment(of_meter, tolerance(run, interval_s))[:-1]:
            checks_readings(run, at_once, expected, last)


def checks_interval(
    run: CaseRun, values: Sequence[MeterValue], interval_s: float, message: TranscriptEntry
) -> None:
    """Check that readings were taken at this interval."""
    times_s = [taken_at(group[0]) for group in by_moment(values, tolerance(run, interval_s))]
    run.check(len(times_s) > 1, "there are readings of several moments", message)
    is_regular = are_regular(times_s, interval_s, tolerance(run, interval_s))
    run.check(is_regular, "the readings are taken at the configured interval", message)


async def given_clock_readings(run: CaseRun, **others: Any) -> set[str]:
    """Set the interval of clock-aligned readings and ``others``; return the measurands due at each moment."""
    await run.given.variables(AlignedDataCtrlr__Interval=run.times.aligned_interval)
    await run.given.variables_if_implemented(**others)
    return await configured(run, "AlignedDataCtrlr", "Measurands")


@CASES.case("TC_J_01_CS", "Send clock-aligned readings of an idle station at the configured interval")
async def clock_readings_when_idle(run: CaseRun) -> None:
    expected = await given_clock_readings(run)
    found = await rounds(run, run.times.aligned_interval, METER_MESSAGE)
    checks_rounds(run, found, CLOCK_CONTEXT, run.times.aligned_interval, expected)


@CASES.case("TC_J_02_CS", "Send clock-aligned readings of a transaction at the configured interval")
async def clock_readings_in_transaction(run: CaseRun) -> None:
    expected = await given_clock_readings(
        run, AlignedDataCtrlr__SendDuringIdle=False, SampledDataCtrlr__RegisterValuesWithoutPhases=False
    )
    await run.given.energy_transfer_started()
    await run.station.all_sent("MeterValues")
    of_evse = Pattern("MeterValues", evseId=run.evse)
    found = await rounds(run, run.times.aligned_interval, CLOCK_EVENT, of_evse)
    checks_rounds(run, found, CLOCK_CONTEXT, run.times.aligned_interval, expected)
    others = await run.station.all_sent("MeterValues")
    if others:
        checks_rounds(run, others, CLOCK_CONTEXT, run.times.aligned_interval, expected)


@CASES.case(
    "TC_J_06_CS", "Send clock-aligned readings only while no transaction is running if SendDuringIdle is true"
)
async def clock_readings_without_transaction(run: CaseRun) -> None:
    interval_s = run.times.aligned_interval
    await run.given.variables(AlignedDataCtrlr__SendDuringIdle=True)
    expected = await given_clock_readings(run)
    checks_rounds(run, await rounds(run, interval_s, METER_MESSAGE), CLOCK_CONTEXT, interval_s, expected)
    await run.state.energy_transfer_started()
    started = await run.station.has_sent("TransactionEvent", eventType="Started")
    await run.waits(interval_s + run.times.silence)
    await run.station.has_not_sent("MeterValues", after=started)
    await run.station.has_not_sent("TransactionEvent", meterValue=CLOCK_READING)
    await run.station.all_sent("MeterValues")
    await run.state.parking_bay_unoccupied()
    checks_rounds(run, await rounds(run, interval_s, METER_MESSAGE), CLOCK_CONTEXT, interval_s, expected)


@CASES.case("TC_J_07_CS", "Send readings in the first event of a transaction if its EVSE is known")
async def readings_at_start(run: CaseRun) -> None:
    await run.given.variables_if_implemented(TxCtrlr__TxStartPoint="EVConnected")
    expected = await configured(run, "SampledDataCtrlr", "TxStartedMeasurands")
    await run.given.parking_bay_occupied()
    await run.state.ev_connected()
    await run.state.energy_transfer_started()
    started = await run.station.has_sent("TransactionEvent", eventType="Started")
    checks_first_readings(run, started, expected)


def checks_first_readings(run: CaseRun, event: TranscriptEntry, expected: set[str]) -> None:
    """Check the readings with the context Transaction.Begin in the first event of a transaction."""
    values = meter_values([event])
    run.check(contexts(values) == {BEGIN_CONTEXT}, f"the readings have the context {BEGIN_CONTEXT}", event)
    checks_readings(run, values, expected, event)


@CASES.case("TC_J_09_CS", "Send readings of a transaction at the configured interval")
async def periodic_readings(run: CaseRun) -> None:
    interval_s = run.times.sampled_interval
    await run.given.variables(SampledDataCtrlr__TxUpdatedInterval=interval_s)
    expected = await configured(run, "SampledDataCtrlr", "TxUpdatedMeasurands")
    await run.given.energy_transfer_started()
    found = await rounds(run, interval_s, PERIODIC_EVENT)
    checks_rounds(run, found, PERIODIC_CONTEXT, interval_s, expected)


async def ended_after(run: CaseRun, interval_s: float) -> TranscriptEntry:
    """Charge for `ROUNDS` intervals, and return the last event of the transaction."""
    await run.given.energy_transfer_started()
    await run.waits(interval_s * ROUNDS)
    await run.state.parking_bay_unoccupied()
    return await run.station.has_sent("TransactionEvent", eventType="Ended", meterValue=ANY)


@CASES.case("TC_J_03_CS", "Send the clock-aligned readings of a transaction in its last event")
async def clock_readings_at_end(run: CaseRun) -> None:
    expected = await given_clock_readings_at_end(run)
    ended = await ended_after(run, run.times.aligned_interval)
    checks_clock_readings_at_end(run, ended, expected)


async def given_clock_readings_at_end(run: CaseRun) -> set[str]:
    """Configure clock-aligned readings for the last event, and return their measurands."""
    await run.given.variables(AlignedDataCtrlr__TxEndedInterval=run.times.aligned_interval)
    await run.given.variables(SampledDataCtrlr__TxEndedMeasurands="")
    await run.given.variables_if_implemented(AlignedDataCtrlr__SendDuringIdle=False)
    if not await configured(run, "AlignedDataCtrlr", "TxEndedMeasurands"):
        await run.given.variables(AlignedDataCtrlr__TxEndedMeasurands=DEFAULT_MEASURAND)
    return await configured(run, "AlignedDataCtrlr", "TxEndedMeasurands")


def checks_clock_readings_at_end(run: CaseRun, ended: TranscriptEntry, expected: set[str]) -> None:
    """Check the clock-aligned readings of the last event."""
    values = meter_values([ended])
    run.check(contexts(values) == {CLOCK_CONTEXT}, f"the readings have the context {CLOCK_CONTEXT}", ended)
    checks_interval(run, values, run.times.aligned_interval, ended)
    for at_once in by_moment(values, tolerance(run, run.times.aligned_interval)):
        checks_readings(run, at_once, expected, ended)


@CASES.case("TC_J_10_CS", "Send periodic and final readings in the last event of a transaction")
async def periodic_readings_at_end(run: CaseRun) -> None:
    expected = await given_periodic_readings_at_end(run)
    ended = await ended_after(run, run.times.sampled_interval)
    checks_periodic_readings_at_end(run, ended, expected)


async def given_periodic_readings_at_end(run: CaseRun) -> set[str]:
    """Configure periodic readings for the last event, and return their measurands."""
    await run.given.variables(SampledDataCtrlr__TxEndedInterval=run.times.sampled_interval)
    await run.given.variables_if_implemented(AlignedDataCtrlr__TxEndedMeasurands="")
    return await configured(run, "SampledDataCtrlr", "TxEndedMeasurands")


def checks_periodic_readings_at_end(run: CaseRun, ended: TranscriptEntry, expected: set[str]) -> None:
    """Check the periodic readings and the final reading in the last event."""
    values = meter_values([ended])
    run.check(
        contexts(values) <= {BEGIN_CONTEXT, PERIODIC_CONTEXT, END_CONTEXT},
        "all readings have a context of the transaction",
        ended,
    )
    checks_location(run, values, ended)
    periodic = with_context(values, PERIODIC_CONTEXT)
    run.check(
        bool(with_context(values, END_CONTEXT)), f"there is a reading with the context {END_CONTEXT}", ended
    )
    checks_readings(run, with_context(values, END_CONTEXT), expected, ended)
    checks_interval(run, periodic, run.times.sampled_interval, ended)
    for at_once in by_moment(periodic, tolerance(run, run.times.sampled_interval)):
        checks_readings(run, at_once, expected, ended)


@CASES.case("TC_J_04_CS", "Sign the clock-aligned readings in the last event of a transaction")
async def signed_clock_readings_at_end(run: CaseRun) -> None:
    expected = await given_clock_readings_at_end(run)
    await run.given.variables(AlignedDataCtrlr__SignReadings=True)
    ended = await ended_after(run, run.times.aligned_interval)
    checks_clock_readings_at_end(run, ended, expected)
    await checks_signatures(run, meter_values([ended]), ended)


@CASES.case("TC_J_11_CS", "Sign the readings in the last event of a transaction")
async def signed_readings_at_end(run: CaseRun) -> None:
    expected = await given_periodic_readings_at_end(run)
    await run.given.variables(SampledDataCtrlr__SignReadings=True)
    ended = await ended_after(run, run.times.sampled_interval)
    checks_periodic_readings_at_end(run, ended, expected)
    await checks_signatures(run, with_context(meter_values([ended]), END_CONTEXT), ended)


async def checks_signatures(run: CaseRun, values: Sequence[MeterValue], message: TranscriptEntry) -> None:
    """Check that each of these meter values has a signature, and the public key as configured."""
    run.check(all(signatures([each]) for each in values), "the readings are signed", message)
    when = await run.variable("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue")
    is_fit = keys_are_sent(signatures(values), when)
    run.check(is_fit, "the public key is sent as PublicKeyWithSignedMeterValue says", message)


@CASES.case("TC_J_08_CS", "Send the first readings of a transaction as soon as its EVSE is known")
async def readings_when_evse_is_known(run: CaseRun) -> None:
    await run.given.variables_if_implemented(TxCtrlr__TxStartPoint="Authorized")
    expected = await configured(run, "SampledDataCtrlr", "TxStartedMeasurands")
    await run.state.authorized()
    await run.state.energy_transfer_started()
    first = await run.station.has_sent("TransactionEvent", evse=ANY)
    checks_first_readings(run, first, expected)
