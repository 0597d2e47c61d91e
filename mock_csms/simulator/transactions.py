"""Transactions and their events (E)."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from ocpp.v201 import call
from ocpp.v201.enums import AuthorizationStatusEnumType as AuthorizationStatus
from ocpp.v201.enums import ChargingStateEnumType as ChargingState
from ocpp.v201.enums import ReadingContextEnumType as ReadingContext
from ocpp.v201.enums import ReasonEnumType as Reason
from ocpp.v201.enums import RegistrationStatusEnumType as RegistrationStatus
from ocpp.v201.enums import TransactionEventEnumType as EventType
from ocpp.v201.enums import TriggerReasonEnumType as TriggerReason

from mock_csms.messages import JsonObject
from mock_csms.simulator.authorization import Authorization
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.meter_signatures import MeterSignatures, has_energy
from mock_csms.simulator.metering import PHASES, Meter, MeterReading, Samples, meter_value
from mock_csms.simulator.sessions import (
    Cause,
    ChargingSession,
    RunningTransaction,
    starts,
    starts_with_signature,
    stops,
)
from mock_csms.simulator.signals import Signal
from mock_csms.simulator.smart_charging import SmartCharging

if TYPE_CHECKING:
    from mock_csms.simulator.host import Timer

SHORTEST_WAIT_S: Final = 0.1
SAMPLED: Final = "SampledDataCtrlr"
ALIGNED: Final = "AlignedDataCtrlr"
CHARGING_STATE_CHANGED: Final = Cause(TriggerReason.charging_state_changed)
SIGNED_DATA_RECEIVED: Final = Cause(TriggerReason.signed_data_received)
CHARGING_RATE_CHANGED: Final = Cause(TriggerReason.charging_rate_changed)
CHARGING_STATE_CAUSES: Final = {
    ChargingState.suspended_ev: Cause(TriggerReason.charging_state_changed, Reason.stopped_by_ev),
    ChargingState.suspended_evse: Cause(TriggerReason.charging_state_changed, Reason.other),
}
"""Causes of the events that report a new charging state, by this state. The reason in a cause becomes the
stoppedReason if the new state ends the transaction (E06.FR.07).
"""


class StationTransactions:
    """Turns changes at an EVSE into TransactionEvents, and counts the energy that flows.

    Call `update` after each change of a fact about a session. The transaction then starts, continues or ends
    as TxStartPoint and TxStopPoint say (E01, E06).
    """

    def __init__(self, core: Core, authorization: Authorization, smart_charging: SmartCharging) -> None:
        self._core = core
        self._authorization = authorization
        self._smart_charging = smart_charging
        self._signatures = MeterSignatures(core.setup.identity)
        now = core.host.time()
        self.sessions = {evse.id: ChargingSession(evse, Meter(read_at=now)) for evse in core.evses}
        self.started = Signal[[ChargingSession]]()
        self.ended = Signal[[ChargingSession, RunningTransaction]]()
        """A transaction ended; its Ended event is queued."""
        self._was_accepted = False
        """Whether a boot was ever accepted."""
        core.boot_accepted.connect(self._boot_accepted)
        self._full_timers: dict[int, Timer] = {}
        """Timers by EVSE id. Each calls `update_power` when the vehicle will be full, or when it will have
        taken all the energy that MaxEnergyOnInvalidId allows with a rejected token.
        """
        self.token_rejected = Signal[[ChargingSession]]()
        """The central system rejected the token of a running transaction (E05)."""

    def _boot_accepted(self) -> None:
        self._was_accepted = True

    def may_start(self) -> bool:
        """Whether transactions may start.

        Until a boot is accepted, TxBeforeAcceptedEnabled decides (B, 1.1).
        """
        is_accepted = self._was_accepted or self._core.registration == RegistrationStatus.accepted
        return is_accepted or self._core.variables.boolean("TxCtrlr", "TxBeforeAcceptedEnabled")

    def update(self, session: ChargingSession, cause: Cause) -> None:
        """Send the TransactionEvent for a change at an EVSE if a transaction runs or the change starts one.

        Nothing is sent if the station has no power, or if transactions may not start yet (`may_start`).
        """
        if not self._core.is_powered or not self.may_start():
            return
        before, after = session.facts, session.facts_now()
        session.facts = after
        transaction = session.transaction
        if transaction is None:
            may_start = self._core.evses.may_start_transaction(session.evse)
            start_points = self._points("TxStartPoint")
            if may_start and starts(start_points, before, after):
                is_signed = self._core.variables.boolean(SAMPLED, "SignReadings")
                by_signature = is_signed and starts_with_signature(start_points, before, after)
                self._start(session, SIGNED_DATA_RECEIVED if by_signature else cause)
        elif stops(self._points("TxStopPoint"), before, after):
            self.end(session, cause)
        else:
            if not session.is_authorized:
                transaction.stopped_reason = transaction.stopped_reason or cause.reason
            self._send(session, EventType.updated, cause)

    def update_power(self, session: ChargingSession) -> None:
        """Set the power that the vehicle draws, at most the charging limit of the EVSE.

        Send an event if the charging state or rate changed.
        """
        if not self._core.is_powered:
            return
        self.advance(session)
        limit_w = self._smart_charging.limit_w(session.evse.id)
        state = session.charging_state(limit_w)
        wanted_w = session.vehicle.max_power_w if session.vehicle else 0.0
        session.meter.power_w = min(wanted_w, limit_w) if state == ChargingState.charging else 0.0
        self._put_power(session)
        evse = session.evse
        if state == ChargingState.charging and evse.charging_since is None:
            evse.charging_since = self._core.now()
        self._wait_until_full(session)
        self._report_power(session, state)

    def _put_power(self, session: ChargingSession) -> None:
        power = Key("EVSE", "Power", None, session.evse.id)
        self._core.variables.put(power, str(round(session.meter.power_w)))

    def _wait_until_full(self, session: ChargingSession) -> None:
        """Update the power as soon as the vehicle is full, or has taken all the energy that
        MaxEnergyOnInvalidId allows with a rejected token (E05.FR.03).
        """
        if (timer := self._full_timers.pop(session.evse.id, None)) is not None:
            timer.cancel()
        if session.meter.power_w > 0:
            delay_s = max(session.energy_left_wh() / session.meter.power_w * 3600, SHORTEST_WAIT_S)
            self._full_timers[session.evse.id] = self._core.after(
                delay_s, partial(self.update_power, session)
            )

    def _report_power(self, session: ChargingSession, state: ChargingState) -> None:
        """Send an event for a new charging state or a significant change of rate (K11.FR.04, K13.FR.03)."""
        transaction, power_w = session.transaction, session.meter.power_w
        if transaction is None:
            self.update(session, CHARGING_STATE_CHANGED)
        elif transaction.charging_state != state:
            transaction.charging_state, transaction.power_w = state, power_w
            self.update(session, CHARGING_STATE_CAUSES.get(state, CHARGING_STATE_CHANGED))
        elif self._is_significant(power_w - transaction.power_w, transaction.power_w):
            transaction.power_w = power_w
            self.update(session, CHARGING_RATE_CHANGED)

    def _is_significant(self, change_w: float, before_w: float) -> bool:
        percent = float(self._core.variables.text("SmartChargingCtrlr", "LimitChangeSignificance"))
        return abs(change_w) > before_w * percent / 100

    def advance(self, session: ChargingSession) -> None:
        """Count the energy that flowed since the last call."""
        added_wh = session.meter.advance(self._core.host.time())
        if session.vehicle is not None:
            session.vehicle.taken_wh += added_wh

    def _points(self, variable: str) -> list[str]:
        return self._core.variables.members("TxCtrlr", variable)

    def _start(self, session: ChargingSession, cause: Cause) -> None:
        self.advance(session)
        transaction = RunningTransaction(str(uuid4()), session.meter.register_wh)
        session.transaction = transaction
        session.evse.transaction_id = transaction.id
        is_transferring = session.meter.power_w > 0
        session.evse.charging_since = self._core.now() if is_transferring else None
        transaction.charging_state = (
            ChargingState.charging
            if is_transferring
            else ChargingState.ev_connected  # the next event reports Charging
            if session.is_connected
            else ChargingState.idle
        )
        transaction.power_w = session.meter.power_w
        self.add_profile(session)
        self._send(session, EventType.started, cause)
        self._smart_charging.transaction_started()
        self.started.emit(session)

    def add_profile(self, session: ChargingSession) -> None:
        """Install the profile that came with the RequestStartTransaction, if any, for the session's
        transaction (F01.FR.10).
        """
        if session.charging_profile is not None and session.transaction is not None:
            self._smart_charging.add_transaction_profile(
                session.evse.id, session.transaction.id, session.charging_profile
            )
            session.charging_profile = None

    def end(self, session: ChargingSession, cause: Cause) -> None:
        """End the session's transaction and send its Ended event, whatever TxStopPoint says."""
        transaction = session.transaction
        assert transaction is not None
        self.advance(session)
        session.meter.power_w = 0.0
        self._put_power(session)
        session.is_authorized = False
        session.facts = session.facts_now()
        transaction.stopped_reason = transaction.stopped_reason or cause.reason
        if cause.trigger != TriggerReason.charging_state_changed:  # otherwise keep the state that ended it
            transaction.charging_state = (
                ChargingState.ev_connected if session.is_connected else ChargingState.idle
            )
        self._send(session, EventType.ended, cause)
        session.transaction = None
        session.evse.transaction_id = session.evse.charging_since = None
        session.forget_driver()
        self._smart_charging.transaction_ended(session.evse.id, transaction.id)
        self.ended.emit(session, transaction)

    def send_sample(
        self, session: ChargingSession, trigger: TriggerReason, meter_values: list[JsonObject]
    ) -> None:
        """Send an Updated event with these meter values, if a transaction runs."""
        self._send(session, EventType.updated, Cause(trigger), meter_values)

    def _send(
        self,
        session: ChargingSession,
        event_type: EventType,
        cause: Cause,
        meter_values: list[JsonObject] | None = None,
    ) -> None:
        transaction = session.transaction
        if transaction is None:
            return
        is_remote = event_type != EventType.ended and session.remote_start_id is not None  # F01.FR.19
        id_token = cause.stop_token or self._unsent_id_token(session, transaction)
        values = meter_values or self._meter_values(session, transaction, event_type)
        request = call.TransactionEvent(
            event_type=event_type,
            timestamp=self._timestamp(session),
            trigger_reason=TriggerReason.remote_start if is_remote else cause.trigger,
            seq_no=transaction.next_seq_no,
            transaction_info=self._transaction_info(session, transaction, event_type),
            meter_value=values or None,
            offline=None if self._core.is_connected else True,
            number_of_phases_used=self._phases(transaction),
            reservation_id=session.reservation_id,
            evse=self._evse(session, transaction),
            id_token=id_token,
        )
        transaction.next_seq_no += 1
        session.reservation_id = None
        authorizing = None if cause.stop_token else id_token
        self._core.send(request, partial(self._answered, session, id_token, authorizing))

    def _transaction_info(
        self, session: ChargingSession, transaction: RunningTransaction, event_type: EventType
    ) -> JsonObject:
        info: JsonObject = {"transactionId": transaction.id, "chargingState": transaction.charging_state}
        if session.remote_start_id is not None:
            info["remoteStartId"] = session.remote_start_id
            session.remote_start_id = None
        if event_type == EventType.ended and transaction.stopped_reason is not None:
            info["stoppedReason"] = transaction.stopped_reason
        return info

    def _unsent_id_token(
        self, session: ChargingSession, transaction: RunningTransaction
    ) -> JsonObject | None:
        """Return the driver's token if no event of the transaction has included it yet, and mark it as sent;
        otherwise None (E03.FR.01, errata 2.17).
        """
        if session.id_token is None or session.id_token == transaction.id_token_sent:
            return None
        transaction.id_token_sent = session.id_token
        transaction.first_id_token = transaction.first_id_token or session.id_token
        return session.id_token

    def _evse(self, session: ChargingSession, transaction: RunningTransaction) -> JsonObject | None:
        """EVSEType to send in an event; None if it adds nothing to the earlier events (E01.FR.16).

        It is sent in the first event of the transaction, and in the first event with a connector id.
        """
        connector_id = session.connector.id if session.connector else 0
        if transaction.connector_sent is not None and connector_id in {0, transaction.connector_sent}:
            return None
        transaction.connector_sent = connector_id
        return {"id": session.evse.id} | ({"connectorId": connector_id} if connector_id else {})

    def _phases(self, transaction: RunningTransaction) -> int | None:
        if transaction.has_phases_sent or transaction.charging_state != ChargingState.charging:
            return None
        transaction.has_phases_sent = True
        return PHASES

    def reading(self, session: ChargingSession) -> MeterReading:
        """Current reading of the meter of an EVSE."""
        self.advance(session)
        charge = session.vehicle.state_of_charge if session.vehicle else None
        limit_w = self._smart_charging.limit_w(session.evse.id)
        return MeterReading(session.meter.register_wh, session.meter.power_w, limit_w, charge)

    def sample(
        self,
        session: ChargingSession,
        measurands: Iterable[str],
        context: ReadingContext,
        at: str | None = None,
    ) -> list[JsonObject]:
        """List with one meter value of an EVSE; empty if the meter has none of the measurands."""
        values = meter_value(self._timestamp(session, at), measurands, self.reading(session), context)
        controller = ALIGNED if context == ReadingContext.sample_clock else SAMPLED
        if not self._core.variables.boolean(controller, "SignReadings") or not has_energy(values):
            return values
        has_key = self._has_public_key(session.transaction)
        return [self._signatures.signed(value, has_key=has_key) for value in values]

    def _has_public_key(self, transaction: RunningTransaction | None) -> bool:
        """Return whether the next signed meter value must include the public key, and mark the key as sent.

        PublicKeyWithSignedMeterValue decides.
        """
        when = self._core.variables.text("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue")
        if when == "OncePerTransaction" and transaction is not None:
            is_first, transaction.has_public_key_sent = not transaction.has_public_key_sent, True
            return is_first
        return when == "EveryMeterValue"

    def _timestamp(self, session: ChargingSession, at: str | None = None) -> str:
        """Timestamp for an event or sample: ``at``, or the current time if it is None. In a transaction, it
        is never earlier than the previous one, even if the clock was set back.
        """
        time = at or self._core.timestamp()
        if session.transaction is not None:
            time = session.transaction.last_at = max(time, session.transaction.last_at)
        return time

    def _sampled(self, session: ChargingSession, variable: str, context: ReadingContext) -> list[JsonObject]:
        variables = self._core.variables
        if not variables.boolean(SAMPLED, "Enabled"):
            return []
        return self.sample(session, variables.members(SAMPLED, variable), context)

    def _meter_values(
        self, session: ChargingSession, transaction: RunningTransaction, event_type: EventType
    ) -> list[JsonObject]:
        if event_type == EventType.started:
            begin = self._sampled(session, "TxStartedMeasurands", ReadingContext.transaction_begin)
            self.keep_sample(
                transaction, self._sampled(session, "TxEndedMeasurands", ReadingContext.transaction_begin)
            )
            return begin
        if event_type == EventType.ended:
            end = self._sampled(session, "TxEndedMeasurands", ReadingContext.transaction_end)
            return [*transaction.kept_samples(), *end]
        return []

    def keep_sample(self, transaction: RunningTransaction, sample: list[JsonObject]) -> None:
        """Store a sample until the Ended event includes it."""
        for value in sample:
            context = value["sampledValue"][0]["context"]
            transaction.samples.setdefault(context, Samples()).add(value)

    def _answered(
        self,
        session: ChargingSession,
        id_token: JsonObject | None,
        authorizing: JsonObject | None,
        answer: JsonObject,
    ) -> None:
        """Cache the idTokenInfo from the answer to an event.

        If the event's token is the one that authorizes the session, also act on the idTokenInfo: emit
        `token_rejected` if its status is not Accepted or the token is a master pass (E05); otherwise store it
        in the session.
        """
        info = answer.get("idTokenInfo")
        if id_token is None or info is None:
            return
        self._authorization.learn(id_token, info)
        if session.transaction is None or authorizing is None or session.id_token != authorizing:
            return
        is_accepted = info["status"] == AuthorizationStatus.accepted
        if is_accepted and not self._authorization.is_master_pass(info):  # C16.FR.03
            session.id_token_info = info
        else:
            self.token_rejected.emit(session)

    def running(self) -> list[ChargingSession]:
        """Sessions with a transaction."""
        return [session for session in self.sessions.values() if session.transaction is not None]

    def find(self, transaction_id: str) -> ChargingSession | None:
        """Session of a running transaction, or None."""
        return next(
            (
                session
                for session in self.running()
                if session.transaction is not None and session.transaction.id == transaction_id
            ),
            None,
        )
