"""Misbehaviours with commands: the station accepts them but does not carry them out (B, F, G)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject
from mock_csms.simulator.misbehaviour.deviations import IgnoreCommand
from mock_csms.simulator.misbehaviour.record import Misbehaviour

ACCEPTED_ANSWER: Final[JsonObject] = {"status": "Accepted"}

COMMAND_MISBEHAVIOURS: Final = (
    Misbehaviour(
        "never-reset",
        "A Reset is accepted but not carried out.",
        "reset-not-carried-out",
        (IgnoreCommand(Action.reset, ACCEPTED_ANSWER),),
    ),
    Misbehaviour(
        "ignore-triggers",
        "A TriggerMessage is accepted but the requested message is not sent.",
        "trigger-not-carried-out",
        (IgnoreCommand(Action.trigger_message, ACCEPTED_ANSWER),),
    ),
    Misbehaviour(
        "never-change-availability",
        "A ChangeAvailability is accepted but not carried out.",
        "availability-not-carried-out",
        (IgnoreCommand(Action.change_availability, ACCEPTED_ANSWER),),
    ),
    Misbehaviour(
        "never-stop-remotely",
        "A RequestStopTransaction is accepted but the transaction goes on.",
        "stop-not-carried-out",
        (IgnoreCommand(Action.request_stop_transaction, ACCEPTED_ANSWER),),
    ),
    Misbehaviour(
        "never-start-remotely",
        "A RequestStartTransaction is accepted but no transaction starts.",
        "start-not-carried-out",
        (IgnoreCommand(Action.request_start_transaction, ACCEPTED_ANSWER),),
    ),
)
