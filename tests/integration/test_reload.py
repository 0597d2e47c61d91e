"""Changes of the settings file at run time: applied, rejected, or in need of a restart."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from ocpp.exceptions import InternalError, OCPPError
from ocpp.v201 import call

from mock_csms.csms import Csms
from mock_csms.settings import Settings, read_settings
from mock_csms.settings.reload import reload, watching
from server import OCPP_VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.process import address_of, line_with, outcome, running
from tests.support.station import ID_TOKEN, PATIENCE, Station, connected, connected_to

type Read = Callable[[], Settings]

RELOADED = "reloaded"
KEEPING_PREVIOUS = "cannot reload the settings, keeping the previous settings"

HEARTBEATS_FAIL = """
[[rules]]
when = { action = "Heartbeat" }
then = { error = { code = "InternalError" } }
"""
TWO_HEARTBEATS_FAIL = HEARTBEATS_FAIL + "times = 2\n"


@pytest.fixture(autouse=True)
def short_poll_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the interval at which servers poll their settings file to 0.01 s."""
    monkeypatch.setattr("mock_csms.settings.reload.POLL_INTERVAL_S", 0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def write(file: Path, content: str) -> None:
    """Replace a file with a new one, as an editor does."""
    draft = file.with_suffix(".draft")
    draft.write_text(content, encoding="utf-8")
    draft.replace(file)


def overwrite(file: Path, content: str) -> None:
    """Write to a file in place."""
    file.write_text(content, encoding="utf-8")


def remove(file: Path) -> None:
    file.unlink()


async def started(serve: Serve, file: Path, content: str, *flags: str) -> tuple[Csms, Read]:
    """Start a server with a settings file; return it with the function that reads the file again."""
    write(file, content)
    read = partial(read_settings, ["--config", str(file), *flags], {}, OCPP_VERSIONS)
    settings = read()
    return await serve(**{name: getattr(settings, name) for name in settings.model_fields_set}), read


class Reloading:
    """A server whose settings file can be rewritten; it reloads at once, without polling."""

    def __init__(self, csms: Csms, read: Read, file: Path) -> None:
        self.csms = csms
        self._read = read
        self._file = file

    async def rewrite(self, content: str) -> None:
        """Replace the file and reload it."""
        write(self._file, content)
        await reload(self.csms, self._read)


@asynccontextmanager
async def station_on(
    serve: Serve, file: Path, content: str, *flags: str
) -> AsyncIterator[tuple[Station, Reloading]]:
    """Connect a station to a server with a settings file; yield the station and the server's `Reloading`."""
    csms, read = await started(serve, file, content, *flags)
    async with connected(csms) as station:
        yield station, Reloading(csms, read, file)


async def heartbeat_fails(station: Station) -> bool:
    """Return whether a Heartbeat is answered with a CALLERROR."""
    try:
        await station.send(call.Heartbeat())
    except InternalError:
        return True
    return False


async def status_of_token(station: Station) -> Any:
    answer = await station.send(call.Authorize(id_token=ID_TOKEN))
    return answer.id_token_info["status"]


# Changes that take effect on the open connection


async def test_new_rule_takes_effect(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, "") as (station, server):
        before = await heartbeat_fails(station)
        await server.rewrite(HEARTBEATS_FAIL)
        assert (before, await heartbeat_fails(station)) == (False, True)


async def test_removed_rule_loses_its_effect(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, HEARTBEATS_FAIL) as (station, server):
        before = await heartbeat_fails(station)
        await server.rewrite("")
        assert (before, await heartbeat_fails(station)) == (True, False)


async def test_new_fault_for_all_stations_takes_effect(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, "") as (station, server):
        await server.rewrite("faults = ['Heartbeat:close=3001']")
        beat = asyncio.create_task(station.send(call.Heartbeat()))
        async with asyncio.timeout(PATIENCE):
            await station.connection.wait_closed()
        beat.cancel()
        assert station.connection.close_code == 3001


async def test_new_fault_in_profile_takes_effect(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, "") as (station, server):
        await server.rewrite("[stations.'CS*']\nfaults = ['Heartbeat:close=3001']")
        beat = asyncio.create_task(station.send(call.Heartbeat()))
        async with asyncio.timeout(PATIENCE):
            await station.connection.wait_closed()
        beat.cancel()
        assert station.connection.close_code == 3001


async def test_new_rule_about_station_answers_takes_effect(serve: Serve, file: Path) -> None:
    rule = """
        [[rules]]
        when = { action = "ClearCache", direction = "answer" }
        then = { answer = { status = "Rejected" } }
    """
    async with station_on(serve, file, "") as (_, server):
        await server.rewrite(rule)
        answer = await server.csms.sessions["CS1"].call("ClearCache", {})
    assert answer == {"status": "Rejected"}


async def test_new_handshake_rule_takes_effect_on_next_connection(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, "") as (station, server):
        hang = "{ kind = 'hang', seconds = 0 }"
        await server.rewrite(f"[[rules]]\nwhen.action = 'handshake'\nthen.fault = {hang}")
        async with connected(server.csms, "CS2") as other:
            async with asyncio.timeout(PATIENCE):
                await other.connection.wait_closed()
        assert not await heartbeat_fails(station)


@pytest.mark.parametrize(
    ("before", "after", "statuses"),
    [
        pytest.param("", "[tokens.AABBCCDD]\nstatus = 'Blocked'", ["Accepted", "Blocked"], id="new"),
        pytest.param(
            "[tokens.AABBCCDD]\nstatus = 'Blocked'",
            "[tokens.AABBCCDD]\nstatus = 'Expired'",
            ["Blocked", "Expired"],
            id="changed",
        ),
        pytest.param("[tokens.AABBCCDD]\nstatus = 'Blocked'", "", ["Blocked", "Accepted"], id="removed"),
        pytest.param("", "unknown_token = 'Invalid'", ["Accepted", "Invalid"], id="unknown"),
        pytest.param("", "auth_mode = 'whitelist'", ["Accepted", "Blocked"], id="mode"),
        pytest.param(
            "",
            "[stations.CS1.tokens.AABBCCDD]\nstatus = 'Blocked'",
            ["Accepted", "Blocked"],
            id="of a profile",
        ),
    ],
)
async def test_changed_tokens_take_effect(
    serve: Serve, file: Path, before: str, after: str, statuses: list[str]
) -> None:
    async with station_on(serve, file, before) as (station, server):
        actual = [await status_of_token(station)]
        await server.rewrite(after)
        actual.append(await status_of_token(station))
    assert actual == statuses


PROFILE = "[stations.'CS*']\nheartbeat-interval"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("heartbeat_interval = 10", "heartbeat_interval = 20", id="for all"),
        pytest.param(f"{PROFILE} = 10", f"{PROFILE} = 20", id="profile"),
        pytest.param("heartbeat_interval = 10", f"heartbeat_interval = 10\n{PROFILE} = 20", id="new"),
        pytest.param(f"heartbeat_interval = 20\n{PROFILE} = 10", "heartbeat_interval = 20", id="removed"),
    ],
)
async def test_changed_profile_takes_effect(serve: Serve, file: Path, before: str, after: str) -> None:
    async with station_on(serve, file, before) as (station, server):
        intervals = [(await station.boot()).interval]
        await server.rewrite(after)
        intervals.append((await station.boot()).interval)
    assert intervals == [10, 20]


