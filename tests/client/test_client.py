"""The client for code without asyncio, against a server in a process of its own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from threading import enumerate as threads
from typing import Any

import pytest

from mock_csms.client import (
    ApiError,
    Client,
    ClientError,
    NotReachable,
    NotSeen,
    NotVerified,
    Pattern,
    StationHandle,
    UnwantedMessage,
    WrongAnswer,
    WrongArgument,
    WrongMessage,
)
from mock_csms.client.portal import Portal
from tests.support.paths import ROOT
from tests.support.process import lasting_station, server
from tests.support.station import PATIENCE


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Ready file of a server, with a connected station that boots and then sends Heartbeats."""
    with server(tmp_path_factory.mktemp("server")) as ready, lasting_station(ready["ws"]):
        yield ready


@pytest.fixture
def client(ready: dict[str, Any]) -> Iterator[Client]:
    """A `Client` connected to the server."""
    with Client(ready["control"]) as client:
        yield client


@pytest.fixture
def station(client: Client) -> StationHandle:
    """The client's handle of the station."""
    return client.station("CS1")


def test_station_boots_again_after_a_reset(client: Client, station: StationHandle) -> None:
    assert station.call("TriggerMessage", requestedMessage="Heartbeat").is_("Accepted").outcome == "result"
    station.disconnect()

    boot = station.waits_for("BootNotification", reason="PowerUp")

    assert station.id == boot.station
    assert station.cursor == boot.number
    assert [summary.id for summary in client.stations()] == ["CS1"]
    assert client.ws == client.listeners()[0].ws
    assert not client.findings("CS2")


def test_cursor_can_be_set_back(station: StationHandle) -> None:
    beat = station.waits_for("Heartbeat")
    station.call("TriggerMessage", requestedMessage="Heartbeat")

    station.cursor = beat.number - 1

    assert station.next("Heartbeat", within=0).number == beat.number


def test_each_verb_passes(station: StationHandle) -> None:
    station.waits_for_any(Pattern("BootNotification"), Pattern("Heartbeat"))
    station.waits_for_all(Pattern("Heartbeat"), Pattern("Heartbeat"))
    station.next("Heartbeat", ignoring=[Pattern("BootNotification")])
    station.never("BootNotification", during=0)
    station.sends_nothing_but("Heartbeat")
    station.skip_to_now()
    station.disconnect(abort=True)
    station.disconnects()
    station.connects(listener="main")


def test_each_verb_fails(station: StationHandle) -> None:
    station.waits_for("Heartbeat")
    with pytest.raises(NotSeen, match="no BootNotification with reason"):
        station.waits_for("BootNotification", reason="Unknown", within=0)
    with pytest.raises(NotSeen):
        station.waits_for_any(Pattern("MeterValues"), within=0)
    with pytest.raises(NotSeen):
        station.waits_for_all(Pattern("MeterValues"), within=0)
    with pytest.raises(WrongMessage):
        station.next("Heartbeat", field=1)
    with pytest.raises(UnwantedMessage):
        station.never("Heartbeat", during=PATIENCE)
    with pytest.raises(UnwantedMessage):
        station.sends_nothing_but(during=PATIENCE)
    with pytest.raises(NotSeen):
        station.collects("NotifyReport", within=0)
    with pytest.raises(NotSeen):
        station.is_refused(within=0)
    with pytest.raises(WrongAnswer):
        station.call("Reset", type="Immediate").is_("Rejected")
    with pytest.raises(ApiError):
        station.call("Reset", type="Sometime")


def test_settings_can_be_changed(client: Client, station: StationHandle) -> None:
    station.change_profile(heartbeatInterval=7)
    rule = client.rules.put(
        "mine", when={"action": "Heartbeat"}, then={"fault": {"kind": "delay", "seconds": 0}}
    )
    client.tokens.put("AABBCCDD", status="Blocked")
    other = client.rules.add({"when": {"action": "Authorize"}, "then": {"error": {"code": "InternalError"}}})

    assert station.profile()["heartbeatInterval"] == 7
    assert [each["id"] for each in client.rules.list()] == [other["id"], rule["id"]]
    assert client.tokens.list() == {"AABBCCDD": {"status": "Blocked"}}

    assert client.rules.disable(rule)["enabled"] is False
    assert client.rules.enable("mine")["enabled"] is True

    client.rules.delete(rule)
    client.rules.delete(other["id"])
    client.tokens.delete("AABBCCDD")
    station.set_password("a-password-of-16-characters")
    client.reset("CS1", profiles=True)

    assert client.rules.list() == []
    assert station.profile()["heartbeatInterval"] == 300
    assert station.state()["id"] == "CS1"


def test_server_goes_offline_and_comes_back(station: StationHandle) -> None:
    station.offline(refuse=500)
    station.disconnects()
    station.is_refused()

    attempts = station.back_online()

    assert attempts[0].listener == "main"
    station.connects()


def test_forbidden_message_fails_at_the_end_of_the_context(station: StationHandle) -> None:
    with station.forbidding("MeterValues"):
        station.waits_for("Heartbeat")
    with pytest.raises(UnwantedMessage), station.forbidding("Heartbeat"):
        station.waits_for("Heartbeat")


def test_exception_in_a_context_is_kept(station: StationHandle) -> None:
    with pytest.raises(KeyboardInterrupt), station.forbidding("Heartbeat"):
        raise KeyboardInterrupt

    station.waits_for("Heartbeat")


def test_number_of_entries_is_verified(client: Client, station: StationHandle) -> None:
    entry = station.waits_for("Heartbeat")

    assert client.verify("Heartbeat", station="CS1", since=entry.number - 1)[0] == entry
    with pytest.raises(NotVerified, match="0 matching entries, expected at least 1"):
        client.verify("MeterValues", station="CS1")


