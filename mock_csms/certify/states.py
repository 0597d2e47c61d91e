"""The states that cases begin in or go through (Part 6, reusable states)."""

from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, Final, Self

from mock_csms.certify.points import EventType, Point, Situation
from mock_csms.certify.station_file import Token
from mock_csms.certify.verbs.stage import ChargingSession, Stage
from mock_csms.certify.verbs.station_verbs import Statuses
from mock_csms.certify.verdicts import CaseFailed, Inconclusive
from mock_csms.client import ANY, StationFailure, TranscriptEntry

REMOTE_START_ID: Final = 4711
PLUGGED: Final = {"CablePluggedIn", "ChargingStateChanged", "RemoteStart"}

type Method[**P, T] = Callable[P, Coroutine[Any, Any, T]]


def reached[**P, T](*, about: str) -> Callable[[Method[P, T]], Method[P, T]]:
    """Make a method a state: a failure is INCONCLUSIVE while a case is prepared.

    ``about`` is the case that is about the steps of this state.
    """

    def decorate(method: Method[P, T]) -> Method[P, T]:
        @wraps(method)
        async def reach(*args: P.args, **options: P.kwargs) -> T:
            try:
                return await method(*args, **options)
            except StationFailure as failure:
                if not isinstance(args[0], Preparations):
                    raise
                name = method.__name__.strip("_").replace("_", " ")
                raise Inconclusive(
                    f"the state '{name}' was not reached ({about} is about its steps): {failure}",
                    failure.frame,
                ) from None

        return reach

    return decorate