async def test_change_takes_effect_for_later_stations(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, "heartbeat_interval = 10") as (_, server):
        await server.rewrite("heartbeat_interval = 20")
        async with connected(server.csms, "CS2") as other:
            assert (await other.boot()).interval == 20


async def test_state_of_station_survives_reload(serve: Serve, file: Path) -> None:
    sequence = "boot_status_sequence = ['Pending', 'Rejected']"
    async with station_on(serve, file, sequence) as (station, server):
        await station.boot()
        await server.rewrite(f"{sequence}\nheartbeat_interval = 20")
        assert (await station.boot()).status == "Rejected"


async def test_changed_boot_sequence_begins_at_its_start(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, "boot_status_sequence = ['Pending', 'Accepted']") as (station, server):
        statuses = [(await station.boot()).status for _ in range(3)]
        await server.rewrite("boot_status_sequence = ['Rejected', 'Pending', 'Accepted']")
        statuses += [(await station.boot()).status for _ in range(4)]
    assert statuses == ["Pending", "Accepted", "Accepted", "Rejected", "Pending", "Accepted", "Accepted"]


async def test_flag_wins_over_changed_file(serve: Serve, file: Path) -> None:
    flags = ("--heartbeat-interval", "30")
    async with station_on(serve, file, "heartbeat_interval = 10", *flags) as (station, server):
        await server.rewrite("heartbeat_interval = 20")
        assert (await station.boot()).interval == 30


