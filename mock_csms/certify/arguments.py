"""The arguments of the `certify` command."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

from mock_csms.certify.features import PROFILES
from mock_csms.certify.opening import Surroundings
from mock_csms.errors import UsageError
from mock_csms.launch import COMMAND, PROGRAM
from mock_csms.private_api.argparse import SuggestingParser, UnbrokenFlagsFormatter
from mock_csms.text import suggest

CERTIFY_PROGRAM: Final = f"{PROGRAM} certify"
TASK_WORDS: Final = ("init", "explain")

type Task = Literal["init", "run", "list", "explain", "self-test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifyArguments:
    """Parsed arguments of the `certify` command."""

    task: Task
    words: tuple[str, ...]
    """Positional arguments.

    They are the station file and globs of cases for ``run`` and ``list``, globs of cases for ``self-test``,
    the identity of the station for ``init``, and ids of cases for ``explain``.
    """
    profiles: tuple[str, ...]
    is_mandatory_only: bool
    around: Surroundings
    resume: Path | None
    compare: Path | None
    junit: Path | None
    html: Path | None
    json: Path | None
    is_lenient: bool
    is_verbose: bool
    mutants: tuple[str, ...]
    writes_mutants: bool


def read_arguments(arguments: Sequence[str]) -> CertifyArguments:
    """Read the arguments; raises UsageError."""
    own, server_flags = _split(arguments)
    given = _parser().parse_intermixed_args(own)
    for profile in given.profile:
        if profile not in PROFILES:
            hint = suggest(profile, PROFILES) or f"; write one of {', '.join(PROFILES)}"
            raise UsageError(f"unknown profile {profile!r}{hint}")
    if given.against and server_flags:
        raise UsageError(
            "flags after -- are for a server that this command starts; leave them out, or leave out --against"
        )
    return CertifyArguments(
        task=_task(given),
        words=tuple(given.words[1:] if given.words[:1] and given.words[0] in TASK_WORDS else given.words),
        profiles=tuple(given.profile),
        is_mandatory_only=given.mandatory,
        around=Surroundings(
            given.rig, not given.no_hands, given.against, given.control_token, tuple(server_flags)
        ),
        resume=given.resume,
        compare=given.compare,
        junit=given.junit,
        html=given.html,
        json=given.json,
        is_lenient=given.lenient,
        is_verbose=given.verbose,
        mutants=tuple(given.mutant),
        writes_mutants=given.write_mutants,
    )


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return list(arguments), []
    end = list(arguments).index("--")
    return list(arguments[:end]), list(arguments[end + 1 :])


def _task(given: argparse.Namespace) -> Task:
    if given.self_test:
        return "self-test"
    if given.list:
        return "list"
    if not given.words:
        raise UsageError(f"give a station file; {COMMAND} certify init CS001 writes one")
    if given.words[0] == "init":
        return "init"
    return "explain" if given.words[0] == "explain" else "run"


def _parser() -> argparse.ArgumentParser:
    parser = SuggestingParser(
        hint="; --help shows the usage",
        prog=CERTIFY_PROGRAM,
        usage=f"{COMMAND} certify init IDENTITY | FILE [CASE ...] | explain CASE | --list | --self-test",
        description="Rehearse the certification of a charging station: carry out the test cases for\n"
        "stations of OCPP 2.0.1 and give a verdict about each case. A rehearsal does not\n"
        "certify the station.",
        epilog=_epilog(),
        formatter_class=partial(UnbrokenFlagsFormatter, max_help_position=30),
        allow_abbrev=False,
    )
    _add_selection(parser.add_argument)
    _add_run(parser.add_argument)
    _add_self_test(parser.add_argument)
    return parser


def _add_selection(add: Callable[..., argparse.Action]) -> None:
    add(
        "words",
        metavar="WORD",
        nargs="*",
        help="words of the usage line above; in CASE, * and ? are wildcards",
    )
    cases = "list all cases, or, with a station file, the cases for its profiles"
    add("--list", action="store_true", help=cases)
    profile = f"run only the cases of this profile (repeatable): {', '.join(PROFILES)}"
    add("--profile", metavar="NAME", action="append", default=[], help=profile)
    mandatory = "run only the cases that are mandatory for a profile of --profile or of the station file"
    add("--mandatory", action="store_true", help=mandatory)
    hands = "skip the cases in which a person has to act at the station, for example plug in a cable"
    add("--no-hands", action="store_true", help=hands)


def _add_run(add: Callable[..., argparse.Action]) -> None:
    rig = (
        "how cables are plugged in and tokens are presented. person: you are asked to do it; station: the "
        "station under test is a simulated one, which does it itself; otherwise a rig that does it: its URL, "
        "a program, or a Python class as module:Class (default: the rig in the station file, "
        "otherwise person)"
    )
    add("--rig", metavar="RIG", help=rig)
    against = "URL of the control API of a running mock server to use (default: start a new server)"
    add("--against", metavar="URL", help=against)
    add("--control-token", metavar="TEXT", help="bearer token of the control API")
    lenient = "pass a case even if the server reports an error finding about the station while the case runs"
    add("--lenient", action="store_true", help=lenient)
    add("--verbose", action="store_true", help="show the steps of each case")
    add(
        "--json",
        metavar="FILE",
        type=Path,
        help="write the report as JSON; the file is rewritten after each case",
    )
    add("--html", metavar="FILE", type=Path, help="write the report as one HTML file")
    add("--junit", metavar="FILE", type=Path, help="write the report as JUnit XML")
    resume = (
        "copy the verdicts from FILE, a report that an earlier run wrote with --json, and run only the cases "
        "that are missing there or were not started"
    )
    add("--resume", metavar="FILE", type=Path, help=resume)
    compare = "print the verdicts that differ from those in FILE, which an earlier run wrote with --json"
    add("--compare", metavar="FILE", type=Path, help=compare)


def _add_self_test(add: Callable[..., argparse.Action]) -> None:
    text = (
        "test the cases: each must pass on a simulated station, and fail on mutants, which are simulated "
        "stations that misbehave"
    )
    add("--self-test", action="store_true", help=text)
    add(
        "--mutant",
        metavar="TEXT",
        action="append",
        default=[],
        help="with --self-test: misbehaviour to try instead of those in the table of mutants (repeatable). "
        "mute: a station that sends nothing; refusing: a station that refuses every command",
    )
    add(
        "--write-mutants",
        action="store_true",
        help="with --self-test: write into the table of mutants which step of a case catches each "
        "misbehaviour",
    )


def _epilog() -> str:
    return (
        "Flags after -- are passed to the server that this command starts. Exit codes: 0 no case failed, 1\n"
        "a case failed, was inconclusive or had an error, 2 wrong arguments, 3 the server cannot start, 5\n"
        "the station did not connect or boot.\n\n"
        "examples:\n"
        f"  {COMMAND} certify init CS001\n"
        f"  {COMMAND} certify CS001.toml --html report.html\n"
        f"  {COMMAND} certify CS001.toml 'TC_B_*' TC_E_03_CS --no-hands\n"
        f"  {COMMAND} certify CS001.toml --rig station --profile Core --mandatory\n"
        f"  {COMMAND} certify explain TC_E_41_CS"
    )
