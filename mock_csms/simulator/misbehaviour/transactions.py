"""Misbehaviours in the events of transactions (E, J)."""

from datetime import timedelta
from typing import Any, Final

from ocpp.v201.enums import Action, MeasurandEnumType, ReadingContextEnumType

from mock_csms.messages import JsonObject
from mock_csms.simulator.misbehaviour.changes import Change, Condition, alter, both, drop, each, put, where
from mock_csms.simulator.misbehaviour.deviations import AddCall, ChangeCall, SkipCall
from mock_csms.simulator.misbehaviour.provisioning import moved
from mock_csms.simulator.misbehaviour.record import Misbehaviour
from mock_csms.simulator.station import SimulatedStation

TX_EVENT: Final = Action.transaction_event
IS_STARTED: Final = where("eventType", "Started")
IS_UPDATED: Final = where("eventType", "Updated")
IS_ENDED: Final = where("eventType", "Ended")
IS_CHARGING: Final[Condition] = both(
    where("triggerReason", "ChargingStateChanged"), where("transactionInfo.chargingState", "Charging")
)
IS_STOP: Final = where("triggerReason", "StopAuthorized")
IS_REMOTE_START: Final = where("triggerReason", "RemoteStart")
LATER: Final[Change] = alter("timestamp", lambda text: moved(text, timedelta(seconds=1)))
HIGHEST_WH: Final = 1_000_000
"""Register value, in Wh, from which a meter counts down."""


def _counted_down(sample: Any) -> Any:
    measurand = sample.get("measurand", MeasurandEnumType.energy_active_import_register)
    is_register = measurand == MeasurandEnumType.energy_active_import_register
    return {**sample, "value": HIGHEST_WH - sample["value"]} if is_register else sample


def _sampled_periodically(sample: Any) -> Any:
    return {**sample, "context": ReadingContextEnumType.sample_periodic}


def _meter_values(station: SimulatedStation, event: JsonObject) -> JsonObject:
    """MeterValues payload for the EVSE of the running transaction, with the meter values of ``event``."""
    evse_id = station.transactions.running()[0].evse.id
    return {"evseId": evse_id, "meterValue": event["meterValue"]}


def _first_evse(event: JsonObject) -> JsonObject:
    return {"evse": {"id": 1, "connectorId": 1}, **event}


def _first_token(event: JsonObject) -> JsonObject:
    return {"idToken": {"idToken": "AABBCCDD", "type": "ISO14443"}, **event}


def _second_start(_: SimulatedStation, started: JsonObject) -> JsonObject:
    return LATER(started)


def _same_seq_no(_: SimulatedStation, event: JsonObject) -> JsonObject:
    return each(LATER, drop("meterValue"), put("triggerReason", "ChargingRateChanged"))(event)


def _second_ended(_: SimulatedStation, ended: JsonObject) -> JsonObject:
    return each(LATER, drop("meterValue"))(ended)


def _after_ended(_: SimulatedStation, ended: JsonObject) -> JsonObject:
    return each(
        LATER,
        drop("meterValue"),
        drop("idToken"),
        drop("transactionInfo.stoppedReason"),
        put("eventType", "Updated"),
        put("triggerReason", "ChargingStateChanged"),
        alter("seqNo", lambda seq_no: seq_no + 1),
    )(ended)


