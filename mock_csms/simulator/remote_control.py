"""Remote control: start, stop, unlock, trigger, and status of a transaction (E14, F)."""

from collections.abc import Callable
from functools import partial

from ocpp.routing import on
from ocpp.v201 import call_result
from ocpp.v201.enums import Action
from ocpp.v201.enums import RegistrationStatusEnumType as RegistrationStatus
from ocpp.v201.enums import RequestStartStopStatusEnumType as RequestStatus
from ocpp.v201.enums import TriggerMessageStatusEnumType as TriggerStatus
from ocpp.v201.enums import UnlockStatusEnumType as UnlockStatus

from mock_csms.messages import JsonObject
from mock_csms.simulator.authorization import Authorization, Decision
from mock_csms.simulator.charging import ChargingSessions
from mock_csms.simulator.core import Core
from mock_csms.simulator.sessions import ChargingSession
from mock_csms.simulator.smart_charging import SmartCharging
from mock_csms.simulator.transactions import StationTransactions


class RemoteControl:
    """Handles the commands of functional block F and GetTransactionStatus."""

    def __init__(
        self,
        core: Core,
        transactions: StationTransactions,
        charging: ChargingSessions,
        authorization: Authorization,
        smart_charging: SmartCharging,
    ) -> None:
        self._core = core
        self._transactions = transactions
        self._charging = charging
        self._authorization = authorization
        self._smart_charging = smart_charging

    @on(Action.request_start_transaction)
    def request_start_transaction(
        self,
        id_token: JsonObject,
        remote_start_id: int,
        evse_id: int | None,
        group_id_token: JsonObject | None,
        charging_profile: JsonObject | None,
    ) -> call_result.RequestStartTransaction:
        """Authorize a session for this token, as if a driver had presented it (F01, F02)."""
        session = self._startable_session(id_token, evse_id, group_id_token)
        if session is None or not self._is_usable(charging_profile, session):
            return call_result.RequestStartTransaction(status=RequestStatus.rejected)
        info: JsonObject = {"status": "Accepted"}
        if group_id_token is not None:
            info["groupIdToken"] = group_id_token
        profile = charging_profile if self._is_smart else None  # F01.FR.12
        authorize = partial(
            self._charging.authorize,
            session,
            id_token,
            remote_start_id=remote_start_id,
            charging_profile=profile,
        )
        self._core.after(0, partial(self._begin, session, id_token, info, authorize))
        transaction = session.transaction
        return call_result.RequestStartTransaction(
            status=RequestStatus.accepted,
            transaction_id=transaction.id if transaction else None,  # F01.FR.13
        )

    def _startable_session(
        self, id_token: JsonObject, evse_id: int | None, group_id_token: JsonObject | None
    ) -> ChargingSession | None:
        if self._core.registration != RegistrationStatus.accepted:
            return None  # B02.FR.05
        if evse_id is not None and evse_id not in self._transactions.sessions:
            return None
        return self._charging.free_session(evse_id, id_token, group_id_token)

    @property
    def _is_smart(self) -> bool:
        return self._core.variables.boolean("SmartChargingCtrlr", "Enabled")

    def _is_usable(self, profile: JsonObject | None, session: ChargingSession) -> bool:
        """Whether a RequestStartTransaction has no charging profile, or a valid one."""
        return profile is None or self._smart_charging.can_accept_transaction_profile(
            session.evse.id, profile
        )

    def _begin(
        self,
        session: ChargingSession,
        id_token: JsonObject,
        info: JsonObject,
        authorize: Callable[[JsonObject], None],
    ) -> None:
        if not self._core.variables.boolean("AuthCtrlr", "AuthorizeRemoteStart"):
            authorize(info)  # F01.FR.02
            return

        def decided(decision: Decision) -> None:
            if decision.is_accepted and not session.is_authorized:
                authorize(info | decision.info)

        self._authorization.authorize(id_token, decided, evse_id=session.evse.id)  # F01.FR.01

    @on(Action.request_stop_transaction)
    def request_stop_transaction(self, transaction_id: str) -> call_result.RequestStopTransaction:
        """Stop the energy transfer; end the transaction too if TxStopPoint says so (F03)."""
        session = self._transactions.find(transaction_id)
        if session is None or self._core.registration != RegistrationStatus.accepted:
            return call_result.RequestStopTransaction(status=RequestStatus.rejected)  # F03.FR.08, B02.FR.05
        self._core.after(0, partial(self._stop, session, transaction_id))
        return call_result.RequestStopTransaction(status=RequestStatus.accepted)

    def _stop(self, session: ChargingSession, transaction_id: str) -> None:
        if session.transaction is not None and session.transaction.id == transaction_id:
            self._charging.stop_remotely(session)

    @on(Action.unlock_connector)
    def unlock_connector(self, evse_id: int, connector_id: int) -> call_result.UnlockConnector:
        """Unlock the cable, unless an authorized transaction uses it (F05)."""
        connectors = self._core.evses.connectors(evse_id, connector_id)
        if not connectors:
            return call_result.UnlockConnector(status=UnlockStatus.unknown_connector)  # F05.FR.03
        session = self._transactions.sessions[evse_id]
        is_in_use = session.transaction is not None and session.is_authorized
        if is_in_use and session.connector in {None, connectors[0]}:
            return call_result.UnlockConnector(status=UnlockStatus.ongoing_authorized_transaction)
        if connectors[0].is_lock_jammed:
            return call_result.UnlockConnector(status=UnlockStatus.unlock_failed)  # F05.FR.05
        connectors[0].is_locked = False
        return call_result.UnlockConnector(status=UnlockStatus.unlocked)

    @on(Action.trigger_message)
    def trigger_message(self, requested_message: str, evse: JsonObject | None) -> call_result.TriggerMessage:
        """Send the requested message after the answer to TriggerMessage (F06.FR.04)."""
        trigger = self._core.triggers.get(requested_message)
        if trigger is None:
            return call_result.TriggerMessage(status=TriggerStatus.not_implemented)  # F06.FR.08
        request: JsonObject = {"requestedMessage": requested_message} | ({"evse": evse} if evse else {})
        if (send := trigger(request)) is None:
            return call_result.TriggerMessage(status=TriggerStatus.rejected)
        self._core.after(0, send)
        return call_result.TriggerMessage(status=TriggerStatus.accepted)

    @on(Action.get_transaction_status)
    def get_transaction_status(self, transaction_id: str | None) -> call_result.GetTransactionStatus:
        """Return whether a transaction is running, and whether its messages wait for delivery (E14).

        Without an id, only return whether messages of any transaction wait.
        """
        is_waiting = self._core.outbox.has_transaction_messages(transaction_id)
        if transaction_id is None:
            return call_result.GetTransactionStatus(messages_in_queue=is_waiting)  # E14.FR.06
        return call_result.GetTransactionStatus(
            messages_in_queue=is_waiting,
            ongoing_indicator=self._transactions.find(transaction_id) is not None,
        )
