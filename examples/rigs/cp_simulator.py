"""A rig for ocpp-cp-simulator: plugs in, presents tokens and unplugs in certification cases, in place of a
person. The rig calls the MCP endpoint of the simulator.

The simulator runs with ``--http-port 9700``; CP_SIMULATOR_URL names another address.
"""

import json
import os
from collections.abc import Mapping
from typing import Any, Final

import httpx

from mock_csms.certify.stimuli import CannotDo, Stimulus

URL: Final = "http://127.0.0.1:9700"
HEADERS: Final = {"Accept": "application/json, text/event-stream"}
DATA: Final = "data: "
"""Prefix of a line with data in an event stream."""
TIMEOUT_S: Final = 30.0

STATUSES: Final = {
    "plug-in": "Preparing",
    "pause": "SuspendedEV",
    "resume": "Charging",
    "fault": "Faulted",
    "repair": "Available",
}
"""Connector status (OCPP 1.6) that the rig sets for each stimulus (an action of a person at the station)."""
CONNECTIONS: Final = {"offline": "disconnect", "online": "connect"}


class CpSimulatorRig:
    """Carries out stimuli, such as plug-in, at the only station of a simulator; connector N is EVSE N."""

    def __init__(self) -> None:
        self._url = os.environ.get("CP_SIMULATOR_URL", URL).rstrip("/")
        self._presented: dict[int, str] = {}
        """Tokens that were presented before a cable was plugged in, by EVSE."""

    async def do(self, stimulus: Stimulus) -> None:
        """Carry out a stimulus; raises CannotDo."""
        async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_S, headers=HEADERS) as client:
            simulator = _Simulator(client, self._url)
            await simulator.find_station()
            if stimulus.name in CONNECTIONS:
                await simulator.call(CONNECTIONS[stimulus.name])
            elif stimulus.name == "present":
                await self._present(simulator, stimulus.parameters)
            elif stimulus.name == "unplug":
                await self._unplug(simulator, int(stimulus.parameters["evse"]))
            elif stimulus.name in STATUSES:
                await self._set_status(simulator, stimulus)
            else:
                raise CannotDo(f"the simulator cannot do this: {stimulus.text}")

    async def _present(self, simulator: "_Simulator", parameters: Mapping[str, Any]) -> None:
        """Stop the transaction of the EVSE, or start one if none is running.

        Without a cable, only authorize the token; the transaction starts when the cable is plugged in.
        """
        evse, token = int(parameters["evse"]), str(parameters["token"])
        connector = await simulator.connector(evse)
        if connector["transactionId"] is not None:
            if token != connector["transactionTagId"]:
                raise CannotDo("the simulator does not compare the tokens of start and stop")
            await simulator.call("stop_transaction", connector=evse)
        elif connector["status"] == "Available":
            await simulator.call("authorize", tagId=token)
            self._presented[evse] = token
        else:
            await simulator.call("start_transaction", connector=evse, tagId=token)

    async def _set_status(self, simulator: "_Simulator", stimulus: Stimulus) -> None:
        evse, status = int(stimulus.parameters["evse"]), STATUSES[stimulus.name]
        await simulator.call("update_connector_status", connector=evse, status=status)
        if stimulus.name == "plug-in" and (token := self._presented.pop(evse, None)):
            await simulator.call("start_transaction", connector=evse, tagId=token)

    async def _unplug(self, simulator: "_Simulator", evse: int) -> None:
        self._presented.pop(evse, None)
        if (await simulator.connector(evse))["transactionId"] is not None:
            await simulator.call("stop_transaction", connector=evse)
        await simulator.call("update_connector_status", connector=evse, status="Available")


class _Simulator:
    """The MCP endpoint of a simulator, with one station."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url
        self._station = ""

    async def find_station(self) -> None:
        """Find the only station; raises CannotDo."""
        stations = await self._use("cp_list", {})
        if len(stations) != 1:
            raise CannotDo(f"the simulator at {self._url} has {len(stations)} stations; the rig needs one")
        self._station = stations[0]["cpId"]

    async def call(self, method: str, **parameters: Any) -> Any:
        """Call a method of the station; raises CannotDo."""
        asked = {"method": method, "cpId": self._station, "params": parameters}
        return await self._use("call_method", asked)

    async def connector(self, evse: int) -> dict[str, Any]:
        """Return the state of a connector; raises CannotDo."""
        connectors: list[dict[str, Any]] = (await self.call("status"))["connectors"]
        found = next((each for each in connectors if each["id"] == evse), None)
        if found is None:
            raise CannotDo(f"the simulator has no EVSE {evse}")
        return found

    async def _use(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Call an MCP tool and return its result; raises CannotDo."""
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        params = {"name": tool, "arguments": dict(arguments)}
        try:
            answer = await self._client.post(f"{self._url}/mcp", json={**request, "params": params})
            result = _message_of(answer.text)["result"]
            text = result["content"][0]["text"]
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            raise CannotDo(f"no simulator answers at {self._url}/mcp: {error}") from None
        if result.get("isError"):
            raise CannotDo(f"the simulator refuses {tool}: {text}")
        return json.loads(text) if text else None


def _message_of(text: str) -> dict[str, Any]:
    """Return the JSON-RPC message of an HTTP answer, which is JSON or an event stream with one event."""
    lines = [line.removeprefix(DATA) for line in text.splitlines() if line.startswith(DATA)]
    message: dict[str, Any] = json.loads(lines[-1] if lines else text)
    return message
