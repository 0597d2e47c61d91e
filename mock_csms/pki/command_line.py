"""The `pki` command: makes, lists and revokes certificates of a PKI folder."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from mock_csms.errors import COULD_NOT_START, WRONG_USAGE, CouldNotStart, UsageError
from mock_csms.launch import COMMAND, PROGRAM
from mock_csms.log import output
from mock_csms.pki.authority import Pki
from mock_csms.pki.blueprints import FAULTS, KEY_TYPES, KINDS
from mock_csms.pki.folder import PkiFolder
from mock_csms.pki.issued import Issued
from mock_csms.pki.listing import listing, table
from mock_csms.private_api.argparse import SuggestingParser, UnbrokenFlagsFormatter, paragraph
from mock_csms.process import print_text
from mock_csms.text import suggest

PKI_PROGRAM: Final = f"{PROGRAM} pki"
PKI_COMMAND: Final = f"{COMMAND} pki"
DEFAULT_FOLDER: Final = Path(".pki")
EXAMPLE_URL: Final = "http://127.0.0.1:9001/ocsp"
HTTP_URL: Final = re.compile(r"https?://[!-~]+")


def main(arguments: Sequence[str]) -> int:
    """Run a command on the PKI folder; return the exit code."""
    try:
        given = _parse(arguments)
        output.configure("warning", "text", "auto")
        print_text(given.run(given), PKI_PROGRAM)
    except (UsageError, ValueError) as error:
        return _report(error, WRONG_USAGE)
    except CouldNotStart as error:
        return _report(error, COULD_NOT_START)
    finally:
        output.close()
    return 0


def _report(error: Exception, code: int) -> int:
    sys.stderr.write(f"{PKI_PROGRAM}: {error}\n")
    return code


# Commands


def _make_client(given: argparse.Namespace) -> str:
    pki = Pki.open(given.dir, ocsp_url=lambda: given.ocsp_url or "")
    issued = pki.issue_client(given.identity, key_type=given.key_type, fault=given.fault or "")
    files = table([*_files_of(pki, [issued]), ("root", str(pki.named("root").chain_path))])
    return f"{files}\nInstall all three in the station; without the root, it does not trust the server.\n"


def _make_kind(given: argparse.Namespace) -> str:
    pki = Pki.open(given.dir, given.name, ocsp_url=lambda: given.ocsp_url or "")
    if given.kind:
        return table(_files_of(pki, pki.make(given.kind)))
    root = pki.named("root").chain_path
    return (
        f"The PKI is in {given.dir}. Install this root in the station, so that it trusts the server: {root}\n"
    )


def _list(given: argparse.Namespace) -> str:
    return listing(_existing(given.dir), datetime.now(UTC))


def _revoke(given: argparse.Namespace) -> str:
    revoked = _existing(given.dir).revoke(given.name)
    return "".join(f"revoked {record.name}, serial number {record.serial:x}\n" for record in revoked)


def _existing(folder: Path) -> Pki:
    if not PkiFolder(folder).is_made:
        raise UsageError(
            f"{folder} is not a PKI folder; make one with `{PKI_COMMAND} make` or the server and --tls"
        )
    return Pki.open(folder)


def _files_of(pki: Pki, certificates: Sequence[Issued]) -> list[tuple[str, str]]:
    rows = []
    for issued in certificates:
        rows.append(("certificate", f"{issued.chain_path}  ({_description(pki, issued)})"))
        rows.append(("key", str(issued.key_path)))
    return rows


def _description(pki: Pki, issued: Issued) -> str:
    subject = issued.certificate.subject.rfc4514_string()
    if revoked := pki.status(issued.certificate).revoked:
        return f"{subject}, revoked {revoked:%Y-%m-%d}; delete the file to have a new one made"
    return f"{subject}, until {issued.certificate.not_valid_after_utc:%Y-%m-%d}"


# The parser


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser, commands = _parsers()
    name = arguments[0] if arguments else ""
    if name.startswith("-"):
        return parser.parse_args(arguments)
    if name not in commands:
        hint = suggest(name, commands) or f"; write one of {', '.join(commands)}"
        raise UsageError(f"{name!r} is not a command{hint}" if name else f"name a command{hint}")
    return commands[name].parse_args(arguments[1:])


def _parsers() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """Return the main parser, which prints the help page, and the parser of each command, by name."""
    formatter = partial(UnbrokenFlagsFormatter, max_help_position=26)
    parser = SuggestingParser(
        hint="; --help shows the usage",
        prog=PKI_COMMAND,
        description="Make, list and revoke the certificates of the mock and its stations.",
        epilog=_epilog(),
        formatter_class=formatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, run: Callable[[argparse.Namespace], str], text: str) -> Callable[..., argparse.Action]:
        command: argparse.ArgumentParser = commands.add_parser(
            name,
            hint=f"; {PKI_COMMAND} {name} --help shows the usage",
            help=text,
            description=text[0].upper() + text[1:] + ".",
            formatter_class=formatter,
            allow_abbrev=False,
        )
        command.set_defaults(run=run)
        folder = f"folder of the PKI (default: {DEFAULT_FOLDER})"
        command.add_argument("--dir", "--pki", metavar="DIR", type=Path, default=DEFAULT_FOLDER, help=folder)
        return command.add_argument

    _add_client(
        add("client", _make_client, "make the client certificate of a station, for security profile 3")
    )
    add("list", _list, "list all certificates with their files, including the certificates signed for CSRs")
    _add_make(add("make", _make_kind, "make certificates of a kind, including faulty certificates"))
    name = "name or serial number from the list, or the identity of a station"
    add("revoke", _revoke, "revoke a certificate")("name", metavar="NAME", help=name)
    return parser, commands.choices


def _add_client(add: Callable[..., argparse.Action]) -> None:
    add("identity", metavar="IDENTITY", help="identity of the station, which becomes the CN")
    add("--key-type", choices=KEY_TYPES, default="ecdsa", help="kind of the key (default: ecdsa)")
    faults = f"make the certificate faulty in one way: {', '.join(FAULTS)}"
    add("--fault", choices=tuple(FAULTS), metavar="FAULT", help=faults)
    _add_ocsp_url(add)


def _add_make(add: Callable[..., argparse.Action]) -> None:
    add("kind", metavar="KIND", nargs="?", help="kind of the certificates (default: all that a server needs)")
    names = "further name or address of the server; the first one is its CN; repeatable"
    add("--name", metavar="NAME", action="append", default=[], help=names)
    _add_ocsp_url(add)


def _add_ocsp_url(add: Callable[..., argparse.Action]) -> None:
    url = f"OCSP responder to name in new certificates, such as {EXAMPLE_URL} (default: none)"
    add("--ocsp-url", metavar="URL", type=_http_url, help=url)


def _http_url(text: str) -> str:
    if not HTTP_URL.fullmatch(text):
        raise argparse.ArgumentTypeError(f"expected an ASCII URL such as {EXAMPLE_URL}, not {text!r}")
    return text


def _epilog() -> str:
    return (
        f"kinds:\n{paragraph(', '.join(KINDS))}\n\n"
        "examples:\n"
        f"  {PKI_COMMAND} client CS001\n"
        f"  {PKI_COMMAND} list\n"
        f"  {PKI_COMMAND} make expired --dir test-pki\n"
        f"  {PKI_COMMAND} revoke CS001\n"
    )
