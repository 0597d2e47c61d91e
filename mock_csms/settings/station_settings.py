"""Settings that may differ from station to station."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from mock_csms.behaviour.tokens import AuthMode, AuthorizationStatus, Token, TokenBook
from mock_csms.launch import COMMAND
from mock_csms.security.passwords import PasswordSetting
from mock_csms.settings.certificate_settings import CertificateSettings
from mock_csms.settings.field_types import (
    ANSWERS_GROUP,
    AUTOMATIC_GROUP,
    BOOT_STATUSES,
    FAULTS_GROUP,
    SECONDS,
    SECURITY_GROUP,
    SOME_SECONDS,
    TOKENS_GROUP,
    TRUE_OR_FALSE,
    WHOLE_SECONDS,
    BootStatus,
    BootStatuses,
    Duration,
    Faults,
    Interval,
    Period,
    PeriodOrSwitch,
    PlanStep,
    Price,
    Seconds,
    Validation,
    Words,
    setting,
)
from mock_csms.stations.transactions import Transaction


class Profile(CertificateSettings):
    """Behaviour towards one station; each setting is also a flag and an ``OCPP_MOCK_*`` variable."""

    security_profile: Annotated[int, Field(ge=0, le=3)] = setting(
        0,
        "lowest security profile with which a station may connect (A00). 0: none; 1: HTTP Basic with a "
        "password; 2: a password over TLS; 3: TLS with a client certificate",
        group=SECURITY_GROUP,
        expected="0, 1, 2 or 3",
        example="3",
        metavar="PROFILE",
    )
    password: PasswordSetting | None = setting(
        None,
        "password of the stations for security profiles 1 and 2, as text or as the hash that "
        f"`{COMMAND} password` prints. Other users of this machine can read flags, so prefer --password-file "
        "or the environment variable",
        group=SECURITY_GROUP,
        expected="a password",
        example="DEADBEEFDEADBEEF",
        secret=True,
    )

    validation: Validation = setting(
        "strict",
        "treatment of messages that violate the schema. strict: answer with a CALLERROR; report: log the "
        "violation and answer as if the message were valid; off: do not validate payloads",
        group=ANSWERS_GROUP,
        expected="strict, report or off",
        example="report",
        metavar="HOW",
    )
    boot_status: BootStatus = setting(
        "Accepted",
        f"status in the answer to BootNotification: {BOOT_STATUSES}",
        group=ANSWERS_GROUP,
        expected=BOOT_STATUSES,
        example="Pending",
        metavar="STATUS",
    )
    boot_status_sequence: BootStatuses = setting(
        (),
        "statuses in the answers to a station's first, second, ... BootNotification; the last status is used "
        "for all further BootNotifications",
        group=ANSWERS_GROUP,
        expected=f"a list of {BOOT_STATUSES}",
        example="Pending,Pending,Accepted",
        metavar="STATUS,...",
    )
    heartbeat_interval: Interval = setting(
        300,
        "interval in seconds in the BootNotificationResponse if its status is Accepted; the station then "
        "sends a Heartbeat this often",
        group=ANSWERS_GROUP,
        expected=WHOLE_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    boot_retry_interval: Interval = setting(
        30,
        "interval in seconds in the BootNotificationResponse if its status is Pending or Rejected; the "
        "station then waits this long before its next BootNotification",
        group=ANSWERS_GROUP,
        expected=WHOLE_SECONDS,
        example="10",
        metavar="SECONDS",
    )
    clock_skew: Duration = setting(
        0.0,
        "time added to the real time in each currentTime: a number of seconds, or a duration such as 90s, "
        "-15m, 2h or 3d",
        group=ANSWERS_GROUP,
        expected="a number of seconds, or one with s, m, h or d",
        example="-3600",
        metavar="TIME",
    )
    cost_per_kwh: Price = setting(
        0.25,
        "price per kWh; totalCost is this price times the energy in the meter values of the transaction",
        group=ANSWERS_GROUP,
        expected="a price from 0 to 1000000",
        example="0.3",
        metavar="PRICE",
    )
    total_cost: Price | None = setting(
        None,
        "fixed totalCost for every transaction, regardless of its meter values",
        group=ANSWERS_GROUP,
        expected="a price from 0 to 1000000",
        example="12.5",
        metavar="PRICE",
    )

    auth_mode: AuthMode = setting(
        "normal",
        "how to choose the status of an idToken that is not in the tokens table. normal: use "
        "--unknown-token; whitelist: Accepted for an idToken in --whitelist, Blocked for any other; "
        "blacklist: Blocked for an idToken in --blacklist, --unknown-token for any other; rate_limit: "
        "NotAtThisTime for every idToken, even one in the tokens table",
        group=TOKENS_GROUP,
        expected="normal, whitelist, blacklist or rate_limit",
        example="whitelist",
        metavar="MODE",
    )
    whitelist: Words = setting(
        ("valid_token", "test_token", "authorized_user"),
        "idTokens that --auth-mode whitelist accepts",
        group=TOKENS_GROUP,
        expected="a list of idTokens",
        example="AABBCC DDEEFF",
        metavar="TOKEN",
        many="words",
    )
    blacklist: Words = setting(
        ("blocked_token", "invalid_user"),
        "idTokens that --auth-mode blacklist blocks",
        group=TOKENS_GROUP,
        expected="a list of idTokens",
        example="AABBCC DDEEFF",
        metavar="TOKEN",
        many="words",
    )
    unknown_token: AuthorizationStatus = setting(
        "Accepted",
        "status of unknown idTokens",
        group=TOKENS_GROUP,
        expected="an AuthorizationStatusEnumType",
        example="Unknown",
        metavar="STATUS",
    )
    offline: bool = setting(
        False,
        "answer Authorize with an InternalError, as if the token database were unreachable",
        group=TOKENS_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    auth_group_id: Annotated[str, Field(max_length=36)] | None = setting(
        None,
        "groupIdToken of each idToken that has no groupIdToken of its own",
        group=TOKENS_GROUP,
        expected="an idToken of at most 36 characters",
        example="GROUP1",
        metavar="GROUP",
    )
    auth_cache_expiry: Period | None = setting(
        None,
        "seconds until a station must drop an idToken from its cache; used for each idToken that has no "
        "cacheExpiry of its own",
        group=TOKENS_GROUP,
        expected=SOME_SECONDS,
        example="3600",
        metavar="SECONDS",
    )
    concurrent_tx: bool = setting(
        False,
        "answer with ConcurrentTx if a transaction with the idToken is already running elsewhere",
        group=TOKENS_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    refuse_second_token: bool = setting(
        False,
        "answer Authorize with NotAtThisTime while the station still runs a transaction that is no longer "
        "authorized; the idToken of that transaction is exempt (C01.FR.24)",
        group=TOKENS_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    updated_tariff: Annotated[str, Field(min_length=1, max_length=512)] | None = setting(
        None,
        "tariff to announce to running transactions (I06). Each transaction gets this text once: in the "
        "answer to its next Updated event, as updatedPersonalMessage",
        group=ANSWERS_GROUP,
        expected="a text of at most 512 characters",
        example="'0.32 EUR/kWh from 18:00'",
        metavar="TEXT",
    )
    master_pass_group: Annotated[str, Field(max_length=36)] | None = setting(
        None,
        "group of master passes (C16). After a station's boot is Accepted, the server sets MasterPassGroupId "
        "in the station to this group. An idToken of the group can stop transactions, but not start one",
        group=TOKENS_GROUP,
        expected="an idToken of at most 36 characters",
        example="MASTER",
        metavar="GROUP",
    )

    charging_profiles: bool = setting(
        True,
        "send a SetChargingProfile after NotifyEVChargingNeeds (K15, K17)",
        group=AUTOMATIC_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    follow_up_delay: Seconds = setting(
        0.0,
        "seconds to wait before an automatic command, such as CertificateSigned or SetChargingProfile. The "
        "wait begins with the message of the station that causes the command",
        group=AUTOMATIC_GROUP,
        expected=SECONDS,
        example="10",
        metavar="SECONDS",
    )
    charging_limit: Annotated[FiniteFloat, Field(gt=0)] | None = setting(
        None,
        "upper limit in the charging profiles that --charging-profiles sends, in A for AC and in W for DC",
        group=AUTOMATIC_GROUP,
        expected="a number of A or W greater than 0",
        example="16",
        metavar="LIMIT",
    )
    cost_updates: PeriodOrSwitch = setting(
        None,
        "send CostUpdated for each running transaction (I02) at this interval in seconds; without a value, "
        "every 60 seconds",
        group=AUTOMATIC_GROUP,
        expected=SOME_SECONDS,
        example="30",
        metavar="SECONDS",
        without_value="60",
    )
    after_invalid_id: Literal["nothing", "stop"] = setting(
        "nothing",
        "reaction to a Started or Updated TransactionEvent whose idToken is not Accepted. nothing: only "
        "answer the event; stop: also send a RequestStopTransaction",
        group=AUTOMATIC_GROUP,
        expected="nothing or stop",
        example="stop",
        metavar="WHAT",
    )
    ask_for_boot: PeriodOrSwitch = setting(
        None,
        "trigger a BootNotification if a station sends none within this many seconds after it connected; "
        "without a value, 60 seconds",
        group=AUTOMATIC_GROUP,
        expected=SOME_SECONDS,
        example="10",
        metavar="SECONDS",
        without_value="60",
    )
    request_inventory: bool = setting(
        False,
        "request a FullInventory report (GetBaseReport) after an Accepted boot, unless the station has "
        "already sent a report with its current firmware (B07.FR.14)",
        group=AUTOMATIC_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    check_transactions: bool = setting(
        False,
        "request the status of a transaction (E14) in two cases: it is still open when its station "
        "reconnects, or it ends with a gap in its seqNos",
        group=AUTOMATIC_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )

    faults: Faults = setting(
        (),
        "fault to inject (repeatable): TARGET:KIND[=VALUE][:key=value...]. TARGET is an action, "
        "STATION/ACTION for one station only, or handshake. If the action is a message of stations, the "
        "fault changes the answer to it; if it is a command, the fault changes the command",
        group=FAULTS_GROUP,
        expected="a fault",
        example="'Heartbeat:no-answer:times=2'",
        flag="--fault",
        metavar="FAULT",
        many="flags",
    )

    tokens: dict[str, Token] = Field(
        default_factory=dict, description="known idTokens with their status, by idToken"
    )

    @property
    def steps(self) -> tuple[PlanStep, ...]:
        """Commands sent once per station, connection or boot; empty if there is only a periodic command."""
        if self.command and self.delay is not None:
            return (PlanStep(self.command, self.delay),)
        return self.commands

    def plan_in_words(self) -> str:
        """Describe the scheduled commands, for the log."""
        if self.commands:
            return ", ".join(f"{step.command} after {step.after:g} s" for step in self.commands)
        if self.command is None:
            return "none"
        delay = f" after {self.delay:g} s" if self.delay is not None else ""
        return f"{self.command}{delay}" + (f" every {self.period:g} s" if self.period else "")

    def boot_status_at(self, boot: int) -> BootStatus:
        """Status for a station's first (1), second (2), ... BootNotification."""
        sequence = self.boot_status_sequence or (self.boot_status,)
        return sequence[min(boot, len(sequence)) - 1]

    @cached_property
    def token_book(self) -> TokenBook:
        """Known idTokens, looked up without regard to case (Part 2, IdTokenType)."""
        return TokenBook(
            {name.lower(): token for name, token in self.tokens.items()},
            self.auth_mode,
            frozenset(name.lower() for name in self.whitelist),
            frozenset(name.lower() for name in self.blacklist),
            self.unknown_token,
            self.auth_group_id,
            self.auth_cache_expiry,
        )

    def is_cost_known(self, transaction: Transaction) -> bool:
        """Whether the cost is fixed or metered. A cost of 0 would mean a free transaction (I03.FR.04)."""
        return self.total_cost is not None or transaction.meter.last_at is not None

    def cost_of(self, transaction: Transaction) -> float:
        """Cost of a transaction so far: the fixed total, or the price of the metered energy."""
        return transaction.cost(self.cost_per_kwh) if self.total_cost is None else self.total_cost
