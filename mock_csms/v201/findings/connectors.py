"""The connectors of a station: whether their status is told when it is due (B01, G03)."""

from collections.abc import Iterator
from typing import Any, Final

from mock_csms.findings.kinds import NO_FINDINGS, Findings, Reporter
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Connector

STATUS_TIMEOUT: Final = 60.0
MAX_CONNECTORS: Final = 1_000
"""No station has more connectors; what claims to is passed over."""
FREE: Final = frozenset({"Available", "Reserved"})
UNKNOWN_STATUS: Final = ""

type EvseScope = tuple[int | None, int | None]
"""An EVSE id and a connector id; without the one it is the whole EVSE, without both the whole station."""

STATION: Final[EvseScope] = (None, None)
NOWHERE: Final[frozenset[Any]] = frozenset()


class Connectors:
    """What is known of each connector, and whose status is still to be told."""

    __slots__ = ("_absent", "_boot_frame", "_due", "_inoperative", "_report", "_told", "status")

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._told: frozenset[Connector] = NOWHERE
        self._absent: frozenset[Connector] = NOWHERE
        self._inoperative: frozenset[EvseScope] = NOWHERE
        self._due: float | None = None
        self._boot_frame: int | None = None
        self.status: dict[Connector, str] = {}
        """The last status by EVSE id and connector id; UNKNOWN if it was not told since the last boot."""

    def booted(self, at: float, frame: int) -> None:
        """Expect the status of every connector."""
        self._told = NOWHERE
        for connector in self.status:
            self.status[connector] = UNKNOWN_STATUS
        self._due, self._boot_frame = at + STATUS_TIMEOUT, frame

    def tell(self, evse_id: int, connector_id: int, status: str) -> None:
        """Take note of the status of a connector."""
        connector = evse_id, connector_id
        if connector in self.status or self._is_one(connector):
            self.status[connector] = status
            if connector not in self._told:
                self._told |= {connector}

    def _is_one(self, connector: Connector) -> bool:
        """Tell whether what is not known yet can be a connector."""
        return connector[0] > 0 and len(self.status) < MAX_CONNECTORS

    def event(self, event: JsonObject) -> None:
        """Take note of an AvailabilityState, of a connector or of what it is a part of."""
        component = event["component"]
        if event["variable"]["name"] != "AvailabilityState":
            return
        evse, state = component.get("evse"), event["actualValue"]
        match component["name"]:
            case "Connector" if evse:
                self.tell(evse["id"], evse.get("connectorId", 1), state)
            case "EVSE" if evse:
                self._cover((evse["id"], None), state)
            case "ChargingStation":
                self._cover(STATION, state)

    def _cover(self, place: EvseScope, state: str) -> None:
        for connector in self._within(place):
            self.status[connector] = state if state == "Unavailable" else UNKNOWN_STATUS

    def _within(self, place: EvseScope) -> Iterator[Connector]:
        return (connector for connector in self.status if _covers(place, connector))

    def reported(self, at: float, item: JsonObject) -> None:
        """Learn from an item of a device report that is about a connector."""
        evse = item["component"].get("evse", {})
        if "connectorId" not in evse:
            return
        connector = evse["id"], evse["connectorId"]
        values = {attribute.get("value", "").lower() for attribute in item["variableAttribute"]}
        if connector not in self.status and self._is_one(connector):
            self.status[connector] = UNKNOWN_STATUS
            if self._boot_frame is not None:
                self._due = at + STATUS_TIMEOUT
        if item["variable"]["name"] == "Available" and values == {"false"} and connector in self.status:
            self._absent |= {connector}

    def shift(self, seconds: float) -> None:
        """Leave the station as much more time."""
        if self._due is not None:
            self._due += seconds

    def resumed(self, at: float) -> None:
        """Take note that the station is connected again."""
        if self._due is not None:
            self._due = at + STATUS_TIMEOUT

    def cease(self) -> None:
        """Expect no status until the next boot: it is not the time, or it came in what cannot be read."""
        self._due = self._boot_frame = None

    def overdue(self, at: float) -> Findings:
        """Judge which connectors' status did not come, each once after a boot."""
        if self._due is None or self._boot_frame is None or at <= self._due:
            return NO_FINDINGS
        self._due = None
        if not self.status:
            return self._missing(at, self._boot_frame, "any connector")
        missing = sorted(self.status.keys() - self._told - self._absent)
        self._told |= frozenset(missing)
        found = NO_FINDINGS
        for evse_id, connector_id in missing:
            found += self._missing(at, self._boot_frame, f"connector {connector_id} of EVSE {evse_id}")
        return found

    def _missing(self, at: float, boot_frame: int, which: str) -> Findings:
        return self._report(
            "connector-status-missing",
            at,
            (boot_frame,),
            f"the status of {which} did not come within {STATUS_TIMEOUT:g} s after the boot was accepted; a "
            "station tells that of every connector",
        )

    def owed(self, request: JsonObject) -> list[Connector]:
        """The connectors whose status a ChangeAvailability is certain to change."""
        place = place_of(request)
        if request["operationalStatus"] == "Inoperative":
            return [it for it in self._within(place) if self.status[it] in FREE]
        if place not in self._inoperative:
            return []
        others = self._inoperative - {place}
        return [
            it
            for it in self._within(place)
            if self.status[it] == "Unavailable" and not any(_covers(other, it) for other in others)
        ]

    def has_changed(self, connector: Connector, wanted: str) -> bool:
        """Tell whether a connector has the status that a ChangeAvailability leads to."""
        status = self.status.get(connector, UNKNOWN_STATUS)
        if wanted == "Inoperative":
            return status not in FREE
        return status != "Unavailable"

    def availability_changed(self, request: JsonObject) -> None:
        """Take note of what a ChangeAvailability did, or will do, to the station."""
        if request["operationalStatus"] != "Inoperative":
            self._inoperative -= {place_of(request)}
        elif len(self._inoperative) < MAX_CONNECTORS:
            self._inoperative |= {place_of(request)}


def place_of(request: JsonObject) -> EvseScope:
    """What a ChangeAvailability is about."""
    evse = request.get("evse", {})
    evse_id = evse.get("id") or None
    return (evse_id, evse.get("connectorId")) if evse_id else STATION


def _covers(place: EvseScope, connector: Connector) -> bool:
    return place[0] in {None, connector[0]} and place[1] in {None, connector[1]}
