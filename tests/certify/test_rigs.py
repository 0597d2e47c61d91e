"""Rigs, which act on the station under test: a program, an HTTP service, a Python class, a person."""

import asyncio
import os
import select
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mock_csms.certify.rigs.choosing import automatic_rig, rig_table
from mock_csms.certify.rigs.http_rig import HttpRig
from mock_csms.certify.rigs.person import Person, Terminal
from mock_csms.certify.rigs.program import ProgramRig
from mock_csms.certify.station_file import RigTable, StationFile
from mock_csms.certify.stimuli import CannotDo, NoHands, RigFailed, Stimulus
from mock_csms.client import AsyncClient
from mock_csms.errors import UsageError

PLUG_IN = Stimulus("plug-in", {"evse": 2, "connector": 1})


def program(tmp_path: Path, lines: str) -> list[str]:
    path = tmp_path / "rig.py"
    path.write_text(f"import sys\n{lines}\n", encoding="utf-8")
    return [sys.executable, str(path)]


async def test_program_is_run_with_stimulus_and_parameters(tmp_path: Path) -> None:
    command = program(tmp_path, f"open({str(tmp_path / 'seen')!r}, 'w').write(' '.join(sys.argv[1:]))")

    await ProgramRig(command, 10).do(PLUG_IN)

    assert (tmp_path / "seen").read_text(encoding="utf-8") == "plug-in evse=2 connector=1"


@pytest.mark.parametrize(
    ("code", "failure", "words"), [(3, CannotDo, "cannot do"), (1, RigFailed, r"failed \(1\) to do")]
)
async def test_program_that_fails_or_cannot_give_the_stimulus_says_so(
    tmp_path: Path, code: int, failure: type[Exception], words: str
) -> None:
    command = program(tmp_path, f"print('no arm'); sys.exit({code})")

    with pytest.raises(failure, match=f"the rig {words} plug-in evse=2 connector=1: no arm"):
        await ProgramRig(command, 10).do(PLUG_IN)


async def test_program_that_cannot_be_run_has_failed(tmp_path: Path) -> None:
    with pytest.raises(RigFailed, match=r"cannot run .*missing: No such file"):
        await ProgramRig([str(tmp_path / "missing")], 10).do(PLUG_IN)


@pytest.mark.parametrize("command", ["./missing-rig", '"./rig', " "])
def test_command_that_cannot_be_run_is_refused(command: str) -> None:
    with pytest.raises(UsageError, match="the rig"):
        automatic_rig(StationFile(rig=RigTable(command=command)))


async def test_program_that_takes_too_long_has_failed(tmp_path: Path) -> None:
    command = program(tmp_path, "import time; time.sleep(60)")

    with pytest.raises(RigFailed, match="not done plug-in"):
        await ProgramRig(command, 0.2).do(PLUG_IN)


