"""Settings of the commands sent to a station, and of their default payloads."""

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
    """Settings of the commands sent to one station; a base class of `Profile`."""

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
        "seconds from the event that --start names to the sending of --command. Without --period, --repeat "
        "sets how often the command is sent",
        group=COMMANDS_GROUP,
        expected=SECONDS,
        example="2",
        short="-d",
        metavar="SECONDS",
    )
    commands: PlanSteps = setting(
        (),
        "sequence of commands to send to each station: NAME:SECONDS,..., where SECONDS is the wait before "
        "the command. --repeat sets how often the sequence is sent",
        group=COMMANDS_GROUP,
        expected="a list of commands with seconds",
        example="RequestStartTransaction:5,RequestStopTransaction:30",
        metavar="NAME:SECONDS,...",
    )
    start: Literal["boot", "connect"] = setting(
        "boot",
        "event after which a station gets its first command. boot: its BootNotification is answered with "
        "Accepted or Pending; connect: it connects",
        group=COMMANDS_GROUP,
        expected="boot or connect",
        example="connect",
        metavar="WHEN",
    )
    repeat: Literal["once", "connection", "boot"] = setting(
        "once",
        "how often a station gets the sequence of --commands, or a --command with --delay. once: only once; "
        "connection: once per connection; boot: once after each boot",
        group=COMMANDS_GROUP,
        expected="once, connection or boot",
        example="boot",
        metavar="HOW",
    )
    payload: PayloadSetting = setting(
        None,
        "JSON object whose keys replace those of the default payload of --command. The value null removes a "
        "key. @FILE reads the object from a file; the control API does not accept this",
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
        "maximum number of items in one GetVariables; a longer list is sent in several GetVariables "
        "(default: the limit that the station reports in DeviceDataCtrlr.ItemsPerMessage[GetVariables])",
        group=COMMANDS_GROUP,
        expected=WHOLE_NUMBER,
        example="4",
        metavar="NUMBER",
    )
    set_variables_limit: ItemsPerMessage = setting(
        None,
        "maximum number of items in one SetVariables; a longer list is sent in several SetVariables "
        "(default: the limit that the station reports in DeviceDataCtrlr.ItemsPerMessage[SetVariables])",
        group=COMMANDS_GROUP,
        expected=WHOLE_NUMBER,
        example="4",
        metavar="NUMBER",
    )
    get_report_limit: ItemsPerMessage = setting(
        None,
        "maximum number of componentVariable items in one GetReport; a longer list is sent in several "
        "GetReports (default: the limit that the station reports in "
        "DeviceDataCtrlr.ItemsPerMessage[GetReport])",
        group=COMMANDS_GROUP,
        expected=WHOLE_NUMBER,
        example="4",
        metavar="NUMBER",
    )

    trigger_message: str | None = setting(
        None,
        "message that a TriggerMessage requests from the station",
        group=PAYLOADS_GROUP,
        expected="a message that can be triggered",
        example="BootNotification --command TriggerMessage --period 60",
        metavar="MESSAGE",
    )
    reset_type: Literal["Immediate", "OnIdle"] = setting(
        "Immediate",
        "type of reset in a Reset command: Immediate or OnIdle",
        group=PAYLOADS_GROUP,
        expected="Immediate or OnIdle",
        example="OnIdle",
        metavar="TYPE",
    )
    availability_status: Literal["Operative", "Inoperative"] = setting(
        "Operative",
        "operationalStatus in a ChangeAvailability command: Operative or Inoperative",
        group=PAYLOADS_GROUP,
        expected="Operative or Inoperative",
        example="Inoperative",
        metavar="STATUS",
    )
    get_variables: VariableNames = setting(
        (),
        "variables that GetVariables reads, as a list: Component.Variable,Component.Variable. "
        "Connector#1.2.Problem is a variable of connector 2 of EVSE 1; "
        "DeviceDataCtrlr.ItemsPerMessage[GetReport] is the instance GetReport of ItemsPerMessage",
        group=PAYLOADS_GROUP,
        expected="a list of variables",
        example="OCPPCommCtrlr.HeartbeatInterval,EVSE.AvailabilityState",
        metavar="VARIABLE,...",
    )
    set_variables: VariableValues = setting(
        (),
        "variables that SetVariables writes, as a list: Component.Variable=Value,Component.Variable=Value. "
        "Instances and EVSEs are written as in --get-variables",
        group=PAYLOADS_GROUP,
        expected="a list of variables with values",
        example="OCPPCommCtrlr.HeartbeatInterval=60",
        metavar="VARIABLE=VALUE,...",
    )
    id_token: Annotated[str, Field(min_length=1, max_length=36)] | None = setting(
        None,
        "idToken in RequestStartTransaction (default: the first Accepted idToken of the tokens table or "
        "whitelist, otherwise 0123456789ABCD)",
        group=PAYLOADS_GROUP,
        expected="an idToken of at most 36 characters",
        example="AABBCC",
        metavar="TOKEN",
    )
    local_list_tokens: Words = setting(
        (),
        "idTokens in SendLocalList (default: all idTokens of the tokens table; with --auth-mode whitelist, "
        "also those of --whitelist)",
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
        "idToken in ReserveNow (default: the same idToken as in RequestStartTransaction)",
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
