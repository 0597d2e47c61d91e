"""Misbehaviours of OCPP-J: message ids, frames, schemas, answers."""

from collections.abc import Iterable
from typing import Final
from uuid import uuid4

from ocpp.v201.enums import Action

from mock_csms.messages import call_frame, call_result_frame
from mock_csms.simulator.misbehaviour.changes import alter, put, where
from mock_csms.simulator.misbehaviour.deviations import (
    AddCall,
    ChangeAnswer,
    ChangeCall,
    ChangeFrames,
    RepeatMessageId,
)
from mock_csms.simulator.misbehaviour.record import Misbehaviour


def _with_parallel_call(frame: bytes) -> Iterable[bytes]:
    return frame, call_frame(str(uuid4()), Action.heartbeat, {})


def _with_malformed_frame(frame: bytes) -> Iterable[bytes]:
    return b'[2,"' + str(uuid4()).encode() + b'","Heartbeat"', frame


def _with_unknown_answer(frame: bytes) -> Iterable[bytes]:
    return call_result_frame(str(uuid4()), {}), frame


def _twice(frame: bytes) -> Iterable[bytes]:
    return frame, frame


def _not_at_all(_: bytes) -> Iterable[bytes]:
    return ()


MESSAGE_MISBEHAVIOURS: Final = (
    Misbehaviour(
        "reuse-message-id",
        "Every fifth CALL has the message id of the CALL before it.",
        "message-id-reused",
        (RepeatMessageId(None, every=5),),
    ),
    Misbehaviour(
        "send-calls-in-parallel",
        "A Heartbeat follows each StatusNotification before the StatusNotification is answered.",
        "calls-in-parallel",
        (ChangeFrames(Action.status_notification, _with_parallel_call),),
    ),
    Misbehaviour(
        "send-malformed-frame",
        "A frame that is not JSON comes before the first StatusNotification.",
        "malformed-frame",
        (ChangeFrames(Action.status_notification, _with_malformed_frame, limit=1),),
    ),
    Misbehaviour(
        "report-ocpp-1-6-status",
        "An occupied connector is reported as Charging, which is a status of OCPP 1.6.",
        "call-violates-schema",
        (
            ChangeCall(
                Action.status_notification,
                put("connectorStatus", "Charging"),
                when=where("connectorStatus", "Occupied"),
            ),
        ),
    ),
    Misbehaviour(
        "answer-invalid-status",
        "The status of each answer is spelled in capital letters.",
        "answer-violates-schema",
        (ChangeAnswer(None, alter("status", lambda status: str(status).upper())),),
    ),
    Misbehaviour(
        "leave-command-unanswered",
        "The first command is carried out but not answered.",
        "call-unanswered",
        (ChangeFrames(None, _not_at_all, is_answer=True, limit=1),),
    ),
    Misbehaviour(
        "answer-unknown-call",
        "An answer to a CALL that was never sent comes before the first StatusNotification.",
        "answer-to-unknown-call",
        (ChangeFrames(Action.status_notification, _with_unknown_answer, limit=1),),
    ),
    Misbehaviour(
        "repeat-answer",
        "The first command is answered twice.",
        "answer-repeated",
        (ChangeFrames(None, _twice, is_answer=True, limit=1),),
    ),
    Misbehaviour(
        "send-unknown-action",
        "The first StatusNotification is followed by StartTransaction, an action of OCPP 1.6.",
        "unknown-action",
        (AddCall(Action.status_notification, lambda *_: {}, "StartTransaction", limit=1),),
    ),
)
