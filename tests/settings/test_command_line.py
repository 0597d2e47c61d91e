"""Every knob: where it is read from, what it takes, and the one line that answers what it does not take."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mock_csms import __version__
from mock_csms.settings import SETTING_FIELDS, PlanStep, Settings, UsageError, read_settings
from mock_csms.text import suggest
from mock_csms.v201.action_tables import CSMS_ACTIONS
from server import OCPP_VERSIONS


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def read(line: str = "", **environment: str) -> Settings:
    """Read a command line as a shell would; the environment is named without its prefix."""
    return read_settings(
        shlex.split(line), {f"OCPP_MOCK_{name}": it for name, it in environment.items()}, OCPP_VERSIONS
    )


def complaint(line: str = "", **environment: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(line, **environment)
    return str(caught.value)


def flag(name: str) -> str:
    return "--fault" if name == "faults" else "--" + name.replace("_", "-")


@pytest.fixture
def help_page(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as caught:
        read("--help")
    assert caught.value.code == 0
    return capsys.readouterr().out


# Where it is read from


def test_without_flags_and_environment_everything_has_its_default() -> None:
    assert read() == Settings()


@pytest.mark.parametrize(
    ("line", "environment", "port"),
    [
        case("neither", "", {}, 9000),
        case("environment", "", {"PORT": "9002"}, 9002),
        case("flag", "--port 9001", {}, 9001),
        case("both", "--port 9001", {"PORT": "9002"}, 9001),
        case("flag with the default", "--port 9000", {"PORT": "9002"}, 9000),
        case("flag before a wrong environment", "--port 9001", {"PORT": "nine thousand"}, 9001),
    ],
)
def test_a_flag_wins_over_the_environment_and_that_over_the_default(
    line: str, environment: dict[str, str], port: int
) -> None:
    assert read(line, **environment).port == port


TAKEN = [
    ("host", "0.0.0.0", "0.0.0.0"),
    ("port", "0", 0),
    ("port", "65535", 65535),
    ("ready_file", "ready.json", Path("ready.json")),
    ("commands", "Reset:0", (PlanStep("Reset", 0),)),
    ("commands", "Reset:5, ClearCache:0.5", (PlanStep("Reset", 5), PlanStep("ClearCache", 0.5))),
    ("max_connections", "1", 1),
    ("max_message_size", "65536", 65536),
    ("ping_interval", "0.5", 0.5),
    ("ping_timeout", "20", 20.0),
    ("station", "CS0*", "CS0*"),
    ("call_timeout", "0.5", 0.5),
    ("validation", "report", "report"),
    ("boot_status", "Rejected", "Rejected"),
    ("boot_status_sequence", "Pending", ("Pending",)),
    ("boot_status_sequence", "Pending, Accepted", ("Pending", "Accepted")),
    ("heartbeat_interval", "0", 0),
    ("boot_retry_interval", "10", 10),
    ("cost_per_kwh", "0", 0),
    ("total_cost", "12.5", 12.5),
    ("findings", "never", "never"),
    ("log_level", "debug", "debug"),
    ("log_format", "json", "json"),
]


@pytest.mark.parametrize(("name", "written", "value"), TAKEN)
def test_a_flag_takes(name: str, written: str, value: object) -> None:
    assert getattr(read(f"{flag(name)} {shlex.quote(written)}"), name) == value


@pytest.mark.parametrize(("name", "written", "value"), TAKEN)
def test_an_environment_variable_takes(name: str, written: str, value: object) -> None:
    assert getattr(read("", **{name.upper(): written}), name) == value


@pytest.mark.parametrize(
    ("line", "environment", "on"),
    [
        case("default", "", {}, True),
        case("on", "--compression", {}, True),
        case("off", "--no-compression", {}, False),
        case("environment", "", {"COMPRESSION": "false"}, False),
        case("flag over environment", "--compression", {"COMPRESSION": "false"}, True),
        case("flag off over environment", "--no-compression", {"COMPRESSION": "true"}, False),
        case("last of two flags", "--no-compression --compression", {}, True),
    ],
)
def test_a_switch_is_on_or_off(line: str, environment: dict[str, str], on: bool) -> None:
    assert read(line, **environment).compression is on


@pytest.mark.parametrize("written", ["", "maybe", "2"])
def test_a_switch_that_is_neither_on_nor_off_is_answered(written: str) -> None:
    said = complaint("", COMPRESSION=written)

    assert said.startswith("OCPP_MOCK_COMPRESSION wants true or false, ")


@pytest.mark.parametrize("written", ["--command Reset --period 5 --delay 2", "-c Reset -p 5 -d 2"])
def test_a_command_with_its_times_is_taken(written: str) -> None:
    settings = read(written)

    assert (settings.command, settings.period, settings.delay) == ("Reset", 5, 2)


def test_a_command_and_its_time_may_come_from_different_places() -> None:
    settings = read("--command Reset", PERIOD="5")

    assert (settings.command, settings.period) == ("Reset", 5)


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS))
def test_every_command_can_be_chosen(command: str) -> None:
    assert read(f"--command {command} --period 1").command == command


@pytest.mark.parametrize("name", list(SETTING_FIELDS))
def test_the_example_of_a_setting_is_one_that_it_takes(name: str) -> None:
    extra: Any = Settings.model_fields[name].json_schema_extra
    command = "--command Reset --delay 1" if name in {"period", "delay", "payload"} else ""
    period = "--period 1" if name == "command" else ""

    settings = read(f"{command} {flag(name)} {extra['example']} {period}")

    assert name in settings.model_fields_set


def test_environment_variables_of_others_are_left_alone() -> None:
    assert (
        read_settings([], {"PATH": "/bin", "OCPP": "x", "PORT": "x", "ocpp_mock_port": "x"}, OCPP_VERSIONS)
        == Settings()
    )


# What a wrong value is answered


WRONG = [
    *(("port", value, "a port from 0 to 65535")
      for value in ("", "http", "-1", "65536", "9000.5", "9" * 5000)),
    *(("period", value, "seconds greater than 0") for value in ("0", "-1", "nan", "inf", "5s", "")),
    *(("delay", value, "seconds, 0 or more") for value in ("-0.1", "nan", "inf", "soon")),
    *(("call_timeout", value, "seconds greater than 0") for value in ("0", "-1", "nan", "inf", "never")),
    *(("max_connections", value, "a whole number greater than 0") for value in ("0", "-1", "1.5", "many")),
    *(("max_message_size", value, "a whole number of bytes") for value in ("0", "-1", "1.5", "1MB")),
    *(("ping_interval", value, "seconds greater than 0") for value in ("0", "-1", "nan", "inf", "off")),
    *(("ping_timeout", value, "seconds greater than 0") for value in ("0", "-1", "nan", "inf", "")),
    *(("validation", value, "strict, report or off") for value in ("Strict", "on", "")),
    *(("boot_status", value, "Accepted, Pending or Rejected") for value in ("accepted", "Scheduled", "")),
    *(("boot_status_sequence", value, "a list of Accepted, Pending or Rejected")
      for value in ("", "Pending,", "Pending;Accepted", "Pending,Maybe")),
    *(("heartbeat_interval", value, "a whole number of seconds, 0 or more") for value in ("-1", "1.5", "x")),
    *(("boot_retry_interval", value, "a whole number of seconds, 0 or more") for value in ("-1", "1.5", "")),
    *(("cost_per_kwh", value, "a price from 0 to 1000000") for value in ("-0.01", "nan", "inf", "1e7", "x")),
    *(("total_cost", value, "a price from 0 to 1000000") for value in ("-0.01", "nan", "1e999", "free")),
    *(("log_level", value, "debug, info, warning or error") for value in ("INFO", "trace", "")),
    *(("log_format", value, "text or json") for value in ("xml", "")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "wants"), WRONG, ids=lambda it: str(it)[:24])
def test_a_wrong_flag_is_named_with_what_it_wants_and_an_example(name: str, value: str, wants: str) -> None:
    said = complaint(f"{flag(name)}={shlex.quote(value)}")

    assert said.startswith(f"{flag(name)} wants ")
    assert wants in said
    assert f"for example: {flag(name)} " in said


@pytest.mark.parametrize(("name", "value", "wants"), WRONG, ids=lambda it: str(it)[:24])
def test_a_wrong_environment_variable_is_named_with_what_it_wants(name: str, value: str, wants: str) -> None:
    said = complaint("", **{name.upper(): value})

    assert said.startswith(f"OCPP_MOCK_{name.upper()} wants ")
    assert wants in said


@pytest.mark.parametrize(
    ("line", "environment", "blamed"),
    [
        case("flag over environment", "--port x", {"PORT": "9000"}, "--port "),
        case("environment beside a flag", "--host x", {"PORT": "y"}, "OCPP_MOCK_PORT "),
    ],
)
def test_the_source_that_is_wrong_is_blamed(line: str, environment: dict[str, str], blamed: str) -> None:
    assert complaint(line, **environment).startswith(blamed)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        case("no seconds", "Reset", "'Reset' must be a command, a colon and seconds, as in Reset:5"),
        case("no seconds after the colon", "Reset:", "as in Reset:5"),
        case("words for seconds", "Reset:soon", "'Reset:soon' must be a command, a colon and seconds"),
        case("negative", "Reset:-1", "a command, a colon and seconds"),
        case("NaN", "Reset:nan", "a command, a colon and seconds"),
        case("infinite", "Reset:inf", "a command, a colon and seconds"),
        case("too large", "Reset:1e400", "a command, a colon and seconds"),
        case("nothing", "", "a command, a colon and seconds, as in Reset:5"),
        case("nothing after a comma", "Reset:5,", "a command, a colon and seconds"),
        case("two colons", "Reset:5:5", "a command, a colon and seconds"),
        case("typo in the second", "Reset:5,ClearCach:5", "did you mean ClearCache?"),
        case("no name", ":5", "there is no command ''"),
    ],
)
def test_a_wrong_sequence_is_answered(steps: str, said: str) -> None:
    answer = complaint(f"--commands={shlex.quote(steps)}")

    assert answer.startswith("--commands: ")
    assert said in answer


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("reset", "did you mean Reset?"),
        ("GetBaseRepot", "did you mean GetBaseReport?"),
        ("get_base_report", "did you mean GetBaseReport?"),
        ("GetVariablesRequest", "did you mean GetVariables?"),
        ("Heartbeat", "there is no command 'Heartbeat'"),
        ("BootNotification", "there is no command 'BootNotification'"),
        ("Xyzzy", "--help lists all of them"),
    ],
)
def test_a_command_that_a_central_system_cannot_send_is_answered(written: str, hint: str) -> None:
    answer = complaint(f"--command '{written}' --period 5")

    assert answer.startswith("--command: ")
    assert hint in answer


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("--perid 5", "did you mean --period?"),
        ("--perid=5", "did you mean --period?"),
        ("--boot-staus Pending", "did you mean --boot-status?"),
        ("--heartbeat_interval 5", "did you mean --heartbeat-interval?"),
        ("--PORT 9000", "did you mean --port?"),
        ("--xyzzy", "--help shows what there is"),
        ("CS001", "--help shows what there is"),
    ],
)
def test_a_flag_that_does_not_exist_is_answered(arguments: str, hint: str) -> None:
    answer = complaint(arguments)

    assert re.split("[= ]", arguments)[0] in answer
    assert answer.endswith(hint)


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ("--no-control", "no_control", True),
        ("--findings", "findings", "always"),
        ("--no-compression", "compression", False),
        ("--expect-order", "expect_order", True),
    ],
)
def test_a_flag_without_a_value_switches(arguments: str, name: str, value: object) -> None:
    assert getattr(read(arguments), name) == value


def test_a_finding_that_does_not_exist_cannot_be_silenced() -> None:
    assert (
        complaint("--silence evse-mising")
        == "--silence: there is no finding evse-mising; did you mean evse-missing?"
    )
    assert "; there are message-id-reused, " in complaint("--silence schema")


def test_a_flag_is_not_understood_by_its_beginning() -> None:
    assert "unrecognized" in complaint("--heart 5")


def test_a_flag_without_its_value_is_named() -> None:
    assert "--port" in complaint("--port")


@pytest.mark.parametrize("argument", ["", " "], ids=repr)
def test_an_empty_argument_is_answered(argument: str) -> None:
    """A script that passes an unset variable in quotes gives one."""
    with pytest.raises(UsageError, match="--help"):
        read_settings([argument], {}, OCPP_VERSIONS)


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("PROT", "did you mean OCPP_MOCK_PORT?"),
        ("HEARTBEATINTERVAL", "did you mean OCPP_MOCK_HEARTBEAT_INTERVAL?"),
        ("xyzzy_and_more_and_more_and_more", "OCPP_MOCK_BOOT_STATUS"),
    ],
)
def test_an_environment_variable_that_is_no_setting_is_answered(variable: str, hint: str) -> None:
    answer = complaint("", **{variable: "1"})

    assert f"OCPP_MOCK_{variable}" in answer
    assert hint in answer


@pytest.mark.parametrize(
    ("line", "said"),
    [
        case("command without a time", "--command Reset", "--command Reset --period 5"),
        case("command and sequence", "--command Reset --period 5 --commands Reset:5", "not both"),
        case("period without command", "--period 5", "--period goes with --command"),
        case("delay without command", "--delay 5", "--delay goes with --command"),
        case("delay of 0 without command", "--delay 0", "--delay goes with --command"),
        case("payload without command", "--payload '{}'", "--payload goes with --command"),
        case("period with a sequence", "--commands Reset:5 --period 5", "--period goes with --command"),
        case("payload with a sequence", "--commands Reset:5 --payload '{}'", "--payload goes with --command"),
    ],
)
def test_settings_that_do_not_belong_together_are_answered(line: str, said: str) -> None:
    assert said in complaint(line)


def test_settings_that_do_not_belong_together_are_found_across_their_sources() -> None:
    assert "not both" in complaint("--command Reset --period 5", COMMANDS="Reset:5")


NEWLINE = "Re\nset"


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        case("wrong value", ["--port", NEWLINE], {}),
        case("unknown flag", [f"--{NEWLINE}"], {}),
        case("stray argument", [NEWLINE], {}),
        case("unknown variable", [], {f"OCPP_MOCK_{NEWLINE}": "1"}),
        case("wrong variable", [], {"OCPP_MOCK_PORT": NEWLINE}),
        case("command", ["--command", NEWLINE, "--period", "5"], {}),
        case("step", ["--commands", NEWLINE], {}),
        case("step with words for seconds", ["--commands", f"{NEWLINE}:x"], {}),
        case("unknown step", ["--commands", f"{NEWLINE}:5"], {}),
        case("payload", ["--payload", '{\n"a": \n}', "--command", "Reset", "--delay", "0"], {}),
        case("payload file", ["--payload", f"@{NEWLINE}", "--command", "Reset", "--delay", "0"], {}),
        case("status", ["--boot-status-sequence", NEWLINE], {}),
    ],
)
def test_a_complaint_is_one_line(arguments: list[str], environment: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        read_settings(arguments, environment, OCPP_VERSIONS)

    assert len(str(caught.value).splitlines()) == 1


# --payload


def payload(written: str) -> object:
    return read(f"--command Reset --delay 0 --payload {shlex.quote(written)}").payload


def wrong_payload(written: str) -> str:
    return complaint(f"--command Reset --delay 0 --payload {shlex.quote(written)}")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{}", {}),
        ('{"type": "OnIdle"}', {"type": "OnIdle"}),
        ('{"evse": null}', {"evse": None}),
        (' {"a": {"b": [1]}}\n', {"a": {"b": [1]}}),
    ],
)
def test_a_payload_is_a_json_object(written: str, value: object) -> None:
    assert payload(written) == value


@pytest.mark.parametrize("written", ["null", "[]", "1", '"type"', "true"])
def test_a_payload_that_is_no_object_is_answered(written: str) -> None:
    assert wrong_payload(written) == "--payload: must be a JSON object"


@pytest.mark.parametrize(
    "written",
    ["", "type=OnIdle", "{type: OnIdle}", "{'type': 'OnIdle'}", '{"type": NaN}', "{" * 5, '{"a":' * 5000],
    ids=["empty", "words", "yaml", "single quotes", "NaN", "cut off", "too deep"],
)
def test_a_payload_that_is_no_json_is_answered(written: str) -> None:
    assert wrong_payload(written).startswith("--payload: not valid JSON (")


def test_a_wrong_payload_is_told_with_its_place() -> None:
    assert "line 2 column" in wrong_payload('{"a": 1,\n"b" 2}')


def test_a_payload_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "reset me.json"
    file.write_text('{"type": "OnIdle"}', encoding="utf-8")

    assert payload(f"@{file}") == {"type": "OnIdle"}


def test_a_payload_file_that_is_missing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "none.json"

    assert wrong_payload(f"@{file}").startswith(f"--payload: cannot read {file}: ")


def test_a_payload_file_that_is_a_folder_is_named(tmp_path: Path) -> None:
    assert str(tmp_path) in wrong_payload(f"@{tmp_path}")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe{}", b'{"a": "\xff"}', b"type"],
    ids=["empty", "UTF-16 mark", "no UTF-8", "words"],
)
def test_a_payload_file_without_json_is_answered(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "payload.json"
    file.write_bytes(content)

    assert wrong_payload(f"@{file}").startswith("--payload: not valid JSON (")


def test_a_payload_may_come_from_the_environment() -> None:
    assert read("--command Reset --delay 0", PAYLOAD='{"type": "OnIdle"}').payload == {"type": "OnIdle"}


# Help and version


@pytest.mark.parametrize("name", list(SETTING_FIELDS))
def test_the_help_page_shows_every_flag(help_page: str, name: str) -> None:
    assert re.search(rf"(^|\s){flag(name)}(,|\s+\[?[A-Za-z])", help_page, re.MULTILINE)


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS))
def test_the_help_page_shows_every_command(help_page: str, command: str) -> None:
    _, _, table = help_page.partition("commands:\n")
    names, _, _ = table.partition("\n\n")

    assert command in names.split()


@pytest.mark.parametrize("default", ["9000", "127.0.0.1", "300", "0.25"])
def test_the_help_page_shows_defaults(help_page: str, default: str) -> None:
    assert f"(default: {default})" in " ".join(help_page.split())


def test_the_examples_of_the_help_page_are_accepted(help_page: str) -> None:
    _, _, examples = help_page.partition("examples:\n")
    lines = [line.strip() for line in examples.strip().splitlines()]

    assert len(lines) >= 3
    for line in lines:
        assert line.startswith("python server.py ")
        assert read(line.removeprefix("python server.py ")) != Settings()


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        read("--version")

    assert (caught.value.code, capsys.readouterr().out) == (0, f"{__version__}\n")


def test_help_is_shown_whatever_else_is_wrong_on_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read("--port nonsense --help")

    assert "commands:" in capsys.readouterr().out


# What settings mean


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        case("default", "", ["Accepted", "Accepted"]),
        case("one status", "--boot-status Pending", ["Pending", "Pending"]),
        case("sequence", "--boot-status-sequence Pending,Rejected,Accepted",
             ["Pending", "Rejected", "Accepted", "Accepted", "Accepted"]),
        case("sequence of one", "--boot-status-sequence Rejected", ["Rejected", "Rejected"]),
        case("sequence and status", "--boot-status Accepted --boot-status-sequence Pending,Rejected",
             ["Pending", "Rejected", "Rejected"]),
    ],
)  # fmt: skip
def test_boots_are_answered_in_their_order(line: str, answers: list[str]) -> None:
    settings = read(line)

    assert [settings.boot_status_at(boot) for boot in range(1, len(answers) + 1)] == answers


@pytest.mark.parametrize(
    ("line", "words"),
    [
        case("nothing", "", ["none"]),
        case("period", "-c Reset -p 5", ["Reset", "every 5 s", "every station"]),
        case("delay", "-c Reset -d 0", ["Reset", "after 0 s", "every station"]),
        case("both", "-c Reset -d 2.5 -p 5", ["Reset", "after 2.5 s", "every 5 s"]),
        case("sequence", "--commands Reset:5,ClearCache:0.5", ["Reset after 5 s", "ClearCache after 0.5 s"]),
        case("some stations", "-c Reset -p 5 --station 'CS0*'", ["CS0*"]),
    ],
)
def test_the_plan_is_told_in_words(line: str, words: list[str]) -> None:
    plan = read(line).plan_in_words()

    assert [word for word in words if word not in plan] == []


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("REST", "; did you mean Reset?"),
        ("resett", "; did you mean Reset?"),
        ("clear cache", "; did you mean ClearCache?"),
        ("Xyzzy", ""),
        ("", ""),
    ],
)
def test_the_closest_name_is_suggested_if_it_is_close(word: str, hint: str) -> None:
    assert suggest(word, ["Reset", "ClearCache"]) == hint


# A profile


def test_a_profile_takes_back_a_command_that_holds_for_others() -> None:
    settings = Settings.model_validate(
        {"command": "Reset", "delay": 1, "stations": {"CS1": {"command": "", "commands": "ClearCache:0"}}}
    )

    assert [str(step) for step in settings.profile("CS1").steps] == ["ClearCache:0"]


@pytest.mark.parametrize(
    "settings",
    [
        case("a message of nothing", {"tokens": {"X": {"personalMessage": ""}}}),
        case("an expiry beyond all years", {"tokens": {"X": {"cacheExpiry": 1e12}}}),
        case("an expiry before all years", {"tokens": {"X": {"cacheExpiry": "0001-01-01T00:00:00+02:00"}}}),
        case("a clock beyond all years", {"clock_skew": "99999999d"}),
        case("a limit without end", {"charging_limit": float("inf")}),
    ],
)
def test_what_would_break_an_answer_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)
