"""Actions of drivers at the station (parking, cables, tokens) and their effect on transactions (C, E)."""

from functools import partial
from typing import TYPE_CHECKING, Final

from ocpp.v201.enums import ChargingStateEnumType as ChargingState
from ocpp.v201.enums import ReasonEnumType as Reason
from ocpp.v201.enums import TriggerReasonEnumType as TriggerReason

from mock_csms.messages import JsonObject
from mock_csms.simulator.authorization import Authorization, Decision, same_group
from mock_csms.simulator.contracts import ContractProof
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.id_tokens import token_key
from mock_csms.simulator.metering import Vehicle
from mock_csms.simulator.reservations import Reservations
from mock_csms.simulator.sessions import STOPS_WITH_AUTHORIZATION, Cause, ChargingSession, RunningTransaction
from mock_csms.simulator.signals import Signal
from mock_csms.simulator.smart_charging import SmartCharging
from mock_csms.simulator.transactions import StationTransactions
from mock_csms.simulator.variables import PLUG_LOCK, value_text

if TYPE_CHECKING:
    from mock_csms.simulator.host import Timer

POWER_CHECK_S: Final = 5.0
"""Interval of checks whether a vehicle is full or a limit has changed."""


class ChargingSessions:
    """Carries out the actions of drivers at all EVSEs."""

    def __init__(
        self,
        core: Core,
        transactions: StationTransactions,
        authorization: Authorization,
        reservations: Reservations,
        smart_charging: SmartCharging,
    ) -> None:
        self._core = core
        self._transactions = transactions
        self._authorization = authorization
        self._reservations = reservations
        self._smart_charging = smart_charging
        self._connect_timers: dict[int, Timer] = {}
        """Running timers of EVConnectionTimeOut, by EVSE id."""
        self.vehicle_connected = Signal[[ChargingSession]]()
        """Emitted when a cable is plugged in at both ends."""
        smart_charging.limits_changed.connect(self._limits_changed)
        transactions.ended.connect(self._ended)
        transactions.token_rejected.connect(self._token_rejected)
        core.powered_off.connect(self._powered_off)
        core.boot_accepted.connect(self._notice_arrivals)
        core.boot_accepted.connect(self._check_power)
        self._has_power_check = False

    def session(self, evse_id: int) -> ChargingSession:
        """Session of an EVSE; raises LookupError if the EVSE does not exist."""
        return self._transactions.sessions[evse_id]

    def park(self, evse_id: int) -> None:
        """Drive a vehicle into the bay, unless the bay is occupied."""
        session = self.session(evse_id)
        if not session.is_occupied:
            session.is_occupied = True
            self._transactions.update(session, Cause(TriggerReason.ev_detected))

    def leave(self, evse_id: int) -> None:
        """Drive the vehicle out of the bay, if it is unplugged."""
        session = self.session(evse_id)
        if session.is_occupied and session.connector is None:
            session.is_occupied = False
            self._transactions.update(session, Cause(TriggerReason.ev_departed))
            if session.transaction is None:
                self._stop_waiting(session)
                session.forget_driver()

    def plug_in(self, evse_id: int, connector_id: int = 1, vehicle: Vehicle | None = None) -> None:
        """Plug in a cable at the connector and at the vehicle.

        Has no effect if the EVSE already has a cable or the connector is not usable.
        """
        session = self.session(evse_id)
        connector = session.evse.connectors[connector_id]
        if session.connector is not None or not self._core.evses.is_usable(connector):
            return
        self.park(evse_id)
        self._stop_waiting(session)
        session.connector = connector
        connector.is_plugged = True
        self._core.connector_changed.emit(connector)
        self._connect(session, vehicle or Vehicle())

    def plug_in_at_vehicle(self, evse_id: int, vehicle: Vehicle | None = None) -> None:
        """Plug in the vehicle end of a cable that is plugged in only at the station (E10)."""
        session = self.session(evse_id)
        if session.connector is not None and session.vehicle is None:
            self._stop_waiting(session)
            self._connect(session, vehicle or Vehicle())

    def _connect(self, session: ChargingSession, vehicle: Vehicle) -> None:
        session.vehicle = vehicle
        if session.connector is not None:
            session.connector.is_locked = not session.connector.is_lock_jammed
        if session.transaction is not None:
            session.transaction.charging_state = ChargingState.ev_connected
        self._transactions.update(session, Cause(TriggerReason.cable_plugged_in))
        if self._core.is_powered:
            self.vehicle_connected.emit(session)
        self._close_power_path(session)

    def unplug(self, evse_id: int) -> None:
        """Unplug the cable at the station, and at the vehicle too if it is plugged in there (E09, E10)."""
        session = self.session(evse_id)
        connector = session.connector
        if connector is None:
            return
        self._transactions.advance(session)
        session.connector = session.unlocked_by = None
        connector.is_plugged = connector.is_locked = False
        place = session.evse.id, connector.id
        self._core.variables.put(Key(PLUG_LOCK, "Problem", None, *place), value_text(False))
        if session.vehicle is not None:
            self._disconnect(session)
        self._core.connector_changed.emit(connector)

    def unplug_at_vehicle(self, evse_id: int) -> None:
        """Unplug the cable at the vehicle only.

        Unless the session stays authorized, UnlockOnEVSideDisconnect decides whether the station unlocks the
        cable at once, or when the token of the session is presented (E09.FR.02, E09.FR.03, E10.FR.01).
        """
        session = self.session(evse_id)
        if session.connector is None or session.vehicle is None:
            return
        id_token, info = session.id_token, session.id_token_info
        self._disconnect(session)
        if session.is_authorized:
            return
        session.connector.is_locked = not self._core.variables.boolean(
            "OCPPCommCtrlr", "UnlockOnEVSideDisconnect"
        )
        if session.connector.is_locked and id_token is not None:
            session.unlocked_by = (id_token, info)

    def _disconnect(self, session: ChargingSession) -> None:
        """Stop the energy transfer of a vehicle that was unplugged, and update the transaction (E09, E10)."""
        self._transactions.advance(session)
        session.meter.power_w = 0.0
        session.vehicle = None
        if self._core.variables.boolean("TxCtrlr", "StopTxOnEVSideDisconnect"):
            session.is_authorized = False  # E09.FR.01
        self._energy_stopped(session)
        self._transactions.update(session, Cause(TriggerReason.ev_communication_lost, Reason.ev_disconnected))
        if session.transaction is not None and session.is_authorized:
            self._wait_for_cable(session)  # the cable may be plugged in again (E10)
        else:
            session.forget_driver()

    def end_at_vehicle(self, evse_id: int) -> None:
        """End the session at the vehicle, by ISO 15118 (E15)."""
        session = self.session(evse_id)
        if session.vehicle is not None and session.is_authorized:
            self._stop_authorization(session, Cause(TriggerReason.stop_authorized, Reason.stopped_by_ev))

    def pause_vehicle(self, evse_id: int, *, is_paused: bool) -> None:
        """Make the vehicle suspend or resume charging."""
        session = self.session(evse_id)
        if session.vehicle is not None:
            session.vehicle.is_paused = is_paused
            self._transactions.update_power(session)

    def fault(self, evse_id: int, connector_id: int = 1, *, is_faulted: bool = True) -> None:
        """Set a connector faulted, which stops its transaction (E06.FR.16), or repair it."""
        session = self.session(evse_id)
        connector = session.evse.connectors[connector_id]
        connector.is_faulted = is_faulted
        is_noticed = is_faulted and self._core.is_powered
        if is_noticed and session.transaction is not None and session.connector in {None, connector}:
            self._transactions.end(session, Cause(TriggerReason.abnormal_condition, Reason.ground_fault))
        elif is_faulted and session.connector is connector:
            session.forget_driver()
        self._core.connector_changed.emit(connector)

    def jam_lock(self, evse_id: int, connector_id: int = 1, *, is_jammed: bool = True) -> None:
        """Jam the lock of a connector, or free it; a freed lock closes if a cable is plugged in."""
        session = self.session(evse_id)
        connector = session.evse.connectors[connector_id]
        connector.is_lock_jammed = is_jammed
        connector.is_locked |= connector.is_plugged and not is_jammed
        if session.connector is connector:
            self._close_power_path(session)

    def _close_power_path(self, session: ChargingSession) -> None:
        """Start the energy flow if nothing prevents it; set Problem if the lock did not close (G05.FR.02)."""
        self._transactions.update_power(session)
        if session.connector is not None:
            is_problem = session.is_authorized and session.connector.is_lock_failed
            place = session.evse.id, session.connector.id
            self._core.variables.put(Key(PLUG_LOCK, "Problem", None, *place), value_text(is_problem))

    def present(
        self,
        id_token: JsonObject,
        evse_id: int | None = None,
        proof: ContractProof | None = None,
        *,
        stops_at: int | None = None,
    ) -> None:
        """Present a token at the reader of the station or of one EVSE. It starts or stops a transaction.

        ``proof`` is the contract certificate of a vehicle that presents its eMAID (C07). A master pass stops
        the transaction at the EVSE ``stops_at``, or all transactions if ``stops_at`` is None.
        """
        if not self._core.is_powered or not self._transactions.may_start():
            return
        known = self._authorization.known_info(id_token)
        if self._unlocks(evse_id, id_token, known):
            return
        if (session := self._session_to_stop(evse_id, id_token, known)) is not None:
            self._stop(session, id_token)  # no Authorize is needed (E07.FR.01, C09.FR.07)
            return
        decided = partial(self._decided, id_token, evse_id, stops_at)
        self._authorization.authorize(id_token, decided, evse_id=evse_id, proof=proof)

    def _unlocks(self, evse_id: int | None, id_token: JsonObject, info: JsonObject | None) -> bool:
        """Unlock a cable that was unplugged at the vehicle, if the token belongs to the session of the cable
        (E09.FR.03). Return whether a cable was unlocked.
        """
        for session in self._candidates(evse_id):
            if session.connector is None or session.unlocked_by is None:
                continue
            first, first_info = session.unlocked_by
            if same_group(first_info, first, info, id_token):
                session.connector.is_locked = False
                session.unlocked_by = None
                return True
        return False

    def _candidates(self, evse_id: int | None) -> list[ChargingSession]:
        sessions = self._transactions.sessions
        return [sessions[evse_id]] if evse_id is not None else list(sessions.values())

    def _session_to_stop(
        self, evse_id: int | None, id_token: JsonObject, info: JsonObject | None
    ) -> ChargingSession | None:
        """Session authorized by this token or by another token of its group (C09), or None."""
        return next(
            (
                session
                for session in self._candidates(evse_id)
                if session.is_authorized
                and session.id_token is not None
                and same_group(session.id_token_info, session.id_token, info, id_token)
            ),
            None,
        )

    def _decided(
        self, id_token: JsonObject, evse_id: int | None, stops_at: int | None, decision: Decision
    ) -> None:
        if not decision.is_accepted or not self._core.is_powered:
            return
        if self._authorization.is_master_pass(decision.info):
            for running in self._transactions.running():
                if stops_at in {None, running.evse.id}:  # C16.FR.01, C16.FR.02
                    self._stop(running, id_token, Reason.master_pass)
        elif (session := self._session_to_stop(evse_id, id_token, decision.info)) is not None:
            self._stop(session, id_token)
        else:
            free = self.free_session(evse_id, id_token, decision.info.get("groupIdToken"))
            if free is not None and decision.at(free.evse.id).is_accepted:
                self.authorize(free, id_token, decision.info)

    def free_session(
        self, evse_id: int | None, id_token: JsonObject, group: JsonObject | None
    ) -> ChargingSession | None:
        """Session that this token may start, or None.

        Sessions with a cable plugged in come first, then those with a parked vehicle.
        """
        usable = [
            session
            for session in self._candidates(evse_id)
            if not session.is_authorized
            and is_first_token(session, id_token)
            and self._is_open_to(session, id_token, group)
        ]
        return min(
            usable,
            key=lambda session: (
                session.connector is None,
                not session.is_occupied,
                session.transaction is not None,
            ),
            default=None,
        )

    def _is_open_to(self, session: ChargingSession, id_token: JsonObject, group: JsonObject | None) -> bool:
        connectors = [session.connector] if session.connector else session.evse.connectors.values()
        return any(
            self._core.evses.is_usable(connector)
            and self._reservations.allows(session.evse.id, connector.id, id_token, group)
            for connector in connectors
        )

    def authorize(
        self,
        session: ChargingSession,
        id_token: JsonObject,
        info: JsonObject,
        *,
        remote_start_id: int | None = None,
        charging_profile: JsonObject | None = None,
    ) -> None:
        """Authorize a session. It charges as soon as a vehicle is plugged in. A master pass is ignored.

        ``charging_profile`` applies to the transaction of this session only (F01.FR.10).
        """
        if not self._core.is_powered or self._authorization.is_master_pass(info):  # C16.FR.03
            return
        session.id_token, session.id_token_info = id_token, info
        session.evse.id_token = id_token
        session.is_authorized = True
        session.reservation_id = self._reservations.use(session.evse.id, id_token, info.get("groupIdToken"))
        session.remote_start_id = remote_start_id
        session.charging_profile = charging_profile
        if session.transaction is not None:
            session.transaction.stopped_reason = None
            session.transaction.id_token_sent = None
        trigger = TriggerReason.authorized if remote_start_id is None else TriggerReason.remote_start
        self._transactions.update(session, Cause(trigger))
        self._transactions.add_profile(session)
        if not session.is_connected:
            self._wait_for_cable(session)
        else:
            self._close_power_path(session)
        self._report_connectors(session)

    def stop_remotely(self, session: ChargingSession) -> None:
        """Stop the transaction of a session on command (F03, F04)."""
        self._stop_authorization(session, Cause(TriggerReason.remote_stop, Reason.remote))

    def _stop(self, session: ChargingSession, id_token: JsonObject, reason: Reason = Reason.local) -> None:
        self._stop_authorization(session, Cause(TriggerReason.stop_authorized, reason, id_token))

    def _stop_authorization(self, session: ChargingSession, cause: Cause) -> None:
        """End the authorization and the energy transfer.

        TxStopPoint decides whether the transaction ends now or later (E06, E07).
        """
        self._transactions.advance(session)
        session.meter.power_w = 0.0
        session.is_authorized = False
        if session.connector is not None and session.vehicle is None:
            session.connector.is_locked = False  # E10.FR.01
        self._energy_stopped(session)
        stop_points = self._core.variables.members("TxCtrlr", "TxStopPoint")
        if session.transaction is not None and not STOPS_WITH_AUTHORIZATION.isdisjoint(stop_points):
            self._transactions.end(session, cause)
        else:
            self._transactions.update(session, cause)
        if session.transaction is None:  # EVConnectionTimeOut may still end a running transaction
            self._stop_waiting(session)
        session.forget_driver()
        self._report_connectors(session)

    def _energy_stopped(self, session: ChargingSession) -> None:
        """Record that the energy transfer has stopped, so that the next TransactionEvent reports this.

        Without this record, the station would send an additional TransactionEvent for the new charging state.
        """
        if session.transaction is not None:
            session.transaction.charging_state = session.charging_state(0)
            session.transaction.power_w = 0.0

    def _token_rejected(self, session: ChargingSession) -> None:
        """Handle a token that the central system rejects: end the authorization or limit the energy (E05)."""
        variables = self._core.variables
        if variables.boolean("TxCtrlr", "StopTxOnInvalidId"):
            self._stop_authorization(session, Cause(TriggerReason.deauthorized, Reason.de_authorized))
            return
        session.max_energy_wh = float(variables.integer("TxCtrlr", "MaxEnergyOnInvalidId"))
        self._transactions.update_power(session)

    def _wait_for_cable(self, session: ChargingSession) -> None:
        """Start the timer of EVConnectionTimeOut (E03.FR.05), unless the variable is 0."""
        timeout_s = self._core.variables.integer("TxCtrlr", "EVConnectionTimeOut")
        if timeout_s > 0:
            self._stop_waiting(session)
            self._connect_timers[session.evse.id] = self._core.after(
                timeout_s, partial(self._cable_timed_out, session)
            )

    def _stop_waiting(self, session: ChargingSession) -> None:
        if (timer := self._connect_timers.pop(session.evse.id, None)) is not None:
            timer.cancel()

    def _cable_timed_out(self, session: ChargingSession) -> None:
        if session.is_connected or not (session.is_authorized or session.transaction):
            return
        stop_points = self._core.variables.members("TxCtrlr", "TxStopPoint")
        session.is_authorized = False
        if session.transaction is not None and "ParkingBayOccupancy" not in stop_points:
            self._transactions.end(session, Cause(TriggerReason.ev_connect_timeout, Reason.timeout))
        else:
            self._transactions.update(session, Cause(TriggerReason.ev_connect_timeout, Reason.timeout))
        session.forget_driver()
        self._report_connectors(session)

    def _ended(self, session: ChargingSession, _: RunningTransaction) -> None:
        self._stop_waiting(session)
        self._report_connectors(session)  # a scheduled change of availability takes effect

    def _report_connectors(self, session: ChargingSession) -> None:
        for connector in session.evse.connectors.values():
            self._core.connector_changed.emit(connector)

    def _limits_changed(self) -> None:
        for session in self._transactions.sessions.values():
            if session.connector is not None:
                self._transactions.update_power(session)

    def _check_power(self) -> None:
        """Check every POWER_CHECK_S whether a vehicle is full or a limit has changed."""
        if not self._has_power_check:
            self._has_power_check = True
            self._core.after(POWER_CHECK_S, self._power_check_due)

    def _power_check_due(self) -> None:
        self._has_power_check = False
        self._limits_changed()
        self._check_power()

    def _powered_off(self) -> None:
        """Stop the timers and the energy transfer, and drop authorizations that have no transaction yet."""
        for session in self._transactions.sessions.values():
            self._stop_waiting(session)
            self._transactions.advance(session)
            session.meter.power_w = 0.0
            if session.transaction is None:
                session.forget_driver()

    def end_interrupted(self, cause: Cause) -> None:
        """End the transactions that a power cut or a reset interrupted.

        Before that, start transactions for vehicles that came during the interruption; these new transactions
        are not ended.
        """
        interrupted = self._transactions.running()
        self._notice_arrivals()
        for session in interrupted:
            self._transactions.end(session, cause)

    def _notice_arrivals(self) -> None:
        """Start transactions for the vehicles that came while the station could not start transactions.

        At an EVSE where TxStartPoint is not reached, no transaction is started.
        """
        for session in self._transactions.sessions.values():
            if session.transaction is None:
                is_plugged = session.connector is not None
                arrival = TriggerReason.cable_plugged_in if is_plugged else TriggerReason.ev_detected
                self._transactions.update(session, Cause(arrival))


def is_first_token(session: ChargingSession, id_token: JsonObject) -> bool:
    """Whether a token may authorize a session: no other token has authorized the transaction (C01.FR.23)."""
    first = session.transaction.first_id_token if session.transaction else None
    return first is None or token_key(first) == token_key(id_token)
