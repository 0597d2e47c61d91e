"""The documentation: its links resolve; its commands, settings, programs and sample output are right."""

import ast
import asyncio
import json
import re
import shlex
import tomllib
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from shutil import which
from typing import Any, Final, get_args

import httpx
import pytest
import websockets
from ocpp.v201 import call

from bench import stalls
from bench.__main__ import FULL, QUICK
from bench.__main__ import _parser as bench_parser
from mock_csms import MockCsms, Settings
from mock_csms.behaviour.faults import ON_ANSWERS, TLS_FAULTS
from mock_csms.behaviour.tokens import AuthMode
from mock_csms.certify.arguments import read_arguments
from mock_csms.journal import command_line as journal
from mock_csms.mock import check_payload
from mock_csms.settings import read_settings
from mock_csms.simulator.command_line import _parser as station_parser
from mock_csms.simulator.command_line import identities
from mock_csms.simulator.core import Setup
from mock_csms.simulator.misbehaviour import FORMS, deviations_of
from mock_csms.simulator.scripts import parse_script
from mock_csms.simulator.verbs import VERBS
from mock_csms.v201.action_tables import CSMS_ACTIONS, STATION_ACTIONS
from mock_csms.v201.findings.kinds import FINDING_KINDS
from mock_csms.v201.version import OCPP_2_0_1
from server import OCPP_VERSIONS, VERSIONS, main
from tests.support.pages import PAGES, Block, commands_in, is_pytest_test, parse_blocks, read, run_curl
from tests.support.paths import EXAMPLES, ROOT
from tests.support.process import server
from tests.support.station import PATIENCE, connected_to, now

MAX_README_LINES: Final = 250
MAX_WIDTH: Final = 120

EXEMPT: Final = {
    "poetry install --no-root": "changes the environment that runs the tests",
    "pipx install .": "run by tests/packaging, with pip",
    "pip install --no-deps .": "changes the environment that runs the tests",
    "pytest --pyargs mock_csms.certify.pytest_cases": "run by tests/docs/test_certify_page.py",
    "pip install httpx": "changes the environment that runs the tests",
    "pytest --csms-command ~/.local/bin/mock-csms": "run by tests/docs/test_testing_page.py",
    'pip install ".[pytest]"': "run by tests/packaging, from the wheel",
    "pip install .": "run by tests/packaging, from the wheel",
    "uv tool install .": "run by tests/packaging, with pip",
    "uvx --from . mock-csms": "run by tests/packaging, with pip",
    "docker build --tag": "run by the workflows; there is no container engine here",
    "docker run --rm": "tests/test_container.py checks its arguments",
    "docker compose": "run by the workflows; tests/test_container.py checks compose.yaml",
    "python -m bench page": "needs a browser",
    "make install": "changes the environment that runs the tests",
    "examples/session.sh http://127.0.0.1:9001 CS1": "run by tests/integration/test_session_script.py",
    "curl -s localhost:9002/": "run by tests/simulator/test_control.py",
    "curl -s localhost:9001/v1/stations/CS7/calls": "run by tests/integration/control/test_at_connect.py",
    "curl --cacert .pki/root.pem": "run by tests/integration/test_tls_limits.py",
    "openssl s_client -connect localhost:9000": "run by tests/integration/test_tls_limits.py",
    "docs/architecture.md: server -> commands": "a diagram; tests/test_architecture.py checks the imports",
    "docs/architecture.md: bytes ── transport/reading.py": "a diagram",
}
"""Reasons not to run a block (by page and first words) or a command (by its first words)."""

LOG_SAMPLES: Final = {
    "README.md: 09:12:44.120",
    "README.md: 09:13:02.337",
    "docs/first-minute.md: 09:12:44.120",
    "docs/first-minute.md: 09:13:02.337",
    "docs/first-minute.md: 09:14:20.512",
    "docs/first-minute.md: ended after",
    "docs/hardware.md: 09:20:01.810",
}
"""Samples of the log, by page and first words; the last test of this module finds them in a real log."""

TRIED_ELSEWHERE: Final = {
    "docs/hardware.md: 09:19:30.453": "tests/integration/test_listeners.py",
    "docs/troubleshooting.md: 09:": "tests/docs/test_troubleshooting.py compares the log",
    "docs/testing.md: #!/bin/bash": "tests/docs/test_testing_page.py runs it",
    "docs/testing.md: const api": "tests/docs/test_testing_page.py runs it",
    "docs/testing.md: name: Station": "tests/docs/test_testing_page.py runs its script",
    "docs/certify.md: [known]": "tests/docs/test_certify_page.py reads it",
    "docs/client.md: the next BootNotification": "tests/docs/test_client_page.py compares the failure",
}
"""Samples (by page and first words) that another test file checks, with the name of that file."""


