"""The `station` command: reads its arguments and runs simulated charging stations."""

import argparse
import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final, get_args
from urllib.parse import urlsplit

from mock_csms.errors import COULD_NOT_START, WRONG_USAGE, CouldNotStart, UsageError
from mock_csms.launch import COMMAND, PROGRAM
from mock_csms.private_api.argparse import SuggestingParser, UnbrokenFlagsFormatter, list_entry, paragraph
from mock_csms.process import collect_garbage_rarely, raise_open_file_limit, read_stdin, stopping_on_signals
from mock_csms.simulator.core import Setup, UpdateWhileCharging
from mock_csms.simulator.credential_files import CredentialFiles
from mock_csms.simulator.fleet import MANY, Fleet, FleetOptions
from mock_csms.simulator.misbehaviour import FORMS, MISBEHAVIOURS, deviations_of, list_misbehaviours
from mock_csms.simulator.scripts import WORDS, ScriptLine, parse_script
from mock_csms.simulator.security_options import DEFAULT_ADDRESS, add_security, security_of, url_of
from mock_csms.simulator.verbs import VERBS, WrongStep
from mock_csms.simulator.watch import Console
from mock_csms.versions import OcppVersion

STATION_PROGRAM: Final = f"{PROGRAM} station"
MAX_IDENTITY: Final = 48
"""Maximum characters of an identity (OCPP-J 3.1.1 and identifierString of SecurityCtrlr.Identity)."""
MAX_STATIONS: Final = 10_000
MAX_SCRIPT: Final = 1_000_000
"""Maximum bytes of a script."""
SYNONYMS: Final = {
    **dict.fromkeys(("--url", "--server", "--csms", "--host", "--endpoint", "--connect"), "--to"),
    **dict.fromkeys(("--stations", "--number", "-n"), "--count"),
    "--port": "--http",
}
"""Flags of the `station` command, by wrong flags that users may try."""

type LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def main(arguments: Sequence[str], version: OcppVersion, loop_factory: LoopFactory) -> int:
    """Run stations until a signal; return the exit code."""
    try:
        given = _parser().parse_args(arguments)
        if given.misbehave == ["list"]:
            sys.stdout.write(list_misbehaviours())
            return 0
        options = _options(given, version)
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(_run(options, version))
    except UsageError as error:
        return _report(error, WRONG_USAGE)
    except CouldNotStart as error:
        return _report(error, COULD_NOT_START)


def _report(error: Exception, code: int) -> int:
    sys.stderr.write(f"{STATION_PROGRAM}: {error}\n")
    return code


async def _run(options: FleetOptions, version: OcppVersion) -> int:
    raise_open_file_limit()
    console = Console(is_quiet=len(options.setups) > MANY)
    fleet = Fleet(options, version, console)
    collect_garbage_rarely()
    with stopping_on_signals(fleet.stop, lambda: fleet.is_stopping):
        async with AsyncExitStack() as stack:
            await _start(fleet, options, console, stack)
            await fleet.run()
    console.write(f"stopped: {fleet.summary()}")
    return 0


async def _start(fleet: Fleet, options: FleetOptions, console: Console, stack: AsyncExitStack) -> None:
    first = options.setups[0]
    names = (
        first.identity if len(options.setups) == 1 else f"{first.identity} to {options.setups[-1].identity}"
    )
    console.write(f"{names} at {first.url}, security profile {first.security.profile}; Ctrl+C stops")
    if options.http_port is not None:
        # The import is late because FastAPI takes a second to load.
        controlled = import_module("mock_csms.simulator.control").served_control

        address = await stack.enter_async_context(controlled(fleet.members, options.http_port))
        console.write(f"control at {address}/status")
    read_stdin(fleet.do_line, fleet.stop if options.exits_with_stdin else None)


# Options


