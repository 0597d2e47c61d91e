"""The settings file: what it says, what is stronger, and the one line that answers what is wrong in it."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from mock_csms.behaviour.faults import FAULT_KINDS
from mock_csms.behaviour.rules import ErrorAnswer, Rule, Then, When
from mock_csms.behaviour.tokens import AuthorizationStatus, Token
from mock_csms.settings import (
    SETTING_FIELDS,
    PlanStep,
    Profile,
    Settings,
    UsageError,
    Variable,
    read_settings,
)
from mock_csms.v201.version import OCPP_2_0_1
from server import OCPP_VERSIONS
from tests.support.paths import EXAMPLES

type Read = Callable[..., Settings]
type Complaint = Callable[..., str]

EXAMPLE_FILES = sorted(EXAMPLES.glob("*.toml"))


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def read_file(path: Path, line: str = "", **environment: str) -> Settings:
    """Read a file with a command line as a shell would; the environment is named without its prefix."""
    variables = {f"OCPP_MOCK_{name}": value for name, value in environment.items()}
    return read_settings(["--config", str(path), *shlex.split(line)], variables, OCPP_VERSIONS)


@pytest.fixture
def read(file: Path) -> Read:
    """Read settings from a file with this content, a command line and an environment."""

    def read_content(content: str, line: str = "", **environment: str) -> Settings:
        file.write_text(content, encoding="utf-8")
        return read_file(file, line, **environment)

    return read_content


@pytest.fixture
def complaint(read: Read, file: Path) -> Complaint:
    """Read settings that are wrong, and return the line that says so, with just the name of the file."""

    def complain(content: str, line: str = "", **environment: str) -> str:
        with pytest.raises(UsageError) as caught:
            read(content, line, **environment)
        return str(caught.value).replace(str(file), file.name)

    return complain


# Which source wins


SOURCES = [
    case("whole number", "port", ("port = 9001", "9002", "--port 9003"), [9000, 9001, 9002, 9003]),
    case("number", "call_timeout", ("call_timeout = 1", "2.5", "--call-timeout 3"), [30.0, 1.0, 2.5, 3.0]),
    case("text", "host", ("host = '0.0.0.0'", "::", "--host ::1"), ["127.0.0.1", "0.0.0.0", "::", "::1"]),
    case("choice", "boot_status", ("boot_status = 'Pending'", "Rejected", "--boot-status Accepted"),
         ["Accepted", "Pending", "Rejected", "Accepted"]),
    case("switch", "compression", ("compression = false", "true", "--no-compression"),
         [True, False, True, False]),
    case("path", "ready_file", ("ready_file = 'file'", "environment", "--ready-file flag"),
         [None, Path("file"), Path("environment"), Path("flag")]),
    case("list of choices", "boot_status_sequence",
         ("boot_status_sequence = ['Pending']", "Rejected,Accepted", "--boot-status-sequence Accepted"),
         [(), ("Pending",), ("Rejected", "Accepted"), ("Accepted",)]),
    case("words", "whitelist", ("whitelist = ['A', 'B']", "C,D", "--whitelist E F"),
         [("valid_token", "test_token", "authorized_user"), ("A", "B"), ("C", "D"), ("E", "F")]),
    case("sequence", "commands", ("commands = ['Reset:1']", "Reset:2", "--commands Reset:3"),
         [(), (PlanStep("Reset", 1),), (PlanStep("Reset", 2),), (PlanStep("Reset", 3),)]),
    case("variables", "set_variables", ("set_variables = ['A.B=1']", "A.B=2", "--set-variables A.B=3"),
         [(), (Variable("A", "B", "1"),), (Variable("A", "B", "2"),), (Variable("A", "B", "3"),)]),
    case("seconds or a switch", "cost_updates", ("cost_updates = true", "2", "--cost-updates 3"),
         [None, 60.0, 2.0, 3.0]),
    case("time", "clock_skew", ("clock_skew = '1h'", "2m", "--clock-skew=-3s"), [0.0, 3600.0, 120.0, -3.0]),
    case("faults", "faults",
         ("faults = ['Heartbeat:stall']", "Heartbeat:reset", "--fault Heartbeat:close --fault handshake:503"),
         [(), ("Heartbeat:stall",), ("Heartbeat:reset",), ("Heartbeat:close", "handshake:503")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "written", "values"), SOURCES)
def test_a_flag_wins_over_the_environment_and_that_over_the_file_and_that_over_the_default(
    read: Read, name: str, written: tuple[str, str, str], values: list[object]
) -> None:
    content, variable, line = written
    environment = {name.upper(): variable}

    found = [read(""), read(content), read(content, **environment), read(content, line, **environment)]

    assert [getattr(settings, name) for settings in found] == values


def test_an_empty_file_says_nothing(read: Read, file: Path) -> None:
    assert read("") == Settings(config=file)


def test_a_wrong_value_of_the_file_does_not_matter_where_a_flag_is_stronger(read: Read) -> None:
    assert read("port = 'http'", "--port 9001").port == 9001


def test_a_command_and_its_time_may_come_from_file_flag_and_environment(read: Read) -> None:
    settings = read("period = 5", "--command Reset", DELAY="2")

    assert (settings.command, settings.period, settings.delay) == ("Reset", 5, 2)


def test_the_environment_may_name_the_file(read: Read, file: Path) -> None:
    read("port = 9001")

    assert read_settings([], {"OCPP_MOCK_CONFIG": str(file)}, OCPP_VERSIONS).port == 9001


def test_the_flag_names_another_file_than_the_environment(read: Read, tmp_path: Path) -> None:
    assert read("port = 9001", CONFIG=str(tmp_path / "none.toml")).port == 9001


# How a key is written


@pytest.mark.parametrize("key", ["heartbeat_interval", "heartbeat-interval"])
def test_a_key_has_hyphens_or_underscores(read: Read, key: str) -> None:
    assert read(f"{key} = 20").heartbeat_interval == 20


@pytest.mark.parametrize("key", ["heartbeat_interval", "heartbeat-interval"])
@pytest.mark.parametrize("table", ['[stations."CS-1"]\n', "[stations]\nCS-1.", "stations.CS-1."])
def test_a_key_of_a_profile_has_hyphens_or_underscores(read: Read, table: str, key: str) -> None:
    assert read(f"{table}{key} = 20").profile("CS-1").heartbeat_interval == 20


def test_the_hyphen_of_an_identity_stays(read: Read) -> None:
    assert list(read("[stations.CS-1]\nboot-status = 'Pending'").stations) == ["CS-1"]


def test_the_hyphen_of_an_id_token_stays(read: Read) -> None:
    settings = read("[tokens.CARD-1]\nstatus = 'Blocked'\n[stations.CS1.tokens.CARD-2]\nstatus = 'Expired'")

    assert (list(settings.tokens), list(settings.stations["CS1"].tokens)) == (["CARD-1"], ["CARD-2"])


# --print-config


EVERYTHING = """
host = "0.0.0.0"
port = 9001
max_connections = 100
max_message_size = 65536
compression = false
ping_interval = 0.5
ping_timeout = 10
ready_file = "a folder/ready.json"
station = "CS0*"
seed = 123456789012345678901234567890
log_level = "warning"
log_format = "json"
control = "127.0.0.1:9002"
no_control = false
control_token = "a token"
control_origins = ["http://localhost:3000"]
files = "a folder"
max_upload = 1000
journal = "run.jsonl"
journal_rotate = 1000000
journal_max = 100
journal_max_bytes = 100000
expect = ["TransactionEvent[eventType=Ended,seqNo=3]==1", ">Reset"]
expect_order = true
deadline = 60
exit_after = 0.5
fail_on = ["findings", "errors"]
junit = "out.xml"
report = "out.json"
findings = "always"
silence = ["evse-missing"]

