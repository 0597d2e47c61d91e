"""Settings of a station's commands and their default payloads."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from mock_csms.settings.field_types import (
    COMMANDS_GROUP,
    PAYLOADS_GROUP,
    SECONDS,
    SOME_SECONDS,
    WHOLE_NUMBER,
    ItemsPerMessage,
    OptionalCommand,
    PayloadSetting,
    Period,
    PlanSteps,
    Seconds,
    VariableNames,
    VariableValues,
    Words,
    setting,
)


class CommandSettings(BaseModel):
    """Commands to one station; the first part of a `Profile`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: OptionalCommand = setting(
        None,
        "command to send; needs --period or --delay",
        group=COMMANDS_GROUP,
        expected="a command",
        example="GetBaseReport --period 5",
        short="-c",
        metavar="NAME",
    )
    period: Period | None = setting(
        None,
        "seconds between repetitions of --command",
        group=COMMANDS_GROUP,
        expected=SOME_SECONDS,
        example="5",
        short="-p",
        metavar="SECONDS",
    )
    delay: Seconds | None = setting(
        None,
        "send --command once to each station after this many seconds; with --period, wait this many seconds "
        "before sending it for the first time",
        group=COMMANDS_GROUP,
        expected=SECONDS,
        example="2",
        short="-d",
        metavar="SECONDS",
    )
    commands: PlanSteps = setting(
        (),
        "sequence of commands to send to each station, once or as --repeat says: NAME:SECONDS,..., where "
        "SECONDS is the wait before the command",
        group=COMMANDS_GROUP,
        expected="a list of commands with seconds",
        example="RequestStartTransaction:5,RequestStopTransaction:30",
        metavar="LIST",
    )
    start: Literal["boot", "connect"] = setting(
        "boot",
        "event after which a station gets its first command. boot: its BootNotification is answered Accepted "
        "or Pending; connect: it connects",
        group=COMMANDS_GROUP,
        expected="boot or connect",
        example="connect",
        metavar="WHEN",
    )
    repeat: Literal["once", "connection", "boot"] = setting(
        "once",
        "how often a station gets the sequence of --commands, or the --command if --delay is set. once: only "
        "once; connection: again on each connection; boot: again after each boot",
        group=COMMANDS_GROUP,
        expected="once, connection or boot",
        example="boot",
        metavar="HOW",
    )
    payload: PayloadSetting = setting(
        None,
        "JSON object, or @FILE to read one from a file, merged over the default payload of --command; null "
        "removes a key",
        group=COMMANDS_GROUP,
        expected="a JSON object",
        example='\'{"type": "OnIdle"}\'',
        metavar="JSON",
    )
    call_timeout: Period = setting(
        30.0,
        "seconds to wait for a station's answer to a command",
        group=COMMANDS_GROUP,
        expected=SOME_SECONDS,
        example="10",
        metavar="SECONDS",
    )
    get_variables_limit: ItemsPerMessage = setting(
        None,
        "maximum number of items in one GetVariables; longer lists are split (default: the limit the station "
        "reports in DeviceDataCtrlr.ItemsPerMessage[GetVariables])",
        group=COMMANDS_GROUP,
        expected=WHOLE_NUMBER,
        example="4",
        metavar="NUMBER",
    )
    set_variables_limit: ItemsPerMessage = setting(
        None,
        "maximum number of items in one SetVariables; longer lists are split (default: the limit the station "
        "reports in DeviceDataCtrlr.ItemsPerMessage[SetVariables])",
        group=COMMANDS_GROUP,
        expected=WHOLE_NUMBER,
        example="4",
        metavar="NUMBER",
    )
    get_report_limit: ItemsPerMessage = setting(
        None,
        "maximum number of componentVariable items in one GetReport; longer lists are split (default: the "
        "limit the station reports in DeviceDataCtrlr.ItemsPerMessage[GetReport])",
        group=COMMANDS_GROUP,
        expected=WHOLE_NUMBER,
        example="4",
        metavar="NUMBER",
    )

    trigger_message: str | None = setting(
        None,
        "message that TriggerMessage requests",
        group=PAYLOADS_GROUP,
        expected="a message that can be triggered",
        example="BootNotification --command TriggerMessage --period 60",
        metavar="MESSAGE",
    )
    reset_type: Literal["Immediate", "OnIdle"] = setting(
        "Immediate",
        "type in Reset: Immediate or OnIdle",
        group=PAYLOADS_GROUP,
        expected="Immediate or OnIdle",
        example="OnIdle",
        metavar="TYPE",
    )
    availability_status: Literal["Operative", "Inoperative"] = setting(
        "Operative",
        "operationalStatus in ChangeAvailability: Operative or Inoperative",
        group=PAYLOADS_GROUP,
        expected="Operative or Inoperative",
        example="Inoperative",
        metavar="STATUS",
    )
    get_variables: VariableNames = setting(
        (),
        "variables that GetVariables reads: Component.Variable,..., with instances and EVSEs as in "
        "Connector#1.2/Problem or DeviceDataCtrlr/ItemsPerMessage[GetReport]",
        group=PAYLOADS_GROUP,
        expected="a list of variables",
        example="OCPPCommCtrlr.HeartbeatInterval,EVSE.AvailabilityState",
        metavar="LIST",
    )
    set_variables: VariableValues = setting(
        (),
        "variables that SetVariables writes: Component.Variable=Value,..., with instances and EVSEs as in "
        "--get-variables",
        group=PAYLOADS_GROUP,
        expected="a list of variables with values",
        example="OCPPCommCtrlr.HeartbeatInterval=60",
        metavar="LIST",
    )
    id_token: Annotated[str, Field(min_length=1, max_length=36)] | None = setting(
        None,
        "idToken in RequestStartTransaction (default: the first Accepted one of the tokens table or "
        "whitelist, otherwise 0123456789ABCD)",
        group=PAYLOADS_GROUP,
        expected="an idToken of at most 36 characters",
        example="AABBCC",
        metavar="TOKEN",
    )
    local_list_tokens: Words = setting(
        (),
        "idTokens in SendLocalList (default: those of the tokens table and, with --auth-mode whitelist, of "
        "--whitelist)",
        group=PAYLOADS_GROUP,
        expected="a list of idTokens",
        example="AABBCC DDEEFF",
        metavar="TOKEN",
        many="words",
    )
    reservation_id: PositiveInt | None = setting(
        None,
        "reservation id in ReserveNow and CancelReservation",
        group=PAYLOADS_GROUP,
        expected=WHOLE_NUMBER,
        example="7",
        metavar="ID",
    )
    reserve_id_token: Annotated[str, Field(max_length=36)] | None = setting(
        None,
        "idToken in ReserveNow (default: the idToken that RequestStartTransaction names)",
        group=PAYLOADS_GROUP,
        expected="an idToken",
        example="AABBCC",
        metavar="TOKEN",
    )
    reserve_evse_id: PositiveInt | None = setting(
        None,
        "EVSE id in ReserveNow",
        group=PAYLOADS_GROUP,
        expected=WHOLE_NUMBER,
        example="2",
        metavar="ID",
    )