def _options(given: argparse.Namespace, version: OcppVersion) -> FleetOptions:
    url = url_of(given)
    files = CredentialFiles()
    setups = [
        Setup(
            identity=identity,
            url=url,
            evses=given.evses,
            connectors=given.connectors,
            speed=given.speed,
            security=security_of(given, url, identity, files),
            update_while_charging=given.update_while_charging,
            cancels_updates=not given.no_cancel_update,
        )
        for identity in identities(given.identities, given.count)
    ]
    script = _script(given.script, setups) if given.script else []
    return FleetOptions(
        setups=setups,
        seed=given.seed,
        misbehaviours=_known_misbehaviours(given.misbehave, version),
        script=script,
        has_drivers=not (given.idle or script),
        http_port=given.http,
        exits_with_stdin=given.exit_with_stdin,
    )


def identities(names: Sequence[str], count: int | None) -> list[str]:
    """Identities of the stations; raises UsageError.

    Without ``count``, return ``names``, or CS001 if ``names`` is empty. With ``count``, return this many
    identities with ascending numbers, such as CS001 and CS002. The first is the only name in ``names``, or
    CS001 if ``names`` is empty.
    """
    for name in names:
        if "://" in name:
            raise UsageError(f"{name!r} is not an identity; write --to {name}")
        if not 1 <= len(name) <= MAX_IDENTITY or not name.isprintable() or ":" in name:
            raise UsageError(
                f"{name!r} is not a valid identity; use 1 to {MAX_IDENTITY} printable characters, no colon"
            )
    if len(set(names)) < len(names):
        raise UsageError("an identity is given twice; each station needs its own")
    if count is None:
        return list(names) or ["CS001"]
    if len(names) > 1:
        raise UsageError("give either all identities, or --count and only the first one")
    match = re.fullmatch(r"(.*?)([0-9]{1,9})", names[0] if names else "CS001")
    if match is None:
        raise UsageError(f"--count needs a first identity that ends in digits, such as {names[0]}001")
    start, digits = match.groups()
    return [f"{start}{int(digits) + number:0{len(digits)}}" for number in range(count)]


def _script(path: Path, setups: Sequence[Setup]) -> list[ScriptLine]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SCRIPT + 1)
        if len(content) > MAX_SCRIPT:
            raise UsageError(f"{path} is longer than {MAX_SCRIPT} bytes, the limit for a script")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text") from None
    try:
        return parse_script(text, str(path), setups[0], {setup.identity for setup in setups})
    except WrongStep as error:
        raise UsageError(str(error)) from None


def _known_misbehaviours(names: Sequence[str], version: OcppVersion) -> list[str]:
    for name in names:
        deviations_of(name, version)
    return list(dict.fromkeys(names))


# The parser


def _parser() -> argparse.ArgumentParser:
    parser = SuggestingParser(
        hint="; --help shows the usage",
        synonyms=SYNONYMS,
        prog=STATION_PROGRAM,
        usage=f"{COMMAND} station [IDENTITY ...] [--to URL] [flags]",
        description="Simulate charging stations that follow OCPP 2.0.1. Drivers come at random times,\n"
        "unless --idle or --script is given. Ctrl+C stops the stations.",
        epilog=_epilog(),
        formatter_class=partial(UnbrokenFlagsFormatter, max_help_position=30),
        allow_abbrev=False,
    )
    _add_stations(parser.add_argument)
    add_security(parser.add_argument)
    _add_behaviour(parser.add_argument)
    return parser


def _add_stations(add: Callable[..., argparse.Action]) -> None:
    add("identities", metavar="IDENTITY", nargs="*", help="identities of the stations (default: CS001)")
    url = f"ws://{DEFAULT_ADDRESS}"
    add(
        "--to",
        metavar="URL",
        type=_url,
        help=f"address of the server, without the identity (default: {url}, or wss:// with TLS)",
    )
    add(
        "--count",
        metavar="N",
        type=_whole(MAX_STATIONS),
        help="run N stations with consecutive identities: CS001, CS002, ...",
    )
    add("--evses", metavar="N", type=_whole(100), default=2, help="EVSEs per station (default: 2)")
    add("--connectors", metavar="N", type=_whole(10), default=1, help="connectors per EVSE (default: 1)")