command = "Reset"
period = 5
delay = 0.25
start = "connect"
repeat = "boot"
payload = { type = "OnIdle", customData = { vendorId = "a \\"quoted\\" \\\\ vendor\\n" } }
call_timeout = 1.5
get_variables_limit = 4
set_variables_limit = 5
get_report_limit = 6
trigger_message = "Heartbeat"
reset_type = "OnIdle"
availability_status = "Inoperative"
get_variables = ["OCPPCommCtrlr.HeartbeatInterval", "EVSE.Power"]
set_variables = ["OCPPCommCtrlr.HeartbeatInterval=60", "EVSE.Label=a, b = c"]
local_list_tokens = ["AABBCC", "a b"]
reservation_id = 7
reserve_id_token = "DDEEFF"
reserve_evse_id = 2
validation = "report"
boot_status = "Pending"
boot_status_sequence = ["Rejected", "Accepted"]
heartbeat_interval = 60
boot_retry_interval = 10
clock_skew = "-15m"
cost_per_kwh = 1e-7
total_cost = 12.5
auth_mode = "whitelist"
whitelist = ["AABBCC"]
blacklist = []
unknown_token = "Unknown"
offline = true
auth_group_id = "GROUP"
auth_cache_expiry = 3600
concurrent_tx = true
master_pass_group = "MASTER"
charging_profiles = false
charging_limit = 16
cost_updates = true
after_invalid_id = "stop"
ask_for_boot = "true"
check_transactions = true
faults = ["Heartbeat:no-answer:times=2", "CS1/BootNotification:close=1011:reason=a, b"]

[tokens."AA BB"]
status = "Blocked"
type = "ISO14443"
groupIdToken = "FAMILY"
cacheExpiry = 3600
personalMessage = "Grüße ☃"
evseId = [1, 2]
language = "en"
certificateStatus = "CertificateRevoked"

[tokens.UNTIL]
cacheExpiry = 2030-01-01T00:00:00Z

[stations."CS-*"]
commands = ["Reset:0.5", "ClearCache:0"]
clock-skew = "2h"

[stations."CS-*".tokens.UNTIL]
status = "Accepted"

[stations.CS-1]
faults = ["BootNotification:delay=1"]
boot-status-sequence = []

[[rules]]
id = "boot"
times = 2
probability = 0.5
priority = 1
ttl = 60
set = "booted"
validate = false
when = { station = "CS*", action = "BootNotification", direction = "call", payload = { reason = "PowerUp" }, expression = "chargingStation.model == 'M'", nth = 1, state = "start" }
then = [
    { answer = { currentTime = "{{now}}" }, fault = { kind = "delay", min = 0.1, max = 0.2 } },
    { error = { code = "InternalError", description = "no", details = { a = [1, { b = "c" }] } } },
]

