"""Monitors of a station, as commands have set and reports have shown them (N02 to N06)."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, CommandCall, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.stations.device_model import ACTUAL
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import (
    CONNECTED_EV,
    DeviceModelFacts,
    VariableName,
    name_of_item,
)
from mock_csms.v201.findings.known import Known201

_MAX_MONITORS: Final = 200
_MAX_IDS: Final = 200
_MAX_QUERIES: Final = 10
_CHANGES: Final = frozenset(
    {
        Action.set_variable_monitoring.value,
        Action.clear_variable_monitoring.value,
        Action.set_monitoring_base.value,
    }
)
"""Commands that change the monitors of a station."""
REBOOTS: Final = frozenset({"RemoteReset", "ScheduledReset"})
"""Reasons of a boot after which the monitors must still be there; a boot with another reason may follow a
factory reset.
"""
_HARD_WIRED: Final = "HardWiredMonitor"
CUSTOM_MONITOR: Final = "CustomMonitor"
THRESHOLD_MONITORS: Final = frozenset({"UpperThreshold", "LowerThreshold"})
PERIODIC_MONITORS: Final = frozenset({"Periodic", "PeriodicClockAligned"})
_LEVEL: Final = VariableName("monitoringctrlr", "activemonitoringlevel"), ACTUAL
NUMERIC_TYPES: Final = frozenset({"integer", "decimal"})
"""Data types of variables whose values have an order."""


class KnownMonitor(NamedTuple):
    """A monitor of one variable."""

    name: VariableName
    type: str
    severity: int
    value: float
    is_custom: bool
    """Whether a command has set the monitor."""
    is_for_transactions: bool = False
    """Whether the monitor is active only during a transaction."""
    replaced: "KnownMonitor | None" = None
    """The monitor that had the same id before the command that set this monitor."""
    is_replacement: bool = False
    """Whether the SetVariableMonitoring contained an id, and so replaced the monitor with this id."""
    was_added: bool = False
    """Whether a command has added the monitor as a new one. Otherwise, clearing the monitor may restore a
    preconfigured one.
    """
    at: float = 0.0
    """Time of the message that shows the monitor, in seconds since the epoch."""
    frame: int = 0
    """Number of the journal entry of the message that shows the monitor."""

    @property
    def settings(self) -> tuple[str, int, float]:
        """Type, severity and value."""
        return self.type, self.severity, self.value

    @property
    def is_lasting(self) -> bool:
        """Whether the monitored variable always exists; the variables of a vehicle come and go with the
        vehicle.
        """
        return self.name.component != CONNECTED_EV

    @property
    def text(self) -> str:
        """Type, variable and severity, for a sentence."""
        evse = "" if self.name.evse_id is None else f" of EVSE {self.name.evse_id}"
        return (
            f"{self.type} monitor of {self.name.component}/{self.name.variable}{evse} with severity "
            f"{self.severity}"
        )

    def is_like(self, other: "KnownMonitor") -> bool:
        """Return whether type, severity, component and variable are equal; instances and EVSEs may differ."""
        return (self.name[:2], self.type, self.severity) == (other.name[:2], other.type, other.severity)


class Cleared(NamedTuple):
    """A monitor that a ClearVariableMonitoring has removed."""

    monitor: KnownMonitor | None
    at: float | None
    """Time of the answer to the command; None if the answer came on an earlier connection."""
    was_alerting: bool
    """Whether the latest event of the monitor had reported an alert."""


class Item(NamedTuple):
    """An item of a SetVariableMonitoring with its result."""

    request: JsonObject
    result: JsonObject


class MonitoringQuery(NamedTuple):
    """A GetMonitoringReport, and the monitors in the parts of its report so far."""

    request: JsonObject
    frame: int
    changes: int
    """Value of ``Monitors.changes`` when the query was sent."""
    is_certain: bool = True
    """Whether all parts with the requestId of the query belong to this query."""
    is_accepted: bool = False
    next_seq_no: int = 0
    found: tuple[tuple[int, KnownMonitor], ...] = ()
    """Monitors in the parts so far, with their ids."""

    @property
    def is_unfiltered(self) -> bool:
        """Whether the query asks for all monitors."""
        return not self.request.get("monitoringCriteria") and not self.request.get("componentVariable")


def monitors_in(call: StationCall) -> Iterator[tuple[int, KnownMonitor]]:
    """Yield the monitors of a NotifyMonitoringReport with their ids."""
    for item in call.payload.get("monitor", ()):
        name = name_of_item(item)
        for each in item["variableMonitoring"]:
            settings = each["type"], each["severity"], each["value"]
            yield (
                each["id"],
                KnownMonitor(
                    name,
                    *settings,
                    is_custom=False,
                    is_for_transactions=each["transaction"],
                    at=call.at,
                    frame=call.frame,
                ),
            )


def _key(item: JsonObject) -> tuple[VariableName, str, int]:
    return name_of_item(item), item["type"], item["severity"]


def items_with_results(command: AnsweredCommand) -> list[Item]:
    """Pair the items of a SetVariableMonitoring with their results; repeated items, and items without exactly
    one result, are left out.
    """
    items = {}
    for item in command.request["setMonitoringData"]:
        items[_key(item)] = None if _key(item) in items else item
    results = {}
    for result in command.answer["setMonitoringResult"]:
        results[_key(result)] = None if _key(result) in results else result
    return [
        Item(item, result)
        for key, item in items.items()
        if item is not None and (result := results.get(key)) is not None
    ]


class Monitors(Facts):
    """Monitors by id, the ids that are free, the monitoring base and level, and reports in progress."""

    __slots__ = (
        "alerting",
        "base",
        "base_name",
        "before_boot",
        "by_id",
        "changes",
        "cleared",
        "hard_wired",
        "has_had_vehicle",
        "is_complete",
        "level",
        "queries",
        "removed",
        "since_base_all",
    )

    def __init__(self) -> None:
        self.by_id: dict[int, KnownMonitor] = {}
        self.is_complete = False
        """Whether `by_id` has all monitors."""
        self.alerting: set[int] = set()
        """Ids of monitors whose latest event is an alert that has not ended."""
        self.cleared: dict[int, Cleared] = {}
        """Ids that are free since a ClearVariableMonitoring."""
        self.has_had_vehicle = False
        """Whether a vehicle has ever had monitors; they may come back with the vehicle, under any id."""
        self.hard_wired: set[int] = set()
        self.before_boot: tuple[KnownMonitor, ...] = ()
        """Custom monitors from before the latest boot; their ids may have changed since."""
        self.since_base_all: frozenset[int] = frozenset()
        """Ids of the custom monitors known at the latest SetMonitoringBase All, and not set again since."""
        self.base: tuple[str, float, int] | None = None
        """Accepted monitoring base other than All, with time and frame of the answer on this connection; None
        once a later command may have changed the monitors.
        """
        self.removed: dict[int, KnownMonitor] = {}
        """Custom monitors that the base `base_name` has removed, except those set as a replacement."""
        self.base_name = ""
        """Latest accepted monitoring base."""
        self.level: tuple[int, float, int] | None = None
        """Monitoring level, and time and frame of its answer on this connection."""
        self.queries: dict[int, MonitoringQuery] = {}
        """Reports in progress, by requestId."""
        self.changes = 0
        """Counter of commands that may have changed the monitors; each counts when it is sent and when it is
        answered.
        """

    def forget(self) -> None:
        """Drop everything about the monitors."""
        self.by_id.clear()
        self.cleared.clear()
        self.alerting.clear()
        self.hard_wired.clear()
        self.since_base_all = frozenset()
        self.before_boot = ()
        self.removed.clear()
        self.base = None
        self.is_complete = False
        self.changes += 1

    def add(self, monitor_id: int, monitor: KnownMonitor) -> None:
        """Add or replace a monitor."""
        if monitor_id not in self.by_id and len(self.by_id) >= _MAX_MONITORS:
            del self.by_id[next(iter(self.by_id))]
            self.is_complete = False
        self.by_id[monitor_id] = monitor
        self.has_had_vehicle = self.has_had_vehicle or not monitor.is_lasting
        self.cleared.pop(monitor_id, None)

    def clear(self, monitor_id: int, at: float) -> None:
        """Remove a monitor. Its id is free unless a preconfigured monitor may be active again."""
        monitor = self.by_id.pop(monitor_id, None)
        self.forget_from_before_boot(monitor)
        was_alerting = monitor_id in self.alerting
        self.alerting.discard(monitor_id)
        if monitor is None or not monitor.was_added:
            self.is_complete = False
            return
        self.cleared[monitor_id] = Cleared(monitor, at, was_alerting)
        if len(self.cleared) > _MAX_IDS:
            del self.cleared[next(iter(self.cleared))]

    def forget_from_before_boot(self, monitor: KnownMonitor | None) -> None:
        """Drop each monitor of `before_boot` that may be the same as `monitor`; None: drop all."""
        self.before_boot = tuple(one for one in self.before_boot if monitor and not one.is_like(monitor))

    def is_absent(self, monitor_id: int) -> bool:
        """Return whether certainly no monitor has this id."""
        # HardWiredOnly disables preconfigured monitors; a report may then leave them out.
        is_whole = self.is_complete and self.base_name != "HardWiredOnly"
        is_free = monitor_id in self.cleared or (is_whole and monitor_id not in self.by_id)
        return is_free and monitor_id not in self.hard_wired

    def query_of(self, part: JsonObject) -> MonitoringQuery | None:
        """Return the accepted query that led to this part; None if unknown or the part is out of order."""
        query = self.queries.get(part["requestId"])
        if query is None or not query.is_accepted or not query.is_certain:
            return None
        return query if query.next_seq_no == part["seqNo"] else None

    def completed(self, call: StationCall) -> tuple[MonitoringQuery, list[tuple[int, KnownMonitor]]] | None:
        """Return the query whose report is complete with this part, and all monitors in the report.

        Return None also if the monitors may have changed since the query.
        """
        query = self.query_of(call.payload)
        if query is None or call.payload.get("tbc") or query.changes != self.changes:
            return None
        return query, [*query.found, *monitors_in(call)]

    def set_base(self, base: str, at: float, frame: int) -> None:
        """Register an accepted SetMonitoringBase. The ids of preconfigured monitors may change."""
        self.cleared.clear()
        self.is_complete = False
        self.removed = {
            monitor_id: monitor
            for monitor_id, monitor in self.by_id.items()
            if base != "All" and monitor.is_custom and not monitor.is_replacement
        }
        self.base_name = base
        if base == "All":
            self.since_base_all = frozenset(
                monitor_id for monitor_id, monitor in self.by_id.items() if monitor.is_custom
            )
            self.by_id = {monitor_id: self.by_id[monitor_id] for monitor_id in self.since_base_all}
            self.base = None
        else:
            self.by_id.clear()
            self.before_boot = ()
            self.since_base_all = frozenset()
            self.base = base, at, frame

    def booted(self, reason: str) -> None:
        custom = tuple(monitor for monitor in self.by_id.values() if monitor.is_custom)
        kept = (*self.before_boot, *custom) if reason in REBOOTS else ()
        self.forget()
        self.before_boot = kept[-_MAX_MONITORS:]
        self.queries.clear()
        self.level = None

    def disconnected(self) -> None:
        self.queries.clear()
        self.base = self.level = None
        self.cleared = {monitor_id: one._replace(at=None) for monitor_id, one in self.cleared.items()}

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.notify_monitoring_report}:
            self.queries.clear()

    def command_failed(self, action: str | None) -> None:
        if action is None or action in _CHANGES:
            self.forget()
        if action in {None, Action.set_monitoring_level}:
            self.level = None


@CHECKS.learn_sent(*_CHANGES)
def _expect_change(_: CommandCall, known: Known201) -> None:
    monitors = known[Monitors]
    monitors.changes += 1
    monitors.base = None
    monitors.removed.clear()


@CHECKS.learn_command(Action.set_variable_monitoring)
def _apply_set_monitors(command: AnsweredCommand, known: Known201) -> None:
    monitors, items = known[Monitors], items_with_results(command)
    monitors.changes += 1
    if len(items) < len(command.request["setMonitoringData"]):
        monitors.forget()
    for item, result in items:
        if result["status"] != "Accepted":
            continue
        monitor_id = result.get("id", item.get("id"))
        if monitor_id is None:
            monitors.forget()
            return
        replaced = None
        if "id" in item:
            replaced = monitors.by_id.pop(item["id"], None)
            monitors.forget_from_before_boot(replaced)
        settings = item["type"], item["severity"], item["value"]
        monitors.add(
            monitor_id,
            KnownMonitor(
                name_of_item(item),
                *settings,
                is_custom=True,
                is_for_transactions=item.get("transaction", False),
                replaced=replaced and replaced._replace(replaced=None),
                is_replacement="id" in item,
                was_added="id" not in item or bool(replaced and replaced.was_added),
                at=command.at,
                frame=command.frame,
            ),
        )
        monitors.since_base_all -= {monitor_id}
        monitors.base = None


@CHECKS.learn_command(Action.clear_variable_monitoring)
def _apply_cleared_monitors(command: AnsweredCommand, known: Known201) -> None:
    monitors = known[Monitors]
    monitors.changes += 1
    for result in command.answer["clearMonitoringResult"]:
        if result["status"] == "Accepted":
            monitors.clear(result["id"], command.at)
        elif result["status"] == "NotFound":
            monitors.by_id.pop(result["id"], None)


@CHECKS.learn_command(Action.set_monitoring_base)
def _apply_base(command: AnsweredCommand, known: Known201) -> None:
    monitors = known[Monitors]
    monitors.changes += 1
    if command.answer["status"] == "Accepted":
        monitors.set_base(command.request["monitoringBase"], command.at, command.frame)


@CHECKS.learn_sent(Action.set_monitoring_level)
def _expect_level(_: CommandCall, known: Known201) -> None:
    known[Monitors].level = None
    known[DeviceModelFacts].expect_value(_LEVEL)


@CHECKS.learn_command(Action.set_monitoring_level)
def _apply_level(command: AnsweredCommand, known: Known201) -> None:
    model, severity = known[DeviceModelFacts], command.request["severity"]
    if command.answer["status"] == "Accepted":
        known[Monitors].level = severity, command.at, command.frame
        model.accept_value(_LEVEL, str(severity), command.at)
    else:
        model.keep_value(_LEVEL)


@CHECKS.learn_sent(Action.get_monitoring_report)
def _expect_report(command: CommandCall, known: Known201) -> None:
    monitors = known[Monitors]
    queries, request_id = monitors.queries, command.request["requestId"]
    is_certain = queries.pop(request_id, None) is None  # otherwise its report may still be in progress
    if len(queries) >= _MAX_QUERIES:
        del queries[next(iter(queries))]
    queries[request_id] = MonitoringQuery(command.request, command.frame, monitors.changes, is_certain)


@CHECKS.learn_command(Action.get_monitoring_report)
def _apply_report_answer(command: AnsweredCommand, known: Known201) -> None:
    monitors, request_id = known[Monitors], command.request["requestId"]
    query = monitors.queries.get(request_id)
    if query is None:
        return
    if command.answer["status"] == "Accepted":
        monitors.queries[request_id] = query._replace(is_accepted=True)
        return
    if query.is_certain:
        del monitors.queries[request_id]
    is_empty = command.answer["status"] == "EmptyResultSet" and query.is_unfiltered
    if is_empty and query.changes == monitors.changes:
        _complete(monitors, [])


@CHECKS.learn_call(Action.notify_monitoring_report)
def _apply_report_part(call: StationCall, known: Known201) -> None:
    monitors, part = known[Monitors], call.payload
    query = monitors.query_of(part)
    if query is None:
        _doubt_report(monitors, part)
        return
    found = [*query.found, *monitors_in(call)]
    if part.get("tbc") and len(found) <= _MAX_MONITORS:
        monitors.queries[part["requestId"]] = query._replace(
            next_seq_no=part["seqNo"] + 1, found=tuple(found)
        )
        return
    del monitors.queries[part["requestId"]]
    if query.changes != monitors.changes or part.get("tbc"):
        return
    if query.is_unfiltered:
        _complete(monitors, found)
    else:
        for monitor_id, monitor in found:
            monitors.add(monitor_id, monitors.by_id.get(monitor_id, monitor))


def _doubt_report(monitors: Monitors, part: JsonObject) -> None:
    """Drop a report if this part is out of order and does not repeat the part before it (a retry)."""
    query = monitors.queries.get(part["requestId"])
    if query is not None and query.is_certain and part["seqNo"] + 1 != query.next_seq_no:
        del monitors.queries[part["requestId"]]


def _complete(monitors: Monitors, found: list[tuple[int, KnownMonitor]]) -> None:
    """Store the monitors of a complete report. A custom monitor stays custom, also under a new id."""
    before, by_id = monitors.before_boot, monitors.by_id
    monitors.is_complete = len(found) <= _MAX_MONITORS and not monitors.has_had_vehicle
    monitors.before_boot = ()
    monitors.by_id = {}
    for monitor_id, monitor in found[:_MAX_MONITORS]:
        monitors.has_had_vehicle = monitors.has_had_vehicle or not monitor.is_lasting
        known = by_id.get(monitor_id)
        if known is None or known.settings != monitor.settings:
            custom = [known] if known else [other for other in before if monitor.is_like(other)]
            known = monitor._replace(
                is_custom=any(other.is_custom for other in custom),
                was_added=bool(custom) and all(other.was_added for other in custom),
            )
        monitors.by_id[monitor_id] = known
    monitors.cleared = {key: value for key, value in monitors.cleared.items() if key not in monitors.by_id}


@CHECKS.learn_call(Action.notify_event)
def _apply_event(call: StationCall, known: Known201) -> None:
    for event in call.payload["eventData"]:
        monitor_id = event.get("variableMonitoringId")
        if monitor_id is None:
            continue
        monitors = known[Monitors]
        if event["eventNotificationType"] == _HARD_WIRED and len(monitors.hard_wired) < _MAX_IDS:
            monitors.hard_wired.add(monitor_id)
        if event["trigger"] == "Alerting" and not event.get("cleared"):
            if len(monitors.alerting) < _MAX_IDS:
                monitors.alerting.add(monitor_id)
        else:
            monitors.alerting.discard(monitor_id)