async def test_program_that_takes_too_long_is_ended_with_its_own_programs(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    command = program(
        tmp_path, f"import subprocess; subprocess.run(['sleep', '60'], stdout=open({str(pipe)!r}, 'w'))"
    )

    with pytest.raises(RigFailed, match="not done plug-in"):
        await ProgramRig(command, 1).do(PLUG_IN)

    assert select.select([reading], [], [], 5)[0] == [reading]  # no program has the pipe open any more
    os.close(reading)


async def test_program_gets_no_input_and_its_long_output_is_cut(tmp_path: Path) -> None:
    command = program(tmp_path, "sys.stdin.read(); print('x' * 5_000_000); sys.exit(3)")

    with pytest.raises(CannotDo) as raised:
        await ProgramRig(command, 10).do(PLUG_IN)

    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nX: x\r\n", b"nonsense\r\n\r\n", b"H"])
async def test_http_rig_that_answers_nonsense_or_without_an_end_has_failed(answer: bytes) -> None:
    has_ended = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        while await reader.read(1000):
            writer.write(b"X: x\r\n")
        writer.close()
        has_ended.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(RigFailed, match=r"the rig has not done|no rig answers"):
            await HttpRig(url, 0.3).do(PLUG_IN)
        await has_ended.wait()


@pytest.fixture
async def http_rig() -> AsyncIterator[tuple[str, list[str]]]:
    requests: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
        requests.append(f"{head.splitlines()[0]} {(await reader.readexactly(length)).decode()}")
        status, body = ("200 OK", "{}") if "plug-in" in head else ("501 No", '{"detail": "no lever"}')
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", requests


async def test_http_rig_is_asked_for_the_stimulus(http_rig: tuple[str, list[str]]) -> None:
    url, requests = http_rig

    await HttpRig(url, 10).do(PLUG_IN)

    assert requests == ['POST /plug-in HTTP/1.1 {"evse":2,"connector":1}']


async def test_http_rig_that_refuses_cannot_give_the_stimulus(http_rig: tuple[str, list[str]]) -> None:
    with pytest.raises(CannotDo, match="the rig cannot do fault evse=1: no lever"):
        await HttpRig(http_rig[0], 10).do(Stimulus("fault", {"evse": 1}))


async def test_http_rig_that_does_not_answer_has_failed() -> None:
    with pytest.raises(RigFailed, match="no rig answers at"):
        await HttpRig("http://127.0.0.1:1", 10).do(PLUG_IN)


@pytest.mark.parametrize("url", ["http://", "http://a b:x", "127.0.0.1:9002"])
def test_http_rig_with_a_wrong_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"is not a URL; write one such as"):
        automatic_rig(StationFile(rig=RigTable(http=url)))


async def test_stimulus_without_a_rig_cannot_be_given() -> None:
    with pytest.raises(CannotDo, match="Plug the cable in: vehicle and connector 1 of EVSE 2"):
        await NoHands().do(PLUG_IN)


class PythonRig:
    """A rig such as a user could write: any class with the method `do`."""

    async def do(self, stimulus: Stimulus) -> None:
        """Do nothing."""


def test_rig_of_a_class_is_made() -> None:
    file = StationFile(rig=rig_table("tests.certify.test_rigs:PythonRig"))

    assert isinstance(automatic_rig(file), PythonRig)


@pytest.mark.parametrize("text", ["tests.certify.test_rigs:Missing", "no.such.module:Rig", "pathlib:Path"])
def test_wrong_class_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="the rig"):
        automatic_rig(StationFile(rig=rig_table(text)))


def test_rig_is_chosen_by_the_form_of_its_text() -> None:
    assert rig_table("http://127.0.0.1:7000") == RigTable(http="http://127.0.0.1:7000")
    assert rig_table("./rig.sh --fast") == RigTable(command="./rig.sh --fast")
    assert automatic_rig(StationFile()) is None


def test_two_rigs_are_refused() -> None:
    with pytest.raises(UsageError, match="http and command; give one of them"):
        automatic_rig(StationFile(rig=RigTable(http="http://127.0.0.1:7000", command="./rig.sh")))


async def asked(client: AsyncClient, line: str) -> list[str]:
    """Ask a `Person` to plug in, answer with ``line`` once the question is shown; return all shown texts."""
    shown: list[str] = []
    is_shown = asyncio.Event()

    def write(text: str) -> None:
        shown.append(text)
        is_shown.set()

    terminal = Terminal(write)
    doing = asyncio.ensure_future(Person(client, terminal, 10).do(PLUG_IN))
    await is_shown.wait()
    terminal.take(line)
    await doing
    return shown


async def test_person_answers_in_the_terminal(client: AsyncClient) -> None:
    shown = await asked(client, "")

    assert "Plug the cable in: vehicle and connector 1 of EVSE 2." in shown[0]


async def test_person_who_cannot_do_it_says_so(client: AsyncClient) -> None:
    with pytest.raises(CannotDo, match="this cannot be done"):
        await asked(client, "c")


async def test_person_answers_on_the_page(client: AsyncClient) -> None:
    terminal = Terminal(lambda _: None)
    await client.rehearsal.begin("CS001", [])
    doing = asyncio.ensure_future(Person(client, terminal, 10).do(PLUG_IN))
    while (await client.rehearsal.state())["prompt"] is None:
        assert not doing.done()

    await client.rehearsal.answer("done")

    await doing