PAGES_WITH_OWN_TESTS: Final = {"client.md", "recipes.md"}
"""Pages whose programs and requests a test in tests/docs/ runs."""

MOST_USED_COMMANDS: Final = (
    "ClearCache",
    "GetBaseReport",
    "GetVariables",
    "SetVariables",
    "RequestStartTransaction",
    "RequestStopTransaction",
    "Reset",
    "UnlockConnector",
    "ChangeAvailability",
    "TriggerMessage",
    "DataTransfer",
)


BLOCKS: Final = [block for page in PAGES for block in parse_blocks(page)]


def without_own_tests(blocks: Sequence[Any]) -> list[Any]:
    return [
        param
        for param in blocks
        if param.values[0].page.name not in PAGES_WITH_OWN_TESTS and not is_pytest_test(param.values[0])
    ]


def is_exempt(name: str) -> bool:
    return any(name.startswith(start) for start in (*EXEMPT, *LOG_SAMPLES, *TRIED_ELSEWHERE))


def blocks_in(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{block.page.name}:{block.line}")
        for block in BLOCKS
        if block.language == language and not is_exempt(block.name) and "localhost:9002" not in block.text
    ]


COMMANDS: Final = dict.fromkeys(
    command for block in BLOCKS if block.language == "sh" for command in commands_in(block.text)
)


# Links


LINK: Final = re.compile(r"""(?:\]\(|(?:src|srcset)=")([^)\s"]+)""")
HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", read(page), flags=re.MULTILINE | re.DOTALL)


@cache
def anchors(page: Path) -> frozenset[str]:
    """Anchors of the headings, as GitHub makes them."""
    headings = HEADING.findall(without_code(page))
    return frozenset(re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings)


def broken_links(page: Path) -> Iterator[str]:
    text = re.sub(r"\s*\n\s*", " ", without_code(page))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_resolve(page: Path) -> None:
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_page_is_linked_from_the_readme(page: Path) -> None:
    assert f"](docs/{page.name})" in read(ROOT / "README.md")


# Form and completeness


def test_readme_is_short() -> None:
    assert len(read(ROOT / "README.md").splitlines()) <= MAX_README_LINES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_code_blocks_are_fenced(page: Path) -> None:
    """Code indented after an empty line would escape the tests below."""
    assert re.findall(r"\n\n {4,}\S.*", without_code(page)) == []


@pytest.mark.parametrize(
    ("page", "names"),
    [
        pytest.param("docs/answers.md", STATION_ACTIONS, id="messages"),
        pytest.param("docs/commands.md", CSMS_ACTIONS, id="commands"),
        pytest.param(
            "docs/rules.md",
            ON_ANSWERS.keys() | TLS_FAULTS.keys() | {"wrong-subprotocol", "hang"},
            id="faults",
        ),
        pytest.param("docs/finding-kinds.md", FINDING_KINDS, id="findings"),
        pytest.param("docs/tokens.md", get_args(AuthMode), id="authorization modes"),
        pytest.param("README.md", MOST_USED_COMMANDS, id="most used commands"),
    ],
)
def test_page_names_everything(page: str, names: Collection[str]) -> None:
    text = read(ROOT / page)

    assert [name for name in names if f"`{name}`" not in text] == []


def test_counts_in_the_readme_are_right() -> None:
    text = read(ROOT / "README.md")

    assert f"all {len(STATION_ACTIONS)} messages" in text
    assert f"all {len(CSMS_ACTIONS)} commands" in text


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.toml")), ids=lambda example: example.name)
def test_example_is_linked_from_the_readme(example: Path) -> None:
    assert f"](examples/{example.name})" in read(ROOT / "README.md")


async def test_control_api_page_names_every_path() -> None:
    async with (
        MockCsms(Settings(port=0), VERSIONS) as mock,
        httpx.AsyncClient(base_url=mock.control_url, timeout=PATIENCE, trust_env=False) as client,
    ):
        paths = (await client.get("/openapi.json")).json()["paths"]
    page = re.sub(r"\{\w+\}", "{}", read(ROOT / "docs" / "control-api.md"))

    assert [path for path in paths if re.sub(r"\{\w+\}", "{}", path) not in page] == []


