"""The settings file: precedence, spelling of keys, and errors with their line."""

from pathlib import Path
from typing import Any, get_args

import pytest

from mock_csms.behaviour.rules import When
from mock_csms.behaviour.tokens import AuthorizationStatus
from mock_csms.settings import PlanStep, Profile, Settings, UsageError, Variable, read_settings
from server import OCPP_VERSIONS
from tests.support.settings import ErrorOf, Read, settings_of_file


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


# Sources


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
def test_flag_wins_over_environment_over_file_over_default(
    read: Read, name: str, written: tuple[str, str, str], values: list[object]
) -> None:
    content, variable, line = written
    environment = {name.upper(): variable}

    loaded = [read(""), read(content), read(content, **environment), read(content, line, **environment)]

    assert [getattr(settings, name) for settings in loaded] == values


def test_empty_file_gives_defaults(read: Read, file: Path) -> None:
    assert read("") == Settings(config=file)


def test_wrong_value_in_file_is_ignored_below_a_flag(read: Read) -> None:
    assert read("port = 'http'", "--port 9001").port == 9001


def test_command_and_times_may_come_from_all_sources(read: Read) -> None:
    settings = read("period = 5", "--command Reset", DELAY="2")

    assert (settings.command, settings.period, settings.delay) == ("Reset", 5, 2)


def test_environment_may_name_the_file(read: Read, file: Path) -> None:
    read("port = 9001")

    assert read_settings([], {"OCPP_MOCK_CONFIG": str(file)}, OCPP_VERSIONS).port == 9001


def test_file_named_by_flag_wins_over_environment(read: Read, tmp_path: Path) -> None:
    assert read("port = 9001", CONFIG=str(tmp_path / "none.toml")).port == 9001


# Keys


@pytest.mark.parametrize("key", ["heartbeat_interval", "heartbeat-interval"])
def test_key_may_have_hyphens_or_underscores(read: Read, key: str) -> None:
    assert read(f"{key} = 20").heartbeat_interval == 20


@pytest.mark.parametrize("key", ["heartbeat_interval", "heartbeat-interval"])
@pytest.mark.parametrize("table", ['[stations."CS-1"]\n', "[stations]\nCS-1.", "stations.CS-1."])
def test_key_of_profile_may_have_hyphens_or_underscores(read: Read, table: str, key: str) -> None:
    assert read(f"{table}{key} = 20").profile("CS-1").heartbeat_interval == 20


def test_hyphen_in_identity_is_kept(read: Read) -> None:
    assert list(read("[stations.CS-1]\nboot-status = 'Pending'").stations) == ["CS-1"]


def test_hyphen_in_id_token_is_kept(read: Read) -> None:
    settings = read("[tokens.CARD-1]\nstatus = 'Blocked'\n[stations.CS1.tokens.CARD-2]\nstatus = 'Expired'")

    assert (list(settings.tokens), list(settings.stations["CS1"].tokens)) == (["CARD-1"], ["CARD-2"])


def test_date_in_rule_becomes_text(read: Read) -> None:
    rule = "[[rules]]\nthen = { answer = { currentTime = 2026-01-01T00:00:00Z } }\n"
    assert read(rule).rules[0].then[0].answer == {"currentTime": "2026-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    "content",
    [
        "boot-status = 'Pending'\nboot_status = 'Accepted'",
        "[stations.CS1]\nboot_status = 'Pending'\nboot-status = 'x'",
    ],
)
def test_key_in_both_spellings_is_rejected(error_in: ErrorOf, content: str) -> None:
    assert error_in(content) == "settings.toml: boot-status and boot_status are the same key; write it once"


# Errors and their line


RULE = """\
[[rules]]
when = { action = "Heartbeat" }
then = { fault = { kind = "no-answer" } }

"""
"""A valid rule of four lines."""


STATUSES = [*get_args(AuthorizationStatus)]