class States:
    """The states of a station and of a charging session at the EVSE of the case.

    Which TransactionEvent a step has to lead to follows from TxStartPoint and TxStopPoint.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def at_evse(self, evse: int) -> Self:
        """Return the states of another EVSE, which has a session of its own."""
        return type(self)(self._stage.at_evse(evse))

    @property
    def situation(self) -> Situation:
        """The situation at the EVSE."""
        return self._session.situation

    @property
    def _session(self) -> ChargingSession:
        return self._stage.session

    # Booting

    @reached(about="TC_B_01_CS")
    async def booted(
        self, reset: str | None = "Immediate", *, status: Statuses = "Available", **fields: Any
    ) -> TranscriptEntry:
        """Restart the station with a Reset of this type, or without one, and wait until it is in service.

        ``fields`` are those of its BootNotification.
        """
        if reset is not None:
            await self._stage.csms.sends("Reset", type=reset, expect="Accepted")
        boot = await self.is_in_service(status=status, **fields)
        self._stage.session = ChargingSession(cached=self._session.cached)
        return boot

    async def is_in_service(self, *, status: Statuses = "Available", **fields: Any) -> TranscriptEntry:
        """Wait for a boot with its reports of all connectors and its security event (B01.FR.05)."""
        station, within = self._stage.station, self._stage.file.times.boot
        boot = await station.sends("BootNotification", within=within, **fields)
        await station.reports_all(status, within=within)
        await station.at_last_sends(
            "SecurityEventNotification", type={"StartupOfTheDevice", "ResetOrReboot"}, within=within
        )
        return boot

    # The session

    @reached(about="TC_E_12_CS")
    async def parking_bay_occupied(self) -> None:
        """Drive a vehicle into the bay; done only if a transaction starts there, as bays need no sensor."""
        points = await self._stage.points()
        is_seen = Point.PARKING_BAY_OCCUPANCY in points.start | points.stop
        if self._session.situation.is_occupied or not is_seen:
            return
        await self._stage.rig.parks()
        await self._event({"is_occupied": True}, triggerReason="EVDetected")

    @reached(about="TC_E_03_CS")
    async def ev_connected(self, **vehicle: Any) -> None:
        """Connect vehicle and EVSE; ``vehicle`` has further parameters of the stimulus."""
        await self.parking_bay_occupied()
        if self._session.situation.is_connected:
            return
        await self._stage.rig.plugs_in(**vehicle)
        await self._stage.station.reports("Occupied")
        await self._event(
            {"is_connected": True},
            triggerReason=PLUGGED,
            transactionInfo__chargingState={"EVConnected", "SuspendedEVSE", "SuspendedEV", "Charging"},
        )

    @reached(about="TC_E_04_CS")
    async def authorized(
        self, token: Token | None = None, *, by: str | None = None, asks: bool | None = None
    ) -> None:
        """Authorize the session with a token, locally or by a remote start.

        ``asks`` says whether the station has to send an Authorize; by default, if it does not know the token.
        """
        if self._session.situation.is_authorized:
            return
        if not self._session.situation.is_connected:
            await self.parking_bay_occupied()
        shown = token or self._stage.file.tokens.valid
        if (by or self._stage.file.station.start) == "remote":
            await self._authorized_remotely(shown, asks)
        else:
            await self._authorized_locally(shown, asks)

    async def _authorized_locally(self, token: Token, asks: bool | None) -> None:
        await self._stage.rig.presents(token)
        await self._authorize(token, token.id_token not in self._session.cached if asks is None else asks)
        await self._event({"is_authorized": True}, triggerReason="Authorized", **_token_fields(token))

    async def _authorized_remotely(self, token: Token, asks: bool | None) -> None:
        request = {
            "idToken": token.as_json,
            "remoteStartId": REMOTE_START_ID,
            "evseId": self._stage.file.evse,
        }
        is_running = self._session.situation.is_running
        expected = {"transactionId": self._session.transaction} if is_running else {}
        if asks is None:
            is_asking = await self._stage.variable("AuthCtrlr", "AuthorizeRemoteStart") == "true"
            asks = is_asking and token.id_token not in self._session.cached
        await self._stage.csms.sends(
            "RequestStartTransaction", request, expect={"status": "Accepted", **expected}
        )
        await self._authorize(token, asks)
        event = await self._event(
            {"is_authorized": True}, triggerReason="RemoteStart", **_token_fields(token)
        )
        if event is None:
            self._session.remote_start = REMOTE_START_ID
        else:
            _check(
                event, event["transactionInfo"].get("remoteStartId") == REMOTE_START_ID, "has remoteStartId"
            )

    async def _authorize(self, token: Token, asks: bool) -> None:
        if asks:
            await self._stage.station.sends("Authorize", idToken=token.as_json)

    @reached(about="TC_E_02_CS")
    async def energy_transfer_started(self, token: Token | None = None, **vehicle: Any) -> None:
        """Let energy flow: connect and authorize, as far as that has not happened."""
        if self._session.situation.is_transferring:
            return
        if not self._session.situation.is_authorized:
            await self.ev_connected(**vehicle)
            await self.authorized(token)
        await self.ev_connected(**vehicle)
        await self._event(
            {"is_transferring": True},
            triggerReason={"ChargingStateChanged", "RemoteStart"},
            transactionInfo__chargingState="Charging",
        )

    @reached(about="TC_E_22_CS")
    async def energy_transfer_suspended(self) -> None:
        """Let the vehicle stop taking energy."""
        await self.energy_transfer_started()
        await self._stage.rig.pauses()
        event = await self._event(
            {"is_transferring": False},
            triggerReason="ChargingStateChanged",
            transactionInfo__chargingState={"EVConnected", "SuspendedEV"},
        )
        if event is not None and event["eventType"] == "Ended":
            reason = event["transactionInfo"].get("stoppedReason")
            _check(event, reason == "StoppedByEV", "has stoppedReason StoppedByEV")

    @reached(about="TC_E_15_CS")
    async def stop_authorized(self, token: Token | None = None, *, by: str | None = None) -> None:
        """Charge for a while, and stop with the token that started the session, or by a remote stop."""
        await self.energy_transfer_started()
        await self._stage.waits(self._stage.file.times.transaction)
        if (by or self._stage.file.station.stop) == "remote":
            await self._stage.csms.sends(
                "RequestStopTransaction", transactionId=self._session.id_of_transaction(), expect="Accepted"
            )
            await self._stops("RemoteStop", {"Remote"})
            return
        await self._stage.rig.presents(token)
        await self._stops("StopAuthorized", {"Local", None})

    async def _stops(self, trigger: str, reasons: set[str | None]) -> None:
        """Expect the event of a stop; the end of the transaction may come with the end of the energy."""
        points = await self._stage.points()
        before = self._session.situation
        _, by_authorization = points.step(before, is_authorized=False)
        _, in_all = points.step(before, is_authorized=False, is_transferring=False)
        allowed = {by_authorization, in_all} - {None}
        if not before.is_running:
            self._session.situation = points.step(before, is_authorized=False, is_transferring=False)[0]
            return
        event = await self._stage.station.sends("TransactionEvent", triggerReason=trigger, eventType=allowed)
        if event["eventType"] == "Ended":
            self._session.situation = points.step(before, is_authorized=False, is_transferring=False)[0]
        else:
            self._session.situation = points.step(before, is_authorized=False)[0]
            if in_all == "Ended":
                event = (
                    await self._event(
                        {"is_transferring": False}, triggerReason="ChargingStateChanged", eventType="Ended"
                    )
                    or event
                )
        if event["eventType"] == "Ended":
            reason = event["transactionInfo"].get("stoppedReason")
            names = " or ".join(sorted(each or "none" for each in reasons))
            _check(event, reason in reasons, f"has stoppedReason {names}")

    @reached(about="TC_E_15_CS")
    async def ev_connected_post_session(self) -> None:
        """End the energy transfer of a session that has been stopped, with the cable still plugged in."""
        if self._session.situation.is_authorized or self._session.situation.is_transferring:
            if self._session.situation.is_authorized:
                await self.stop_authorized()
            if self._session.situation.is_running:
                await self._event(
                    {"is_transferring": False},
                    triggerReason="ChargingStateChanged",
                    transactionInfo__chargingState="EVConnected",
                )

    @reached(about="TC_E_14_CS")
    async def ev_disconnected(self, *, status: str | None = "Available") -> None:
        """Unplug the cable after the session; None leaves the status of the connector to the case."""
        await self.ev_connected_post_session()
        if not self._session.situation.is_connected:
            return
        await self._stage.rig.unplugs()
        if status is not None:
            await self._stage.station.reports(status)
        await self._event(
            {"is_connected": False},
            triggerReason="EVCommunicationLost",
            transactionInfo__chargingState="Idle",
        )

    @reached(about="TC_E_19_CS")
    async def parking_bay_unoccupied(self) -> None:
        """Drive the vehicle out of the bay after the session."""
        await self.ev_disconnected()
        if not self._session.situation.is_occupied:
            return
        await self._stage.rig.leaves()
        await self._event({"is_occupied": False}, triggerReason="EVDeparted", eventType="Ended")

    @reached(about="TC_E_15_CS")
    async def transaction_ended(
        self, token: Token | None = None, *, unplugged: str | None = "Available"
    ) -> None:
        """Stop the session, and go on until the step that ends the transaction.

        ``unplugged`` is the status of the connector without a cable; None leaves it to the case.
        """
        await self.stop_authorized(token)
        if self._session.situation.is_running:
            await self.ev_connected_post_session()
        if self._session.situation.is_running:
            await self.ev_disconnected(status=unplugged)
        if self._session.situation.is_running:
            await self.parking_bay_unoccupied()

    # Availability and reservation

    @reached(about="TC_G_03_CS")
    async def unavailable(self, evse: int | None = None, connector: int | None = None) -> None:
        """Make the station, an EVSE or a connector unavailable, and available again at the end."""
        await self.inoperative(evse, connector)
        await self._stage.station.reports("Unavailable", *self._stage.file.connectors_at(evse, connector))

    @reached(about="TC_G_03_CS")
    async def inoperative(
        self, evse: int | None = None, connector: int | None = None, *, expect: str = "Accepted"
    ) -> None:
        """Make the station, an EVSE or a connector inoperative, and operative again at the end."""
        at = at_place(evse, connector)
        self._stage.undo_with(
            "the availability",
            lambda: self._stage.csms.sends("ChangeAvailability", operationalStatus="Operative", **at),
        )
        await self._stage.csms.sends(
            "ChangeAvailability", operationalStatus="Inoperative", **at, expect=expect
        )

    @reached(about="TC_H_01_CS")
    async def reserved(self, reservation: Mapping[str, Any], *connectors: tuple[int, int]) -> None:
        """Reserve with a ReserveNow of these fields, and wait until the connectors are reported Reserved."""
        await self._stage.csms.sends("ReserveNow", reservation, expect="Accepted")
        cancelled = {"reservationId": reservation["id"]}
        self._stage.undo_with(
            "the reservation", lambda: self._stage.csms.sends("CancelReservation", cancelled)
        )
        await self._stage.station.reports("Reserved", *connectors)

    # Local list

    @reached(about="TC_D_01_CS")
    async def local_list(self, *entries: Mapping[str, Any], version: int = 1) -> None:
        """Send a full local list with these entries (AuthorizationData), and an empty one at the end."""
        full = {"versionNumber": version, "updateType": "Full", "localAuthorizationList": list(entries)}
        await self._stage.csms.sends("SendLocalList", full, expect="Accepted")
        empty = {"versionNumber": version, "updateType": "Full"}
        self._stage.undo_with("the local list", lambda: self._stage.csms.sends("SendLocalList", empty))
        accepted = [each for each in entries if each["idTokenInfo"]["status"] == "Accepted"]
        self._session.cached |= {each["idToken"]["idToken"] for each in accepted}

    # Events

    async def _event(self, changes: Mapping[str, bool], **fields: Any) -> TranscriptEntry | None:
        """Change the situation and expect the event that the change leads to; None if it leads to none."""
        points = await self._stage.points()
        before = self._session.situation
        self._session.situation, kind = points.step(before, **changes)
        if kind is None:
            return None
        event = await self._stage.station.sends("TransactionEvent", {"eventType": kind, **fields})
        self._take(kind, event)
        return event

    def _take(self, kind: EventType, event: TranscriptEntry) -> None:
        """Check what every event of a session has to have."""
        info = event["transactionInfo"]
        if kind == "Started":
            self._session.transaction = info["transactionId"]
        same = info["transactionId"] == self._session.transaction
        _check(event, same, f"has transactionId {self._session.transaction}")
        if self._session.remote_start is not None:
            has_id = info.get("remoteStartId") == self._session.remote_start
            _check(event, has_id, "has the remoteStartId of the command")
            self._session.remote_start = None


class Preparations(States):
    """The situation in which a case begins: the states, variables, lists and memories."""

    async def variables(self, **values: Any) -> None:
        """Set variables until the end of the case: ``OCPPCommCtrlr__MessageAttempts__TransactionEvent=3``.

        Raises Inconclusive for a variable that the station does not have or does not let be set.
        """
        for name, value in values.items():
            if reason := await self._set(name, value):
                raise Inconclusive(f"{name.replace('__', '.')} cannot be set to {_text(value)}: {reason}")

    async def variables_if_implemented(self, **values: Any) -> None:
        """Set variables until the end of the case, as far as the station has them and lets them be set."""
        for name, value in values.items():
            await self._set(name, value)

    async def restores(self, *names: str) -> None:
        """Set variables back to their present values at the end of the case."""
        for name in names:
            before = await self._stage.variable(*_parts(name))
            if before is not None:
                self._restore_at_the_end(name, before)

    @reached(about="TC_B_09_CS")
    async def _set(self, name: str, value: Any) -> str:
        """Set a variable and return why that is not possible."""
        component, variable, instance = _parts(name)
        before = await self._stage.variable(component, variable, instance)
        if before is None:
            return "the station does not have it"
        if before == _text(value):
            return ""
        status = await self._stage.set_variable(component, variable, instance, _text(value))
        if status not in {"Accepted", "RebootRequired"}:
            return f"the answer is {status}"
        self._restore_at_the_end(name, before)
        if component == "TxCtrlr":
            self._stage.forget_points()
        if status == "RebootRequired":
            await self.booted()
        return ""

    def _restore_at_the_end(self, name: str, value: str) -> None:
        async def restore() -> None:
            if await self._stage.set_variable(*_parts(name), value) == "Rejected":
                raise CaseFailed(f"{name} cannot be set back")

        self._stage.undo_with(f"{name.replace('__', '.')} = {value}", restore)

    @reached(about="TC_C_08_CS")
    async def id_token_cached(self, token: Token | None = None) -> None:
        """Let the station learn a token for its cache, by a session with it."""
        shown = token or self._stage.file.tokens.valid
        await self.authorized(shown, by="local")
        await self.ev_connected()
        await self.energy_transfer_started()
        await self.stop_authorized(shown, by="local")
        await self.parking_bay_unoccupied()
        self._session.cached.add(shown.id_token)
        self._session.transaction = None

    @reached(about="TC_E_04_CS")
    async def transaction_started_offline(self, within: float = 60) -> None:
        """Start a session while the server is offline, and let the station connect again."""
        await self._stage.csms.goes_offline()
        await self._stage.rig.parks()
        await self._stage.rig.presents()
        await self._stage.rig.plugs_in()
        await self._stage.csms.comes_back(within)


def at_place(evse: int | None, connector: int | None = None) -> dict[str, Any]:
    """Return the field ``evse`` of a command for the station, an EVSE or a connector."""
    if evse is None:
        return {}
    return {"evse": {"id": evse, **({} if connector is None else {"connectorId": connector})}}


def _parts(name: str) -> tuple[str, str, str | None]:
    """Split the name of a variable into component, variable and instance."""
    component, variable, *rest = name.split("__")
    return component, variable, rest[0] if rest else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _token_fields(token: Token) -> dict[str, Any]:
    return {"idToken": token.as_json} if token.type != "NoAuthorization" else {"idToken": ANY}


def _check(event: TranscriptEntry, holds: bool, sentence: str) -> None:
    if not holds:
        raise CaseFailed(f"this does not hold: #{event.number} {event.action} {sentence}", event.number)
