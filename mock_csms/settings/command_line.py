"""The command line and its help page, built from the fields of Settings."""

from argparse import (
    SUPPRESS,
    Action,
    ArgumentParser,
    BooleanOptionalAction,
)
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Final, cast

from mock_csms._version import __version__
from mock_csms.behaviour.faults import AT_HANDSHAKE, ON_ANSWERS, kinds_in_words
from mock_csms.launch import COMMAND, PROGRAM
from mock_csms.private_api.argparse import SuggestingParser, UnbrokenFlagsFormatter, page_width, paragraph
from mock_csms.settings.server_settings import Settings
from mock_csms.versions import OcppVersion, actions_from_csms, default_settings

ENVIRONMENT_PREFIX: Final = "OCPP_MOCK_"

SETTING_FIELDS: Final = {
    name: field for name, field in Settings.model_fields.items() if isinstance(field.json_schema_extra, dict)
}
"""Settings with a flag and an environment variable; all other settings are tables of the settings file."""


def flag_of(name: str) -> str:
    """Long flag of a setting, such as ``--boot-status``."""
    return str(extra_of(name)["flag"] or "--" + name.replace("_", "-"))


def extra_of(name: str) -> dict[str, Any]:
    """Arguments of ``setting`` that pydantic's `Field` does not have: group, example, metavar and so on."""
    return cast("dict[str, Any]", SETTING_FIELDS[name].json_schema_extra)


def command_line(versions: Sequence[OcppVersion]) -> ArgumentParser:
    """Build the argument parser, with one flag per setting."""
    parser = SuggestingParser(
        hint="; --help lists all flags",
        hint_about_words="; a list needs commas, and text with spaces needs quotes; the subcommands are "
        f"{', '.join(PROGRAMS)}; --help lists all flags",
        subcommands=PROGRAMS,
        prog=PROGRAM,
        usage=f"{COMMAND} [--command NAME --period SECONDS] [settings]\n"
        f"       {COMMAND} certify | station | pki | password | journal ...",
        description=_description(versions),
        epilog=_epilog(versions),
        formatter_class=UnbrokenFlagsFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    groups: dict[str, Callable[..., Action]] = {}
    by_version = default_settings(versions)
    for name in sorted(SETTING_FIELDS, key=lambda name: GROUPS.index(extra_of(name)["group"])):
        group = extra_of(name)["group"]
        if group not in groups:
            groups[group] = parser.add_argument_group(group).add_argument
        _add_flag(groups[group], name, by_version.get(name, SETTING_FIELDS[name].default))
    about = parser.add_argument_group("About")
    about.add_argument("-h", "--help", action="help", help="show this page and exit")
    about.add_argument("--version", action="version", version=__version__, help="show the version and exit")
    about.add_argument(
        "--print-config",
        action="store_true",
        default=SUPPRESS,
        help="print the effective settings as a file for --config and exit",
    )
    return parser


GROUPS: Final = list(
    dict.fromkeys(
        str(cast("dict[str, Any]", field.json_schema_extra)["group"])
        for field in [SETTING_FIELDS["config"], *SETTING_FIELDS.values()]
    )
)


def _add_flag(add_argument: Callable[..., Action], name: str, default: object) -> None:
    field, extra = SETTING_FIELDS[name], extra_of(name)
    default_note = f" (default: {shown(default)})" if default not in (None, (), False) else ""
    options: dict[str, Any] = {"metavar": extra["metavar"] or name.upper()}
    if field.annotation is bool:
        options = {"action": "store_true" if name.startswith("no_") else BooleanOptionalAction}
    elif extra["many"] == "words":
        options["nargs"] = "+"
    elif extra["many"] == "flags":
        options["action"] = "append"
    elif extra["without_value"]:
        options |= {"nargs": "?", "const": extra["without_value"]}
    add_argument(
        *filter(None, (extra["short"], flag_of(name))),
        dest=name,
        default=SUPPRESS,
        help=f"{field.description}{default_note}".replace("%", "%%"),
        **options,
    )


def shown(default: object) -> str:
    """Format a default value as a user would write it."""
    match default:
        case tuple():
            return " ".join(map(str, default))
        case bool():
            return "true" if default else "false"
        case float():
            return f"{default:g}"
    return str(default)


PROGRAMS: Final = {
    "certify": "rehearse the certification of a charging station",
    "station": "simulate charging stations",
    "pki": "make, list and revoke certificates",
    "password": "hash a password, or make a random one",
    "journal": "print a file written by --journal",
}
"""Descriptions of the subcommands."""


def _description(versions: Sequence[OcppVersion]) -> str:
    names = ", ".join(version.name for version in versions)
    text = (
        f"A mock central system (CSMS) for OCPP {names}. Point a charging station at "
        "ws://127.0.0.1:9000/<station id>, or add --host 0.0.0.0 for a station on another machine. Ctrl+C "
        "stops the server."
    )
    programs = "\n".join(f"  {COMMAND} {name:10}{does}" for name, does in PROGRAMS.items())
    return f"{paragraph(text, indent='')}\n\nOther programs (each has a --help page):\n{programs}"


def _table(names: Sequence[str]) -> str:
    """Format names in as many columns as the page has room for, sorted down each column."""
    rows = ceil(len(names) / (page_width() // COLUMN_WIDTH))
    lines = ["".join(f"{name:{COLUMN_WIDTH}}" for name in names[row::rows]) for row in range(rows)]
    return "\n".join(f"  {line}".rstrip() for line in lines)


COLUMN_WIDTH: Final = 32
"""Width, in characters, of a column of commands on the help page."""


def _epilog(versions: Sequence[OcppVersion]) -> str:
    environment = (
        "Every setting can also be given as an environment variable or as a key in the --config file: "
        f"--boot-status as {ENVIRONMENT_PREFIX}BOOT_STATUS or as boot_status. Flags take precedence over "
        "environment variables, and both take precedence over the file."
    )
    examples = "\n".join(f"  {COMMAND} {example}" for example in EXAMPLES)
    return (
        "Commands that --command and --commands accept:\n"
        f"{_table(sorted(actions_from_csms(versions)))}\n\n"
        f"Faults that --fault accepts:\n{paragraph(', '.join(ON_ANSWERS))};\n"
        f"{paragraph('at the handshake: ' + kinds_in_words(AT_HANDSHAKE))}\n\n"
        f"{paragraph(environment, indent='')}\n\n"
        f"Examples:\n{examples}"
    )


EXAMPLES: Final = (
    "--command GetBaseReport --period 5",
    "--commands RequestStartTransaction:5,RequestStopTransaction:30",
    "--command Reset --delay 10 --payload '{\"type\": \"OnIdle\"}' --station 'CS0*'",
    "--boot-status-sequence Pending,Pending,Accepted --boot-retry-interval 10",
    "--fault 'Heartbeat:no-answer:times=2' --fault 'handshake:503:times=3'",
    "--config examples/flaky-network.toml --seed 42",
)
