"""How one station is treated: every setting that may differ from station to station."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt

from mock_csms.behaviour.tokens import AuthMode, AuthorizationStatus, Token, TokenBook
from mock_csms.settings.field_types import (
    ANSWERS_GROUP,
    AUTOMATIC_GROUP,
    BOOT_STATUSES,
    COMMANDS_GROUP,
    FAULTS_GROUP,
    PAYLOADS_GROUP,
    SECONDS,
    SOME_SECONDS,
    TOKENS_GROUP,
    TRUE_OR_FALSE,
    WHOLE_NUMBER,
    WHOLE_SECONDS,
    BootStatus,
    BootStatuses,
    Duration,
    Faults,
    Interval,
    ItemsPerMessage,
    OptionalCommand,
    PayloadSetting,
    Period,
    PeriodOrSwitch,
    PlanStep,
    PlanSteps,
    Price,
    Seconds,
    Validation,
    VariableNames,
    VariableValues,
    Words,
    setting,
)
from mock_csms.stations.transactions import Transaction


class Profile(BaseModel):
    """How a station is treated; every field is also a flag and an ``OCPP_MOCK_*`` environment variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: OptionalCommand = setting(
        None,
        "the command to send, with --period or --delay",
        group=COMMANDS_GROUP,
        wants="a command",
        example="GetBaseReport --period 5",
        short="-c",
        metavar="NAME",
    )
    period: Period | None = setting(
        None,
        "send it every so many seconds",
        group=COMMANDS_GROUP,
        wants=SOME_SECONDS,
        example="5",
        short="-p",
        metavar="SECONDS",
    )
    delay: Seconds | None = setting(
        None,
        "send it once to each station, after so many seconds; with --period, wait that long before the first",
        group=COMMANDS_GROUP,
        wants=SECONDS,
        example="2",
        short="-d",
        metavar="SECONDS",
    )
    commands: PlanSteps = setting(
        (),
        "send a sequence once to each station, NAME:SECONDS,... each so long after the one before",
        group=COMMANDS_GROUP,
        wants="commands with seconds",
        example="RequestStartTransaction:5,RequestStopTransaction:30",
        metavar="LIST",
    )
    start: Literal["boot", "connect"] = setting(
        "boot",
        "what is waited for before the first command: boot (its BootNotification is answered Accepted or "
        "Pending) or connect",
        group=COMMANDS_GROUP,
        wants="boot or connect",
        example="connect",
        metavar="WHEN",
    )
    repeat: Literal["once", "connection", "boot"] = setting(
        "once",
        "how often a station is sent a sequence, or a command with --delay: once, on every connection or "
        "after every boot",
        group=COMMANDS_GROUP,
        wants="once, connection or boot",
        example="boot",
        metavar="HOW",
    )
    payload: PayloadSetting = setting(
        None,
        "JSON object, or @FILE with one, laid over the command's default payload; null removes a key",
        group=COMMANDS_GROUP,
        wants="a JSON object",
        example='\'{"type": "OnIdle"}\'',
        metavar="JSON",
    )
    call_timeout: Period = setting(
        30.0,
        "seconds to wait for a station's answer to a command",
        group=COMMANDS_GROUP,
        wants=SOME_SECONDS,
        example="10",
        metavar="SECONDS",
    )
    get_variables_limit: ItemsPerMessage = setting(
        None,
        "most items in one GetVariables, a longer list goes out as several; by default what the station "
        "reports in DeviceDataCtrlr.ItemsPerMessage",
        group=COMMANDS_GROUP,
        wants=WHOLE_NUMBER,
        example="4",
        metavar="NUMBER",
    )
    set_variables_limit: ItemsPerMessage = setting(
        None,
        "the same for SetVariables",
        group=COMMANDS_GROUP,
        wants=WHOLE_NUMBER,
        example="4",
        metavar="NUMBER",
    )
    get_report_limit: ItemsPerMessage = setting(
        None,
        "the same for the componentVariable list of a GetReport",
        group=COMMANDS_GROUP,
        wants=WHOLE_NUMBER,
        example="4",
        metavar="NUMBER",
    )

    trigger_message: str | None = setting(
        None,
        "what TriggerMessage asks for",
        group=PAYLOADS_GROUP,
        wants="a message that can be triggered",
        example="BootNotification --command TriggerMessage --period 60",
        metavar="MESSAGE",
    )
    reset_type: Literal["Immediate", "OnIdle"] = setting(
        "Immediate",
        "the type of a Reset: Immediate or OnIdle",
        group=PAYLOADS_GROUP,
        wants="Immediate or OnIdle",
        example="OnIdle",
        metavar="TYPE",
    )
    availability_status: Literal["Operative", "Inoperative"] = setting(
        "Operative",
        "the operationalStatus of a ChangeAvailability: Operative or Inoperative",
        group=PAYLOADS_GROUP,
        wants="Operative or Inoperative",
        example="Inoperative",
        metavar="STATUS",
    )
    get_variables: VariableNames = setting(
        (),
        "what GetVariables asks for, Component.Variable,...",
        group=PAYLOADS_GROUP,
        wants="a list of variables",
        example="OCPPCommCtrlr.HeartbeatInterval,EVSE.AvailabilityState",
        metavar="LIST",
    )
    set_variables: VariableValues = setting(
        (),
        "what SetVariables sets, Component.Variable=Value,...",
        group=PAYLOADS_GROUP,
        wants="a list of variables with values",
        example="OCPPCommCtrlr.HeartbeatInterval=60",
        metavar="LIST",
    )
    local_list_tokens: Words = setting(
        (),
        "the idTokens of a SendLocalList",
        group=PAYLOADS_GROUP,
        wants="idTokens",
        example="AABBCC DDEEFF",
        metavar="TOKEN",
        many="words",
    )
    reservation_id: PositiveInt | None = setting(
        None,
        "the id of a ReserveNow and a CancelReservation",
        group=PAYLOADS_GROUP,
        wants=WHOLE_NUMBER,
        example="7",
        metavar="ID",
    )
    reserve_id_token: Annotated[str, Field(max_length=36)] | None = setting(
        None,
        "the idToken of a ReserveNow",
        group=PAYLOADS_GROUP,
        wants="an idToken",
        example="AABBCC",
        metavar="TOKEN",
    )
    reserve_evse_id: PositiveInt | None = setting(
        None,
        "the EVSE of a ReserveNow",
        group=PAYLOADS_GROUP,
        wants=WHOLE_NUMBER,
        example="2",
        metavar="ID",
    )

    validation: Validation = setting(
        "strict",
        "strict: a message that breaks its schema is refused with a CALLERROR; report: the log says what is "
        "wrong, the answer is as if it were valid; off: nobody looks",
        group=ANSWERS_GROUP,
        wants="strict, report or off",
        example="report",
        metavar="HOW",
    )
    boot_status: BootStatus = setting(
        "Accepted",
        f"answer to BootNotification: {BOOT_STATUSES}",
        group=ANSWERS_GROUP,
        wants=BOOT_STATUSES,
        example="Pending",
        metavar="STATUS",
    )
    boot_status_sequence: BootStatuses = setting(
        (),
        "answers to each station's first, second, ... BootNotification; the last one stays",
        group=ANSWERS_GROUP,
        wants=f"a list of {BOOT_STATUSES}",
        example="Pending,Pending,Accepted",
        metavar="LIST",
    )
    heartbeat_interval: Interval = setting(
        300,
        "seconds between Heartbeats, told to a station whose boot is Accepted",
        group=ANSWERS_GROUP,
        wants=WHOLE_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    boot_retry_interval: Interval = setting(
        30,
        "seconds until the next BootNotification, told to a station whose boot is Pending or Rejected",
        group=ANSWERS_GROUP,
        wants=WHOLE_SECONDS,
        example="10",
        metavar="SECONDS",
    )
    clock_skew: Duration = setting(
        0.0,
        "how far currentTime is ahead of the time, in seconds or as in 90s, -15m, 2h, 3d",
        group=ANSWERS_GROUP,
        wants="a number of seconds, or one with s, m, h or d",
        example="-3600",
        metavar="TIME",
    )
    cost_per_kwh: Price = setting(
        0.25,
        "price of a kWh; totalCost runs with the meter values of a transaction",
        group=ANSWERS_GROUP,
        wants="a price from 0 to 1000000",
        example="0.3",
        metavar="PRICE",
    )
    total_cost: Price | None = setting(
        None,
        "tell this totalCost instead, whatever the meter says",
        group=ANSWERS_GROUP,
        wants="a price from 0 to 1000000",
        example="12.5",
        metavar="PRICE",
    )

    auth_mode: AuthMode = setting(
        "normal",
        "normal: the tokens of the file have their status, all others --unknown-token; whitelist: others "
        "must be on it or are Blocked; blacklist: those on it are Blocked; rate_limit: all are NotAtThisTime",
        group=TOKENS_GROUP,
        wants="normal, whitelist, blacklist or rate_limit",
        example="whitelist",
        metavar="MODE",
    )
    whitelist: Words = setting(
        ("valid_token", "test_token", "authorized_user"),
        "idTokens that are Accepted with --auth-mode whitelist",
        group=TOKENS_GROUP,
        wants="idTokens",
        example="AABBCC DDEEFF",
        metavar="TOKEN",
        many="words",
    )
    blacklist: Words = setting(
        ("blocked_token", "invalid_user"),
        "idTokens that are Blocked with --auth-mode blacklist",
        group=TOKENS_GROUP,
        wants="idTokens",
        example="AABBCC DDEEFF",
        metavar="TOKEN",
        many="words",
    )
    unknown_token: AuthorizationStatus = setting(
        "Accepted",
        "the status of an idToken that nobody has said anything of",
        group=TOKENS_GROUP,
        wants="an AuthorizationStatusEnumType",
        example="Unknown",
        metavar="STATUS",
    )
    offline: bool = setting(
        False,
        "answer Authorize with an InternalError, as when whoever knows the tokens cannot be reached",
        group=TOKENS_GROUP,
        wants=TRUE_OR_FALSE,
        example="",
    )
    auth_group_id: Annotated[str, Field(max_length=36)] | None = setting(
        None,
        "the groupIdToken of every idToken that has none of its own",
        group=TOKENS_GROUP,
        wants="an idToken of at most 36 characters",
        example="GROUP1",
        metavar="GROUP",
    )
    auth_cache_expiry: Period | None = setting(
        None,
        "seconds until a station has to forget an idToken that has no cacheExpiry of its own",
        group=TOKENS_GROUP,
        wants=SOME_SECONDS,
        example="3600",
        metavar="SECONDS",
    )
    concurrent_tx: bool = setting(
        False,
        "find an idToken ConcurrentTx that already charges elsewhere",
        group=TOKENS_GROUP,
        wants=TRUE_OR_FALSE,
        example="",
    )
    master_pass_group: Annotated[str, Field(max_length=36)] | None = setting(
        None,
        "the MasterPassGroupId (C16): it is set in each station after its boot, and no transaction starts "
        "with an idToken of that group",
        group=TOKENS_GROUP,
        wants="an idToken of at most 36 characters",
        example="MASTER",
        metavar="GROUP",
    )

    charging_profiles: bool = setting(
        True,
        "follow NotifyEVChargingNeeds with a SetChargingProfile (K15, K17), or do not",
        group=AUTOMATIC_GROUP,
        wants=TRUE_OR_FALSE,
        example="",
    )
    charging_limit: Annotated[FiniteFloat, Field(gt=0)] | None = setting(
        None,
        "most that such a profile allows, in A for AC and in W for DC",
        group=AUTOMATIC_GROUP,
        wants="a number of A or W greater than 0",
        example="16",
        metavar="LIMIT",
    )
    cost_updates: PeriodOrSwitch = setting(
        None,
        "send CostUpdated for each running transaction every so many seconds, 60 if none are given (I02)",
        group=AUTOMATIC_GROUP,
        wants=SOME_SECONDS,
        example="30",
        metavar="SECONDS",
        without_value="60",
    )
    after_invalid_id: Literal["nothing", "stop"] = setting(
        "nothing",
        "what follows a transaction that starts with an idToken that is not Accepted: nothing, or stop for a "
        "RequestStopTransaction",
        group=AUTOMATIC_GROUP,
        wants="nothing or stop",
        example="stop",
        metavar="WHAT",
    )
    ask_for_boot: PeriodOrSwitch = setting(
        None,
        "ask a station that does not boot within so many seconds to, with a TriggerMessage; 60 if none are "
        "given",
        group=AUTOMATIC_GROUP,
        wants=SOME_SECONDS,
        example="10",
        metavar="SECONDS",
        without_value="60",
    )
    check_transactions: bool = setting(
        False,
        "ask a station that comes back for the status of each transaction it left open (E14)",
        group=AUTOMATIC_GROUP,
        wants=TRUE_OR_FALSE,
        example="",
    )

    faults: Faults = setting(
        (),
        "TARGET:KIND[=VALUE][:key=value...], where TARGET is an action, STATION/ACTION or handshake; as "
        "often as you like",
        group=FAULTS_GROUP,
        wants="a fault",
        example="'Heartbeat:no-answer:times=2'",
        flag="--fault",
        metavar="FAULT",
        many="flags",
    )

    tokens: dict[str, Token] = Field(default_factory=dict)
    """The book of idTokens, by idToken."""

    @property
    def steps(self) -> tuple[PlanStep, ...]:
        """What is sent once, or once each time."""
        if self.command and self.delay is not None:
            return (PlanStep(self.command, self.delay),)
        return self.commands

    def plan_in_words(self) -> str:
        """Say which commands go out, and when, for the person at the terminal."""
        if self.commands:
            return ", ".join(f"{step.command} after {step.after:g} s" for step in self.commands)
        if self.command is None:
            return "none of them by itself"
        once = f" after {self.delay:g} s" if self.delay is not None else ""
        return f"{self.command}{once}" + (f" every {self.period:g} s" if self.period else "")

    def boot_status_at(self, boot: int) -> BootStatus:
        """The answer to a station's first (1), second (2), ... BootNotification."""
        sequence = self.boot_status_sequence or (self.boot_status,)
        return sequence[min(boot, len(sequence)) - 1]

    @cached_property
    def token_book(self) -> TokenBook:
        """What is known of tokens; they are found in whatever case they are written (Part 2, IdTokenType)."""
        return TokenBook(
            {name.lower(): token for name, token in self.tokens.items()},
            self.auth_mode,
            frozenset(name.lower() for name in self.whitelist),
            frozenset(name.lower() for name in self.blacklist),
            self.unknown_token,
            self.auth_group_id,
            self.auth_cache_expiry,
        )

    def cost_of(self, transaction: Transaction) -> float:
        """What a transaction costs so far: the fixed price, or that of the energy its meter shows."""
        return transaction.cost(self.cost_per_kwh) if self.total_cost is None else self.total_cost