WRONG_KEYS = [
    case("top level", "\n# prot = 1\nhost = 'a'\nprot = 1\n", "4: there is no key prot; did you mean port?",
         [name for name in Settings.model_fields if name != "config"]),
    case("top level, with a hyphen", "boot-staus = 'Pending'\n",
         "1: there is no key boot_staus; did you mean boot_status?", ["boot_status"]),
    case("top level, below a valid table", "[tokens.A]\nstatus = 'Blocked'\n[token.B]\n",
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
    case("profile, setting of the server", "[stations.CS1]\nport = 1\n",
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


@pytest.mark.parametrize(("content", "error", "valid_keys"), WRONG_KEYS)
def test_wrong_key_is_rejected_with_line_and_valid_keys(
    error_in: ErrorOf, content: str, error: str, valid_keys: list[str]
) -> None:
    message = error_in(content)
    head, _, listed = message.partition("; valid keys: ")

    assert head == f"settings.toml:{error}"
    assert [name for name in valid_keys if name not in listed.split(", ")] == []
    assert "config" not in listed.split(", ")
    assert len(message.splitlines()) == 1


WRONG_VALUES = [
    case("port", "\nport = 70000\n", "2: port: must be a port from 0 to 65535, not 70000", []),
    case("choice", "boot-status = 'Maybe'\n",
         "1: boot_status: must be Accepted, Pending or Rejected, not 'Maybe'", []),
    case("switch", "compression = 'perhaps'\n", "1: compression: must be true or false, not 'perhaps'", []),
    case("number that is a table", "[port]\nx = 1\n", "1: port: must be a port from 0 to 65535, not", []),
    case("seconds", "call_timeout = 0\n",
         "1: call_timeout: must be a number of seconds greater than 0, not 0", []),
    case("command", "\n\ncommand = 'Rest'\n", "3: command: there is no command 'Rest'; did you mean Reset?",
         []),
    case("step", "commands = ['Reset:1', 'Reset']\n",
         "1: commands: 'Reset' must be a command, a colon and seconds", []),
    case("fault of a flag", "port = 1\nfaults = ['Heartbeat:no-anser']\n", "2: faults: 'Heartbeat:no-anser'",
         ["did you mean no-answer?"]),
    case("in an array of many lines",
         "port = 1\nboot_status_sequence = [\n  'Pending',\n  'Maybe',\n]\nhost = 'a'\n",
         "2: boot_status_sequence: must be a list of Accepted, Pending or Rejected, not 'Maybe'", []),
    case("in an array of many lines below comments",
         "port = 1\n# one\n\n# two\nboot_status_sequence = [ # three\n  # four\n  'Maybe',\n]\n",
         "5: boot_status_sequence: must be a list of Accepted, Pending or Rejected, not 'Maybe'", []),
    case("tokens not a table", "port = 1\ntokens = 5\n", "2: tokens: ", ["must be a table, not 5"]),
    case("stations not a table", "stations = ['CS1']\n", "1: stations: ", ["must be a table, not ['CS1']"]),
    case("profile not a table", "[stations]\nCS1 = 'Pending'\n", "2: stations.CS1: ", ["not 'Pending'"]),
    case("rules that are a table", "port = 1\n[rules]\nset = 'x'\n", "2: rules: ", ["not {'set': 'x'}"]),
    case("rule not a table", "rules = ['x']\n", "1: rules: ", ["not 'x'"]),
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
         "7: rules.when: there is no station message 'Heartbeet'; did you mean Heartbeat?", []),
    case("command that is answered",
         RULE + "[[rules]]\nset = 'x'\nwhen = { action = 'Rest', direction = 'answer' }\n",
         "7: rules.when: there is no command 'Rest'; did you mean Reset?", []),
    case("direction", RULE + "[[rules]]\nwhen.direction = 'back'\nset = 'x'\n", "6: rules.when.direction: ",
         ["'call', 'answer' or 'command'", "not 'back'"]),
    case("expression", RULE + "[[rules]]\nset = 'x'\nwhen.expression = 'a['\n",
         "7: rules.when: the expression 'a[' is not valid JMESPath: ", []),
    case("nothing in then", RULE + "[[rules]]\nwhen = { action = 'Heartbeat' }\n",
         '5: rules: a rule needs an effect: "set", or "then" with an answer, an error, a fault or a ', []),
    case("answer and error in then", RULE + "[[rules]]\nthen = { answer = {}, error = {} }\n",
         "6: rules.then: a rule has either an answer or an error, not both", []),
    case("placeholder in then",
         RULE + "[[rules]]\nset = 'x'\nthen = { answer = { currentTime = '{{noww}}' } }\n",
         "7: rules.then: {{noww}} is not a placeholder; use {{now}}, ", []),
    case("then not a table", RULE + "[[rules]]\nwhen = {}\nthen = 'reset'\n", "7: rules.then: ",
         ["not 'reset'"]),
    case("unknown fault", RULE + "[[rules]]\nwhen = {}\nthen = { fault = { kind = 'no-anser' } }\n",
         "7: rules.then.fault: there is no fault 'no-anser'; did you mean no-answer?", []),
    case("unknown fault without a similar one", RULE + "[[rules]]\nthen = { fault = { kind = 'xyzzy' } }\n",
         "6: rules.then.fault: there is no fault 'xyzzy'; valid faults are delay, no-answer, ",
         ["an HTTP status such as 503"]),
    case("fault without a kind", RULE + "[[rules]]\nwhen = {}\nthen = { fault = { seconds = 5 } }\n",
         '7: rules.then.fault: a fault needs a kind, as in { kind = "delay", seconds = 5 }', []),
    case("fault without required fields",
         RULE + "[[rules]]\nwhen = {}\nthen = { fault = { kind = 'delay' } }\n",
         "7: rules.then.fault: a delay needs either seconds, or min and max, or median and sigma", []),
    case("value of a fault", RULE + "[[rules]]\nthen.fault.kind = 'delay'\nthen.fault.seconds = -1\n",
         "7: rules.then.fault.seconds: ", ["greater than or equal to 0, not -1"]),
    case("close code", RULE + "[[rules]]\nthen = { fault = { kind = 'close', code = 1005 } }\n",
         "6: rules.then.fault.code: 1005 cannot be sent as a close code; use 1000 to 1003, 1007 to 1014 or ",
         []),
    case("fault of an answer at the handshake",
         RULE + "[[rules]]\nwhen.action = 'handshake'\nthen.fault = { kind = 'delay', seconds = 1 }\n",
         "5: rules: the fault delay cannot be applied at the handshake; use wrong-subprotocol, hang", []),
    case("fault in the second then",
         RULE + "[[rules]]\n[[rules.then]]\nerror = {}\n\n[[rules.then]]\nfault = { kind = 'dely' }\n",
         "10: rules.then.fault: there is no fault 'dely'; did you mean delay?", []),
]  # fmt: skip


@pytest.mark.parametrize(("content", "error", "words"), WRONG_VALUES)
def test_wrong_value_is_rejected_with_line_and_expected_value(
    error_in: ErrorOf, content: str, error: str, words: list[str]
) -> None:
    message = error_in(content)

    assert message.startswith(f"settings.toml:{error}")
    assert [word for word in words if word not in message] == []
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "position"),
    [
        case("no value", "port = 1\nhost =\n", "(at line 2, column 7)"),
        case("no quotes", "\n\nhost = localhost\n", "(at line 3, column 8)"),
        case("key twice", "port = 1\nport = 2\n", "(at line 2, column 9)"),
        case("table twice", "[tokens.A]\n[tokens.A]\n", "(at line 2, column 10)"),
        case("unclosed array", "whitelist = [\n'A',\n", "(at end of document)"),
        case("JSON", '{"port": 1}\n', "(at line 1, column 1)"),
        case("colon", "port: 1\n", "(at line 1, column 5)"),
    ],
)
def test_invalid_toml_is_rejected_with_line_and_column(
    error_in: ErrorOf, content: str, position: str
) -> None:
    message = error_in(content)

    assert message.startswith("settings.toml is not valid TOML: ")
    assert message.endswith(position)
    assert len(message.splitlines()) == 1


