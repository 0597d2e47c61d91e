"""Secrets: none of them in the log, the journal, reports, metrics, events and answers of the control API."""

import asyncio
import json
import re
import signal
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import websockets
from ocpp.v201 import call_result
from websockets.asyncio.client import ClientConnection

from tests.support.control import BOOT, client_of
from tests.support.process import line_with, outcome, running
from tests.support.secured import basic_authorization, refused_status, with_password
from tests.support.station import OCPP_2_0_1, Station, connected_to

SECRETS: Final = {
    name: f"{name}-=secret=-{number}"
    for number, name in enumerate(
        (
            *(
                "shared",
                "own",
                "planned",
                "ruled",
                "rotated",
                "unanswered",
                "wrong",
                "put",
                "patched",
                "token",
            ),
            *("apn", "vpn", "url", "echoed", "reported", "unfit", "expected", "cutoff", "vendor", "key"),
        )
    )
}
BASIC: Final = basic_authorization("CS1", SECRETS["shared"])["Authorization"]
PEM: Final = f"-----BEGIN PRIVATE KEY-----\n{SECRETS['key']}\n-----END PRIVATE KEY-----\n"
NAMES: Final = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
NOW: Final = "2026-01-01T00:00:00Z"


def variable(value: str) -> dict[str, Any]:
    """Payload of a SetVariables with a password."""
    return {"setVariableData": [{**NAMES, "attributeValue": value}]}


SETTINGS: Final = f"""
security_profile = 1
control_token = "{SECRETS["token"]}"

[stations.CS2]
password = "{SECRETS["own"]}"
commands = ["SetVariables:0"]
set_variables = ["SecurityCtrlr.BasicAuthPassword={SECRETS["planned"]}"]

[stations.CS3]
payload = '{json.dumps(variable(SECRETS["planned"]))}'
command = "SetVariables"
delay = 1000

[[rules]]
id = "secret command"
when.action = "StatusNotification"
[rules.then.command]
action = "SetVariables"
[[rules.then.command.payload.setVariableData]]
component.name = "SecurityCtrlr"
variable.name = "BasicAuthPassword"
attributeValue = "{SECRETS["ruled"]}"
"""


