"""Misbehaviours with commands: the station accepts a command but does not carry it out (B, F, G)."""

from collections.abc import Iterable
from typing import Final
from uuid import uuid4

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject, call_frame
from mock_csms.simulator.misbehaviour.changes import NO_PROPERTY, alter, drop, put, where
from mock_csms.simulator.misbehaviour.deviations import (
    AddCall,
    ChangeAnswer,
    ChangeCall,
    ChangeFrames,
    IgnoreCommand,
    SkipCall,
)
from mock_csms.simulator.misbehaviour.record import Misbehaviour
from mock_csms.simulator.station import SimulatedStation

ACCEPTED_ANSWER: Final[JsonObject] = {"status": "Accepted"}


def _available(station: SimulatedStation, _: JsonObject) -> JsonObject:
    status = {"timestamp": station.core.timestamp(), "connectorStatus": "Available"}
    return {**status, "evseId": 2, "connectorId": 1}


def _after_boot(answer: bytes) -> Iterable[bytes]:
    if b'"Accepted"' not in answer:
        return (answer,)
    boot = {"reason": "RemoteReset", "chargingStation": {"model": "Model", "vendorName": "Vendor"}}
    return call_frame(str(uuid4()), Action.boot_notification, boot), answer


COMMAND_MISBEHAVIOURS: Final = (
    Misbehaviour(
        "never-reset",
        "An immediate Reset is accepted but not carried out.",
        "reset-not-carried-out",
        (IgnoreCommand(Action.reset, ACCEPTED_ANSWER, when=where("type", "Immediate")),),
    ),
    Misbehaviour(
        "ignore-triggers",
        "A TriggerMessage for MeterValues is accepted but no MeterValues are sent.",
        "trigger-not-carried-out",
        (
            IgnoreCommand(
                Action.trigger_message, ACCEPTED_ANSWER, when=where("requestedMessage", "MeterValues")
            ),
        ),
    ),
    Misbehaviour(
        "never-change-availability",
        "A ChangeAvailability of the whole station is accepted but not carried out.",
        "availability-not-carried-out",
        (IgnoreCommand(Action.change_availability, ACCEPTED_ANSWER, when=where("evse", NO_PROPERTY)),),
    ),
    Misbehaviour(
        "never-stop-remotely",
        "A RequestStopTransaction is accepted but the transaction goes on.",
        "stop-not-carried-out",
        (IgnoreCommand(Action.request_stop_transaction, ACCEPTED_ANSWER),),
    ),
    Misbehaviour(
        "never-start-remotely",
        "A RequestStartTransaction for EVSE 1 is accepted but no transaction starts.",
        "start-not-carried-out",
        (IgnoreCommand(Action.request_start_transaction, ACCEPTED_ANSWER, when=where("evseId", 1)),),
    ),
    Misbehaviour(
        "never-send-report",
        "A GetBaseReport is accepted but no report is sent.",
        "report-not-sent",
        (IgnoreCommand(Action.get_base_report, ACCEPTED_ANSWER),),
    ),
    Misbehaviour(
        "never-upload-log",
        "A GetLog is accepted but no log is uploaded.",
        "log-status-not-sent",
        (IgnoreCommand(Action.get_log, {**ACCEPTED_ANSWER, "filename": "never.log"}),),
    ),
    Misbehaviour(
        "never-update-firmware",
        "An UpdateFirmware is accepted but not carried out.",
        "firmware-status-not-sent",
        (IgnoreCommand(Action.update_firmware, ACCEPTED_ANSWER),),
    ),
    Misbehaviour(
        "omit-log-request-id",
        "The statuses of a log upload have no requestId.",
        "request-id-missing",
        (ChangeCall(Action.log_status_notification, drop("requestId")),),
    ),
    Misbehaviour(
        "accept-boot-trigger",
        "A TriggerMessage for a BootNotification is accepted after the boot was accepted.",
        "boot-trigger-accepted",
        (
            IgnoreCommand(
                Action.trigger_message, ACCEPTED_ANSWER, when=where("requestedMessage", "BootNotification")
            ),
        ),
    ),
    Misbehaviour(
        "accept-first-remote-start",
        "The first RequestStartTransaction is accepted, even while the boot is Pending.",
        "remote-request-accepted-while-pending",
        (IgnoreCommand(Action.request_start_transaction, ACCEPTED_ANSWER, limit=1),),
    ),
    Misbehaviour(
        "accept-reset-during-transaction",
        "A Reset OnIdle is accepted instead of scheduled.",
        "reset-not-scheduled",
        (IgnoreCommand(Action.reset, ACCEPTED_ANSWER, when=where("type", "OnIdle")),),
    ),
    Misbehaviour(
        "boot-before-reset-answer",
        "A BootNotification with reason RemoteReset comes before the answer to an accepted Reset.",
        "reset-answered-late",
        (ChangeFrames(Action.reset, _after_boot, is_answer=True),),
    ),
    Misbehaviour(
        "accept-inoperative-during-transaction",
        "A ChangeAvailability to Inoperative is carried out but answered with Accepted instead of Scheduled.",
        "availability-not-scheduled",
        (
            ChangeAnswer(
                Action.change_availability,
                put("status", "Accepted"),
                when=where("operationalStatus", "Inoperative"),
            ),
        ),
    ),
    Misbehaviour(
        "unlock-during-transaction",
        "An UnlockConnector is answered with Unlocked, even during an authorized transaction.",
        "unlocked-during-transaction",
        (IgnoreCommand(Action.unlock_connector, {"status": "Unlocked"}),),
    ),
    Misbehaviour(
        "forget-charging-profiles",
        "A ClearChargingProfile is answered with Unknown, even for a profile that was accepted.",
        "charging-profile-unknown",
        (IgnoreCommand(Action.clear_charging_profile, {"status": "Unknown"}),),
    ),
    Misbehaviour(
        "never-report-expiry",
        "No ReservationStatusUpdate is sent when a reservation expires.",
        "reservation-expiry-not-reported",
        (SkipCall(Action.reservation_status_update, when=where("reservationUpdateStatus", "Expired")),),
    ),
    Misbehaviour(
        "report-inoperative-as-available",
        "Each Heartbeat is followed by a StatusNotification that EVSE 2 is Available.",
        "available-while-inoperative",
        (AddCall(Action.heartbeat, _available, Action.status_notification),),
    ),
    Misbehaviour(
        "omit-results",
        "The answer to a GetVariables has the result of the first variable only.",
        "answer-does-not-match",
        (ChangeAnswer(Action.get_variables, alter("getVariableResult", lambda results: results[:1])),),
    ),
    Misbehaviour(
        "rename-results",
        "The answer to a SetVariables names another variable.",
        "answer-does-not-match",
        (ChangeAnswer(Action.set_variables, put("setVariableResult.variable.name", "Other")),),
    ),
    Misbehaviour(
        "omit-values",
        "The results of a GetVariables are Accepted but have no value.",
        "answer-without-data",
        (ChangeAnswer(Action.get_variables, drop("getVariableResult.attributeValue")),),
    ),
)