# Counts of rules


async def test_unchanged_rule_keeps_its_count_of_times(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, TWO_HEARTBEATS_FAIL) as (station, server):
        fails = [await heartbeat_fails(station)]
        await server.rewrite(TWO_HEARTBEATS_FAIL + "\n[tokens.AABBCCDD]\nstatus = 'Blocked'\n")
        fails += [await heartbeat_fails(station) for _ in range(3)]
    assert fails == [True, True, False, False]


async def test_unchanged_rule_beside_new_rule_keeps_its_count_of_times(serve: Serve, file: Path) -> None:
    new = '[[rules]]\nwhen.action = "Authorize"\nthen.answer.idTokenInfo.status = "Blocked"\n'
    async with station_on(serve, file, TWO_HEARTBEATS_FAIL) as (station, server):
        fails = [await heartbeat_fails(station)]
        await server.rewrite(TWO_HEARTBEATS_FAIL + new)
        fails += [await heartbeat_fails(station) for _ in range(2)]
        assert (fails, await status_of_token(station)) == ([True, True, False], "Blocked")


async def test_named_rule_keeps_its_count_after_moving(serve: Serve, file: Path) -> None:
    named, new = TWO_HEARTBEATS_FAIL + 'id = "mine"\n', '[[rules]]\nset = "x"\nwhen.action = "Authorize"\n'
    async with station_on(serve, file, named) as (station, server):
        fails = [await heartbeat_fails(station)]
        await server.rewrite(new + named)
        fails += [await heartbeat_fails(station) for _ in range(2)]
    assert fails == [True, True, False]


async def test_unchanged_rule_keeps_its_count_towards_nth(serve: Serve, file: Path) -> None:
    third = HEARTBEATS_FAIL.replace('"Heartbeat"', '"Heartbeat", nth = 3')
    async with station_on(serve, file, third) as (station, server):
        fails = [await heartbeat_fails(station) for _ in range(2)]
        await server.rewrite(third + "\n[tokens.A]\n")
        fails += [await heartbeat_fails(station) for _ in range(2)]
    assert fails == [False, False, True, False]


async def test_changed_rule_restarts_its_count(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, TWO_HEARTBEATS_FAIL) as (station, server):
        fails = [await heartbeat_fails(station) for _ in range(3)]
        await server.rewrite(TWO_HEARTBEATS_FAIL.replace("times = 2", "times = 1"))
        fails += [await heartbeat_fails(station) for _ in range(2)]
    assert fails == [True, True, False, True, False]


async def test_state_set_by_rule_survives_reload(serve: Serve, file: Path) -> None:
    sets = '[[rules]]\nwhen.action = "Authorize"\nset = "authorized"\n'
    fails = HEARTBEATS_FAIL.replace('"Heartbeat"', '"Heartbeat", state = "authorized"')
    async with station_on(serve, file, sets) as (station, server):
        await status_of_token(station)
        await server.rewrite(fails)
        assert await heartbeat_fails(station)