def test_make_targets_have_a_help_line() -> None:
    targets = re.findall(r"^([a-z-]+):(?!=)(.*)$", read(ROOT / "Makefile"), re.MULTILINE)

    assert [name for name, rest in targets if " ## " not in rest] == []


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page.name}:{block.line}")
def test_block_is_tested_or_exempt(block: Block) -> None:
    assert block.language in {"sh", "toml", "python", "json", "steps"} or is_exempt(block.name)


def test_exemptions_are_needed() -> None:
    names = [*COMMANDS, *(block.name for block in BLOCKS)]
    starts = [*EXEMPT, *LOG_SAMPLES, *TRIED_ELSEWHERE]

    assert [start for start in starts if not any(name.startswith(start) for name in names)] == []


# Commands


PROJECT: Final = tomllib.loads(read(ROOT / "pyproject.toml"))
TASKS: Final = PROJECT["tool"]["taskipy"]["tasks"]
MAKE_TARGETS: Final = frozenset(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))

SERVER: Final = (
    ["mock-csms"],
    ["python", "server.py"],
    ["python", "-m", "mock_csms"],
    ["poetry", "run", "task", "server"],
)
BENCH: Final = (["python", "-m", "bench"], ["poetry", "run", "task", "bench"])
PYTEST: Final = ["poetry", "run", "pytest"]
TASK: Final = ["poetry", "run", "task"]


def arguments_after(words: Sequence[str], *starts: Sequence[str]) -> list[str] | None:
    """Words after one of the ``starts``, or None if the command begins with none of them."""
    for start in starts:
        if list(words[: len(start)]) == list(start):
            return list(words[len(start) :])
    return None


def check_command(command: str) -> None:
    """Check a command without running it; fail if no check here knows its program."""
    words = [word for word in shlex.split(command.removesuffix("&")) if not re.match(r"[A-Z_]+=", word)]
    if words[0] == "make":
        check_make(shlex.split(command)[1:])
    elif (arguments := arguments_after(words, *SERVER)) is not None:
        check_server(arguments)
    elif (arguments := arguments_after(words, *BENCH)) is not None:
        check_bench(arguments)
    elif (arguments := arguments_after(words, PYTEST)) is not None:
        assert (ROOT / arguments[0]).is_file(), arguments[0]
    elif (arguments := arguments_after(words, TASK)) is not None:
        assert arguments[0] in TASKS
    else:
        pytest.fail(f"nothing tests {command!r}; add a check or an exemption")


def check_make(words: Sequence[str]) -> None:
    target, *variables = words
    assert target in MAKE_TARGETS
    for variable in variables:
        name, _, value = variable.partition("=")
        assert (name, target) in {("ARGS", "server"), ("ARGS", "demo")}
        check_server(shlex.split(value))


def check_server(arguments: Sequence[str]) -> None:
    if arguments[:1] in (["journal"], ["pki"]):
        return  # tested below, with a journal or in a folder
    if arguments[:1] == ["password"]:
        assert arguments[1:] in (["--new"], ["<", "password.txt"])
        return
    if arguments[:1] == ["station"]:
        check_station(arguments[1:])
        return
    if arguments[:1] == ["certify"]:
        read_arguments(arguments[1:])  # tests/docs/test_certify_page.py runs these commands
        return
    if "--print-config" in arguments:
        with pytest.raises(SystemExit, match="0"):
            read_settings(arguments, {}, OCPP_VERSIONS)
        return
    check_payload(read_settings(arguments, {}, OCPP_VERSIONS), VERSIONS)


def check_station(arguments: Sequence[str]) -> None:
    if arguments in (["--help"], ["--misbehave", "list"]):
        return
    given = station_parser().parse_args(arguments)
    identities(given.identities, given.count)
    for name in given.misbehave:
        deviations_of(name, OCPP_2_0_1)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "steps"])
def test_steps_can_be_read(block: Block) -> None:
    setup = Setup(identity="CS001", url="ws://127.0.0.1:9000")

    assert parse_script(block.text, block.page.name, setup, ["CS001", "CS002"])


def test_station_page_names_every_step() -> None:
    text = read(ROOT / "docs" / "station.md")

    assert [verb.usage for verb in VERBS.values() if f"| `{verb.usage}` |" not in text] == []