def _add_behaviour(add: Callable[..., argparse.Action]) -> None:
    add(
        "--seed",
        metavar="N",
        type=_seed,
        default=0,
        help="random seed; the same seed repeats the same visits (default: 0)",
    )
    speed = "factor by which drivers, scripts and restarts are faster than in reality (default: 1)"
    add("--speed", metavar="X", type=_speed, default=1.0, help=speed)
    misbehave = (
        "break the specification in these ways: each a name, such as skip-seq-no, or a mutation, which is a "
        "phrase in quotes, such as 'omit Heartbeat'; both are listed below, and 'list' describes them"
    )
    add("--misbehave", metavar="NAME", nargs="+", default=[], help=misbehave)
    add(
        "--update-while-charging",
        choices=get_args(UpdateWhileCharging.__value__),
        default="download",
        help="how far a firmware update goes while a transaction is running. no: it does not start; "
        "download: it only downloads the firmware; install: it also installs the firmware "
        "(default: download)",
    )
    add(
        "--no-cancel-update",
        action="store_true",
        help="reject a new firmware update while another one is running, instead of cancelling the running "
        "one",
    )
    add("--idle", action="store_true", help="do not simulate random drivers")
    add("--script", metavar="FILE", type=Path, help="file with steps to perform instead of random visits")
    http = "control the stations over HTTP at this port; 0 picks a free one"
    add("--http", metavar="PORT", type=_port, help=http)
    add(
        "--exit-with-stdin",
        action="store_true",
        help="stop when standard input is closed, and thus when the program ends that started the stations",
    )


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
        is_valid = is_address and not re.search(r"[\s#?]", text) and text.isprintable()
    except ValueError:
        is_valid = False
    if not is_valid:
        raise argparse.ArgumentTypeError(f"expected an address such as ws://127.0.0.1:9000, not {text!r}")
    if "@" in parts.netloc:
        raise argparse.ArgumentTypeError("the address must not contain a password; give --password")
    return text


def _whole(limit: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= limit):
            raise argparse.ArgumentTypeError(f"expected 1 to {limit}, not {text!r}")
        return int(text)

    return parse


def _seed(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"expected a whole number, not {text!r}")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, not {text!r}")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.001 <= speed <= 10_000:
        raise argparse.ArgumentTypeError(f"expected a number from 0.001 to 10000, not {text!r}")
    return speed


NOTES: Final = (
    "Times are in seconds and are divided by --speed. With several stations, write the identity first: CS002 "
    "unplug (over HTTP: POST /CS002/unplug)."
)


def _epilog() -> str:
    verbs = "\n".join(
        list_entry(verb.name, f"{verb.help}{_parameters(verb.name)}") for verb in VERBS.values()
    )
    words = "\n".join(list_entry(word, help_text) for word, help_text in WORDS.items())
    names = paragraph(", ".join(MISBEHAVIOURS))
    forms = "\n".join(f"  {form.usage}" for form in FORMS.values())
    return (
        f"steps, in --script, on standard input, or as POST requests to the --http port:\n{verbs}\n"
        f"only in --script and on standard input (repeat: only in --script):\n{words}\n"
        f"{paragraph(NOTES, indent='')}\n\n"
        f"misbehaviours (--misbehave list describes them):\n{names}\n\n"
        f"mutations, each in quotes ('--misbehave list' explains them):\n{forms}\n\n"
        "examples:\n"
        f"  {COMMAND} station\n"
        f"  {COMMAND} station CS001 CS002 --to ws://127.0.0.1:9100 --speed 10 --seed 7\n"
        f"  {COMMAND} station --count 50\n"
        f"  {COMMAND} station CS001 --script session.txt\n"
        f"  {COMMAND} station CS001 --idle --http 9002\n"
        f'  {COMMAND} station CS001 --misbehave skip-seq-no "omit StatusNotification if evseId=2"'
    )


def _parameters(name: str) -> str:
    words = VERBS[name].usage.split(" ")[1:]
    return f": {' '.join(words)}" if words else ""