# Broken files


BROKEN = [
    pytest.param(
        "port = 0\n[[rules]\n", [" is not valid TOML: ", "(at line 2, column 8)"], id="invalid TOML"
    ),
    pytest.param("port = 0\nhost =\n", [" is not valid TOML: ", "(at line 2, column 7)"], id="no value"),
    pytest.param("port = 0\n\nprot = 1\n", [":3: there is no key prot; did you mean port?"], id="key"),
    pytest.param(
        "port = 0\nboot_status = 'Maybe'\n", [":2: boot_status: must be ", "not 'Maybe'"], id="value"
    ),
    pytest.param(
        HEARTBEATS_FAIL + HEARTBEATS_FAIL.replace("Heartbeat", "Heartbeet"),
        [":7: rules.when: ", "did you mean Heartbeat?"],
        id="second rule",
    ),
    pytest.param("[stations.CS1]\nperiod = 5", [': [stations."CS1"]: ', "--period needs"], id="profile"),
    pytest.param("port = 0\nconfig = 'a'", [":2: config cannot be set in the file"], id="config in file"),
]


@pytest.mark.parametrize(("content", "words"), BROKEN)
async def test_broken_file_is_logged_with_reason_and_line(
    serve: Serve, file: Path, log_lines: LogLines, content: str, words: list[str]
) -> None:
    async with station_on(serve, file, "") as (_, server):
        await server.rewrite(content)
    (line,) = await log_lines.wait_for(KEEPING_PREVIOUS)
    assert line.startswith(f"{KEEPING_PREVIOUS}: {file}{words[0]}")
    assert [word for word in words if word not in line] == []


@pytest.mark.parametrize(
    "content", [broken.values[0] for broken in BROKEN], ids=[broken.id for broken in BROKEN]
)
async def test_broken_file_keeps_previous_settings_on_open_connection(
    serve: Serve, file: Path, content: str
) -> None:
    old = HEARTBEATS_FAIL + "[tokens.AABBCCDD]\nstatus = 'Blocked'\n[stations.CS1]\nheartbeat_interval = 10\n"
    async with station_on(serve, file, old) as (station, server):
        await server.rewrite(content)
        assert await heartbeat_fails(station)
        assert await status_of_token(station) == "Blocked"
        assert (await station.boot()).interval == 10


async def test_broken_file_keeps_counts_of_rules(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, TWO_HEARTBEATS_FAIL) as (station, server):
        fails = [await heartbeat_fails(station)]
        await server.rewrite("[[rules]")
        fails += [await heartbeat_fails(station) for _ in range(2)]
    assert fails == [True, True, False]


async def test_repaired_file_takes_effect(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, "") as (station, server):
        await server.rewrite("[[rules]")
        await server.rewrite(HEARTBEATS_FAIL)
        assert await heartbeat_fails(station)


# Settings that need a restart


@pytest.mark.parametrize(
    "changed",
    [
        "port = 9001",
        "host = '0.0.0.0'",
        "compression = false",
        "max_message_size = 100",
        "ping_interval = 5",
        "ping_timeout = 5",
        "ready_file = 'ready.json'",
        "log_level = 'error'",
        "log_format = 'json'",
        "seed = 1",
    ],
)
async def test_setting_that_needs_restart_is_logged(
    serve: Serve, file: Path, log_lines: LogLines, changed: str
) -> None:
    async with station_on(serve, file, "port = 0") as (_, server):
        await server.rewrite(changed if changed.startswith("port") else f"port = 0\n{changed}")
    (line,) = await log_lines.wait_for("restart the server to apply")
    assert line == f"restart the server to apply: {changed.partition(' ')[0]}"


