"""Flags and environment variables: precedence, errors, the help page."""

import re
from pathlib import Path
from typing import Any

import pytest

from mock_csms import __version__
from mock_csms.settings import SETTING_FIELDS, Settings, UsageError, read_settings
from mock_csms.settings.command_line import command_line, extra_of
from mock_csms.v201.action_tables import CSMS_ACTIONS
from server import OCPP_VERSIONS
from tests.support.settings import error_of, flag, settings_of


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


# Sources


def test_settings_without_flags_and_environment_are_defaults() -> None:
    assert settings_of() == Settings()


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
def test_flag_wins_over_environment_over_default(line: str, environment: dict[str, str], port: int) -> None:
    assert settings_of(line, **environment).port == port


@pytest.mark.parametrize("written", ["--command Reset --period 5 --delay 2", "-c Reset -p 5 -d 2"])
def test_command_with_period_and_delay_is_parsed(written: str) -> None:
    settings = settings_of(written)

    assert (settings.command, settings.period, settings.delay) == ("Reset", 5, 2)


def test_command_and_period_may_come_from_different_sources() -> None:
    settings = settings_of("--command Reset", PERIOD="5")

    assert (settings.command, settings.period) == ("Reset", 5)


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS))
def test_command_is_accepted(command: str) -> None:
    assert settings_of(f"--command {command} --period 1").command == command


COMPANIONS = {
    **dict.fromkeys(["period", "delay", "payload"], "--command Reset --delay 1"),
    "command": "--period 1",
    "tls_cert": "--tls --tls-key server.key",
    "tls_key": "--tls --tls-cert server.pem",
    **dict.fromkeys(["tls_ca", "tls_name", "tls_fault"], "--tls"),
}
"""The other flags that a setting needs, by setting."""


@pytest.mark.parametrize("name", list(SETTING_FIELDS))
def test_example_of_setting_is_valid(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "password_file":
        monkeypatch.chdir(tmp_path)
        Path(extra_of(name)["example"]).write_text("a-password-in-a-file\n", encoding="utf-8")
    extra: Any = Settings.model_fields[name].json_schema_extra

    settings = settings_of(f"{COMPANIONS.get(name, '')} {flag(name)} {extra['example']}")

    assert name in settings.model_fields_set


def test_environment_variables_of_other_programs_are_ignored() -> None:
    assert (
        read_settings([], {"PATH": "/bin", "OCPP": "x", "PORT": "x", "ocpp_mock_port": "x"}, OCPP_VERSIONS)
        == Settings()
    )


# Errors


@pytest.mark.parametrize(
    ("line", "environment", "source"),
    [
        case("flag over environment", "--port x", {"PORT": "9000"}, "--port "),
        case("environment beside a flag", "--host x", {"PORT": "y"}, "OCPP_MOCK_PORT "),
    ],
)
def test_error_names_the_wrong_source(line: str, environment: dict[str, str], source: str) -> None:
    assert error_of(line, **environment).startswith(source)


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
def test_unknown_command_is_rejected_with_hint(written: str, hint: str) -> None:
    message = error_of(f"--command '{written}' --period 5")

    assert message.startswith("--command: ")
    assert hint in message


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("--perid 5", "did you mean --period?"),
        ("--perid=5", "did you mean --period?"),
        ("--boot-staus Pending", "did you mean --boot-status?"),
        ("--heartbeat_interval 5", "did you mean --heartbeat-interval?"),
        ("--PORT 9000", "did you mean --port?"),
        ("--xyzzy", "--help lists all flags"),
        ("CS001", "--help lists all flags"),
        ("stations", "did you mean station?"),
        ("--port", "--help lists all flags"),
    ],
)
def test_unknown_flag_or_word_is_rejected_with_hint(arguments: str, hint: str) -> None:
    message = error_of(arguments)

    assert re.split("[= ]", arguments)[0] in message
    assert message.endswith(hint)


def test_value_in_another_letter_case_is_rejected_with_the_right_one() -> None:
    assert error_of("--boot-status accepted").endswith("not 'accepted'; did you mean Accepted?")


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ("--no-control", "no_control", True),
        ("--findings", "findings", "always"),
        ("--no-compression", "compression", False),
        ("--expect-order", "expect_order", True),
    ],
)
def test_flag_without_value_switches(arguments: str, name: str, value: object) -> None:
    assert getattr(settings_of(arguments), name) == value


def test_unknown_finding_cannot_be_silenced() -> None:
    assert (
        error_of("--silence evse-mising")
        == "--silence: there is no finding evse-mising; did you mean evse-missing?"
    )
    assert "; choose from message-id-reused, " in error_of("--silence schema")


