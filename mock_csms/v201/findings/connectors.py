"""Connectors of a station: their status must be reported when it is due (B01, B04, G03)."""

from collections.abc import Iterator
from typing import Any, Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Connector
from mock_csms.v201.findings.clock import TIMESTAMP_ROUNDING_S, seconds_of

STATUS_TIMEOUT_S: Final = 60.0
MAX_CONNECTORS: Final = 1_000
"""Maximum number of connectors, more than any real station has; further connectors are ignored."""
FREE: Final = frozenset({"Available", "Reserved"})
UNKNOWN_STATUS: Final = ""

type EvseScope = tuple[int | None, int | None]
"""EVSE id and connector id; (id, None) stands for a whole EVSE, (None, None) for the station."""

STATION: Final[EvseScope] = (None, None)
EMPTY: Final[frozenset[Any]] = frozenset()


class Connectors:
    """Last status of each connector, and the statuses that are still due."""

    __slots__ = (
        "_absent",
        "_available",
        "_awaited_until",
        "_boot_frame",
        "_booted_at",
        "_due",
        "_has_reported_zero",
        "_in_use",
        "_inoperative_scopes",
        "_inoperative_since",
        "_offline_s",
        "_offline_since",
        "_persistence",
        "_persisting",
        "_report",
        "_reported",
        "_resumed_at",
        "_scheduled",
        "_strictly_inoperative",
        "awaited",
        "status",
        "were_available",
    )

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._reported: frozenset[Connector] = EMPTY
        self._absent: frozenset[Connector] = EMPTY
        self._inoperative_scopes: frozenset[EvseScope] = EMPTY
        self._strictly_inoperative: frozenset[EvseScope] = EMPTY
        """Scopes that were made Inoperative; no part of them has been made Operative since."""
        self._scheduled: frozenset[EvseScope] = EMPTY
        """Scopes that were scheduled to become Inoperative."""
        self._persisting: frozenset[EvseScope] = EMPTY
        """Scopes that were Inoperative at the latest boot."""
        self._persistence: tuple[str, ...] = ()
        """Requirements that a scope stays Inoperative after a restart; empty if the station has not restarted
        since the scope became Inoperative.
        """
        self._inoperative_since = 0.0
        """Time of the last answer to a ChangeAvailability to Inoperative."""
        self._in_use: frozenset[Connector] = EMPTY
        """Connectors that were neither Unavailable nor Faulted when a ChangeAvailability to Inoperative was
        sent.
        """
        self._booted_at = 0.0
        self._due: float | None = None
        self._boot_frame: int | None = None
        self._has_reported_zero = False
        self._offline_since: float | None = None
        self._offline_s = self._resumed_at = self._awaited_until = 0.0
        self.awaited: frozenset[Connector] = EMPTY
        """Connectors whose status is due after an offline period."""
        self._available: frozenset[Connector] = EMPTY
        """Connectors that have been Available at some time since the last ChangeAvailability to Inoperative
        was sent.
        """
        self.were_available: frozenset[Connector] = EMPTY
        """Connectors that have been Available at some time between the last two ChangeAvailability to
        Inoperative.
        """
        self.status: dict[Connector, str] = {}
        """Last status by EVSE id and connector id; UNKNOWN_STATUS without a report since the last boot."""

    def booted(self, at: float, frame: int) -> None:
        """Register a boot, after which the station must report the status of every connector."""
        self._reported = EMPTY
        self._persisting = self._strictly_inoperative
        for connector in self.status:
            self.status[connector] = UNKNOWN_STATUS
        self._due, self._boot_frame, self._booted_at = at + STATUS_TIMEOUT_S, frame, at

    def restarted(self, reason: str) -> None:
        """Register a restart, which must not change the availability of connectors (B01.FR.07, B11.FR.02)."""
        is_reset = reason in {"RemoteReset", "ScheduledReset"}
        self._persistence = ("B01.FR.07", "B11.FR.02") if is_reset else ("B01.FR.07",)

    def set_status(self, evse_id: int, connector_id: int, status: str) -> None:
        """Register the status of a connector."""
        connector = evse_id, connector_id
        if connector in self.status or self._may_be_added(connector):
            self.status[connector] = status
            if connector not in self._reported:
                self._reported |= {connector}
            if status == "Available" and connector not in self._available:
                self._available |= {connector}
            if self.awaited:
                self._arrive(frozenset({connector}))

    def judge_status(self, at: float, frame: int, payload: JsonObject, *, is_charging: bool) -> Findings:
        """Register a StatusNotification. Report a connector that is Available although it was made
        Inoperative, and report connector 0 once, because it does not exist (Part 1 7.2).

        ``is_charging``: whether a transaction is running, which may delay a change of availability.
        """
        evse_id, connector_id = payload["evseId"], payload["connectorId"]
        self.set_status(evse_id, connector_id, payload["connectorStatus"])
        findings = self._judge_number(at, frame, evse_id, connector_id)
        if self._strictly_inoperative and not is_charging:
            status = payload["connectorStatus"]
            findings += self._judge_inoperative(at, frame, (evse_id, connector_id), status)
        return findings

    def _judge_number(self, at: float, frame: int, evse_id: int, connector_id: int) -> Findings:
        """Report the first StatusNotification of the station that is about connector 0 or EVSE 0."""
        if (evse_id > 0 and connector_id > 0) or self._has_reported_zero:
            return NO_FINDINGS
        self._has_reported_zero = True
        return self._report(
            "connector-id-invalid",
            at,
            (frame,),
            f"StatusNotification is about connector {connector_id} of EVSE {evse_id}; EVSEs and their "
            "connectors are numbered from 1",
        )

    def _judge_inoperative(self, at: float, frame: int, connector: Connector, status: str) -> Findings:
        """Report an Available connector in an Inoperative scope, once per command."""
        covering = {scope for scope in self._strictly_inoperative if _covers(scope, connector)}
        if not covering or at <= self._inoperative_since + STATUS_TIMEOUT_S:
            return NO_FINDINGS
        requirements = tuple(sorted({name for scope in covering for name in self._requirements(scope)}))
        if any(scope[1] is None for scope in covering):
            requirements += self._persistence
        if status == "Unavailable":
            self._report.met(*requirements)
        if status != "Available":
            return NO_FINDINGS
        self._strictly_inoperative -= covering
        return self._report(
            "available-while-inoperative",
            at,
            (frame,),
            f"connector {connector[1]} of EVSE {connector[0]} was reported as Available although it was made "
            "Inoperative; it must be Unavailable until a ChangeAvailability makes it Operative",
            requirements=requirements,
        )

    def _requirements(self, scope: EvseScope) -> tuple[str, ...]:
        """Return the requirements that the connectors of an Inoperative scope are Unavailable."""
        if scope in self._persisting:
            if scope == STATION:
                return ("G04.FR.09",)
            return ("G01.FR.02", "G03.FR.08") if scope[1] is None else ("G03.FR.08",)
        if scope in self._scheduled:
            return ("G01.FR.05",)
        if scope == STATION:
            return ("G04.FR.07",)
        return ("G03.FR.06",) if scope[1] is None else ("G01.FR.07",)

    def _may_be_added(self, connector: Connector) -> bool:
        """Return whether a new connector has valid ids and there is room for it."""
        return min(connector) > 0 and len(self.status) < MAX_CONNECTORS

    def apply_event(self, event: JsonObject) -> None:
        """Register an event of a NotifyEvent if it has the AvailabilityState of a connector, an EVSE or the
        station.
        """
        component = event["component"]
        if event["variable"]["name"].lower() != "availabilitystate":
            return
        evse, state = component.get("evse"), event["actualValue"].capitalize()
        match component["name"].lower():
            case "connector" if evse:
                self.set_status(evse["id"], evse.get("connectorId", 1), state)
            case "evse" if evse:
                self._set_scope_status((evse["id"], None), state)
            case "chargingstation":
                self._set_scope_status(STATION, state)

    def _set_scope_status(self, scope: EvseScope, state: str) -> None:
        connectors = frozenset(self._connectors_in(scope))
        self._arrive(connectors)
        for connector in connectors:
            self.status[connector] = state if state == "Unavailable" else UNKNOWN_STATUS

    def _arrive(self, connectors: frozenset[Connector]) -> None:
        """Register that statuses of these connectors have arrived; some may have been due after an offline
        period.
        """
        if self.awaited and not (self.awaited - connectors):
            self._report.met("B04.FR.01")
        self.awaited -= connectors

    def _connectors_in(self, scope: EvseScope) -> Iterator[Connector]:
        return (connector for connector in self.status if _covers(scope, connector))

    def apply_report_item(self, at: float, item: JsonObject) -> None:
        """Register a connector listed in a device report."""
        evse = item["component"].get("evse", {})
        if "connectorId" not in evse:
            return
        connector = evse["id"], evse["connectorId"]
        values = {attribute.get("value", "").lower() for attribute in item["variableAttribute"]}
        if connector not in self.status and self._may_be_added(connector):
            self.status[connector] = UNKNOWN_STATUS
            if self._boot_frame is not None:
                self._due = at + STATUS_TIMEOUT_S
        if item["variable"]["name"] == "Available" and values == {"false"} and connector in self.status:
            self._absent |= {connector}

    def shift(self, seconds: float) -> None:
        """Extend the deadlines."""
        if self._due is not None:
            self._due += seconds
        self._awaited_until += seconds

    def disconnected(self, at: float) -> None:
        """Register the end of the last connection."""
        self._offline_since = at

    def clock_jumped(self) -> None:
        """Drop the start of the offline period, because the server's clock was set."""
        self._offline_since = None

    def resumed(self, at: float, limit_s: float | None) -> None:
        """Restart the deadline after a reconnect; after a long offline period, expect each status.

        ``limit_s``: seconds offline after which OfflineThreshold is certainly exceeded; None if unknown.
        """
        since, self._offline_since, self.awaited = self._offline_since, None, EMPTY
        if self._due is not None:
            self._due = at + STATUS_TIMEOUT_S
        if since is not None and limit_s is not None and at - since > limit_s:
            known = {connector for connector, status in self.status.items() if status != UNKNOWN_STATUS}
            self.awaited = frozenset(known - self._absent)
            self._resumed_at, self._offline_s = at, at - since
            self._awaited_until = at + STATUS_TIMEOUT_S

    def wait_for_queue(self, at: float, payload: JsonObject) -> None:
        """Restart the deadlines while the station sends messages from an earlier time. After an offline
        period, a message without a time counts as one from an earlier time.
        """
        moment = _moment_of(payload)
        is_earlier = moment is not None and moment < self._booted_at - TIMESTAMP_ROUNDING_S
        if self._due is not None and (is_earlier or payload.get("offline")):
            self._due = max(self._due, at + STATUS_TIMEOUT_S)
        if moment is None or moment <= self._resumed_at or payload.get("offline"):
            self._awaited_until = at + STATUS_TIMEOUT_S

    @property
    def are_awaited(self) -> bool:
        """Whether statuses are due after a boot or an offline period."""
        return self._due is not None or bool(self.awaited)

    def expect_none_after_offline(self) -> None:
        """Expect no statuses for an offline period: after a boot, all statuses are due anyway; after a CALL
        without a usable answer, the station may have to retry first.
        """
        self.awaited = EMPTY

    def expect_none(self) -> None:
        """Expect no status until the next boot: no status is due, or an unreadable message may have contained
        one.
        """
        self._due = self._boot_frame = None
        self.awaited = EMPTY

    def overdue_after_offline(self, at: float, first_frame: int | None) -> Findings:
        """Report connectors without a status after a long offline period, all in one finding (B04.FR.01).

        ``first_frame``: first CALL of an accepted station on this connection; None if it has booted on it.
        """
        if not self.awaited or first_frame is None or at <= self._awaited_until:
            return NO_FINDINGS
        missing, self.awaited = sorted(self.awaited), EMPTY
        names = ", ".join(f"connector {connector_id} of EVSE {evse_id}" for evse_id, connector_id in missing)
        return self._report(
            "status-missing-after-offline",
            at,
            (first_frame,),
            f"the station was offline for {self._offline_s:.0f} s, longer than its OfflineThreshold, but did "
            f"not report the status of {short(names)} within {STATUS_TIMEOUT_S:g} s; it must report every "
            "connector",
        )

    def overdue(self, at: float) -> Findings:
        """Report each connector whose status has not arrived in time after the boot, once per boot."""
        if self._due is None or self._boot_frame is None or at <= self._due:
            return NO_FINDINGS
        self._due = None
        if not self.status:
            return self._missing(at, self._boot_frame, "any connector")
        missing = sorted(self.status.keys() - self._reported - self._absent)
        self._reported |= frozenset(missing)
        if not missing:
            self._report.met("B01.FR.05")
        findings = NO_FINDINGS
        for evse_id, connector_id in missing:
            findings += self._missing(at, self._boot_frame, f"connector {connector_id} of EVSE {evse_id}")
        return findings

    def _missing(self, at: float, boot_frame: int, description: str) -> Findings:
        return self._report(
            "connector-status-missing",
            at,
            (boot_frame,),
            f"the status of {description} was not sent within {STATUS_TIMEOUT_S:g} s after the boot was "
            "accepted; a station must report the status of every connector",
        )

    def statuses_in(self, scope: EvseScope) -> frozenset[str]:
        """Return the last statuses of the connectors in a scope."""
        return frozenset(self.status[connector] for connector in self._connectors_in(scope))

    def statuses_of_evse(self, evse_id: int | None) -> frozenset[str]:
        """Return the last statuses of the connectors of an EVSE; empty if the EVSE is unknown (None)."""
        return self.statuses_in((evse_id, None)) if evse_id else EMPTY

    def is_plugged_in(self, evse_id: int | None) -> bool:
        """Return whether all connectors of an EVSE are Occupied; False if the EVSE is unknown."""
        return self.statuses_of_evse(evse_id) == {"Occupied"}

    def may_be_inoperative(self, connector: Connector) -> bool:
        """Return whether a ChangeAvailability may have made a connector Inoperative."""
        return any(_covers(scope, connector) for scope in self._inoperative_scopes)

    def owed(self, request: JsonObject) -> list[Connector]:
        """Return the connectors whose status certainly changes with a ChangeAvailability."""
        scope = place_of(request)
        if request["operationalStatus"] == "Inoperative":
            return [connector for connector in self._connectors_in(scope) if self.status[connector] in FREE]
        if scope not in self._inoperative_scopes:
            return []
        others = self._inoperative_scopes - {scope}
        return [
            connector
            for connector in self._connectors_in(scope)
            if self.status[connector] == "Unavailable"
            and connector in self._in_use
            and not any(_covers(other, connector) for other in others)
        ]

    def has_changed(self, connector: Connector, operational_status: str) -> bool:
        """Return whether a connector's status shows that a ChangeAvailability took effect."""
        status = self.status.get(connector, UNKNOWN_STATUS)
        if operational_status == "Inoperative":
            return status not in FREE
        return status != "Unavailable"

    def inoperative_sent(self, request: JsonObject) -> None:
        """Register a ChangeAvailability to Inoperative; its answer may get lost."""
        self._in_use |= {
            connector
            for connector in self._connectors_in(place_of(request))
            if self.status[connector] not in {"Faulted", "Unavailable", UNKNOWN_STATUS}
        }
        self.were_available, self._available = self._available, EMPTY

    def operative_sent(self, request: JsonObject) -> None:
        """Register a ChangeAvailability to Operative, whose answer may get lost."""
        place = place_of(request)
        self._strictly_inoperative = frozenset(
            scope
            for scope in self._strictly_inoperative
            if scope[0] not in {None, place[0]} and place[0] is not None
        )

    def availability_changed(
        self, at: float, request: JsonObject, *, is_certain: bool, is_scheduled: bool
    ) -> None:
        """Register a ChangeAvailability that the station has carried out or scheduled.

        ``is_certain``: whether all transactions are known that the change may have to wait for.
        """
        self._persisting -= {place_of(request)}
        self._scheduled -= {place_of(request)}
        if request["operationalStatus"] != "Inoperative":
            self._inoperative_scopes -= {place_of(request)}
            self._in_use -= frozenset(self._connectors_in(place_of(request)))
        elif len(self._inoperative_scopes) < MAX_CONNECTORS:
            self._inoperative_scopes |= {place_of(request)}
            self._inoperative_since, self._persistence = at, ()
            if is_scheduled:
                self._scheduled |= {place_of(request)}
            if is_certain:
                self._strictly_inoperative |= {place_of(request)}


def place_of(request: JsonObject) -> EvseScope:
    """Return the scope of a ChangeAvailability."""
    evse = request.get("evse", {})
    evse_id = evse.get("id") or None
    return (evse_id, evse.get("connectorId")) if evse_id else STATION


def overlap(scope: EvseScope, other: EvseScope) -> bool:
    """Return whether two scopes have a connector in common."""
    return all(
        one is None or another is None or one == another for one, another in zip(scope, other, strict=True)
    )


def _covers(scope: EvseScope, connector: Connector) -> bool:
    return scope[0] in {None, connector[0]} and scope[1] in {None, connector[1]}


def _moment_of(payload: JsonObject) -> float | None:
    """Return the timestamp of a message, or of its first event or meter value; None if there is none."""
    for name in ("eventData", "meterValue"):
        if "timestamp" not in payload and name in payload:
            payload = payload[name][0]
    return seconds_of(payload["timestamp"]) if "timestamp" in payload else None