def test_invalid_utf_8_is_rejected_with_position(file: Path) -> None:
    file.write_bytes(b"host = 'a'\n# \xff\n")

    with pytest.raises(UsageError) as caught:
        settings_of_file(file)

    assert str(caught.value).startswith(
        f"{file} is not valid TOML: 'utf-8' codec can't decode byte 0xff in position 13"
    )
    assert len(str(caught.value).splitlines()) == 1


def test_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"

    with pytest.raises(UsageError) as caught:
        settings_of_file(path)

    assert str(caught.value) == f"cannot read {path}: No such file or directory"


def test_folder_as_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        settings_of_file(tmp_path)

    assert str(caught.value) == f"cannot read {tmp_path}: Is a directory"


def test_config_in_file_is_rejected(error_in: ErrorOf) -> None:
    message = error_in("port = 1\n\nconfig = 'other.toml'\n")

    assert message == "settings.toml:3: config cannot be set in the file itself"


NEWLINE = "a\\nb"


@pytest.mark.parametrize(
    "content",
    [
        case("key", f'"{NEWLINE}" = 1'),
        case("value", f'port = "{NEWLINE}"'),
        case("command", f'command = "{NEWLINE}"'),
        case("identity", f'[stations."{NEWLINE}"]\nprot = 1'),
        case("identity of a conflicting profile", f'[stations."{NEWLINE}"]\nperiod = 1'),
        case("token", f'[tokens."{NEWLINE}"]\nstatus = "x"'),
        case("action", f'[[rules]]\nwhen.action = "{NEWLINE}"'),
        case("expression", f'[[rules]]\nwhen.expression = "{NEWLINE}["'),
        case("fault", f'[[rules]]\nthen.fault.kind = "{NEWLINE}"'),
        case("placeholder", f'[[rules]]\nthen.answer.a = "{{{{{NEWLINE}}}}}"'),
        case("text of many lines", '[[rules]]\nthen.fault.kind = """\na\n\nb"""'),
    ],
)
def test_error_in_file_is_one_line_whatever_its_content(error_in: ErrorOf, content: str) -> None:
    assert len(error_in(content).splitlines()) == 1