async def test_setting_that_needs_restart_is_logged_while_it_differs(
    serve: Serve, file: Path, log_lines: LogLines
) -> None:
    async with station_on(serve, file, "port = 0") as (_, server):
        await server.rewrite("port = 9001")
        await server.rewrite("port = 9001\nheartbeat_interval = 20")
        await server.rewrite("port = 0")
    reloaded = [line for line in log_lines.lines if RELOADED in line]
    assert (len(reloaded), len(await log_lines.wait_for("restart the server to apply: port"))) == (3, 2)


async def test_equivalent_file_changes_nothing(serve: Serve, file: Path, log_lines: LogLines) -> None:
    async with station_on(serve, file, "port = 0") as (_, server):
        await server.rewrite("# the same\nport = 0")
    assert not [line for line in log_lines.lines if RELOADED in line]


async def test_changed_port_keeps_current_address(serve: Serve, file: Path) -> None:
    async with station_on(serve, file, "port = 0") as (station, server):
        address = server.csms.address
        await server.rewrite("port = 9001\nheartbeat_interval = 20")
        async with connected_to(f"ws://{address}", "CS2") as other:
            intervals = [(await each.boot()).interval for each in (station, other)]
    assert (server.csms.address, intervals) == (address, [20, 20])


async def test_reloadable_setting_is_not_logged_as_needing_restart(
    serve: Serve, file: Path, log_lines: LogLines
) -> None:
    async with station_on(serve, file, "port = 0") as (_, server):
        await server.rewrite("port = 0\nstation = 'CS1'\nheartbeat_interval = 20\n[tokens.A]\n[stations.CS1]")
    await log_lines.wait_for(RELOADED)
    assert [line for line in log_lines.lines if "restart the server to apply" in line] == []


# Watching the file


@asynccontextmanager
async def watched(
    serve: Serve, file: Path, content: str = "port = 0", *flags: str
) -> AsyncIterator[tuple[Station, Csms]]:
    """Connect a station to a server that watches its settings file; yield both."""
    csms, read = await started(serve, file, content, *flags)
    async with watching(csms, read), connected(csms) as station:
        yield station, csms


async def test_change_before_first_poll_is_detected(serve: Serve, file: Path, log_lines: LogLines) -> None:
    csms, read = await started(serve, file, "")
    write(file, HEARTBEATS_FAIL)
    async with watching(csms, read), connected(csms) as station:
        await log_lines.wait_for(f"{RELOADED} {file}")
        assert await heartbeat_fails(station)


async def test_replaced_file_is_detected(serve: Serve, file: Path, log_lines: LogLines) -> None:
    async with watched(serve, file) as (station, _):
        write(file, HEARTBEATS_FAIL)
        await log_lines.wait_for(f"{RELOADED} {file}")
        assert await heartbeat_fails(station)


async def test_file_written_in_place_is_detected(serve: Serve, file: Path, log_lines: LogLines) -> None:
    async with watched(serve, file) as (station, _):
        overwrite(file, HEARTBEATS_FAIL)
        await log_lines.wait_for(RELOADED)
        assert await heartbeat_fails(station)


async def test_each_change_is_detected_including_broken_files(
    serve: Serve, file: Path, log_lines: LogLines
) -> None:
    async with watched(serve, file) as (station, _):
        write(file, HEARTBEATS_FAIL)
        await log_lines.wait_for(RELOADED)
        fails = [await heartbeat_fails(station)]
        write(file, "[[rules]\n")
        await log_lines.wait_for(KEEPING_PREVIOUS, "(at line 1, column 8)")
        fails.append(await heartbeat_fails(station))
        write(file, "\nprot = 1\n")
        await log_lines.wait_for(KEEPING_PREVIOUS, f"{file}:2: there is no key prot")
        fails.append(await heartbeat_fails(station))
        write(file, "")
        await log_lines.wait_for(RELOADED, times=2)
        fails.append(await heartbeat_fails(station))
    assert fails == [True, True, True, False]


async def test_removed_file_keeps_previous_settings(serve: Serve, file: Path, log_lines: LogLines) -> None:
    async with watched(serve, file, HEARTBEATS_FAIL) as (station, _):
        remove(file)
        await log_lines.wait_for(KEEPING_PREVIOUS, f"cannot read {file}: No such file or directory")
        assert await heartbeat_fails(station)