[[rules]]
set = "start"
when.action = "Heartbeat"
"""  # noqa: E501 - an inline table is one line

FLAGS = "--port 0 --seed 7 --no-compression --fault Heartbeat:reset --whitelist X 'Y Z' --cost-updates"
ENVIRONMENT = {"HOST": "::1", "PORT": "1", "PAYLOAD": '{"type": null}'}


def printed(capsys: pytest.CaptureFixture[str], path: Path, line: str = "", **environment: str) -> str:
    """What --print-config prints."""
    with pytest.raises(SystemExit) as caught:
        read_file(path, f"{line} --print-config", **environment)
    assert caught.value.code == 0
    return capsys.readouterr().out


def in_force(settings: Settings) -> Settings:
    """Settings without their file, and with the defaults of the OCPP version."""
    defaults = {"trigger_message": settings.trigger_message or OCPP_2_0_1.default_trigger}
    return settings.model_copy(update={"config": None, **defaults})


def assert_same(settings: Settings, others: Settings) -> None:
    """See that both say the same of everything, and of the same stations."""
    settings, others = in_force(settings), in_force(others)
    assert settings == others
    for pattern in settings.stations:
        assert settings.profile(pattern) == others.profile(pattern)
        assert settings.stations[pattern].model_fields_set == others.stations[pattern].model_fields_set
    assert list(settings.all_rules()) == list(others.all_rules())


def fed_back(tmp_path: Path, page: str) -> Settings:
    path = tmp_path / "fed back.toml"
    path.write_text(page, encoding="utf-8")
    return read_file(path)


def said_in(models: list[BaseModel]) -> set[str]:
    return {name for model in models for name in model.model_fields_set}


def test_the_file_with_everything_says_everything(read: Read) -> None:
    settings = read(EVERYTHING)
    thens = [then for rule in settings.rules for then in rule.then]

    assert said_in([settings, *settings.stations.values()]) >= set(Settings.model_fields)
    assert said_in([*settings.tokens.values()]) == set(Token.model_fields)
    assert said_in([*settings.rules]) == set(Rule.model_fields)
    assert said_in([rule.when for rule in settings.rules]) == set(When.model_fields)
    assert said_in([*thens]) == set(Then.model_fields)
    assert said_in([then.error for then in thens if then.error]) == set(ErrorAnswer.model_fields)


@pytest.mark.parametrize(
    "content",
    [
        case("defaults", ""),
        case("everything", EVERYTHING),
        *(case(path.stem, path.read_text(encoding="utf-8")) for path in EXAMPLE_FILES),
    ],
)
def test_what_is_printed_can_be_fed_back(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path, content: str
) -> None:
    settings = read(content)

    assert_same(fed_back(tmp_path, printed(capsys, file)), settings)


@pytest.mark.parametrize("kind", [kind for kind in FAULT_KINDS if kind not in {"delay", "no-answer"}])
def test_every_fault_that_is_printed_can_be_fed_back(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path, kind: str
) -> None:
    at_the_door = kind.isdigit() or kind in {"wrong-subprotocol", "hang"}
    action = "handshake" if at_the_door else "Heartbeat"
    settings = read(f"[[rules]]\nwhen.action = '{action}'\nthen.fault.kind = '{kind}'\n")

    assert_same(fed_back(tmp_path, printed(capsys, file)), settings)


def test_what_is_printed_has_the_flags_and_the_environment_that_are_in_force(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path
) -> None:
    settings = read(EVERYTHING, FLAGS, **ENVIRONMENT)

    again = fed_back(tmp_path, printed(capsys, file, FLAGS, **ENVIRONMENT))

    assert_same(again, settings)
    assert (again.host, again.port, again.payload) == ("::1", 0, {"type": None})
    assert (again.whitelist, again.faults) == (("X", "Y Z"), ("Heartbeat:reset",))


def test_flags_are_printed_where_there_is_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--port", "0", "--print-config"], {"OCPP_MOCK_HOST": "::1"}, OCPP_VERSIONS)

    assert_same(fed_back(tmp_path, capsys.readouterr().out), Settings(host="::1", port=0))


def test_what_is_printed_once_is_printed_again(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, tmp_path: Path
) -> None:
    read(EVERYTHING)
    page = printed(capsys, file)
    fed_back(tmp_path, page)

    assert printed(capsys, tmp_path / "fed back.toml") == page


@pytest.mark.parametrize("name", [name for name in SETTING_FIELDS if name != "config"])
def test_each_setting_is_printed_below_its_description(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path, name: str
) -> None:
    read("")
    description = re.escape(str(SETTING_FIELDS[name].description))

    assert re.search(rf"^# {description}\n(# )?{name} =", printed(capsys, file), re.MULTILINE)


def test_a_setting_that_is_not_set_is_printed_as_a_comment(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path
) -> None:
    read("")

    assert "\n# ready_file =\n" in printed(capsys, file)


def test_the_file_is_not_printed_as_a_setting(
    capsys: pytest.CaptureFixture[str], read: Read, file: Path
) -> None:
    read("")

    assert "config =" not in printed(capsys, file)


def test_a_time_in_a_rule_is_text_for_the_station(read: Read) -> None:
    rule = "[[rules]]\nthen = { answer = { currentTime = 2026-01-01T00:00:00Z } }\n"
    assert read(rule).rules[0].then[0].answer == {"currentTime": "2026-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    "content",
    [
        "commands = ['Reset:1234567.25', 'GetBaseReport:0.1234567']",
        "command = 'GetBaseReport'\nperiod = 5\n[stations.CS1]\ncommand = ''",
    ],
)
def test_what_is_printed_says_no_less_than_what_was_read(
    capsys: pytest.CaptureFixture[str], read: Read, content: str
) -> None:
    before = read(content)
    with pytest.raises(SystemExit):
        read(content, "--print-config")
    after = read(capsys.readouterr().out)
    assert after.commands == before.commands
    assert after.profile("CS1").command == before.profile("CS1").command


@pytest.mark.parametrize(
    "content",
    [
        "boot-status = 'Pending'\nboot_status = 'Accepted'",
        "[stations.CS1]\nboot_status = 'Pending'\nboot-status = 'x'",
    ],
)
def test_a_key_in_both_spellings_is_one_too_many(complaint: Complaint, content: str) -> None:
    assert complaint(content) == "settings.toml: boot-status and boot_status are the same key; write it once"


def test_two_rules_of_one_id_are_one_too_many(complaint: Complaint) -> None:
    rule = "[[rules]]\nid = 'it'\nwhen = { action = 'Heartbeat' }\nthen = { fault = { kind = 'reset' } }\n"
    assert complaint(rule * 2) == "settings.toml: two rules have the id 'it'; each has its own, or none"


def test_nothing_is_printed_of_settings_that_are_wrong(
    capsys: pytest.CaptureFixture[str], complaint: Complaint
) -> None:
    complaint("port = 'http'", "--print-config")

    assert capsys.readouterr().out == ""


# What is wrong in a file, and on which line


RULE = """\
[[rules]]
when = { action = "Heartbeat" }
then = { fault = { kind = "no-answer" } }

