"""Random settings: each is accepted or rejected with one line, and nothing hangs or fails otherwise."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import pytest

from mock_csms.errors import UsageError
from mock_csms.settings import SETTING_FIELDS, read_settings
from mock_csms.settings.command_line import flag_of
from server import OCPP_VERSIONS
from tests.support.paths import ROOT

RUNS: Final = 100
EXAMPLES: Final = sorted((ROOT / "examples").glob("*.toml"))
ODD_VALUES: Final = [
    "", " ", "\n", "0", "-1", "1e999", "nan", "9" * 400, "true", "null", "[]", "{}", "[{}]", "@", "@/", "é",
    "@/dev/null", "\udcff", "\u2028", "a:b", "a=b", ":", ",", ";", "*", "[", "Heartbeat:delay=",
    "handshake:503", "Heartbeat:delay=-1",
    "Reset:5", "{" * 2000, "[" * 2000, '{"action":"Heartbeat"}', "(" * 900, "x" * 5000,
    "{{" + " " * 900, "127.0.0.1:1", "::1:1", "A.B=1,C.D", "Heartbeat>=1", "Heartbeat[a=b]==1",
]  # fmt: skip
ODD_TOML: Final = [
    "0", "-1", "nan", "inf", "true", "''", '"\\u0000"', "[]", "{}", "[[]]", "[{}]", "2026-01-01", "12:00:00",
    "2026-01-01T00:00:00Z", "9" * 400, "'" + "x" * 5000 + "'", "[" * 300 + "]" * 300,
]  # fmt: skip
ODD_LINES: Final = [
    "[[rules]]", "[rules]", "[tokens.A]", "[stations.'CS*']", "[stations.CS1.tokens.A]", "[[stations]]",
    "[[faults]]", "[rules.when]", "[rules.then]", "[[rules.then]]", "[rules.then.command]",
    "[rules.then.fault]",
    "when.action = 'Reset'", "then.fault = 'delay'", "fault = 'Heartbeat:delay=1'", "fault.kind = 'delay'",
    "kind = 'delay'", "set = 'x'", "when.expression = '((('", "when.expression = '[@,@][] | [@,@][]'",
    "then.answer.a = '{{x}}'", "\x00", "'''", '"""',
]  # fmt: skip


def outcome(arguments: list[str], environment: dict[str, str]) -> str:
    """Read settings; return the error, asserted to be one printable line, or "" if they are accepted."""
    error = ""
    try:
        read_settings(arguments, environment, OCPP_VERSIONS)
    except UsageError as rejected:
        error = str(rejected) or "an empty message"
    assert error.isprintable()
    assert error != "an empty message"
    return error


def random_bytes(rng: Random) -> bytes:
    return rng.randbytes(rng.randrange(200))


def random_toml(rng: Random) -> bytes:
    keys = [*SETTING_FIELDS, "tokens", "stations", "rules", "then", "when", "times", "status", "x"]
    lines = [
        rng.choice(ODD_LINES) if rng.random() < 0.3 else f"{rng.choice(keys)} = {rng.choice(ODD_TOML)}"
        for _ in range(rng.randrange(1, 8))
    ]
    return "\n".join(lines).encode()


def changed_example(rng: Random) -> bytes:
    content = bytearray(rng.choice(EXAMPLES).read_bytes())
    for _ in range(rng.randrange(1, 6)):
        start = rng.randrange(len(content))
        end = start + rng.randrange(8)
        content[start:end] = rng.choice([b"", rng.randbytes(2), b'"', b"[", b"{", b"=", b"0", b"\n", b"'''"])
    return bytes(content)


@pytest.mark.parametrize("make", [random_bytes, random_toml, changed_example])
def test_random_file_is_accepted_or_rejected_with_one_line(
    tmp_path: Path, make: Callable[[Random], bytes]
) -> None:
    file = tmp_path / "settings.toml"
    rng, errors = Random(1), []  # the seed makes a failure repeatable
    for _ in range(RUNS):
        file.write_bytes(make(rng))
        errors.append(outcome(["--config", str(file)], {}))

    assert any(errors)


def test_random_flags_are_accepted_or_rejected_with_one_line() -> None:
    rng, errors = Random(2), []
    flags = [flag_of(name) for name in SETTING_FIELDS]
    for _ in range(RUNS):
        arguments = [
            rng.choice([rng.choice(flags), rng.choice(ODD_VALUES)]) for _ in range(rng.randrange(1, 5))
        ]
        errors.append(outcome(arguments, {}))

    assert any(errors)


@pytest.mark.parametrize("name", SETTING_FIELDS)
def test_odd_values_of_a_setting_are_accepted_or_rejected_with_one_line(name: str) -> None:
    errors = [outcome([], {f"OCPP_MOCK_{name.upper()}": value}) for value in ODD_VALUES]

    assert any(errors)