def test_station_page_has_an_example_of_every_form_of_mutations() -> None:
    section = read(ROOT / "docs" / "station.md").partition("## Mutations")[2]
    examples = re.findall(r"^\| `[a-z]+ [A-Z].* \| `([a-z]+ .*?)` \|$", section, re.MULTILINE)

    assert [example.split()[0] for example in examples] == list(FORMS)
    for example in examples:
        assert deviations_of(example, OCPP_2_0_1)


def check_bench(arguments: list[str]) -> None:
    if "--help" in arguments:
        return
    if arguments[:1] == ["stalls"]:
        stalls.parse(arguments[1:])
    else:
        bench_parser(QUICK if "--quick" in arguments else FULL).parse_args(arguments)


def is_curl(command: str) -> bool:
    return command.startswith("curl ")


def is_journal(command: str) -> bool:
    return command.startswith(("python server.py journal ", "mock-csms journal "))


def is_pki(command: str) -> bool:
    return command.startswith(("python server.py pki ", "mock-csms pki "))


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if not (is_exempt(command) or is_curl(command))]
)
def test_command_is_valid(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    check_command(command)


def test_unknown_program_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="nothing tests 'tac docs'"):
        check_command("tac docs")


def test_unknown_flag_fails() -> None:
    with pytest.raises(Exception, match="--perriod"):
        check_command("python server.py --command Reset --perriod 5")


# A running mock


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[MockCsms]:
    """Run a mock with a control API, a journal file and the stations CS1 and CS001, booted twice."""
    settings = Settings(port=0, journal=folder / "run.ndjson", ready_file=folder / "ready.json")
    async with (
        MockCsms(settings, VERSIONS) as mock,
        connected_to(mock.url, "CS1") as first,
        connected_to(mock.url, "CS001") as second,
    ):
        for station in (first, second):
            await station.boot()
            await station.boot(reason="RemoteReset")  # as after the Reset that the pages send
        yield mock


