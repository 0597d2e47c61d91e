"""Types of settings: values that are parsed, and errors for values that are not valid."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from mock_csms.settings import PlanStep, Settings, Variable
from mock_csms.settings.field_types import VariableNames
from tests.support.settings import error_of, flag, settings_of


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


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
    ("color", "never", "never"),
]


@pytest.mark.parametrize(("name", "written", "value"), TAKEN)
def test_flag_value_is_parsed(name: str, written: str, value: object) -> None:
    assert getattr(settings_of(f"{flag(name)} {shlex.quote(written)}"), name) == value


@pytest.mark.parametrize(("name", "written", "value"), TAKEN)
def test_environment_value_is_parsed(name: str, written: str, value: object) -> None:
    assert getattr(settings_of("", **{name.upper(): written}), name) == value


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
def test_switch_is_on_or_off(line: str, environment: dict[str, str], on: bool) -> None:
    assert settings_of(line, **environment).compression is on


@pytest.mark.parametrize("written", ["", "maybe", "2"])
def test_invalid_switch_is_rejected(written: str) -> None:
    message = error_of("", COMPRESSION=written)

    assert message.startswith("OCPP_MOCK_COMPRESSION must be true or false, ")


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
    ("color", "blue", "auto, always or never"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "expected"), WRONG, ids=lambda value: str(value)[:24])
def test_wrong_flag_value_is_rejected_with_expected_value_and_example(
    name: str, value: str, expected: str
) -> None:
    message = error_of(f"{flag(name)}={shlex.quote(value)}")

    assert message.startswith(f"{flag(name)} must be ")
    assert expected in message
    assert f"for example: {flag(name)} " in message or "did you mean " in message


@pytest.mark.parametrize(("name", "value", "expected"), WRONG, ids=lambda value: str(value)[:24])
def test_wrong_environment_value_is_rejected_with_expected_value(
    name: str, value: str, expected: str
) -> None:
    message = error_of("", **{name.upper(): value})

    assert message.startswith(f"OCPP_MOCK_{name.upper()} must be ")
    assert expected in message


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        case("no seconds", "Reset", "'Reset' must be a command, a colon and seconds, as in Reset:5"),
        case("no seconds after the colon", "Reset:", "as in Reset:5"),
        case(
            "seconds that are not a number",
            "Reset:soon",
            "'Reset:soon' must be a command, a colon and seconds",
        ),
        case("negative", "Reset:-1", "a command, a colon and seconds"),
        case("NaN", "Reset:nan", "a command, a colon and seconds"),
        case("infinite", "Reset:inf", "a command, a colon and seconds"),
        case("too large", "Reset:1e400", "a command, a colon and seconds"),
        case("empty", "", "a command, a colon and seconds, as in Reset:5"),
        case("empty after a comma", "Reset:5,", "a command, a colon and seconds"),
        case("two colons", "Reset:5:5", "a command, a colon and seconds"),
        case("mistyped second command", "Reset:5,ClearCach:5", "did you mean ClearCache?"),
        case("no name", ":5", "there is no command ''"),
    ],
)
def test_invalid_sequence_is_rejected(steps: str, error: str) -> None:
    message = error_of(f"--commands={shlex.quote(steps)}")

    assert message.startswith("--commands: ")
    assert error in message


@pytest.mark.parametrize(
    "settings",
    [
        case("empty personal message", {"tokens": {"X": {"personalMessage": ""}}}),
        case("expiry after year 9999", {"tokens": {"X": {"cacheExpiry": 1e12}}}),
        case("expiry before year 1", {"tokens": {"X": {"cacheExpiry": "0001-01-01T00:00:00+02:00"}}}),
        case("clock skew beyond year 9999", {"clock_skew": "99999999d"}),
        case("infinite limit", {"charging_limit": float("inf")}),
    ],
)
def test_setting_that_would_break_an_answer_is_rejected(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)


# --payload


def payload(written: str) -> object:
    return settings_of(f"--command Reset --delay 0 --payload {shlex.quote(written)}").payload


def payload_error(written: str) -> str:
    return error_of(f"--command Reset --delay 0 --payload {shlex.quote(written)}")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("{}", {}),
        ('{"type": "OnIdle"}', {"type": "OnIdle"}),
        ('{"evse": null}', {"evse": None}),
        (' {"a": {"b": [1]}}\n', {"a": {"b": [1]}}),
    ],
)
def test_payload_is_parsed_as_json_object(written: str, value: object) -> None:
    assert payload(written) == value


@pytest.mark.parametrize("written", ["null", "[]", "1", '"type"', "true"])
def test_payload_that_is_not_an_object_is_rejected(written: str) -> None:
    assert payload_error(written) == "--payload: must be a JSON object"


@pytest.mark.parametrize(
    "written",
    ["", "type=OnIdle", "{type: OnIdle}", "{'type': 'OnIdle'}", '{"type": NaN}', "{" * 5, '{"a":' * 5000],
    ids=["empty", "words", "yaml", "single quotes", "NaN", "cut off", "too deep"],
)
def test_payload_that_is_not_json_is_rejected(written: str) -> None:
    assert payload_error(written).startswith("--payload: not valid JSON (")


def test_invalid_payload_is_rejected_with_line_and_column() -> None:
    assert "line 2 column" in payload_error('{"a": 1,\n"b" 2}')


def test_payload_is_read_from_file(tmp_path: Path) -> None:
    file = tmp_path / "reset me.json"
    file.write_text('{"type": "OnIdle"}', encoding="utf-8")

    assert payload(f"@{file}") == {"type": "OnIdle"}


def test_missing_payload_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "none.json"

    assert payload_error(f"@{file}").startswith(f"--payload: cannot read {file}: ")


def test_folder_as_payload_file_is_named(tmp_path: Path) -> None:
    assert str(tmp_path) in payload_error(f"@{tmp_path}")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe{}", b'{"a": "\xff"}', b"type"],
    ids=["empty", "UTF-16 mark", "not UTF-8", "words"],
)
def test_payload_file_without_json_is_rejected(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "payload.json"
    file.write_bytes(content)

    assert payload_error(f"@{file}").startswith("--payload: not valid JSON (")


def test_payload_may_come_from_environment() -> None:
    assert settings_of("--command Reset --delay 0", PAYLOAD='{"type": "OnIdle"}').payload == {
        "type": "OnIdle"
    }


# Variables


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("A.B", [Variable("A", "B")]),
        ("A/B, C.D", [Variable("A", "B"), Variable("C", "D")]),
        ("A.B=1,2,C.D=", [Variable("A", "B", "1,2"), Variable("C", "D", "")]),
        ("A.B=1,2.5,C.D=3", [Variable("A", "B", "1,2.5"), Variable("C", "D", "3")]),
        ("A.B=x=y", [Variable("A", "B", "x=y")]),
        ("A.B[c]", [Variable("A", "B", instance="c")]),
        ("A[c]/B", [Variable("A", "B", component_instance="c")]),
        ("A[c,d.e=f]/B[g/h]=1", [Variable("A", "B", "1", component_instance="c,d.e=f", instance="g/h")]),
        ("EVSE#2/B", [Variable("EVSE", "B", evse_id=2)]),
        ("EVSE#2.B", [Variable("EVSE", "B", evse_id=2)]),
        ("Connector#2.3/B", [Variable("Connector", "B", evse_id=2, connector_id=3)]),
        ("Connector[x]#2.3.B[y]", [Variable("Connector", "B", None, "x", "y", 2, 3)]),
    ],
)
def test_variables_are_read_in_the_notation_of_the_device_model(text: str, variables: list[Variable]) -> None:
    read = TypeAdapter(VariableNames).validate_python(text)

    assert list(read) == variables
    assert TypeAdapter(VariableNames).validate_python([str(variable) for variable in read]) == read


@pytest.mark.parametrize(
    "text",
    ["A", "A.", ".B", "A[.B", "A[].B", "A.B[", "A.B[]", "EVSE#0/B", "EVSE#1", "EVSE#x/B", "Connector#1.0/B"],
)
def test_variable_in_another_notation_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValidationError, match="must be a component, a dot or slash, and a variable, as in"):
        TypeAdapter(VariableNames).validate_python(text)
