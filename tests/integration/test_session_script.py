"""The script of the README that runs a session with curl and jq."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from shutil import which
from typing import Any

import pytest
from ocpp.v201 import call, call_result

from mock_csms.control.serving import controlled
from mock_csms.csms import Csms
from mock_csms.mock import listening, recording
from mock_csms.settings import Settings
from server import VERSIONS
from tests.support.paths import EXAMPLES
from tests.support.station import PATIENCE, Station, connected, now

SCRIPT = EXAMPLES / "session.sh"

pytestmark = pytest.mark.skipif(not (which("curl") and which("jq")), reason="the script needs curl and jq")


@asynccontextmanager
async def server_with_control_api() -> AsyncIterator[Csms]:
    csms = Csms(Settings(port=0), VERSIONS)
    async with listening(csms), recording(csms), controlled(csms):
        yield csms


def meter_value(wh: float, context: str) -> dict[str, Any]:
    return {"timestamp": now(), "sampled_value": [{"value": wh, "context": context}]}


class CompliantStation:
    """A station that executes each command of the session script and reports the effect."""

    def __init__(self, csms: Csms) -> None:
        self._csms = csms
        self._running_tasks: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()
        self.resets = 0

    async def power_up(self, reason: str = "PowerUp") -> None:
        station = await self._stack.enter_async_context(connected(self._csms))
        station.answers["RequestStartTransaction"] = lambda remote_start_id, **_: self._answer(
            call_result.RequestStartTransaction(status="Accepted"), self._charge(station, remote_start_id)
        )
        station.answers["RequestStopTransaction"] = lambda **_: self._answer(
            call_result.RequestStopTransaction(status="Accepted"), self._end(station)
        )
        station.answers["Reset"] = lambda **_: self._answer(
            call_result.Reset(status="Accepted"), self._restart(station)
        )
        await station.boot(reason)
        await station.status()

    def _answer(self, answer: Any, follow_up: Any) -> Any:
        task = asyncio.create_task(follow_up)
        self._running_tasks.add(task)
        task.add_done_callback(self._running_tasks.discard)
        return answer

    async def _charge(self, station: Station, remote_start_id: int) -> None:
        evse = {"id": 1, "connector_id": 1}
        token = {"id_token": "0123456789ABCD", "type": "ISO14443"}
        meter = [meter_value(100, "Transaction.Begin")]
        info = {"transaction_id": "tx-1", "remote_start_id": remote_start_id}
        await self._event(station, "Started", 0, info, id_token=token, evse=evse, meter_value=meter)
        await self._event(station, "Updated", 1, meter_value=[meter_value(600, "Sample.Periodic")])

    async def _end(self, station: Station) -> None:
        info = {"transaction_id": "tx-1", "stopped_reason": "Remote"}
        await self._event(station, "Ended", 2, info, meter_value=[meter_value(1100, "Transaction.End")])

    async def _event(
        self, station: Station, kind: str, seq_no: int, info: dict[str, Any] | None = None, **fields: Any
    ) -> None:
        trigger = {"Started": "RemoteStart", "Updated": "MeterValuePeriodic", "Ended": "RemoteStop"}[kind]
        await station.send(
            call.TransactionEvent(
                event_type=kind,
                timestamp=now(),
                trigger_reason=trigger,
                seq_no=seq_no,
                transaction_info=info or {"transaction_id": "tx-1"},
                **fields,
            )
        )

    async def _restart(self, station: Station) -> None:
        self.resets += 1
        await station.send(call.Heartbeat())  # its answer proves that the answer to the Reset was sent
        await self.power_down()
        await self.power_up("RemoteReset")

    async def power_down(self) -> None:
        await self._stack.aclose()
        self._stack = AsyncExitStack()


async def run_script(csms: Csms, station: CompliantStation) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        "sh",
        str(SCRIPT),
        csms.control,
        "CS1",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    await station.power_up()
    async with asyncio.timeout(3 * PATIENCE):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_session_script_passes_with_a_compliant_station() -> None:
    async with server_with_control_api() as csms:
        station = CompliantStation(csms)
        code, output = await run_script(csms, station)
        await station.power_down()
    assert (code, output.splitlines()[-1]) == (0, "CS1 passed")
    assert station.resets == 1