def test_abbreviated_flag_is_rejected() -> None:
    assert "unrecognized" in error_of("--heart 5")


def test_flag_without_required_value_is_named() -> None:
    assert "--port" in error_of("--port")


@pytest.mark.parametrize("argument", ["", " "], ids=repr)
def test_empty_argument_is_rejected(argument: str) -> None:
    """A script that quotes an unset variable passes an empty argument."""
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
def test_unknown_environment_variable_is_rejected_with_hint(variable: str, hint: str) -> None:
    message = error_of("", **{variable: "1"})

    assert f"OCPP_MOCK_{variable}" in message
    assert hint in message


@pytest.mark.parametrize(
    ("line", "error"),
    [
        case("command without a time", "--command Reset", "--command Reset --period 5"),
        case("command and sequence", "--command Reset --period 5 --commands Reset:5", "not both"),
        case("period without command", "--period 5", "--period needs --command"),
        case("delay without command", "--delay 5", "--delay needs --command"),
        case("delay of 0 without command", "--delay 0", "--delay needs --command"),
        case("payload without command", "--payload '{}'", "--payload needs --command"),
        case("period with a sequence", "--commands Reset:5 --period 5", "--period needs --command"),
        case("payload with a sequence", "--commands Reset:5 --payload '{}'", "--payload needs --command"),
    ],
)
def test_conflicting_settings_are_rejected(line: str, error: str) -> None:
    assert error in error_of(line)


def test_conflicting_settings_from_different_sources_are_rejected() -> None:
    assert "not both" in error_of("--command Reset --period 5", COMMANDS="Reset:5")


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
def test_error_is_one_line(arguments: list[str], environment: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        read_settings(arguments, environment, OCPP_VERSIONS)

    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "line",
    ["--boot-status-sequence Pending Accepted", "--commands ClearCache:0 Reset:5"],
    ids=["statuses", "plan"],
)
def test_list_without_commas_is_rejected_with_a_hint(line: str) -> None:
    assert "a list needs commas" in error_of(line)


@pytest.mark.parametrize(("line", "skew"), [("--clock-skew -2h", -7200), ("--clock-skew=-90", -90)])
def test_value_may_begin_with_a_minus_sign(line: str, skew: float) -> None:
    assert settings_of(line).clock_skew == skew


# Help and version


@pytest.fixture
def help_page(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "110")
    with pytest.raises(SystemExit) as caught:
        settings_of("--help")
    assert caught.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", list(SETTING_FIELDS))
def test_help_page_lists_flag(help_page: str, name: str) -> None:
    assert re.search(rf"(^|\s){flag(name)}(,|\s+\[?[A-Za-z])", help_page, re.MULTILINE)


@pytest.mark.parametrize("command", sorted(CSMS_ACTIONS))
def test_help_page_lists_command(help_page: str, command: str) -> None:
    _, _, table = help_page.partition("Commands that --command and --commands accept:\n")
    names, _, _ = table.partition("\n\n")

    assert command in names.split()


@pytest.mark.parametrize("default", ["9000", "127.0.0.1", "300", "0.25"])
def test_help_page_shows_default(help_page: str, default: str) -> None:
    assert f"(default: {default})" in " ".join(help_page.split())


def test_help_page_examples_are_valid(help_page: str) -> None:
    _, _, examples = help_page.partition("Examples:\n")
    lines = [line.strip() for line in examples.strip().splitlines()]

    assert len(lines) >= 3
    for line in lines:
        assert line.startswith("python server.py ")
        assert settings_of(line.removeprefix("python server.py ")) != Settings()


@pytest.mark.parametrize(
    ("columns", "widest"), [("40", 78), ("80", 78), ("100", 98), ("120", 118), ("300", 118), ("", 108)]
)
def test_help_page_is_as_wide_as_the_terminal_within_limits(
    monkeypatch: pytest.MonkeyPatch, columns: str, widest: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.__stdout__", None)  # a terminal would be asked if COLUMNS is empty
    page, _, _ = command_line(OCPP_VERSIONS).format_help().partition("Examples:\n")

    assert widest - 8 <= max(map(len, page.splitlines())) <= widest


def test_help_page_begins_with_the_subcommands(help_page: str) -> None:
    top = help_page.splitlines()[:12]

    for name in ("station", "pki", "password", "journal"):
        assert any(line.startswith(f"  python server.py {name} ") for line in top)


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        settings_of("--version")

    assert (caught.value.code, capsys.readouterr().out) == (0, f"{__version__}\n")


def test_help_is_printed_despite_invalid_flags(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        settings_of("--port nonsense --help")

    assert "Commands:" in capsys.readouterr().out
