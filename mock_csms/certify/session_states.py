"""The states of a charging session at the EVSE of a case (Part 6, reusable states)."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Final, Literal, Self

from mock_csms.certify.points import Point, Situation
from mock_csms.certify.session_events import (
    NOT_CHARGING,
    STARTED_CHARGING,
    VEHICLE_SEEN,
    SessionEvents,
    absent_or,
)
from mock_csms.certify.station_file import CaseToken
from mock_csms.certify.verbs.stage import CaseSession, Stage
from mock_csms.certify.verdicts import preparing
from mock_csms.client import CommandAnswer, TranscriptEntry

REMOTE_START_ID: Final = 4711
PLUGGED: Final = frozenset({"CablePluggedIn", "ChargingStateChanged"})

type Method[**P, T] = Callable[P, Coroutine[Any, Any, T]]


def reached[**P, T](*, about: str) -> Callable[[Method[P, T]], Method[P, T]]:
    """Decorate a method that reaches a state: with ``is_preparation``, its failure is INCONCLUSIVE.

    ``about`` is the id of the case that tests the steps of this state.
    """

    def decorate(method: Method[P, T]) -> Method[P, T]:
        @wraps(method)
        async def reach(*args: P.args, **options: P.kwargs) -> T:
            if not getattr(args[0], "is_preparation", False):
                return await method(*args, **options)
            name = method.__name__.strip("_").replace("_", " ")
            with preparing(about, f"the state '{name}' was not reached"):
                return await method(*args, **options)

        return reach

    return decorate


class SessionStates:
    """The states of a charging session at the EVSE of the case.

    Which TransactionEvent a step has to lead to follows from TxStartPoint and TxStopPoint.
    """

    is_preparation = False
    """Whether the states prepare a case, so that a failure is INCONCLUSIVE."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._events = SessionEvents(stage)

    def at_evse(self, evse: int) -> Self:
        """Return the states of a second session, at another EVSE and with the second token."""
        return type(self)(self._stage.at_evse(evse))

    def observed_later(self) -> Self:
        """Return states that only expect the events of what was done while the station was offline."""
        return type(self)(self._stage.without_stimuli())

    @property
    def situation(self) -> Situation:
        """The situation at the EVSE."""
        return self._session.situation

    @property
    def _session(self) -> CaseSession:
        return self._stage.session

    @reached(about="TC_E_12_CS")
    async def parking_bay_occupied(self) -> None:
        """Drive a vehicle into the bay if ParkingBayOccupancy is a start or stop point."""
        points = await self._stage.points()
        if self._session.situation.is_occupied or not points.are_in_bay:
            return
        await self._stage.rig.parks()
        await self._events.follow({"is_occupied": True}, triggerReason="EVDetected")

    @reached(about="TC_E_03_CS")
    async def ev_connected(
        self, stimulus: str = "plug-in", *, status: str | None = "Occupied", **vehicle: Any
    ) -> None:
        """Connect vehicle and EVSE by a stimulus; ``vehicle`` has further parameters of the stimulus.

        ``status`` is the expected new status of the connector; None if the case checks it.
        """
        await self.parking_bay_occupied()
        before = self._session.situation
        if before.is_connected:
            return
        await self._stage.rig.does(stimulus, **vehicle)
        self._session.is_evse_due = not self._session.has_evse
        if status is not None:
            await self._stage.station.reports(status)
        states = {
            "EVConnected",
            *(["SuspendedEV", "SuspendedEVSE", "Charging"] if before.is_authorized else []),
        }
        await self._events.follow(
            {"is_connected": True},
            after=[VEHICLE_SEEN],
            triggerReason=PLUGGED | await self._signed(),
            transactionInfo__chargingState=states,
        )

    async def _signed(self) -> set[str]:
        """Return SignedDataReceived as a further possible triggerReason if DataSigned is a start point."""
        points = await self._stage.points()
        return {"SignedDataReceived"} if Point.DATA_SIGNED in points.start else set()

    @reached(about="TC_E_04_CS")
    async def authorized(
        self,
        token: CaseToken | None = None,
        *,
        by: str | None = None,
        asks: bool | None = None,
        profile: Mapping[str, Any] | None = None,
    ) -> None:
        """Authorize the session with a token, locally or by a remote start.

        ``asks`` says whether the station has to send an Authorize; by default, this follows from
        the variables of the station and the tokens that it has cached. ``profile`` is the charging profile of
        a remote start.
        """
        if self._session.situation.is_authorized:
            return
        self._session.is_over = False
        if not self._session.situation.is_connected:
            await self.parking_bay_occupied()
        shown = token or self._stage.file.tokens.valid
        if (by or self._stage.file.station.start) == "remote":
            await self._authorized_remotely(shown, asks, profile)
        else:
            await self._authorized_locally(shown, asks)

    async def _authorized_locally(self, token: CaseToken, asks: bool | None) -> None:
        asks = await self._has_to_ask(token) if asks is None else asks
        await self._stage.rig.presents(token)
        await self._authorize(token, asks)
        await self._follow_authorization(token)

    @reached(about="TC_C_50_CS")
    async def contract_authorized(self, **fields: Any) -> CaseToken:
        """Expect an Authorize with these fields for the vehicle's contract; return the contract's token."""
        request = await self._stage.station.sends("Authorize", idToken__type="eMAID", **fields)
        token = CaseToken(id_token=request["idToken"]["idToken"], type="eMAID")
        await self._follow_authorization(token)
        return token

    async def _follow_authorization(self, token: CaseToken) -> None:
        self._session.token_due = token
        points = await self._stage.points()
        may_be_late = Point.AUTHORIZED not in points.start and not self._session.situation.is_running
        reasons = {"Authorized", *(PLUGGED if may_be_late else ()), *(await self._signed())}
        await self._events.follow({"is_authorized": True}, triggerReason=reasons)

    async def _authorized_remotely(
        self, token: CaseToken, asks: bool | None, profile: Mapping[str, Any] | None
    ) -> None:
        if asks is None:
            is_asking = await self._stage.variable("AuthCtrlr", "AuthorizeRemoteStart") == "true"
            asks = is_asking and await self._has_to_ask(token)
        answer = await self._starts_remotely(token, profile)
        if self._session.situation.is_running:
            is_known = answer.payload.get("transactionId") == self._session.transaction
            self._stage.steps.check(
                is_known, "the answer has the id of the running transaction", answer.entry
            )
        await self._authorize(token, asks)
        self._session.token_due, self._session.remote_start_due = token, REMOTE_START_ID
        await self._events.follow({"is_authorized": True}, triggerReason="RemoteStart")

    async def _starts_remotely(
        self, token: CaseToken, profile: Mapping[str, Any] | None = None
    ) -> CommandAnswer:
        request = {
            "idToken": token.as_json,
            "remoteStartId": REMOTE_START_ID,
            "evseId": self._stage.file.evse,
            **({} if profile is None else {"chargingProfile": profile}),
        }
        return await self._stage.csms.sends("RequestStartTransaction", request, expect="Accepted")

    async def token_offered(self, token: CaseToken) -> None:
        """Present a token, or start remotely with it, without a check of what the station does then."""
        if self._stage.file.station.start == "remote":
            await self._starts_remotely(token)
        else:
            await self._stage.rig.presents(token)

    async def _authorize(self, token: CaseToken, asks: bool) -> None:
        if asks:
            await self._stage.station.sends("Authorize", idToken=token.as_json)

    async def _has_to_ask(self, token: CaseToken) -> bool:
        """Whether the station has to send an Authorize for a token (C01.FR.02, C10.FR.01)."""
        if await self._stage.variable("AuthCtrlr", "Enabled") == "false" or token.type == "NoAuthorization":
            return False
        is_known = token.id_token in self._session.cached
        return not is_known or await self._stage.variable("AuthCtrlr", "LocalPreAuthorize") != "true"

    @reached(about="TC_E_05_CS")
    async def ev_connection_timed_out(self) -> None:
        """Wait until the authorization ends because no cable has been plugged in.

        Without Authorized or ParkingBayOccupancy as a stop point, the event may be Updated or Ended: Part 6
        and E03.FR.05 differ.
        """
        points, before = await self._stage.points(), self._session.situation
        after, kind = points.step(before, is_authorized=False)
        if not before.is_running:
            await self._stage.waits(
                self._stage.file.times.ev_connection_timeout + self._stage.file.times.deviation
            )
            self._session.situation = after
            return
        is_certain = not points.stop.isdisjoint({Point.AUTHORIZED, Point.PARKING_BAY_OCCUPANCY})
        event = await self._events.expect(
            {kind or "Updated"} if is_certain else {"Updated", "Ended"},
            triggerReason="EVConnectTimeout",
            within=self._stage.file.times.ev_connection_timeout + self._stage.file.times.message,
        )
        self._session.situation = replace(after, is_running=event["eventType"] != "Ended")
        if event["eventType"] == "Ended":
            reason = event["transactionInfo"].get("stoppedReason")
            self._stage.steps.check(
                reason == "Timeout", "the transaction has the stoppedReason Timeout", event
            )

    @reached(about="TC_E_02_CS")
    async def energy_transfer_started(self, token: CaseToken | None = None, **vehicle: Any) -> None:
        """Start the energy transfer; connect and authorize first if that has not happened yet."""
        if self._session.has_charged and self._session.situation.is_authorized:
            return
        if not self._session.situation.is_authorized:
            await self.ev_connected(**vehicle)
            await self.authorized(token)
        await self.ev_connected(**vehicle)
        if self._session.situation.is_transferring:
            return
        await self._events.follow(
            {"is_transferring": True},
            after=[NOT_CHARGING],
            triggerReason={"ChargingStateChanged", *(await self._late_reasons())},
            transactionInfo__chargingState="Charging",
        )

    async def _late_reasons(self) -> set[str]:
        """Return further triggerReasons that are accepted if the energy transfer starts the transaction."""
        is_first = not self._session.situation.is_running
        return {"Authorized"} if is_first and self._session.token_due is not None else set()

    @reached(about="TC_E_22_CS")
    async def energy_transfer_suspended(self) -> None:
        """Charge for ``times.transaction`` seconds, and then suspend the energy transfer at the vehicle."""
        await self.energy_transfer_started()
        if not self._session.situation.is_transferring:
            return
        await self._lets_energy_flow()
        await self._stage.rig.pauses()
        points = await self._stage.points()
        ends = points.step(self._session.situation, is_transferring=False)[1] == "Ended"
        reason: dict[str, Any] = {"transactionInfo__stoppedReason": "StoppedByEV"} if ends else {}
        await self._events.follow(
            {"is_transferring": False},
            triggerReason="ChargingStateChanged",
            transactionInfo__chargingState={"EVConnected", "SuspendedEV"},
            **reason,
        )

    async def _lets_energy_flow(self) -> None:
        await self._stage.waits(self._stage.file.times.transaction)

    @reached(about="TC_E_15_CS")
    async def stop_authorized(
        self, token: CaseToken | None = None, *, by: str | None = None, asks: bool = False
    ) -> TranscriptEntry | None:
        """Charge for ``times.transaction`` seconds; stop by ``token``, by default the valid one, or remotely.

        ``asks`` says whether the station has to send an Authorize. Returns the event of the stop, if any.
        """
        if self._session.is_over and self._session.situation.is_connected:
            return None
        await self.energy_transfer_started()
        await self._lets_energy_flow()
        if (by or self._stage.file.station.stop) == "remote":
            stopped = self._session.id_of_transaction()
            await self._stage.csms.sends("RequestStopTransaction", transactionId=stopped, expect="Accepted")
            return await self._stops("remote", triggerReason="RemoteStop")
        shown = token or self._stage.file.tokens.valid
        await self._stage.rig.presents(shown)
        await self._authorize(shown, asks)
        return await self._stops("local", triggerReason="StopAuthorized", idToken=absent_or(shown))

    async def _stops(self, by: Literal["local", "remote"], **fields: Any) -> TranscriptEntry | None:
        """Wait for the end of authorization and energy transfer, in one event or two; return the first.

        The last event is Ended if a stop point requires it (errata 6.2.117). Returns None without a
        transaction.
        """
        points, before = await self._stage.points(), self._session.situation
        if not before.is_running:
            self._session.situation = points.step(before, is_authorized=False, is_transferring=False)[0]
            return None
        self._session.stopped_by = by
        kind = {"Updated", "Ended"} if points.end_with_authorization else {"Updated"}
        event = await self._events.expect(kind, **fields)
        is_reported = event["transactionInfo"].get("chargingState", "Charging") != "Charging"
        if event["eventType"] == "Updated" and points.end_with_authorization:
            await self._events.expect(
                "Ended", triggerReason="ChargingStateChanged", transactionInfo__chargingState="EVConnected"
            )
        changes = {"is_authorized": False}
        changes |= {"is_transferring": False} if is_reported or points.end_with_authorization else {}
        self._session.situation = points.step(before, **changes)[0]
        return event

    @reached(about="TC_E_15_CS")
    async def ev_connected_post_session(self) -> None:
        """End the energy transfer of a session that has been stopped, with the cable still plugged in.

        The event of the stop may have reported the charging state already (E02.FR.17).
        """
        if self._session.situation.is_authorized or not self._session.situation.is_connected:
            await self.stop_authorized()
        if self._session.situation.is_transferring:
            await self._events.follow(
                {"is_transferring": False},
                triggerReason="ChargingStateChanged",
                transactionInfo__chargingState="EVConnected",
            )

    @reached(about="TC_E_14_CS")
    async def ev_disconnected(self, *, status: str | set[str] | None = "Available") -> None:
        """Unplug the cable after the session.

        ``status`` is the expected new status of the connector; None if the case checks it.
        """
        await self.ev_connected_post_session()
        if not self._session.situation.is_connected:
            return
        await self._stage.rig.unplugs()
        if status is not None:
            await self._stage.station.reports(status)
        await self._events.follow(
            {"is_connected": False},
            after=[NOT_CHARGING],
            triggerReason="EVCommunicationLost",
            transactionInfo__chargingState="Idle",
        )

    @reached(about="TC_E_20_CS")
    async def unplugged_at_vehicle(self, *, is_attached: bool = False, **fields: Any) -> None:
        """Unplug the cable at the vehicle; ``fields`` are further fields of the event.

        With ``is_attached``, the cable belongs to the station, so that its connector becomes free; the case
        checks the status of the connector.
        """
        stops = await self._stage.variable("TxCtrlr", "StopTxOnEVSideDisconnect") != "false"
        await self._stage.rig.unplugs_at_the_vehicle(is_attached=is_attached)
        await self._events.follow(
            {"is_connected": False, "is_transferring": False} | ({"is_authorized": False} if stops else {}),
            triggerReason="EVCommunicationLost",
            transactionInfo__chargingState="Idle",
            **fields,
        )

    @reached(about="TC_E_26_CS")
    async def plugged_in_at_vehicle(self, *, is_attached: bool = False) -> None:
        """Plug the cable in at the vehicle again, after which energy flows again."""
        rig = self._stage.rig
        await (rig.plugs_in() if is_attached else rig.plugs_in_at_the_vehicle())
        await self._events.follow(
            {"is_connected": True},
            triggerReason="CablePluggedIn",
            transactionInfo__chargingState="EVConnected",
        )
        await self._events.follow(
            {"is_transferring": True},
            triggerReason="ChargingStateChanged",
            transactionInfo__chargingState="Charging",
        )

    @reached(about="TC_E_46_CS")
    async def ended_by_vehicle(self) -> None:
        """End the session at the vehicle, by ISO 15118."""
        ends = (await self._stage.points()).end_with_authorization
        reason: dict[str, Any] = {"transactionInfo__stoppedReason": "StoppedByEV"} if ends else {}
        await self._stage.rig.does("end-at-ev")
        await self._events.follow(
            {"is_authorized": False, "is_transferring": False},
            triggerReason="StopAuthorized",
            transactionInfo__chargingState="EVConnected",
            **reason,
        )

    @reached(about="TC_E_19_CS")
    async def parking_bay_unoccupied(self, *, status: str | set[str] = "Available") -> None:
        """Unplug the cable, and drive the vehicle out of the bay; ``status`` is expected of the connector."""
        await self.ev_disconnected(status=status)
        await self._leaves_the_bay()

    async def _leaves_the_bay(self) -> None:
        if not self._session.situation.is_occupied:
            return
        await self._stage.rig.leaves()
        await self._events.follow({"is_occupied": False}, triggerReason="EVDeparted")

    @reached(about="TC_E_15_CS")
    async def transaction_ended(
        self, token: CaseToken | None = None, *, unplugged: str | None = "Available"
    ) -> None:
        """Stop the session; unplug the cable and leave the bay, too, if the transaction ends only then.

        ``unplugged`` is the status expected of the connector without a cable; None if the case checks it.
        """
        await self.stop_authorized(token)
        if self._session.situation.is_running:
            await self.ev_connected_post_session()
        if self._session.situation.is_running:
            await self.ev_disconnected(status=unplugged)
        if self._session.situation.is_running:
            await self._leaves_the_bay()

    @reached(about="TC_C_34_CS")
    async def deauthorized(self) -> None:
        """Wait for the end of the authorization after the server has refused the token of a TransactionEvent.

        The case adds the rule for that answer before it calls `authorized`.
        """
        while self._session.token_due is not None and not self._session.situation.is_connected:
            await self.ev_connected()
        points = await self._stage.points()
        ends = points.end_with_authorization
        reason: dict[str, Any] = {"transactionInfo__stoppedReason": "DeAuthorized"} if ends else {}
        await self._events.follow(
            {"is_authorized": False, "is_transferring": False},
            after=[STARTED_CHARGING, NOT_CHARGING],
            triggerReason="Deauthorized",
            transactionInfo__chargingState={"EVConnected", "SuspendedEVSE"},
            **reason,
        )