TRANSACTION_MISBEHAVIOURS: Final = (
    Misbehaviour(
        "skip-started-event",
        "The Started event of a transaction is not sent.",
        "transaction-not-started",
        (SkipCall(TX_EVENT, when=IS_STARTED),),
    ),
    Misbehaviour(
        "start-with-updated-event",
        "The first event of a transaction is an Updated event.",
        "transaction-not-started",
        (ChangeCall(TX_EVENT, put("eventType", "Updated"), when=IS_STARTED),),
    ),
    Misbehaviour(
        "send-second-started-event",
        "A transaction has a second Started event, one second after the first.",
        "transaction-started-twice",
        (AddCall(TX_EVENT, _second_start, when=IS_STARTED),),
    ),
    Misbehaviour(
        "reuse-transaction-id",
        "All transactions have the same transactionId.",
        "transaction-started-twice",
        (ChangeCall(TX_EVENT, put("transactionInfo.transactionId", "1")),),
    ),
    Misbehaviour(
        "skip-seq-no",
        "The seqNo of a transaction goes from 0 to 2.",
        "seq-no-missing",
        (ChangeCall(TX_EVENT, alter("seqNo", lambda seq_no: seq_no + (seq_no > 0))),),
    ),
    Misbehaviour(
        "lose-charging-event",
        "The event about the start of charging is lost.",
        "seq-no-missing",
        (SkipCall(TX_EVENT, when=IS_CHARGING),),
    ),
    Misbehaviour(
        "repeat-seq-no",
        "The event about the start of charging is followed by another one with the same seqNo.",
        "seq-no-repeated",
        (AddCall(TX_EVENT, _same_seq_no, when=both(IS_UPDATED, IS_CHARGING)),),
    ),
    Misbehaviour(
        "send-second-ended-event",
        "The Ended event of a transaction is followed by another one with the same seqNo.",
        "seq-no-repeated",
        (AddCall(TX_EVENT, _second_ended, when=IS_ENDED),),
    ),
    Misbehaviour(
        "continue-after-ended",
        "The Ended event of a transaction is followed by an Updated event.",
        "event-after-ended",
        (AddCall(TX_EVENT, _after_ended, when=IS_ENDED),),
    ),
    Misbehaviour(
        "omit-id-token",
        "No event of a transaction has the idToken it was authorized with.",
        "id-token-missing",
        (ChangeCall(TX_EVENT, drop("idToken"), when=lambda event: not IS_STOP(event)),),
    ),
    Misbehaviour(
        "omit-token-of-remote-start",
        "No event of a transaction has the idToken of the RequestStartTransaction that started it.",
        "id-token-missing",
        (ChangeCall(TX_EVENT, drop("idToken"), when=IS_REMOTE_START),),
    ),
    Misbehaviour(
        "omit-stop-token",
        "The event in which a driver ends the authorization has no idToken.",
        "stop-token-missing",
        (ChangeCall(TX_EVENT, drop("idToken"), when=IS_STOP),),
    ),
    Misbehaviour(
        "repeat-id-token",
        "Periodic events of a transaction repeat the idToken.",
        "id-token-repeated",
        (ChangeCall(TX_EVENT, _first_token, when=where("triggerReason", "MeterValuePeriodic")),),
    ),
    Misbehaviour(
        "change-token-type",
        "The idToken that ends the authorization differs in its type from the one that started it.",
        "id-token-type-changed",
        (ChangeCall(TX_EVENT, put("idToken.type", "ISO15693"), when=IS_STOP),),
    ),
    Misbehaviour(
        "report-remote-start-as-authorized",
        "The event that reports a remote start has triggerReason Authorized.",
        "remote-start-not-reported",
        (ChangeCall(TX_EVENT, put("triggerReason", "Authorized"), when=IS_REMOTE_START),),
    ),
    Misbehaviour(
        "report-remote-stop-as-local",
        "The Ended event after a RequestStopTransaction has no stoppedReason.",
        "stopped-reason-wrong",
        (ChangeCall(TX_EVENT, drop("transactionInfo.stoppedReason"), when=IS_ENDED),),
    ),
    Misbehaviour(
        "omit-reservation-id",
        "The transaction that uses a reservation does not name it.",
        "reservation-id-missing",
        (ChangeCall(TX_EVENT, drop("reservationId")),),
    ),
    Misbehaviour(
        "omit-evse",
        "No event of a transaction names the EVSE.",
        "evse-missing",
        (ChangeCall(TX_EVENT, drop("evse")),),
    ),
    Misbehaviour(
        "omit-connector-id",
        "The events of a transaction name the EVSE, but not the connector.",
        "evse-missing",
        (ChangeCall(TX_EVENT, drop("evse.connectorId")),),
    ),
    Misbehaviour(
        "repeat-evse",
        "All events of a transaction name the EVSE and the connector.",
        "evse-repeated",
        (ChangeCall(TX_EVENT, _first_evse),),
    ),
    Misbehaviour(
        "count-connectors-from-0",
        "The connector of a transaction has the number 0.",
        "transaction-evse-invalid",
        (ChangeCall(TX_EVENT, alter("evse.connectorId", lambda number: number - 1)),),
    ),
    Misbehaviour(
        "never-end-transaction",
        "The Ended event of the first transaction is not sent.",
        "transactions-overlap",
        (SkipCall(TX_EVENT, when=IS_ENDED, limit=1),),
    ),
    Misbehaviour(
        "omit-offline-flag",
        "Events from an offline period are not flagged as offline.",
        "offline-flag-missing",
        (ChangeCall(TX_EVENT, drop("offline")),),
    ),
    Misbehaviour(
        "flag-all-events-offline",
        "All events are flagged as offline.",
        "offline-flag-wrong",
        (ChangeCall(TX_EVENT, put("offline", value=True)),),
    ),
    Misbehaviour(
        "go-back-in-time",
        "The timestamp of the event about the start of charging is 30 seconds too early.",
        "timestamp-goes-back",
        (
            ChangeCall(
                TX_EVENT,
                alter("timestamp", lambda text: moved(text, timedelta(seconds=-30))),
                when=both(IS_UPDATED, IS_CHARGING),
            ),
        ),
    ),
    Misbehaviour(
        "count-energy-down",
        "The energy register of a transaction counts down.",
        "meter-register-decreased",
        (
            ChangeCall(
                TX_EVENT,
                alter("meterValue.sampledValue", lambda samples: [*map(_counted_down, samples)]),
            ),
        ),
    ),
    Misbehaviour(
        "label-all-readings-periodic",
        "The readings of Started and Ended events have context Sample.Periodic.",
        "meter-context-wrong",
        (
            ChangeCall(
                TX_EVENT,
                alter("meterValue.sampledValue", lambda samples: [*map(_sampled_periodically, samples)]),
            ),
        ),
    ),
    Misbehaviour(
        "send-periodic-meter-values",
        "The periodic readings of a transaction are also sent in MeterValues.",
        "transaction-readings-misplaced",
        (
            AddCall(
                TX_EVENT,
                _meter_values,
                added_action=Action.meter_values,
                when=where("triggerReason", "MeterValuePeriodic"),
            ),
        ),
    ),
    Misbehaviour(
        "count-energy-of-evse-down",
        "The energy register in MeterValues counts down.",
        "meter-register-decreased",
        (
            ChangeCall(
                Action.meter_values,
                alter("meterValue.sampledValue", lambda samples: [*map(_counted_down, samples)]),
            ),
        ),
    ),
)
