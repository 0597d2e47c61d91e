"""Data that the verbs and reusable states of a case share: session, variables, and changes to undo."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mock_csms.certify.case_steps import CaseSteps
from mock_csms.certify.features import claimed_values
from mock_csms.certify.points import Situation, TransactionPoints
from mock_csms.certify.station_file import CaseToken, StationFile
from mock_csms.certify.stimuli import IdleRig
from mock_csms.certify.verbs.csms_verbs import CsmsVerbs
from mock_csms.certify.verbs.rig_verbs import RigVerbs
from mock_csms.certify.verbs.station_verbs import StationVerbs
from mock_csms.certify.verdicts import CaseFailed, Inconclusive

UNDO_S: Final = 60.0
"""Maximum seconds for undoing one change."""


@dataclass
class CaseSession:
    """State of the charging session at the EVSE of a case."""

    situation: Situation = field(default_factory=Situation)
    transaction: str | None = None
    """Id of the transaction that runs or has run."""
    has_charged: bool = False
    """Whether energy has flowed since the authorization."""
    is_over: bool = False
    """Whether the transaction has ended and no token has been authorized since."""
    cached: set[str] = field(default_factory=set)
    """Tokens that the station knows from its cache or its local list."""
    token_due: CaseToken | None = None
    """Token that the next TransactionEvent has to have; None for any."""
    remote_start_due: int | None = None
    """remoteStartId that the next TransactionEvent has to have; None for any."""
    is_evse_due: bool = False
    """Whether the next TransactionEvent has to name EVSE and connector."""
    has_evse: bool = False
    """Whether an event of the transaction has named EVSE and connector."""
    stopped_by: Literal["local", "remote"] | None = None
    """Kind of the stop that ended the authorization of the transaction."""

    def id_of_transaction(self) -> str:
        """Return the id of the transaction; raises CaseFailed if none has been started."""
        if self.transaction is None:
            raise CaseFailed("the station has started no transaction")
        return self.transaction

    def after_restart(self) -> "CaseSession":
        """Return the session after a restart: only the vehicle, the cable and the cached tokens remain."""
        now = self.situation
        place = Situation(is_occupied=now.is_occupied, is_connected=now.is_connected)
        return CaseSession(place, cached=self.cached)


class Stage:
    """The verbs of a case, and the data that they share."""

    def __init__(
        self, csms: CsmsVerbs, station: StationVerbs, rig: RigVerbs, steps: CaseSteps, file: StationFile
    ) -> None:
        self.csms: Final = csms
        self.station: Final = station
        self.rig: Final = rig
        self.steps: Final = steps
        self.file: Final = file
        self.session = CaseSession()
        self.is_late = False
        """Whether the expected events are from an offline period."""
        self._others: dict[int, Stage] = {}
        """Stages of other EVSEs, by the id of the EVSE."""
        self._points: TransactionPoints | None = None
        self._undo: list[tuple[str, Callable[[], Awaitable[object]]]] = []

    def at_evse(self, evse: int) -> "Stage":
        """Return the stage of a second session, at another EVSE and with the second token."""
        if evse not in self._others and evse != self.file.evse:
            file = self.file.for_second_session(evse)
            other = Stage(self.csms, self.station.of(file), self.rig.of(file), self.steps, file)
            other._undo = self._undo
            self._others[evse] = other
        return self._others.get(evse, self)

    def without_stimuli(self) -> "Stage":
        """Return a stage that gives no stimuli: they have been given while the station was offline."""
        rig = RigVerbs(IdleRig(), CaseSteps(), self.file)
        other = Stage(self.csms, self.station, rig, self.steps, self.file)
        other.session, other._undo, other._points = self.session, self._undo, self._points
        other.is_late = True
        return other

    async def points(self) -> TransactionPoints:
        """Return the start and stop points of the station, read once per case."""
        if self._points is None:
            start = await self._value_of_points("TxStartPoint", "C-09")
            stop = await self._value_of_points("TxStopPoint", "C-10")
            self._points = TransactionPoints.of_values(start, stop)
        return self._points

    async def _value_of_points(self, variable: str, feature: str) -> str:
        """Return TxStartPoint or TxStopPoint of the station, or else the points that the station file claims.

        Raises Inconclusive if there are neither.
        """
        value = await self.variable("TxCtrlr", variable)
        if value is None and not (value := ",".join(claimed_values(self.file.claims, feature))):
            raise Inconclusive(
                f"the station does not have TxCtrlr.{variable}, which it needs; "
                f"claim {feature}.1, {feature}.2 or others in the station file to name the points"
            )
        return value

    def forget_points(self) -> None:
        """Forget the start and stop points, so that `points` reads them again."""
        self._points = None

    # Variables

    async def variable(self, component: str, variable: str, instance: str | None = None) -> str | None:
        """Ask for the value of a variable; None if the station does not have it."""
        asked = variable_of(component, variable, instance)
        answer = await self.csms.sends("GetVariables", {"getVariableData": [asked]})
        result = answer["getVariableResult"][0]
        value = result.get("attributeValue")
        return str(value) if result["attributeStatus"] == "Accepted" and value is not None else None

    async def set_variable(self, component: str, variable: str, instance: str | None, value: str) -> str:
        """Set a variable and return the status."""
        asked = {**variable_of(component, variable, instance), "attributeValue": value}
        answer = await self.csms.sends("SetVariables", {"setVariableData": [asked]})
        return str(answer["setVariableResult"][0]["attributeStatus"])

    # Waiting and undoing

    async def waits(self, seconds: float) -> None:
        """Wait for a time that the case prescribes."""
        await asyncio.sleep(seconds)

    def undo_with(self, change: str, undo: Callable[[], Awaitable[object]]) -> None:
        """Register ``undo``, which reverts a change of the station at the end of the case."""
        self._undo.append((change, undo))

    async def undo(self) -> list[str]:
        """Undo the changes, the newest first, and return those that could not be undone."""
        failed = []
        while self._undo:
            change, undo = self._undo.pop()
            try:
                async with asyncio.timeout(UNDO_S):
                    await undo()
            except Exception:  # whatever the station answers, the other changes are undone
                failed.append(change)
        return failed


def absent_or_reason(*codes: str) -> frozenset[Any]:
    """Return the condition that a StatusInfo is absent or has one of these reason codes."""

    def with_the_reason(info: Any) -> bool:
        return info["reasonCode"] in codes

    return frozenset({None, with_the_reason})


def variable_of(component: str, variable: str, instance: str | None = None) -> dict[str, Any]:
    """Return component and variable as in GetVariableDataType.

    A component may have an EVSE and a connector: ``Connector@1.2``.
    """
    name, _, place = component.partition("@")
    evse, _, connector = place.partition(".")
    at = {"evse": {"id": int(evse), **({"connectorId": int(connector)} if connector else {})}} if evse else {}
    part = {"instance": instance} if instance else {}
    return {"component": {"name": name, **at}, "variable": {"name": variable, **part}}
