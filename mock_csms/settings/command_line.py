"""The command line and its help page, made from the fields of Settings."""

from argparse import (
    SUPPRESS,
    Action,
    ArgumentParser,
    BooleanOptionalAction,
    HelpFormatter,
    RawDescriptionHelpFormatter,
)
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from mock_csms._version import __version__
from mock_csms.behaviour.faults import FAULT_KINDS
from mock_csms.private_api.argparse import SuggestingParser
from mock_csms.settings.server_settings import Settings
from mock_csms.versions import OcppVersion, actions_from_csms, default_settings

ENVIRONMENT_PREFIX: Final = "OCPP_MOCK_"

SETTING_FIELDS: Final = {
    name: field for name, field in Settings.model_fields.items() if isinstance(field.json_schema_extra, dict)
}
"""The settings that are flags and environment variables; the others are tables of the file."""


def flag_of(name: str) -> str:
    """Flag of a setting, with its hyphens."""
    return str(extra_of(name)["flag"] or "--" + name.replace("_", "-"))


def extra_of(name: str) -> dict[str, Any]:
    """Columns of the help page for a setting, as `knob` has them."""
    return cast("dict[str, Any]", SETTING_FIELDS[name].json_schema_extra)


def command_line(versions: Sequence[OcppVersion]) -> ArgumentParser:
    """Make the command line and its help page from the fields of Settings."""
    parser = SuggestingParser(
        hint="; --help shows what there is",
        prog="server.py",
        usage="python server.py [--command NAME --period SECONDS] [settings]",
        description=f"A mock central system (CSMS) for OCPP {', '.join(it.name for it in versions)}. Point a "
        "charging station at ws://127.0.0.1:9000/<station id>; stop with Ctrl+C.",
        epilog=_epilog(versions),
        formatter_class=_page,
        allow_abbrev=False,
        add_help=False,
    )
    groups: dict[str, Callable[..., Action]] = {}
    by_version = default_settings(versions)
    for name in sorted(SETTING_FIELDS, key=lambda it: GROUPS.index(extra_of(it)["group"])):
        group = extra_of(name)["group"]
        if group not in groups:
            groups[group] = parser.add_argument_group(group).add_argument
        _add_flag(groups[group], name, by_version.get(name, SETTING_FIELDS[name].default))
    about = parser.add_argument_group("about")
    about.add_argument("-h", "--help", action="help", help="show this page and exit")
    about.add_argument("--version", action="version", version=__version__, help="show the version and exit")
    about.add_argument(
        "--print-config",
        action="store_true",
        default=SUPPRESS,
        help="print all that is in force as a file for --config, and exit",
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
    shown = f" (default: {_shown(default)})" if default not in (None, (), False) else ""
    value: dict[str, Any] = {"metavar": extra["metavar"] or name.upper()}
    if field.annotation is bool:
        value = {"action": "store_true" if name.startswith("no_") else BooleanOptionalAction}
    elif extra["many"] == "words":
        value["nargs"] = "+"
    elif extra["many"] == "flags":
        value["action"] = "append"
    elif extra["without_value"]:
        value |= {"nargs": "?", "const": extra["without_value"]}
    add_argument(
        *filter(None, (extra["short"], flag_of(name))),
        dest=name,
        default=SUPPRESS,
        help=f"{field.description}{shown}".replace("%", "%%"),
        **value,
    )


def _shown(default: object) -> object:
    return " ".join(map(str, default)) if isinstance(default, tuple) else default


def _page(prog: str) -> HelpFormatter:
    return RawDescriptionHelpFormatter(prog, max_help_position=34, width=108)


def _epilog(versions: Sequence[OcppVersion]) -> str:
    names = sorted(actions_from_csms(versions))
    columns = [names[start::14] for start in range(14)]
    table = "\n".join("  " + "".join(f"{name:32}" for name in row).rstrip() for row in columns)
    return (
        f"commands:\n{table}\n\n"
        f"faults:\n  {', '.join(kind for kind in FAULT_KINDS if not kind.isdigit())};\n"
        "  at the handshake an HTTP status as 503, wrong-subprotocol or hang\n\n"
        f"Every setting is also an environment variable: --boot-status is {ENVIRONMENT_PREFIX}BOOT_STATUS, "
        "and a key of the\nfile that --config names: boot_status. A flag wins over the environment, and that "
        "over the file.\n\n"
        "examples:\n"
        "  python server.py --command GetBaseReport --period 5\n"
        "  python server.py --commands RequestStartTransaction:5,RequestStopTransaction:30\n"
        "  python server.py --command Reset --delay 10 --payload '{\"type\": \"OnIdle\"}' --station 'CS0*'\n"
        "  python server.py --boot-status-sequence Pending,Pending,Accepted --boot-retry-interval 10\n"
        "  python server.py --fault 'Heartbeat:no-answer:times=2' --fault 'handshake:503:times=3'\n"
        "  python server.py --config examples/flaky-network.toml --seed 42"
    )