def test_scope_and_note_are_those_of_the_server(client: Client, station: StationHandle) -> None:
    with client.scope("case") as csms:
        csms.tokens.put("AABBCCDD", status="Blocked")

    assert client.tokens.list() == {}
    assert client.note("step 1", "CS1").note == "step 1"


def test_names_and_addresses_are_shown(client: Client, station: StationHandle) -> None:
    assert repr(station) == f"StationHandle('CS1', cursor={station.cursor})"
    with pytest.raises(ClientError, match="no port for wss://"):
        _ = client.wss
    with pytest.raises(ApiError, match="nothing is held"):
        station.release()


def test_time_out_of_the_work_itself_is_raised() -> None:
    async def work() -> None:
        raise TimeoutError

    portal = Portal()
    with pytest.raises(TimeoutError):
        portal.run(work())
    portal.close(asyncio.sleep(0))


def test_work_that_is_cancelled_by_the_end_says_so() -> None:
    portal, started = Portal(), Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(portal.run, work())
        started.wait(PATIENCE)
        portal.close(asyncio.sleep(0))
        with pytest.raises(ClientError, match="the client is closed"):
            waiting.result()


def test_actions_and_silences_are_those_of_the_server(client: Client) -> None:
    assert "Reset" in client.actions()[0].from_csms
    assert client.action("Reset", "CS1")["action"] == "Reset"
    assert "calls-in-parallel" in client.silence("calls-in-parallel")
    assert "calls-in-parallel" not in client.report("calls-in-parallel")


def test_journal_and_transcript_have_the_frames(client: Client, station: StationHandle) -> None:
    entry = station.waits_for("Heartbeat")

    (stored,) = client.journal(
        station="CS1", action="Heartbeat", type="call", since=entry.number - 1, limit=1
    )
    text = client.transcript("CS1", limit=1)

    assert stored.action == "Heartbeat"
    assert text.splitlines()[0].endswith("earlier entries)")
    assert "CS1 #" in text


def test_several_threads_wait_at_once(client: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda _: client.station("CS1").next("Heartbeat").action, range(8)))

    assert entries == ["Heartbeat"] * 8


def test_refused_argument_has_no_frames_of_the_other_thread(station: StationHandle) -> None:
    with pytest.raises(WrongArgument, match="did you mean BootNotification") as caught:
        station.waits_for("BootNotificaton")

    files = [Path(entry.path).name for entry in caught.traceback]
    assert files == ["test_client.py", "station.py", "portal.py"]


def test_failure_has_no_frames_of_the_other_thread(station: StationHandle) -> None:
    with pytest.raises(NotSeen) as caught:
        station.waits_for("MeterValues", within=0)

    files = [Path(entry.path).name for entry in caught.traceback]
    assert files == ["test_client.py", "station.py", "portal.py"]
    assert [Path(entry.path).name for entry in caught.traceback if not entry.ishidden(caught)] == [
        "test_client.py"
    ]


def test_condition_may_not_use_the_client() -> None:
    portal = Portal()

    async def offer() -> None:
        portal.run(asyncio.sleep(0))

    with pytest.raises(ClientError, match="a condition of a wait must not use the client"):
        portal.run(offer())
    portal.close(asyncio.sleep(0))


def test_closed_client_says_so(ready: dict[str, Any]) -> None:
    client = Client(ready["control"])
    station = client.station("CS1")

    with ThreadPoolExecutor(1) as pool:
        wait_of_other_thread = pool.submit(station.waits_for, "MeterValues", within=3600)
        client.close()
        client.close()
        with pytest.raises(ClientError, match="the client is closed"):
            wait_of_other_thread.result()
    with pytest.raises(ClientError, match="the client is closed"):
        station.waits_for("Heartbeat")
    assert [thread for thread in threads() if thread.name == "mock-csms-client"] == []


def test_url_of_the_port_for_stations_is_refused_with_the_remedy(ready: dict[str, Any]) -> None:
    url = ready["ws"].replace("ws:", "http:")
    with pytest.raises(ApiError, match=f"{url} is a port for stations; give the URL of the control API"):
        Client(url)


def test_missing_server_leaves_no_thread() -> None:
    with pytest.raises(NotReachable, match=r"no mock server answers at http://127.0.0.1:1: "):
        Client("http://127.0.0.1:1", connect_within=0)
    with pytest.raises(ValueError, match="not the URL of a control API"):
        Client("ftp://x")

    assert [thread for thread in threads() if thread.name == "mock-csms-client"] == []


WAITING = """
import sys
from mock_csms.client import Client
with Client(sys.argv[1]) as csms:
    station = csms.station("CS1")
    print("waiting", flush=True)
    station.waits_for("MeterValues", within=3600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_a_wait(ready: dict[str, Any]) -> None:
    command = [sys.executable, "-c", WAITING, ready["control"]]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"waiting\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)

    assert process.returncode == -signal.SIGINT
    # Not always the last line: if the wait has not begun yet, Python then warns of a coroutine not awaited.
    assert "KeyboardInterrupt" in errors.decode().splitlines()


def test_client_needs_httpx_alone() -> None:
    """A project that uses the client may have other versions of the libraries that the server needs."""
    program = "import sys, mock_csms.client; print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()

    assert "httpx" in modules
    assert {"ocpp", "websockets", "fastapi", "pydantic", "orjson", "msgspec"} & set(modules) == set()


def test_missing_httpx_is_named() -> None:
    program = "import sys; sys.modules['httpx'] = None; import mock_csms.client"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True, text=True
    )

    line = done.stderr.splitlines()[-1]
    assert line == "ImportError: mock_csms.client needs httpx: pip install httpx"