@pytest.mark.parametrize("command", [command for command in COMMANDS if is_journal(command)])
async def test_journal_command_reads_a_journal(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(tmp_path):
        pass
    monkeypatch.chdir(tmp_path)
    arguments = arguments_after(shlex.split(command.partition(" > ")[0]), *SERVER)

    assert arguments is not None
    assert journal.main(arguments[1:], OCPP_VERSIONS) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize(
    "block", [param for param in blocks_in("sh") if any(map(is_pki, commands_in(param.values[0].text)))]
)
def test_pki_commands_succeed(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands of a block run in their order in one folder."""
    monkeypatch.chdir(tmp_path)
    for command in filter(is_pki, block.text.splitlines()):
        assert main(arguments_after(shlex.split(command), *SERVER)) == 0, command
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not which("curl"), reason="needs curl")
@pytest.mark.parametrize(
    "block", without_own_tests([param for param in blocks_in("sh") if "curl " in param.values[0].text])
)
async def test_curl_commands_succeed(block: Block, tmp_path: Path) -> None:
    """The commands of a block run in their order against one mock."""
    (tmp_path / "README.md").write_bytes(b"a file to upload")
    async with running(tmp_path) as mock:
        commands = [each for each in commands_in(block.text) if is_curl(each) and not is_exempt(each)]
        for command in commands:
            words = shlex.split(command.replace("http://", "").replace("localhost:9001", mock.control_url))
            await run_curl(words, tmp_path)


# Settings, programs and JSON


@pytest.mark.parametrize("block", blocks_in("toml"))
def test_settings_are_valid(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "mock.toml"
    file.write_text(block.text, encoding="utf-8")

    check_payload(read_settings(["--config", str(file)], {}, OCPP_VERSIONS), VERSIONS)


@pytest.mark.parametrize("block", without_own_tests(blocks_in("python")))
async def test_program_runs(block: Block) -> None:
    """Top-level ``async with`` is allowed, as in a notebook; functions named ``test_`` run afterwards."""
    name = f"{block.page.name}:{block.line}"
    namespace: dict[str, Any] = {}
    code = compile(block.text, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    async with asyncio.timeout(PATIENCE):
        if coroutine := eval(code, namespace):
            await coroutine
        for function in [value for key, value in namespace.items() if key.startswith("test_")]:
            await function()


def shape(value: object) -> object:
    """The keys and types of a JSON value, without ``payload``, whose keys depend on the message."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if key != "payload"}
    if isinstance(value, list):
        return [shape(item) for item in value[:3]]
    return type(value).__name__


async def real_json(mock: MockCsms, folder: Path) -> dict[str, object]:
    """An example of each kind of JSON value that the documentation shows, by name."""
    with pytest.raises(Exception, match="Pending"):
        await early_status(mock)
    async with httpx.AsyncClient(base_url=mock.control_url, timeout=PATIENCE, trust_env=False) as client:
        answer = await client.post("/v1/stations/CS1/calls", json={"action": "Reset"})
        problem = await client.post("/v1/stations/CS1/calls", json={"action": "Rset"})
        journal = await client.get("/v1/journal", params={"action": "BootNotification", "type": "call"})
        findings = await client.get("/v1/findings")
        await client.post("/v1/stations/CS3/offline")
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(f"{mock.url}/CS3")
        attempts = await client.delete("/v1/stations/CS3/offline")
        released = await released_heartbeat(mock, client)
    return {
        "answer": answer.json(),
        "problem": problem.json(),
        "journal entry": journal.json()["entries"][0],
        "finding": findings.json()[0],
        "attempts to connect": attempts.json(),
        "released answers": released.json(),
        "ready file": json.loads((folder / "ready.json").read_bytes()),
    }


async def released_heartbeat(mock: MockCsms, client: httpx.AsyncClient) -> httpx.Response:
    """Make the mock hold back the answer to a Heartbeat; return the API's response to releasing it."""
    await client.post("/v1/rules", json={"when": {"action": "Heartbeat"}, "then": {"fault": "hold"}})
    async with connected_to(mock.url, "CS4") as station:
        beating = asyncio.create_task(station.send(call.Heartbeat()))
        await client.post("/v1/wait", json={"match": {"action": "Heartbeat"}, "since": 0})
        released = await client.post("/v1/stations/CS4/release")
        await beating
        return released


async def early_status(mock: MockCsms) -> None:
    """Send a StatusNotification while the boot is Pending, which is a finding."""
    mock.csms.change_profile("CS2", {"boot_status": "Pending"})
    async with connected_to(mock.url, "CS2") as station:
        await station.boot()
        await station.status()


async def test_json_has_the_shape_of_real_values(tmp_path: Path) -> None:
    async with running(tmp_path) as mock:
        values = await real_json(mock, tmp_path)

    shapes = [shape(value) for value in values.values()]
    shown = {block.name: shape(json.loads(block.text)) for block in BLOCKS if block.language == "json"}
    assert {name: value for name, value in shown.items() if value not in shapes} == {}


async def test_problem_is_shown_as_the_api_returns_it(tmp_path: Path) -> None:
    async with running(tmp_path) as mock:
        values = await real_json(mock, tmp_path)

    assert values["problem"] in [json.loads(block.text) for block in BLOCKS if block.language == "json"]


# The form of the pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_text_of_a_page_is_wrapped(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", read(page), flags=re.DOTALL | re.MULTILINE)
    assert [line for line in text.splitlines() if len(line) > MAX_WIDTH and not line.startswith("|")] == []


# The log


def masked(line: str) -> str:
    """A log line without its times, ports and duration."""
    line = re.sub(r"^\d\d:\d\d:\d\d\.\d{3}|\d{4}-\d\d-\d\dT[\d:.]+|(?<=^ended after )[\d.]+", "TIME", line)
    line = re.sub(r"\d+\.\d+\.\d+\.\d+:\d+", "ADDRESS", line)
    return re.sub(r"[\d.]+ ms$", "DURATION", line)


async def test_log_on_a_page_is_what_the_server_prints(tmp_path: Path) -> None:
    with server(tmp_path) as ready:
        async with connected_to(ready["ws"], "CS001") as station:
            await station.boot()
            await station.status()
            await station.boot(vendor_name="Mock", model="Station")
        async with connected_to(ready["ws"], "CS002") as station:
            await station.send(call.StatusNotification(now().removesuffix("Z"), "Available", 1, 1))
    printed = [masked(line) for line in read(tmp_path / "log.txt").splitlines()]

    shown = [block.text for block in BLOCKS if block.name.startswith(tuple(LOG_SAMPLES))]
    assert len(shown) == len(LOG_SAMPLES)
    lines = [masked(line) for text in shown for line in text.splitlines()]
    assert [line for line in lines if line not in printed] == []