NETWORK_PROFILE: Final = {
    "configurationSlot": 1,
    "connectionData": {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppInterface": "Wired0",
        "ocppCsmsUrl": f"ws://CS1:{SECRETS['url']}@host/",
        "messageTimeout": 30,
        "securityProfile": 1,
        "apn": {"apn": "a", "apnAuthentication": "AUTO", "apnPassword": SECRETS["apn"], "simPin": 1234},
        "vpn": {
            "server": "v",
            "user": "u",
            "password": SECRETS["vpn"],
            "key": SECRETS["vpn"],
            "type": "IKEv2",
        },
    },
}
MALFORMED: Final[list[tuple[str, Any]]] = [
    ("SetVariables", {**NAMES, "attributeValue": SECRETS["unfit"]}),
    ("SetVariables", {"setVariableData": [{**NAMES, "attributeValue": {"x": SECRETS["unfit"]}}]}),
    ("SetVariables", {"setVariableData": {"variable": " BasicAuthPassword ", "value": SECRETS["unfit"]}}),
    ("SetNetworkProfile", {"connectionData": {"vpn": {"password": {"x": SECRETS["vpn"]}}}}),
    ("SetNetworkProfile", {"connectionData": {"vpn": {"key": [SECRETS["vpn"]]}}}),
    ("ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRETS["unfit"]}),
]
COMMANDS: Final[list[dict[str, Any]]] = [
    {"action": "SetNetworkProfile", "payload": NETWORK_PROFILE},
    {"action": "GetVariables", "payload": {"getVariableData": [NAMES]}},
    {
        "action": "GetLog",
        "payload": {
            "logType": "SecurityLog",
            "requestId": 1,
            "log": {"remoteLocation": f"ftp://user:{SECRETS['url']}@files.example/"},
        },
    },
    {
        "action": "DataTransfer",
        "payload": {"vendorId": "V", "data": {"key": PEM, "Password": SECRETS["vendor"]}},
    },
    {"action": "DataTransfer", "payload": {"vendorId": "V", "data": json.dumps(variable(SECRETS["vendor"]))}},
    {"action": "SetVariables", "payload": variable(SECRETS["unfit"] + " " * 30)},
    {"action": "SetVariables", "payload": {**variable(SECRETS["unfit"]), "more": 1}},
    {"action": "SetVariables", "payload": variable(SECRETS["unfit"] * 200)},
    {"action": "Vendor", "payload": {"password": SECRETS["vendor"]}, "validate": False},
]
FRAMES: Final = [
    json.dumps([2, "r1", "NotifyReport", {
        "requestId": 1, "generatedAt": NOW, "seqNo": 0,
        "reportData": [{**NAMES, "variableAttribute": [{"value": SECRETS["reported"]}]}],
    }]),
    json.dumps([2, "r2", "NotifyEvent", {
        "generatedAt": NOW, "seqNo": 0,
        "eventData": [{
            **NAMES,
            "eventId": 1, "timestamp": NOW, "trigger": "Alerting", "actualValue": SECRETS["reported"],
            "eventNotificationType": "HardWiredNotification", "techInfo": SECRETS["reported"],
        }],
    }]),
    json.dumps([2, "r3", "SecurityEventNotification", {"type": "X", "timestamp": NOW, "techInfo": PEM}]),
    json.dumps([2, "r4", "SignCertificate", {"csr": PEM}]),
    json.dumps([2, "r5", "DataTransfer", {"vendorId": "V", "data": {"password": SECRETS["vendor"]}}]),
    json.dumps([2, "r6", "SetVariables", variable(SECRETS["echoed"])]),
    json.dumps([2, "r7", "Unknown", {"note": f"Authorization: {BASIC}"}]),
    json.dumps([2, "r8", "NotifyReport", {"reportData": variable(SECRETS["echoed"])}]),
    json.dumps([2, "r9", "SetVariables", variable(SECRETS["cutoff"])])[:-3],
    f'[2,"r10","SetVariables",{{"setVariableData":[{{"attributeValue":"{SECRETS["cutoff"]}","compo',
    f'[2,"r11","X",{{"variable":{{"name":"\\u0042asicAuthPassword"}},"attributeValue":"{SECRETS["cutoff"]}"',
    json.dumps([3, "nothing", {"setVariableResult": variable(SECRETS["echoed"])["setVariableData"]}]),
    json.dumps([4, "nothing", "X", json.dumps(variable(SECRETS["echoed"])), variable(SECRETS["echoed"])]),
    *(json.dumps([2, f"m{number}", *call]) for number, call in enumerate(MALFORMED)),
    *(json.dumps([2, f"c{number}", *call])[:-4] for number, call in enumerate(MALFORMED)),
    *(json.dumps([4, "nothing", "X", "", payload]) for _, payload in MALFORMED),
]  # fmt: skip


def tell_password(get_variable_data: list[dict[str, Any]], **_: Any) -> call_result.GetVariables:
    """Answer a GetVariables with the password, although this variable is write-only."""
    told = [
        {**item, "attribute_status": "Accepted", "attribute_value": SECRETS["reported"]}
        for item in get_variable_data
    ]
    return call_result.GetVariables(told)


def refuse_password(set_variable_data: list[dict[str, Any]], **_: Any) -> call_result.SetVariables:
    """Reject a password in words that repeat it."""
    info = {"reason_code": "X", "additional_info": f"{SECRETS['echoed']} is too short"}
    names = [{key: item[key] for key in ("component", "variable")} for item in set_variable_data]
    return call_result.SetVariables(
        [{**name, "attribute_status": "Rejected", "attribute_status_info": info} for name in names]
    )


async def send(api: httpx.AsyncClient, command: dict[str, Any]) -> str:
    return (await api.post("/v1/stations/CS1/calls", json=command)).text


@asynccontextmanager
async def events_of(api: httpx.AsyncClient, shown: dict[str, str]) -> AsyncIterator[None]:
    """Add the text of the server-sent events to ``shown`` while the context lasts."""

    async def collect() -> None:
        async with api.stream("GET", "/v1/events", params={"within": 60}) as stream:
            async for text in stream.aiter_text():
                shown["events"] = shown.get("events", "") + text

    collecting = asyncio.create_task(collect())
    try:
        yield
    finally:
        collecting.cancel()
        with suppress(asyncio.CancelledError):
            await collecting


async def refuse_stations(url: str, shown: dict[str, str]) -> None:
    """Connect stations that are refused, each with a secret in its request."""
    wrong = with_password(SECRETS["wrong"])
    swapped = {"additional_headers": basic_authorization(SECRETS["shared"], "CS1")}
    for identity, options in [("CS1", wrong), ("CS1", swapped), (f"CS1:{SECRETS['wrong']}", wrong)]:
        assert await refused_status(url, identity, **options) in {401, 404}
    host, port = url.removeprefix("ws://").split(":")
    for request in (
        f"GET /CS1 HTTP/1.1\r\nAuthorization {BASIC}\r\n\r\n",
        f"GET /CS1 HTTP/1.1\r\nHost: a\r\nAuthorization: {BASIC}\x01\r\n\r\n",
        f"GET /CS1?password={SECRETS['shared']}\r\n\r\n",
        f"Authorization: {BASIC}\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request.encode())
        await reader.read()
        writer.close()


async def play_station(api: httpx.AsyncClient, station: Station, shown: dict[str, str]) -> None:
    """Send commands with secrets, some answered with secrets; add the API's responses to ``shown``."""
    await station.boot()
    await station.status()
    await station.next("SetVariables")
    station.answers["GetVariables"] = tell_password
    station.answers["SetVariables"] = refuse_password
    shown["refusal"] = await send(api, {"action": "SetVariables", "payload": variable(SECRETS["rotated"])})
    for number, command in enumerate(COMMANDS):
        shown[f"command {number}"] = await send(api, command)
    del station.answers["SetVariables"]
    shown["rotation"] = await send(api, {"action": "SetVariables", "payload": variable(SECRETS["rotated"])})


async def play_frames(api: httpx.AsyncClient, connection: ClientConnection, shown: dict[str, str]) -> None:
    """Send frames and unanswered commands with secrets; add the API's responses to ``shown``."""
    for frame in [BOOT, *FRAMES]:
        await connection.send(frame)
    command = {"action": "SetVariables", "payload": variable(SECRETS["unanswered"]), "timeout": 0.2}
    shown["time-out"] = await send(api, command)
    for number, (action, payload) in enumerate(MALFORMED):
        command = {"action": action, "payload": payload, "validate": False, "timeout": 0.05}
        shown[f"malformed command {number}"] = await send(api, command)


async def use_api(api: httpx.AsyncClient, shown: dict[str, str]) -> None:
    """Change passwords over the API, and read everything that it shows; add the responses to ``shown``."""
    rule = {
        "when": {"action": "Heartbeat"},
        "then": {"command": {"action": "SetVariables", "payload": variable(SECRETS["ruled"])}},
    }
    changes = {
        "password": SECRETS["patched"],
        "setVariables": [f"SecurityCtrlr.BasicAuthPassword={SECRETS['planned']}"],
        "payload": {"password": SECRETS["vendor"]},
    }
    wait = {
        "match": {"action": "SetVariables", "direction": "sent", "payload": variable(SECRETS["expected"])},
        "within": 0.1,
    }
    for method, path, body in [
        ("PUT", "/v1/stations/CS1/password", {"password": SECRETS["put"]}),
        ("PUT", "/v1/stations/CS1/password", {"password": SECRETS["put"] + "?"}),
        ("PUT", "/v1/stations/CS1/password", {"password": [SECRETS["put"]]}),
        ("PATCH", "/v1/stations/CS4/profile", changes),
        ("PATCH", "/v1/stations/CS4/profile", {"password": {"text": SECRETS["patched"]}}),
        ("POST", "/v1/rules", rule),
        ("POST", "/v1/wait", wait),
        ("POST", "/v1/journal/notes", {"text": f"password={SECRETS['vendor']}"}),
    ]:
        shown[f"{method} {path} {len(shown)}"] = (await api.request(method, path, json=body)).text
    paths = (await api.get("/openapi.json")).json()["paths"]
    for path in [path for path, methods in paths.items() if "get" in methods and path != "/v1/events"]:
        for identity in ("CS1", "CS2", "CS4"):
            url = re.sub(r"\{\w+\}", identity, path)
            shown[url] = (await api.get(url)).text


def texts_of(value: str) -> Iterator[str]:
    """Yield a secret, and its forms in an Authorization header."""
    yield value
    yield b64encode(value.encode()).decode().rstrip("=")
    for user in ("CS1", "CS2"):
        yield b64encode(f"{user}:{value}".encode()).decode().rstrip("=")
    yield b64encode(f"{value}:CS1".encode()).decode()[:16]


@pytest.mark.also_covers("A01.FR.09")
@pytest.mark.skipif(sys.platform == "win32", reason="it ends the server with a signal")
@pytest.mark.parametrize("style", ["text", "json"])
async def test_secrets_are_shown_nowhere(style: str, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("journal.ndjson", "report.json", "junit.xml", "ready.json")}
    (tmp_path / "settings.toml").write_text(SETTINGS)
    (tmp_path / "password.txt").write_text(SECRETS["shared"])
    flags = [
        *("--config", str(tmp_path / "settings.toml"), "--password-file", str(tmp_path / "password.txt")),
        *("--tls", "--pki", str(tmp_path / "pki"), "--port", "0", "--control", "127.0.0.1:0"),
        *("--log-level", "debug", "--log-format", style, "--hints", "--ready-file", str(files["ready.json"])),
        *("--journal", str(files["journal.ndjson"]), "--report", str(files["report.json"])),
        *("--junit", str(files["junit.xml"]), "--fault", "Authorize:delay=0.01", "--findings", "always"),
        *("--expect", f">SetNetworkProfile[connectionData.vpn.password={SECRETS['expected']}]>=1"),
    ]
    shown: dict[str, str] = {}
    async with running(*flags) as process:
        await line_with(process, "Ctrl+C stops")
        ready = json.loads(files["ready.json"].read_bytes())
        reading = asyncio.create_task(process.communicate())  # else the log would fill the pipe
        async with client_of(ready["control"]) as api:
            api.headers["Authorization"] = f"Bearer {SECRETS['token']}"
            async with events_of(api, shown):
                await refuse_stations(ready["ws"], shown)
                async with connected_to(ready["ws"], "CS2", **with_password(SECRETS["own"], "CS2")) as other:
                    await other.boot()
                    await other.next("SetVariables")
                async with connected_to(ready["ws"], "CS1", **with_password(SECRETS["shared"])) as station:
                    await play_station(api, station, shown)
                async with websockets.connect(
                    f"{ready['ws']}/CS1", subprotocols=[OCPP_2_0_1], **with_password(SECRETS["rotated"])
                ) as connection:
                    await play_frames(api, connection, shown)
                    await use_api(api, shown)
        shown["ready file"] = files["ready.json"].read_text()
        process.send_signal(signal.SIGTERM)
        output, errors = await reading
    shown |= {"log": output.decode(), "errors": errors.decode()}
    shown |= {name: path.read_text() for name, path in files.items() if path.exists()}
    keys = [path.read_text() for path in (tmp_path / "pki").rglob("*") if "PRIVATE KEY" in _text_of(path)]
    assert keys
    key_lines = [line for key in keys for line in key.splitlines() if len(line) > 40]

    for where, text in shown.items():
        for name, secret in SECRETS.items():
            for form in texts_of(secret):
                assert form not in text, (where, name, form)
        assert [line for line in key_lines if line in text] == [], where
    for where in ("log", "journal.ndjson", "events", "/v1/journal", "/v1/stations/CS1", "/v1/rules"):
        assert "***" in shown[where], where
    for where in ("report.json", "junit.xml"):
        assert "SetNetworkProfile" in shown[where]


def _text_of(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""


async def test_print_config_shows_no_secret(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(SETTINGS)
    flags = ("--config", str(tmp_path / "settings.toml"), "--password", SECRETS["shared"], "--print-config")

    code, output, errors = await outcome(*flags)

    assert code == 0, errors
    for secret in SECRETS.values():
        assert secret not in output


WRONG_PAYLOAD: Final = json.dumps({**variable(SECRETS["planned"] * 200), "more": 1})


@pytest.mark.parametrize(
    "line",
    [
        f"password = ['{SECRETS['own']}']",
        f"control_token = '{SECRETS['token']} with a space'",
        f"set_variables = ['SecurityCtrlr/BasicAuthPassword={SECRETS['planned']}', 'x']",
        f"command = 'SetVariables'\ndelay = 1\npayload = '{WRONG_PAYLOAD}'",
        f"password = '{SECRETS['own']}'\npasswrod = '{SECRETS['own']}'",
        f"stations.CS1.password = 5\nstations.CS2.password = '{SECRETS['own']}'",
    ],
)
async def test_wrong_settings_are_reported_without_secrets(tmp_path: Path, line: str) -> None:
    (tmp_path / "settings.toml").write_text(line)

    code, output, errors = await outcome("--config", str(tmp_path / "settings.toml"))

    assert code == 2, errors
    for secret in SECRETS.values():
        assert secret not in output + errors
