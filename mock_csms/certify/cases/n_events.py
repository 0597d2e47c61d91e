"""Cases of block N about events of monitors (N05, N07, N08)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.a_security import PASSWORD_NAME, WITH_PASSWORD, changes_password
from mock_csms.certify.cases.n_steps import (
    ALL_LEVELS,
    DELTA_TYPE,
    HIGH_W,
    LOW_W,
    LOWER_TYPE,
    PERIODIC_TYPE,
    REPORT,
    SEVERITY,
    UPPER_TYPE,
    clears_monitors,
    evse_power,
    evse_state,
    given_base,
    given_level,
    given_monitor,
    given_monitors,
    has_kinds,
    has_monitors,
    has_no_monitors,
    highest_power,
    keeps_monitors,
    monitor_of,
    reported_monitors,
    result_of,
    sets_monitors,
    tries_monitors,
)
from mock_csms.certify.certificate_steps import requires_security_profile
from mock_csms.certify.registry import CaseList
from mock_csms.certify.session_events import EVENT, of_transaction
from mock_csms.certify.variable_steps import sets_variable
from mock_csms.certify.verbs.stage import variable_of
from mock_csms.certify.verbs.texts import Varying
from mock_csms.client import TranscriptEntry
from mock_csms.client.fields import matches

CASES: Final = CaseList()

NOT_CLEARED: Final = frozenset({None, False})
MONITOR_LEVEL: Final = 8
PERIODS: Final = 3
OFFLINE_THRESHOLD: Final = variable_of("OCPPCommCtrlr", "OfflineThreshold")


def of_monitor(number: int) -> Callable[[int], bool]:
    """Return the condition that an id is that of this monitor."""

    def is_of_the_monitor(actual: int) -> bool:
        return actual == number

    return is_of_the_monitor


def above(limit: float) -> Callable[[str], bool]:
    """Return the condition that a value is above a limit."""

    def is_above_the_limit(value: str) -> bool:
        return float(value) > limit

    return is_above_the_limit


def at_most(limit: float) -> Callable[[str], bool]:
    """Return the condition that a value is not above a limit."""

    def is_not_above_the_limit(value: str) -> bool:
        return float(value) <= limit

    return is_not_above_the_limit


async def notifies(run: CaseRun, event: Mapping[str, Any], within: float | None = None) -> TranscriptEntry:
    """Expect a NotifyEvent with this event; others may come before it."""
    entry = await run.station.at_last_sends("NotifyEvent", seqNo=0, eventData=[event], within=within)
    run.station.were_generated_now([entry])
    return entry


@CASES.case("TC_N_16_CS", "Send no events with a severity number above the monitoring level")
async def event_above_level(run: CaseRun) -> None:
    await given_monitors(run, monitor_of(evse_state(run), severity=8))
    await given_level(run, 7)
    await run.rig.plugs_in()
    await run.station.is_silent("NotifyEvent", eventData=[evse_state(run)])
    await run.station.has_not_sent("NotifyEvent", eventData=[evse_state(run)])


@CASES.case("TC_N_20_CS", "Notify when the power crosses its thresholds, and when it returns")
async def thresholds(run: CaseRun) -> None:
    await keeps_monitors(run)
    await given_base(run, "All")
    power = evse_power(run)
    upper = await given_monitor(run, monitor_of(power, UPPER_TYPE, HIGH_W))
    await run.state.energy_transfer_started()
    alert = {"trigger": "Alerting", "transactionId": of_transaction(run.transaction_id), **power}
    exceeded = {"variableMonitoringId": of_monitor(upper), "actualValue": above(HIGH_W)}
    await notifies(run, {**alert, **exceeded, "cleared": NOT_CLEARED})
    [lower] = await sets_monitors(run, monitor_of(power, LOWER_TYPE, LOW_W))
    await run.state.stop_authorized()
    custom = {**alert, "eventNotificationType": "CustomMonitor"}
    back = {"variableMonitoringId": of_monitor(upper), "actualValue": at_most(HIGH_W), "cleared": True}
    low = {"variableMonitoringId": of_monitor(lower), "actualValue": at_most(LOW_W), "cleared": NOT_CLEARED}
    await has_notified(run, {**custom, **back}, {**custom, **low})


async def has_notified(run: CaseRun, *events: Mapping[str, Any]) -> None:
    """Expect these events, in one NotifyEvent or in several."""
    seen: list[Mapping[str, Any]] = []
    for event in events:
        if not any(matches(event, each) for each in seen):
            seen += (await notifies(run, event))["eventData"]


@CASES.case("TC_N_21_CS", "Send the event of a hard-wired monitor as HardWiredNotification")
async def hard_wired_notification(run: CaseRun) -> None:
    run.undo_with("the fault", lambda: run.rig.does("repair"))
    await run.rig.does("fault")
    await notifies(run, {"eventNotificationType": "HardWiredNotification"})


@CASES.case("TC_N_22_CS", "Queue an event while offline if it is severe enough")
async def event_kept_offline(run: CaseRun) -> None:
    await run.given.variables(MonitoringCtrlr__OfflineQueuingSeverity=SEVERITY)
    await given_monitor(run, monitor_of(evse_state(run)))
    await run.csms.goes_offline()
    await run.rig.plugs_in()
    await run.waits(run.times.transaction)
    await run.csms.comes_back(within=run.times.boot)
    await notifies(run, {"trigger": DELTA_TYPE, "actualValue": "Occupied", **evse_state(run)})


@CASES.case("TC_N_23_CS", "Drop an event while offline if it is not severe enough")
async def event_dropped_offline(run: CaseRun) -> None:
    connector = variable_of(f"Connector@{run.evse}.{run.file.connector}", "AvailabilityState")
    states = evse_state(run), connector
    await run.given.variables(MonitoringCtrlr__OfflineQueuingSeverity=SEVERITY)
    await given_monitors(run, *(monitor_of(state, severity=SEVERITY + 1) for state in states))
    await given_level(run, MONITOR_LEVEL)
    await run.state.ev_connected(status=None)
    occupied = [{"trigger": DELTA_TYPE, "actualValue": "Occupied", **state} for state in states]
    await has_notified(run, *occupied)
    points = set((await run.variable("TxCtrlr", "TxStartPoint") or "").split(","))
    await run.csms.goes_offline()
    await run.rig.unplugs()
    await run.rig.plugs_in()
    await run.waits(run.times.transaction)
    await run.csms.comes_back(within=run.times.boot)
    if points & {"EVConnected", "ParkingBayOccupancy"}:
        await reconnects_vehicle(run)
    await run.station.is_silent("NotifyEvent", eventData=is_about(*states))
    await run.station.has_sent_no_other("NotifyEvent", eventData=is_about(*states))


async def reconnects_vehicle(run: CaseRun) -> None:
    """Expect the TransactionEvents about unplugging and plugging in while offline."""
    lost = {"triggerReason": "EVCommunicationLost", "transactionInfo__chargingState": "Idle"}
    await run.station.at_last_sends(EVENT, lost)
    back = {"triggerReason": "CablePluggedIn", "transactionInfo__chargingState": "EVConnected"}
    await run.station.at_last_sends(EVENT, back)


def is_about(*fields: Mapping[str, Any]) -> Callable[[Any], bool]:
    """Return the condition that a list of events has an event with one of these sets of fields."""

    def is_about_the_monitor(events: Any) -> bool:
        return any(matches(each, event) for event in events for each in fields)

    return is_about_the_monitor


@CASES.case("TC_N_24_CS", "Notify once in each period of a periodic monitor")
async def periodic_events(run: CaseRun) -> None:
    await given_level(run, MONITOR_LEVEL)
    interval = run.times.aligned_interval
    monitor = monitor_of(evse_power(run), PERIODIC_TYPE, interval)
    [number] = await tries_monitors(run, (monitor, result_of(monitor)))
    event = {"trigger": "Periodic", "variableMonitoringId": of_monitor(number), **evse_power(run)}
    earlier = await notifies(run, event, within=interval + run.times.message)
    for _ in range(PERIODS - 1):
        later = await notifies(run, event, within=interval + run.times.message)
        run.station.about(earlier, later, interval)
        earlier = later


@CASES.case("TC_N_45_CS", "Notify when a number changes by more than the value of its Delta monitor")
async def delta_of_number(run: CaseRun) -> None:
    number = await given_monitor(run, monitor_of(evse_power(run), DELTA_TYPE, HIGH_W))
    await run.state.energy_transfer_started()
    event = {"trigger": DELTA_TYPE, "variableMonitoringId": of_monitor(number), **evse_power(run)}
    await notifies(run, event)


@CASES.case("TC_N_56_CS", "Notify each change of a variable that is not a number")
async def delta_of_state(run: CaseRun) -> None:
    number = await given_monitor(run, monitor_of(evse_state(run)))
    await run.rig.plugs_in()
    event = {"trigger": DELTA_TYPE, "variableMonitoringId": of_monitor(number), **evse_state(run)}
    await notifies(run, event)


@CASES.case("TC_N_61_CS", "Stay silent when a number changes by no more than the value of its Delta monitor")
async def delta_of_setting(run: CaseRun) -> None:
    number = await given_monitor(run, monitor_of(OFFLINE_THRESHOLD))
    before = await run.variable("OCPPCommCtrlr", "OfflineThreshold")
    await run.given.restores("OCPPCommCtrlr__OfflineThreshold")
    value = int(before or 0)
    event = {"trigger": DELTA_TYPE, "variableMonitoringId": of_monitor(number), **OFFLINE_THRESHOLD}
    await sets_offline_threshold(run, value + 1)
    await run.station.is_silent("NotifyEvent", eventData=[event])
    await sets_offline_threshold(run, value + 2)
    await notifies(run, {**event, "actualValue": is_number(value + 2)})


def is_number(value: int) -> Callable[[str], bool]:
    """Return the condition that a text is this number."""

    def is_the_number(text: str) -> bool:
        return float(text) == value

    return is_the_number


async def sets_offline_threshold(run: CaseRun, value: int) -> None:
    """Set the OfflineThreshold; the station reboots if it needs to."""
    new_value, expect = Varying(str(value), "a new value"), {"Accepted", "RebootRequired"}
    if await sets_variable(run, OFFLINE_THRESHOLD, new_value, expect) == "RebootRequired":
        await run.state.booted()


@CASES.case("TC_N_48_CS", "Notify a change of a write-only variable without its value")
async def write_only(run: CaseRun) -> None:
    await requires_security_profile(run, *WITH_PASSWORD)
    await run.given.variables_if_implemented(MonitoringCtrlr__OfflineQueuingSeverity=ALL_LEVELS)
    number = await given_monitor(run, monitor_of(PASSWORD_NAME))
    await changes_password(run)
    event = {"actualValue": "", "variableMonitoringId": of_monitor(number), **PASSWORD_NAME}
    await notifies(run, event)


@CASES.case("TC_N_51_CS", "Notify when a threshold is lowered below the present value")
async def threshold_lowered(run: CaseRun) -> None:
    power = evse_power(run)
    high = await highest_power(run) - 1
    number = await given_monitor(run, monitor_of(power, UPPER_TYPE, high))
    await run.state.energy_transfer_started()
    await sets_monitors(run, {**monitor_of(power, UPPER_TYPE, HIGH_W), "id": number})
    event = {"trigger": "Alerting", "actualValue": above(HIGH_W), "variableMonitoringId": of_monitor(number)}
    await notifies(run, {**event, **power})


@CASES.case("TC_N_52_CS", "Send no more events of a monitor that has been cleared")
async def cleared_while_exceeded(run: CaseRun) -> None:
    power = evse_power(run)
    number = await given_monitor(run, monitor_of(power, UPPER_TYPE, 0.0))
    await run.given.energy_transfer_started()
    answer = await clears_monitors(run, number, status="Accepted")
    await has_no_monitors(run, power, criteria=["ThresholdMonitoring"], request=REPORT)
    await run.state.stop_authorized()
    of_cleared = is_about({"variableMonitoringId": of_monitor(number)})
    await run.station.is_silent("NotifyEvent", eventData=of_cleared)
    await run.station.has_not_sent("NotifyEvent", eventData=of_cleared, after=answer)


@CASES.case("TC_N_53_CS", "Keep monitors over a reboot")
async def kept_over_reboot(run: CaseRun) -> None:
    monitor = monitor_of(evse_power(run), UPPER_TYPE, HIGH_W)
    [number] = await given_monitors(run, monitor)
    await run.given.booted()
    reported = await reported_monitors(run, criteria=["ThresholdMonitoring"])
    has_kinds(run, reported, UPPER_TYPE, LOWER_TYPE)
    has_monitors(run, reported, {**monitor, "id": number})