async def test_restored_file_takes_effect(serve: Serve, file: Path, log_lines: LogLines) -> None:
    async with watched(serve, file, HEARTBEATS_FAIL) as (station, _):
        remove(file)
        await log_lines.wait_for(KEEPING_PREVIOUS)
        write(file, "")
        await log_lines.wait_for(RELOADED)
        assert not await heartbeat_fails(station)


@pytest.mark.parametrize(
    "error", [RecursionError("too deep"), MemoryError(), OSError("a\nb"), ValueError("x")]
)
async def test_unexpected_failure_is_one_line_and_a_later_file_takes_effect(
    serve: Serve, file: Path, log_lines: LogLines, error: Exception
) -> None:
    csms, read = await started(serve, file, "")
    failures = [error]

    def read_or_fail() -> Settings:
        if failures:
            raise failures.pop()
        return read()

    async with watching(csms, read_or_fail), connected(csms) as station:
        (line,) = await log_lines.wait_for(KEEPING_PREVIOUS)
        write(file, HEARTBEATS_FAIL)
        await log_lines.wait_for(RELOADED)
        assert await heartbeat_fails(station)
    assert type(error).__name__ in line
    assert len(line.splitlines()) == 1


def link_to_zeros(file: Path) -> None:
    file.symlink_to("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
@pytest.mark.parametrize("replace", [os.mkfifo, Path.mkdir, link_to_zeros])
async def test_file_replaced_by_something_else_keeps_previous_settings(
    serve: Serve, file: Path, log_lines: LogLines, replace: Callable[[Path], None]
) -> None:
    async with watched(serve, file, HEARTBEATS_FAIL) as (station, _):
        remove(file)
        replace(file)
        await log_lines.wait_for(KEEPING_PREVIOUS, "not a regular file")
        assert await heartbeat_fails(station)


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="Windows has no /dev/stdin")
async def test_settings_from_a_pipe_stay_in_effect(file: Path, csms: Csms) -> None:
    before = asyncio.all_tasks()
    csms.settings = csms.settings.model_copy(update={"config": Path("/dev/stdin")})
    async with watching(csms, Settings):
        assert asyncio.all_tasks() == before


async def test_watching_without_file_starts_no_task(csms: Csms) -> None:
    before = asyncio.all_tasks()
    async with watching(csms, Settings):
        assert asyncio.all_tasks() == before


async def test_watching_ends_with_its_context(serve: Serve, file: Path) -> None:
    csms, read = await started(serve, file, "")
    before = asyncio.all_tasks()
    async with watching(csms, read):
        (watcher,) = asyncio.all_tasks() - before
    await asyncio.wait([watcher], timeout=PATIENCE)
    assert watcher.cancelled()


# As a process


async def keep_talking(station: Station, until: asyncio.Event) -> list[str]:
    """Send Heartbeats and Authorizes until the event is set; return the outcome or status of each answer."""
    answers: list[str] = []
    while not until.is_set():
        answers.append("failed" if await heartbeat_fails(station) else "answered")
        answers.append(await status_of_token(station))
    return answers


def without_repeats(answers: list[str]) -> list[str]:
    return [answer for answer, _ in groupby(answers)]