def test_error_in_file_is_one_line_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a\nb.toml"
    path.write_text("prot = 1", encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        settings_of_file(path)

    assert len(str(caught.value).splitlines()) == 1


def test_error_names_flag_that_wins_over_file(error_in: ErrorOf) -> None:
    assert error_in("port = 9001", "--port http").startswith("--port must be ")


def test_error_names_environment_that_wins_over_file(error_in: ErrorOf) -> None:
    assert error_in("port = 9001", PORT="http").startswith("OCPP_MOCK_PORT must be ")


# Conflicting settings of profiles


@pytest.mark.parametrize(
    ("content", "pattern", "words"),
    [
        case("period without command", "[stations.'CS*']\nperiod = 5", "CS*", "--period needs --command"),
        case("delay without command", "[stations.CS1]\ndelay = 0", "CS1", "--delay needs --command"),
        case("payload without command", "[stations.CS1]\npayload = {}", "CS1",
             "--payload needs --command"),
        case("command without a time", "[stations.CS1]\ncommand = 'Reset'", "CS1",
             "--command Reset --period 5"),
        case("command and sequence", "[stations.CS1]\ncommand = 'Reset'\nperiod = 1\ncommands = ['Reset:1']",
             "CS1", "not both"),
        case("second profile", "[stations.CS1]\ncommand = 'Reset'\nperiod = 1\n[stations.CS2]\nperiod = 5",
             "CS2", "--period needs --command"),
        case("command removed, period of its own",
             "command = 'Reset'\nperiod = 1\n[stations.CS1]\ncommand = ''\nperiod = 5", "CS1",
             "--period needs --command"),
    ],
)  # fmt: skip
def test_conflicting_profile_is_named(error_in: ErrorOf, content: str, pattern: str, words: str) -> None:
    message = error_in(content)

    assert message.startswith(f'settings.toml: [stations."{pattern}"]: ')
    assert words in message
    assert len(message.splitlines()) == 1


def test_conflicting_settings_without_profile_name_no_profile(error_in: ErrorOf) -> None:
    assert error_in("period = 5").startswith("settings.toml: --period needs --command")


@pytest.mark.parametrize(
    "content",
    [
        case("period for inherited command", "command = 'Reset'\nperiod = 5\n[stations.CS1]\nperiod = 1"),
        case("payload for inherited command", "command = 'Reset'\nperiod = 5\n[stations.CS1]\npayload = {}"),
        case("period for command of a glob",
             "[stations.'CS*']\ncommand = 'Reset'\nperiod = 5\n[stations.CS1]\nperiod = 1"),
        case("sequence instead of a command",
             "command = 'Reset'\nperiod = 5\n[stations.CS1]\ncommands = ['Reset:1']"),
        case("command instead of a sequence",
             "commands = ['Reset:1']\n[stations.CS1]\ncommand = 'Reset'\nperiod = 5"),
        case("command removed", "command = 'Reset'\nperiod = 5\n[stations.CS1]\ncommand = ''"),
    ],
)  # fmt: skip
def test_profile_is_checked_together_with_inherited_settings(read: Read, content: str) -> None:
    assert "CS1" in read(content).stations