"""
"""Four lines that are right."""

STATUSES = [*get_args(AuthorizationStatus)]

WRONG_KEYS = [
    case("top level", "\n# prot = 1\nhost = 'a'\nprot = 1\n", "4: there is no key prot; did you mean port?",
         [name for name in Settings.model_fields if name != "config"]),
    case("top level, with a hyphen", "boot-staus = 'Pending'\n",
         "1: there is no key boot_staus; did you mean boot_status?", ["boot_status"]),
    case("top level, below a table that is right", "[tokens.A]\nstatus = 'Blocked'\n[token.B]\n",
         "3: there is no key token; did you mean tokens?", ["tokens", "stations", "rules"]),
    case("name of a flag that is not the key", "fault = ['Heartbeat:reset']\n",
         "1: there is no key fault; did you mean faults?", ["faults"]),
    case("profile", "[stations.CS1]\nboot_status = 'Pending'\n\nheartbeat-intervall = 2\n",
         "4: there is no key stations.CS1.heartbeat_intervall; did you mean heartbeat_interval?",
         [*Profile.model_fields]),
    case("profile of a glob", "[stations.'CS*']\nboot_staus = 'Pending'\n",
         "2: there is no key stations.CS*.boot_staus; did you mean boot_status?", [*Profile.model_fields]),
    case("second profile", "[stations.CS1]\nvalidation = 'off'\n[stations.CS2]\nvalidaton = 'off'\n",
         "4: there is no key stations.CS2.validaton; did you mean validation?", [*Profile.model_fields]),
    case("profile, what only a server has", "[stations.CS1]\nport = 1\n",
         "2: there is no key stations.CS1.port", [*Profile.model_fields]),
    case("profile, config", "[stations.CS1]\nconfig = 'a.toml'\n", "2: there is no key stations.CS1.config",
         [*Profile.model_fields]),
    case("token", "[tokens.A]\nstatus = 'Blocked'\nlanguag = 'en'\n",
         "3: there is no key tokens.A.languag; did you mean language?",
         ["status", "type", "groupIdToken", "cacheExpiry", "personalMessage", "evseId", "language",
          "certificateStatus"]),
    case("second token", "[tokens.A]\nstatus = 'Blocked'\n[tokens.B]\nstatsu = 'Blocked'\n",
         "4: there is no key tokens.B.statsu; did you mean status?", ["status"]),
    case("token on one line", "[tokens]\nA = { status = 'Blocked' }\nB = { statsu = 'Blocked' }\n",
         "3: there is no key tokens.B.statsu; did you mean status?", ["status"]),
    case("token of a profile", "[stations.CS1.tokens.A]\nstatsu = 'Blocked'\n",
         "2: there is no key stations.CS1.tokens.A.statsu; did you mean status?", ["groupIdToken"]),
    case("rule", RULE + "[[rules]]\ntimes = 1\npriorty = 2\n",
         "7: there is no key rules.priorty; did you mean priority?",
         ["id", "when", "then", "times", "probability", "priority", "ttl", "set", "validate"]),
    case("when", RULE + "[[rules]]\nwhen = { acton = 'Heartbeat' }\nset = 'x'\n",
         "6: there is no key rules.when.acton; did you mean action?", [*When.model_fields]),
    case("when as a table", RULE + "[[rules]]\nset = 'x'\n[rules.when]\naction = 'Heartbeat'\nstat = 'x'\n",
         "9: there is no key rules.when.stat; did you mean state?", [*When.model_fields]),
    case("when with dots", RULE + "[[rules]]\nset = 'x'\nwhen.action = 'Heartbeat'\nwhen.nht = 1\n",
         "8: there is no key rules.when.nht; did you mean nth?", [*When.model_fields]),
    case("then", RULE + "[[rules]]\nset = 'x'\nthen = { eror = {} }\n",
         "7: there is no key rules.then.eror; did you mean error?", ["answer", "error", "fault"]),
    case("second then", RULE + "[[rules]]\n[[rules.then]]\nerror = {}\n[[rules.then]]\nansswer = {}\n",
         "9: there is no key rules.then.ansswer; did you mean answer?", ["answer", "error", "fault"]),
    case("error", RULE + "[[rules]]\nthen = { error = { cod = 'InternalError' } }\n",
         "6: there is no key rules.then.error.cod; did you mean code?", ["code", "description", "details"]),
    case("fault", RULE + "[[rules]]\nthen = { fault = { kind = 'delay', secnds = 1 } }\n",
         "6: there is no key rules.then.fault.secnds; did you mean seconds?",
         ["kind", "seconds", "min", "max", "median", "sigma"]),
    case("fault with dots", RULE + "[[rules]]\nthen.fault.kind = 'close'\nthen.fault.cod = 1011\n",
         "7: there is no key rules.then.fault.cod; did you mean code?", ["kind", "code", "reason"]),
    case("fault in the second then",
         RULE + "[[rules]]\n[[rules.then]]\n[[rules.then]]\nfault.kind = 'delay'\nfault.secnds = 2\n",
         "9: there is no key rules.then.fault.secnds; did you mean seconds?", ["kind", "seconds"]),
    case("after a text of many lines", 'host = """\na\nb"""\nprot = 1\n',
         "4: there is no key prot; did you mean port?", ["port"]),
    case("after an array of many lines", "whitelist = [\n  'A',\n  'B',\n]\nprot = 1\n",
         "5: there is no key prot; did you mean port?", ["port"]),
    case("with the line ends of Windows", "port = 1\r\n\r\nprot = 1\r\n",
         "3: there is no key prot; did you mean port?", ["port"]),
    case("without a line end", "port = 1\nprot = 1", "2: there is no key prot; did you mean port?", ["port"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "complains", "known"), WRONG_KEYS)
def test_a_wrong_key_is_named_with_its_line_and_those_there_are(
    complaint: Complaint, content: str, complains: str, known: list[str]
) -> None:
    said = complaint(content)
    head, _, listed = said.partition("; there are ")

    assert head == f"settings.toml:{complains}"
    assert [name for name in known if name not in listed.split(", ")] == []
    assert "config" not in listed.split(", ")
    assert len(said.splitlines()) == 1


WRONG_VALUES = [
    case("port", "\nport = 70000\n", "2: port: wants a port from 0 to 65535, not 70000", []),
    case("choice", "boot-status = 'Maybe'\n",
         "1: boot_status: wants Accepted, Pending or Rejected, not 'Maybe'", []),
    case("switch", "compression = 'perhaps'\n", "1: compression: wants true or false, not 'perhaps'", []),
    case("number that is a table", "[port]\nx = 1\n", "1: port: wants a port from 0 to 65535, not", []),
    case("seconds", "call_timeout = 0\n", "1: call_timeout: wants a number of seconds greater than 0, not 0",
         []),
    case("command", "\n\ncommand = 'Rest'\n", "3: command: there is no command 'Rest'; did you mean Reset?",
         []),
    case("step", "commands = ['Reset:1', 'Reset']\n",
         "1: commands: 'Reset' must be a command, a colon and seconds", []),
    case("fault of a flag", "port = 1\nfaults = ['Heartbeat:no-anser']\n", "2: faults: 'Heartbeat:no-anser'",
         ["did you mean no-answer?"]),
    case("in an array of many lines",
         "port = 1\nboot_status_sequence = [\n  'Pending',\n  'Maybe',\n]\nhost = 'a'\n",
         "2: boot_status_sequence: wants a list of Accepted, Pending or Rejected, not 'Maybe'", []),
    case("in an array of many lines below comments",
         "port = 1\n# one\n\n# two\nboot_status_sequence = [ # three\n  # four\n  'Maybe',\n]\n",
         "5: boot_status_sequence: wants a list of Accepted, Pending or Rejected, not 'Maybe'", []),
    case("tokens that are no table", "port = 1\ntokens = 5\n", "2: tokens: ", ["dictionary, not 5"]),
    case("stations that are no table", "stations = ['CS1']\n", "1: stations: ", ["dictionary, not ['CS1']"]),
    case("profile that is no table", "[stations]\nCS1 = 'Pending'\n", "2: stations.CS1: ", ["not 'Pending'"]),
    case("rules that are a table", "port = 1\n[rules]\nset = 'x'\n", "2: rules: ", ["not {'set': 'x'}"]),
    case("rule that is no table", "rules = ['x']\n", "1: rules: ", ["not 'x'"]),
    case("profile", "[stations.CS1]\nvalidation = 'off'\nboot-status = 'Maybe'\n",
         "3: stations.CS1.boot_status: ", ["'Accepted'", "'Pending'", "'Rejected'", "not 'Maybe'"]),
    case("second profile", "[stations.CS1]\nperiod = 5\ncommand = 'Reset'\n[stations.CS2]\nperiod = 0\n",
         "5: stations.CS2.period: ", ["greater than 0, not 0"]),
    case("array of a profile", "[stations.CS1]\nboot_status_sequence = [\n  'Pending',\n  'Maybe',\n]\n",
         "2: stations.CS1.boot_status_sequence: ", ["'Accepted'", "not 'Maybe'"]),
    case("fault of a profile", "[stations.CS1]\nfaults = ['Heartbeat:dely']\n",
         "2: stations.CS1.faults: 'Heartbeat:dely'", ["did you mean delay?"]),
    case("token", "[tokens.A]\n\nstatus = 'Bloked'\n", "3: tokens.A.status: ",
         [*(f"'{status}'" for status in STATUSES), "not 'Bloked'"]),
    case("EVSE of a token", "[tokens.A]\nevseId = [\n1,\n0]\n", "2: tokens.A.evseId: ",
         ["greater than 0, not 0"]),
    case("token of a profile", "[stations.CS1.tokens.A]\ntype = 'RFID'\n", "2: stations.CS1.tokens.A.type: ",
         ["'ISO14443'", "'KeyCode'", "not 'RFID'"]),
    case("times", RULE + "[[rules]]\nset = 'x'\ntimes = 0\n", "7: rules.times: ", ["greater than 0, not 0"]),
    case("probability", RULE + "[[rules]]\nprobability = 1.5\nset = 'x'\n", "6: rules.probability: ",
         ["not 1.5"]),
    case("action", RULE + "[[rules]]\nset = 'x'\nwhen = { action = 'Heartbeet' }\n",
         "7: rules.when: there is no message of a station 'Heartbeet'; did you mean Heartbeat?", []),
    case("command that is answered",
         RULE + "[[rules]]\nset = 'x'\nwhen = { action = 'Rest', direction = 'answer' }\n",
         "7: rules.when: there is no command 'Rest'; did you mean Reset?", []),
    case("direction", RULE + "[[rules]]\nwhen.direction = 'back'\nset = 'x'\n", "6: rules.when.direction: ",
         ["'call' or 'answer'", "not 'back'"]),
    case("expression", RULE + "[[rules]]\nset = 'x'\nwhen.expression = 'a['\n",
         "7: rules.when: the expression 'a[' is no JMESPath: ", []),
    case("nothing in then", RULE + "[[rules]]\nwhen = { action = 'Heartbeat' }\n",
         "5: rules: a rule needs something in then: an answer, an error or a fault", []),
    case("answer and error in then", RULE + "[[rules]]\nthen = { answer = {}, error = {} }\n",
         "6: rules.then: a rule has either an answer or an error, not both", []),
    case("placeholder in then",
         RULE + "[[rules]]\nset = 'x'\nthen = { answer = { currentTime = '{{noww}}' } }\n",
         "7: rules.then: {{noww}} stands for nothing; write {{now}}, ", []),
    case("then that is no table", RULE + "[[rules]]\nwhen = {}\nthen = 'reset'\n", "7: rules.then: ",
         ["not 'reset'"]),
    case("fault that there is not", RULE + "[[rules]]\nwhen = {}\nthen = { fault = { kind = 'no-anser' } }\n",
         "7: rules.then.fault: there is no fault 'no-anser'; did you mean no-answer?", []),
    case("fault like none that there is", RULE + "[[rules]]\nthen = { fault = { kind = 'xyzzy' } }\n",
         "6: rules.then.fault: there is no fault 'xyzzy'; there are delay, no-answer, ",
         ["an HTTP status as 503"]),
    case("fault without a kind", RULE + "[[rules]]\nwhen = {}\nthen = { fault = { seconds = 5 } }\n",
         '7: rules.then.fault: a fault needs a kind, as in { kind = "delay", seconds = 5 }', []),
    case("fault without what it needs",
         RULE + "[[rules]]\nwhen = {}\nthen = { fault = { kind = 'delay' } }\n",
         "7: rules.then.fault: a delay has either seconds, or min and max, or median and sigma", []),
    case("value of a fault", RULE + "[[rules]]\nthen.fault.kind = 'delay'\nthen.fault.seconds = -1\n",
         "7: rules.then.fault.seconds: ", ["greater than or equal to 0, not -1"]),
    case("close code", RULE + "[[rules]]\nthen = { fault = { kind = 'close', code = 1005 } }\n",
         "6: rules.then.fault.code: 1005 cannot be sent; there are 1000 to 1003, 1007 to 1014 and ",
         []),
    case("fault of an answer at the handshake",
         RULE + "[[rules]]\nwhen.action = 'handshake'\nthen.fault = { kind = 'delay', seconds = 1 }\n",
         "5: rules: the fault delay cannot be done at the handshake; there are wrong-subprotocol, hang", []),
    case("fault in the second then",
         RULE + "[[rules]]\n[[rules.then]]\nerror = {}\n\n[[rules.then]]\nfault = { kind = 'dely' }\n",
         "10: rules.then.fault: there is no fault 'dely'; did you mean delay?", []),
]  # fmt: skip


@pytest.mark.parametrize(("content", "complains", "words"), WRONG_VALUES)
def test_a_wrong_value_is_named_with_its_line_and_what_is_wanted(
    complaint: Complaint, content: str, complains: str, words: list[str]
) -> None:
    said = complaint(content)

    assert said.startswith(f"settings.toml:{complains}")
    assert [word for word in words if word not in said] == []
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "place"),
    [
        case("no value", "port = 1\nhost =\n", "(at line 2, column 7)"),
        case("no quotes", "\n\nhost = localhost\n", "(at line 3, column 8)"),
        case("key twice", "port = 1\nport = 2\n", "(at line 2, column 9)"),
        case("table twice", "[tokens.A]\n[tokens.A]\n", "(at line 2, column 10)"),
        case("no end of an array", "whitelist = [\n'A',\n", "(at end of document)"),
        case("JSON", '{"port": 1}\n', "(at line 1, column 1)"),
        case("colon", "port: 1\n", "(at line 1, column 5)"),
    ],
)
def test_a_file_that_is_no_toml_is_named_with_the_place(
    complaint: Complaint, content: str, place: str
) -> None:
    said = complaint(content)

    assert said.startswith("settings.toml is no TOML: ")
    assert said.endswith(place)
    assert len(said.splitlines()) == 1


def test_a_file_that_is_no_utf_8_is_named_with_the_place(file: Path) -> None:
    file.write_bytes(b"host = 'a'\n# \xff\n")

    with pytest.raises(UsageError) as caught:
        read_file(file)

    assert str(caught.value).startswith(
        f"{file} is no TOML: 'utf-8' codec can't decode byte 0xff in position 13"
    )
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"

    with pytest.raises(UsageError) as caught:
        read_file(path)

    assert str(caught.value) == f"cannot read {path}: No such file or directory"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_file(tmp_path)

    assert str(caught.value) == f"cannot read {tmp_path}: Is a directory"


def test_a_file_cannot_name_another(complaint: Complaint) -> None:
    said = complaint("port = 1\n\nconfig = 'other.toml'\n")

    assert said == "settings.toml:3: a file cannot name another with config"


NEWLINE = "a\\nb"


@pytest.mark.parametrize(
    "content",
    [
        case("key", f'"{NEWLINE}" = 1'),
        case("value", f'port = "{NEWLINE}"'),
        case("command", f'command = "{NEWLINE}"'),
        case("identity", f'[stations."{NEWLINE}"]\nprot = 1'),
        case("identity of a profile without sense", f'[stations."{NEWLINE}"]\nperiod = 1'),
        case("token", f'[tokens."{NEWLINE}"]\nstatus = "x"'),
        case("action", f'[[rules]]\nwhen.action = "{NEWLINE}"'),
        case("expression", f'[[rules]]\nwhen.expression = "{NEWLINE}["'),
        case("fault", f'[[rules]]\nthen.fault.kind = "{NEWLINE}"'),
        case("placeholder", f'[[rules]]\nthen.answer.a = "{{{{{NEWLINE}}}}}"'),
        case("text of many lines", '[[rules]]\nthen.fault.kind = """\na\n\nb"""'),
    ],
)
def test_a_complaint_is_one_line_whatever_the_file_says(complaint: Complaint, content: str) -> None:
    assert len(complaint(content).splitlines()) == 1


def test_a_complaint_is_one_line_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = tmp_path / "a\nb.toml"
    path.write_text("prot = 1", encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        read_file(path)

    assert len(str(caught.value).splitlines()) == 1


def test_a_flag_is_blamed_before_the_file_it_is_stronger_than(complaint: Complaint) -> None:
    assert complaint("port = 9001", "--port http").startswith("--port wants ")


def test_the_environment_is_blamed_before_the_file_it_is_stronger_than(complaint: Complaint) -> None:
    assert complaint("port = 9001", PORT="http").startswith("OCPP_MOCK_PORT wants ")


# Profiles of which the settings do not belong together


@pytest.mark.parametrize(
    ("content", "pattern", "words"),
    [
        case("period without command", "[stations.'CS*']\nperiod = 5", "CS*", "--period goes with --command"),
        case("delay without command", "[stations.CS1]\ndelay = 0", "CS1", "--delay goes with --command"),
        case("payload without command", "[stations.CS1]\npayload = {}", "CS1",
             "--payload goes with --command"),
        case("command without a time", "[stations.CS1]\ncommand = 'Reset'", "CS1",
             "--command Reset --period 5"),
        case("command and sequence", "[stations.CS1]\ncommand = 'Reset'\nperiod = 1\ncommands = ['Reset:1']",
             "CS1", "not both"),
        case("second profile", "[stations.CS1]\ncommand = 'Reset'\nperiod = 1\n[stations.CS2]\nperiod = 5",
             "CS2", "--period goes with --command"),
        case("command taken back, a time of its own",
             "command = 'Reset'\nperiod = 1\n[stations.CS1]\ncommand = ''\nperiod = 5", "CS1",
             "--period goes with --command"),
    ],
)  # fmt: skip
def test_a_profile_that_makes_no_sense_is_named(
    complaint: Complaint, content: str, pattern: str, words: str
) -> None:
    said = complaint(content)

    assert said.startswith(f'settings.toml: [stations."{pattern}"]: ')
    assert words in said
    assert len(said.splitlines()) == 1


def test_settings_for_all_that_make_no_sense_are_refused_without_a_profile(complaint: Complaint) -> None:
    assert complaint("period = 5").startswith("settings.toml: --period goes with --command")


@pytest.mark.parametrize(
    "content",
    [
        case("time of a command of all", "command = 'Reset'\nperiod = 5\n[stations.CS1]\nperiod = 1"),
        case("payload of a command of all", "command = 'Reset'\nperiod = 5\n[stations.CS1]\npayload = {}"),
        case("time of a command of a glob",
             "[stations.'CS*']\ncommand = 'Reset'\nperiod = 5\n[stations.CS1]\nperiod = 1"),
        case("sequence instead of a command",
             "command = 'Reset'\nperiod = 5\n[stations.CS1]\ncommands = ['Reset:1']"),
        case("command instead of a sequence",
             "commands = ['Reset:1']\n[stations.CS1]\ncommand = 'Reset'\nperiod = 5"),
        case("command taken back", "command = 'Reset'\nperiod = 5\n[stations.CS1]\ncommand = ''"),
    ],
)  # fmt: skip
def test_a_profile_makes_sense_together_with_what_it_is_laid_over(read: Read, content: str) -> None:
    assert "CS1" in read(content).stations


# How a station is treated


INTERVALS = """
heartbeat_interval = 1
{tables}
"""


def interval(read: Read, identity: str, **profiles: int) -> int:
    tables = "\n".join(f"[stations.'{it}']\nheartbeat_interval = {value}" for it, value in profiles.items())
    return read(INTERVALS.format(tables=tables)).profile(identity).heartbeat_interval


@pytest.mark.parametrize(
    ("identity", "profiles", "expected"),
    [
        case("none", "CS1", {}, 1),
        case("none that matches", "CS1", {"CS2": 2, "X*": 3}, 1),
        case("exact", "CS1", {"CS1": 2}, 2),
        case("glob", "CS1", {"CS*": 2}, 2),
        case("question mark", "CS1", {"CS?": 2}, 2),
        case("set of characters", "CS1", {"CS[123]": 2}, 2),
        case("exact over glob", "CS1", {"CS1": 2, "CS*": 3}, 2),
        case("exact over glob that stands before", "CS1", {"CS*": 3, "CS1": 2}, 2),
        case("exact over a glob with more characters", "CS1", {"CS1": 2, "CS[0-9]*": 3}, 2),
        case("longer glob over shorter", "CS1", {"CS*": 2, "C*": 3}, 2),
        case("longer glob over shorter that stands before", "CS1", {"C*": 3, "CS*": 2}, 2),
        case("longer only by its wildcards", "CS1", {"C**": 2, "CS*": 3}, 3),
        case("the later of equals", "CS1", {"CS*": 2, "*S1": 3}, 3),
        case("another case", "cs1", {"CS1": 2, "CS*": 3}, 1),
        case("a part of the identity", "CS12", {"CS1": 2}, 1),
    ],
)
def test_the_most_specific_profile_wins(
    read: Read, identity: str, profiles: dict[str, int], expected: int
) -> None:
    assert interval(read, identity, **profiles) == expected


def test_profiles_are_laid_over_one_another_key_by_key(read: Read) -> None:
    profile = read("""
        boot_status = "Rejected"
        heartbeat_interval = 1
        boot_retry_interval = 1
        cost_per_kwh = 1
        [stations.CS1]
        heartbeat_interval = 4
        [stations."CS*"]
        heartbeat_interval = 3
        boot_retry_interval = 3
        [stations."*"]
        heartbeat_interval = 2
        boot_retry_interval = 2
        cost_per_kwh = 2
    """).profile("CS1")

    assert profile.boot_status == "Rejected"
    assert (profile.heartbeat_interval, profile.boot_retry_interval, profile.cost_per_kwh) == (4, 3, 2)


def test_a_key_with_the_default_value_is_laid_over_too(read: Read) -> None:
    settings = read("heartbeat_interval = 1\n[stations.CS1]\nheartbeat_interval = 300")

    assert settings.profile("CS1").heartbeat_interval == 300


def test_an_empty_list_is_laid_over_too(read: Read) -> None:
    settings = read("boot_status_sequence = ['Pending']\n[stations.CS1]\nboot_status_sequence = []")

    assert settings.profile("CS1").boot_status_sequence == ()


def test_false_takes_back_seconds(read: Read) -> None:
    settings = read("cost_updates = 30\n[stations.CS1]\ncost_updates = false")

    assert (settings.profile("CS1").cost_updates, settings.profile("CS2").cost_updates) == (None, 30)


def test_flags_hold_for_all_but_are_weaker_than_a_profile(read: Read) -> None:
    settings = read("[stations.CS1]\nheartbeat_interval = 2", "--heartbeat-interval 1")

    assert settings.profile("CS1").heartbeat_interval == 2
    assert settings.profile("CS2").heartbeat_interval == 1


def test_the_tokens_of_profiles_are_united(read: Read) -> None:
    profile = read("""
        [tokens.ALL]
        [tokens.GLOB]
        [tokens.ONE]
        [stations."CS*".tokens.GLOB]
        status = "Blocked"
        [stations."CS*".tokens.ONE]
        status = "Blocked"
        [stations.CS1.tokens.ONE]
        status = "Expired"
        [stations.CS1.tokens.OWN]
        status = "Invalid"
    """).profile("CS1")

    statuses = {name: token.status for name, token in profile.tokens.items()}
    assert statuses == {"ALL": "Accepted", "GLOB": "Blocked", "ONE": "Expired", "OWN": "Invalid"}


def test_a_token_replaces_another_as_a_whole(read: Read) -> None:
    settings = read("[tokens.A]\nlanguage = 'en'\n[stations.CS1.tokens.A]\nstatus = 'Blocked'")

    assert settings.profile("CS1").tokens["A"] == Token(status="Blocked")


def test_a_token_replaces_another_whatever_its_case(read: Read) -> None:
    settings = read("[tokens.Card]\nlanguage = 'en'\n[stations.CS1.tokens.CARD]\nstatus = 'Blocked'")

    assert list(settings.profile("CS1").tokens) == ["CARD"]


def test_other_stations_do_not_see_the_tokens_of_a_profile(read: Read) -> None:
    settings = read("[tokens.A]\n[stations.CS1.tokens.B]\nstatus = 'Blocked'")

    assert list(settings.profile("CS2").tokens) == ["A"]


# The rules that are in force


def test_rules_come_in_the_order_of_the_file_then_those_of_profiles_then_those_of_flags(read: Read) -> None:
    settings = read("""
        faults = ["Heartbeat:reset", "Authorize:reset"]
        [stations."CS*"]
        faults = ["Heartbeat:delay=1", "Heartbeat:delay=2"]
        [stations.CS1]
        faults = ["MeterValues:stall"]
        [[rules]]
        set = "a"
        [[rules]]
        id = "mine"
        set = "b"
        [[rules]]
        set = "c"
    """)

    assert [rule.id for rule in settings.all_rules()] == [
        "rule-1",
        "mine",
        "rule-3",
        "CS*: Heartbeat:delay=1",
        "CS*: Heartbeat:delay=2",
        "CS1: MeterValues:stall",
        "Heartbeat:reset",
        "Authorize:reset",
    ]


def test_a_fault_of_a_profile_is_about_its_stations(read: Read) -> None:
    settings = read("[stations.'CS*']\nfaults = ['Heartbeat:reset']")

    assert [(rule.when.station, rule.when.action) for rule in settings.all_rules()] == [("CS*", "Heartbeat")]


def test_a_fault_for_all_is_about_every_station(read: Read) -> None:
    settings = read("", "--fault Heartbeat:reset --fault CS1/Heartbeat:reset")

    assert [rule.when.station for rule in settings.all_rules()] == ["*", "CS1"]


def test_faults_of_flags_take_the_place_of_those_of_the_file(read: Read) -> None:
    settings = read("faults = ['Heartbeat:reset']", "--fault Heartbeat:stall")

    assert [rule.id for rule in settings.all_rules()] == ["Heartbeat:stall"]


def test_rules_stay_as_they_are_written_but_for_their_id(read: Read) -> None:
    settings = read(RULE)

    assert [rule.model_copy(update={"id": ""}) for rule in settings.all_rules()] == [*settings.rules]


def test_without_rules_and_faults_there_are_none(read: Read) -> None:
    assert list(read("[stations.CS1]\nboot_status = 'Pending'").all_rules()) == []