async def test_running_server_applies_changes_during_traffic(file: Path) -> None:
    blocked = "port = 0\nheartbeat_interval = 20\n[tokens.AABBCCDD]\nstatus = 'Blocked'\n"
    write(file, "port = 0\nheartbeat_interval = 10\n")
    async with running("--config", str(file)) as process:
        address = await address_of(process)
        async with connected_to(f"ws://{address}", "CS1") as station:
            done = asyncio.Event()
            talk = asyncio.create_task(keep_talking(station, done))
            intervals = [(await station.boot()).interval]
            write(file, blocked)
            await line_with(process, f"{RELOADED} {file}")
            intervals.append((await station.boot()).interval)
            write(file, "[[rules]\n")
            await line_with(
                process, "ERROR", KEEPING_PREVIOUS, f"{file} is not valid TOML", "(at line 1, column 8)"
            )
            write(file, "heartbeat_interval = 30\nprot = 1\n")
            await line_with(process, "ERROR", KEEPING_PREVIOUS, f"{file}:2: there is no key prot")
            intervals.append((await station.boot()).interval)
            write(file, f"{HEARTBEATS_FAIL}[stations.CS1]\nheartbeat_interval = 40\n")
            await line_with(process, f"{RELOADED} {file}")
            await line_with(process, "WARN", "restart the server to apply: port")
            intervals.append((await station.boot()).interval)
            with pytest.raises(OCPPError):
                await station.send(call.Heartbeat())
            done.set()
            answers = await talk
    assert intervals == [10, 20, 20, 40]
    assert answers[0] == "answered"
    assert without_repeats(answers[1::2]) == ["Accepted", "Blocked", "Accepted"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(
            "host =\n", " is not valid TOML: Invalid value (at line 1, column 7)", id="invalid TOML"
        ),
        pytest.param("\nprot = 1\n", ":2: there is no key prot; did you mean port?", id="key"),
        pytest.param("boot_status = 'Maybe'\n", ":1: boot_status: must be Accepted, Pending or", id="value"),
        pytest.param("[stations.CS1]\nperiod = 5\n", ': [stations."CS1"]: --period needs', id="profile"),
        pytest.param("rules = [{}]\n", ":1: rules: a rule needs an effect", id="rule"),
    ],
)
async def test_broken_file_at_start_is_exit_code_2_and_one_line(file: Path, content: str, error: str) -> None:
    write(file, content)
    code, output, errors = await outcome("--port", "0", "--config", str(file))
    assert (code, output) == (2, "")
    assert errors.startswith(f"server.py: {file}{error}")
    assert errors.count("\n") == 1


async def test_missing_file_at_start_is_exit_code_2_and_one_line(file: Path) -> None:
    code, output, errors = await outcome("--config", str(file))
    assert (code, output, errors) == (2, "", f"server.py: cannot read {file}: No such file or directory\n")


async def test_print_config_is_exit_code_0(file: Path) -> None:
    write(file, "heartbeat_interval = 20")
    code, output, errors = await outcome("--config", str(file), "--print-config")
    assert (code, errors) == (0, "")
    assert "\nheartbeat_interval = 20\n" in output


async def test_stations_are_served_while_a_file_is_read(serve: Serve, file: Path) -> None:
    csms, read = await started(serve, file, "")
    is_reading, may_end = threading.Event(), threading.Event()

    def read_slowly() -> Settings:
        is_reading.set()
        may_end.wait(PATIENCE)
        return read()

    async with watching(csms, read_slowly), connected(csms) as station:
        assert await asyncio.to_thread(is_reading.wait, PATIENCE)
        assert not await heartbeat_fails(station)
        may_end.set()


async def test_change_during_reading_takes_effect(serve: Serve, file: Path, log_lines: LogLines) -> None:
    csms, read = await started(serve, file, "")
    changes = ["heartbeat_interval = 20", HEARTBEATS_FAIL]

    def read_and_change() -> Settings:
        settings = read()
        if changes:
            write(file, changes.pop(0))
        return settings

    async with watching(csms, read_and_change), connected(csms) as station:
        await log_lines.wait_for(RELOADED, times=3)
        assert await heartbeat_fails(station)


async def test_key_of_very_many_parts_is_one_line(serve: Serve, file: Path, log_lines: LogLines) -> None:
    async with watched(serve, file):
        write(file, f"\n[{'.'.join('a' * 100_000)}]")
        await log_lines.wait_for(KEEPING_PREVIOUS, f"{file}:2: a key has more than 100 parts")
