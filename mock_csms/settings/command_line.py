"""The command line and its help page, built from the fields of Settings."""

from argparse import (
    SUPPRESS,
    Action,
    ArgumentParser,
    BooleanOptionalAction,
    HelpFormatter,
)
from collections.abc import Callable, Sequence
from textwrap import fill
from typing import Any, Final, cast

from mock_csms._version import __version__
from mock_csms.behaviour.faults import AT_HANDSHAKE, ON_ANSWERS, kinds_in_words
from mock_csms.private_api.argparse import PAGE_WIDTH, SuggestingParser, UnbrokenFlagsFormatter
from mock_csms.settings.server_settings import Settings
from mock_csms.versions import OcppVersion, actions_from_csms, default_settings

ENVIRONMENT_PREFIX: Final = "OCPP_MOCK_"

SETTING_FIELDS: Final = {
    name: field for name, field in Settings.model_fields.items() if isinstance(field.json_schema_extra, dict)
}
"""Settings with a flag and an environment variable; all other settings are tables of the file."""


def flag_of(name: str) -> str:
    """Long flag of a setting, such as ``--boot-status``."""
    return str(extra_of(name)["flag"] or "--" + name.replace("_", "-"))


def extra_of(name: str) -> dict[str, Any]:
    """Arguments of ``setting`` that are not part of pydantic's field: group, example, metavar and so on."""
    return cast("dict[str, Any]", SETTING_FIELDS[name].json_schema_extra)


def command_line(versions: Sequence[OcppVersion]) -> ArgumentParser:
    """Build the argument parser, with one flag per setting."""
    parser = SuggestingParser(
        hint="; --help lists all flags",
        prog="server.py",
        usage="python server.py [--command NAME --period SECONDS] [settings]",
        description="A mock central system (CSMS) for OCPP "
        f"{', '.join(version.name for version in versions)}. Point a "
        "charging station at ws://127.0.0.1:9000/<station id>; stop with Ctrl+C.",
        epilog=_epilog(versions),
        formatter_class=_page,
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


def _page(prog: str) -> HelpFormatter:
    return UnbrokenFlagsFormatter(prog, max_help_position=34, width=PAGE_WIDTH)


def _wrapped(text: str) -> str:
    return fill(text, PAGE_WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _epilog(versions: Sequence[OcppVersion]) -> str:
    names = sorted(actions_from_csms(versions))
    columns = [names[start::14] for start in range(14)]
    table = "\n".join("  " + "".join(f"{name:32}" for name in row).rstrip() for row in columns)
    return (
        f"Commands that --command and --commands accept:\n{table}\n\n"
        f"Faults that --fault accepts:\n{_wrapped(', '.join(ON_ANSWERS))};\n"
        f"{_wrapped('at the handshake: ' + kinds_in_words(AT_HANDSHAKE))}\n\n"
        "Every setting can also be given as an environment variable or as a key in the --config file:\n"
        f"--boot-status as {ENVIRONMENT_PREFIX}BOOT_STATUS or as boot_status. Flags take precedence over "
        "environment\nvariables, and both take precedence over the file.\n\n"
        "Other programs (each has a --help page):\n"
        "  python server.py station   simulate charging stations\n"
        "  python server.py pki       make, list and revoke certificates\n"
        "  python server.py password  hash a password for the settings, or make one\n"
        "  python server.py journal   print a file written by --journal\n\n"
        "Examples:\n"
        "  python server.py --command GetBaseReport --period 5\n"
        "  python server.py --commands RequestStartTransaction:5,RequestStopTransaction:30\n"
        "  python server.py --command Reset --delay 10 --payload '{\"type\": \"OnIdle\"}' --station 'CS0*'\n"
        "  python server.py --boot-status-sequence Pending,Pending,Accepted --boot-retry-interval 10\n"
        "  python server.py --fault 'Heartbeat:no-answer:times=2' --fault 'handshake:503:times=3'\n"
        "  python server.py --config examples/flaky-network.toml --seed 42"
    )
