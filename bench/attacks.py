"""Attacks of ``python -m bench stalls``: requests and messages that could slow a server or fill its memory.

Each attack runs in a process of its own (``python -m bench.attacks NAME TARGET``), so that its work does not
delay the probe.
"""

import http.client
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection, socket
from time import monotonic, sleep
from typing import Any, Final
from urllib.parse import quote

from bench import machine, password_attacks, tls_attacks, wire
from bench.contenders import TLS_FLAGS
from bench.workloads import BOOT, NOW

TIMEOUT_S: Final = 90.0
"""Seconds to wait for one answer of a server under attack."""
MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Target:
    """The server under attack."""

    stations: tuple[str, int]
    """Host and port for stations."""
    control: tuple[str, int]
    """Host and port of the control API."""
    settings_file: str
    """Settings file that the server watches."""


@dataclass(frozen=True, slots=True)
class Attack:
    """A load that a healthy station should not notice."""

    description: str
    run: Callable[[Target], None]
    flags: tuple[str, ...] = ()
    """Flags of the server for this attack; ``{folder}`` is a temporary folder."""
    output_is_read: bool = True
    """Whether the standard output of the server is read; otherwise, it goes to a pipe without a reader."""


class AttackFailed(Exception):
    """The server answered in a way that ends the attack early."""


# Stations


class HostileStation:
    """A station with a blocking socket; ``boot=False`` leaves out the BootNotification."""

    def __init__(self, target: Target, identity: str, *, deflate: bool = False, boot: bool = True) -> None:
        self.socket = _connect(target.stations)
        self.socket.sendall(wire.opening(identity, deflate=deflate))
        response = bytearray()
        while b"\r\n\r\n" not in response:
            response += self._received()
        wire.check_accepted(bytes(response).partition(b"\r\n\r\n")[0], deflate=deflate)
        if boot:
            self.call(*BOOT)

    def __enter__(self) -> "HostileStation":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _received(self) -> bytes:
        if data := self.socket.recv(65_536):
            return data
        raise AttackFailed("the server closed the connection")

    def send(self, first_byte: int, payload: bytes) -> None:
        """Send one frame."""
        self.socket.sendall(wire.frame(first_byte, payload))

    def call(self, action: str, payload: Any) -> None:
        """Send a CALL and wait for the next frame."""
        self.exchange(_call(action, payload))

    def exchange(self, text: bytes) -> None:
        """Send a text message and wait for the next frame."""
        self.send(wire.TEXT, text)
        received = self._received()
        while wire.payload_bounds(received) is None:
            received += self._received()


def _call(action: str, payload: Any) -> bytes:
    return json.dumps([2, str(monotonic()), action, payload]).encode()


def _connect(address: tuple[str, int]) -> socket:
    connection = create_connection(address, TIMEOUT_S)
    connection.settimeout(TIMEOUT_S)
    return connection


def _boot_stations(target: Target, count: int) -> None:
    for number in range(count):
        HostileStation(target, f"crowd-{number}").socket.close()


# Requests


def _request(target: Target, method: str, path: str, body: Any = None) -> int:
    """Send a request to the control API and return the status; a ``body`` other than bytes becomes JSON."""
    connection = http.client.HTTPConnection(*target.control, timeout=TIMEOUT_S)
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    with closing(connection):
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status


def _start_request(target: Target, method: str, path: str, body: bytes) -> socket:
    """Send a request to the control API, and return the connection without waiting for the answer."""
    connection = _connect(target.control)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


# Attacks on the port of the stations


def _inflate(target: Target) -> None:
    frame = wire.frame(wire.COMPRESSED_TEXT, wire.compress(_call("Heartbeat", {"customData": "x" * 249_000})))
    with ExitStack() as stack:
        stations = [
            stack.enter_context(HostileStation(target, f"bomb-{number}", deflate=True, boot=False))
            for number in range(8)
        ]
        for station in stations:
            station.socket.sendall(frame * 240)
        for station in stations:
            _read_until_quiet(station.socket)


def _read_until_quiet(connection: socket) -> None:
    connection.settimeout(2.0)
    with suppress(TimeoutError, ConnectionError):
        while connection.recv(MIB):
            pass


def _break_schema(target: Target) -> None:
    lists: tuple[list[Any], ...] = ([{}] * 250_000, [1] * 300_000)
    texts = [
        _call("NotifyReport", {"requestId": 1, "seqNo": 0, "generatedAt": NOW, "reportData": items})
        for items in lists
    ]
    with HostileStation(target, "schema") as station:
        for text in texts * 3:
            station.exchange(text)


def _call_unknown_actions(target: Target) -> None:
    with HostileStation(target, "unknown") as station:
        for number in range(20_000):
            station.call(f"Unknown{number}", {})
        for number in range(100):
            station.call(f"{number}" + "x" * 880_000, {})
    _request(target, "GET", "/metrics")


def _send_large_events(target: Target) -> None:
    with HostileStation(target, "events") as station:
        for number in range(300):
            custom_data = {"vendorId": "x", "filler": "x" * 900_000}
            event = {"type": "StartupOfTheDevice", "timestamp": NOW, "techInfo": str(number)}
            station.call("SecurityEventNotification", {**event, "customData": custom_data})
    _request(target, "GET", "/v1/stations/events")


def _report_variables(target: Target) -> None:
    with HostileStation(target, "variables") as station:
        for part in range(1_000):
            items = [
                {
                    "component": {"name": f"Component{part}"},
                    "variable": {"name": f"Variable{item}"},
                    "variableAttribute": [{"value": f"{part}-{item}"}],
                }
                for item in range(50)
            ]
            report = {"requestId": 1, "seqNo": part, "generatedAt": NOW, "tbc": True, "reportData": items}
            station.call("NotifyReport", report)


def _nest_deeply(target: Target) -> None:
    with HostileStation(target, "deep") as station:
        for depth in (200, 300, 900, 10_000, 400_000):
            nested = "[" * depth + "]" * depth
            boot = json.dumps(BOOT[1])[:-1] + f', "customData": {{"vendorId": "x", "deep": {nested}}}}}'
            station.exchange(f'[2, "{depth}", "BootNotification", {boot}]'.encode())
            _request(target, "GET", "/v1/stations/deep")


def _leave_fragments(target: Target) -> None:
    unfinished = 0x01  # opcode text without FIN
    with ExitStack() as stack:
        for number in range(300):
            station = stack.enter_context(HostileStation(target, f"fragment-{number}", boot=False))
            with suppress(OSError):
                station.send(unfinished, b"[" + b" " * 900_000)
        sleep(1.0)


def _fail_handshakes(target: Target) -> None:
    hello = bytes.fromhex("160301020001 0001fc0303") + bytes(200)
    requests = (
        hello,
        b"POST /CS1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /CS1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
        wire.opening("CS1", deflate=False).replace(b"ocpp2.0.1", b"ocpp1.6"),
    )
    for number in range(6_000):
        with _connect(target.stations) as connection, suppress(OSError):
            connection.sendall(requests[number % len(requests)])
            connection.settimeout(0.01)
            connection.recv(4096)


def _connect_strangers(target: Target) -> None:
    for number in range(20_000):
        HostileStation(target, f"stranger-{number}", boot=False).socket.close()


# Attacks on the control API


def _reset_many(target: Target) -> None:
    _boot_stations(target, 4_000)
    for _ in range(3):
        _request(target, "POST", "/v1/reset?station=crowd-*")


def _ask_for_unknown(target: Target) -> None:
    _boot_stations(target, 4_000)
    for number in range(300):
        _request(target, "GET", f"/v1/stations/crowd-x{number}")


def _send_costly_expressions(target: Target) -> None:
    expressions = (
        " | ".join(["[@,@][]"] * 24),
        "a." * 3_000 + "a",
        "(" * 3_000 + "a" + ")" * 3_000,
        "!" * 3_000 + "a",
        " | ".join(["[*].[@,@,@][][]"] * 12),
        "length(join('', map(&join('', map(&to_string(@), [@,@,@])), [@,@,@])))",
    )
    with HostileStation(target, "expression") as station:
        for expression in expressions:
            match = {"station": "expression", "expression": expression}
            _request(target, "POST", "/v1/wait", {"match": match, "within": 1, "since": 0})
            rule = {"id": "costly", "when": {"action": "Heartbeat", "expression": expression}, "then": {}}
            _request(target, "POST", "/v1/rules", {**rule, "then": {"error": {"code": "InternalError"}}})
            station.call("Heartbeat", {})
            _request(target, "DELETE", "/v1/rules/costly")


def _send_costly_templates(target: Target) -> None:
    with HostileStation(target, "template") as station:
        for spaces in (1_000, 50_000):
            answer = {"currentTime": "{{" + " " * spaces + "x"}
            rule = {"id": "costly", "when": {"action": "Heartbeat"}, "then": {"answer": answer}}
            _request(target, "POST", "/v1/rules", rule)
            station.call("Heartbeat", {})
            _request(target, "DELETE", "/v1/rules/costly")


def _upload_form(target: Target) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    many = b"--x\r\n" * (8 * MIB)
    for body in (part + bytes(90 * MIB) + b"\r\n--x--\r\n", many):
        connection = http.client.HTTPConnection(*target.control, timeout=TIMEOUT_S)
        with closing(connection), suppress(OSError):
            connection.request(
                "POST", "/files/uploads", body, {"Content-Type": "multipart/form-data; boundary=x"}
            )
            connection.getresponse().read()


def _search_full_journal(target: Target) -> None:
    with HostileStation(target, "journal") as station:
        for _ in range(10_000):
            station.call("Heartbeat", {})
    match = {"station": "journal", "expression": "a.b.c == 'x'"}
    for _ in range(5):
        _request(target, "POST", "/v1/wait", {"match": match, "within": 0.1, "since": 0})
        _request(target, "GET", "/v1/journal?limit=10000")


def _abandon_waits(target: Target) -> None:
    body = json.dumps({"match": {"station": "none", "expression": "a.b"}, "within": 3600}).encode()
    for _ in range(3_500):
        with suppress(OSError):
            _start_request(target, "POST", "/v1/wait", body).close()


def _follow_events(target: Target) -> None:
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(_start_request(target, "GET", "/v1/events", b""))
        with HostileStation(target, "followed") as station:
            for _ in range(2_000):
                station.call("Heartbeat", {})


def _resume_events(target: Target) -> None:
    """Make 100 clients read a full journal as an event stream; every third stops after its first bytes."""
    with HostileStation(target, "resumed") as station:
        for _ in range(10_000):
            station.call("Heartbeat", {})
    with ExitStack() as stack:
        path = "/v1/events?since=0&within=0"
        clients = [stack.enter_context(_start_request(target, "GET", path, b"")) for _ in range(100)]
        for number, client in enumerate(clients):
            client.recv(65_536)
            if number % 3:
                while client.recv(65_536):
                    pass


def _open_waits(target: Target) -> None:
    """Leave 1,000 requests to /v1/wait and 100 event streams open while a station sends Heartbeats."""
    matches = {"any": [{"station": "busy", "action": ["Authorize", "DataTransfer"]}, {"expression": "a.b"}]}
    wait = json.dumps({**matches, "unless": [{"payload": {"a": {"b": 1}}}], "within": 3600}).encode()
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(_start_request(target, "GET", "/v1/events", b""))
        for _ in range(1_000):
            stack.enter_context(_start_request(target, "POST", "/v1/wait", wait))
        with HostileStation(target, "busy") as station:
            for _ in range(500):
                station.call("Heartbeat", {})


def _verify_full_journal(target: Target) -> None:
    with HostileStation(target, "journal") as station:
        for _ in range(10_000):
            station.call("Heartbeat", {})
    match = {"station": "journal", "expression": "a.b.c == 'x'"}
    for _ in range(5):
        _request(target, "POST", "/v1/verify", {"match": match, "atLeast": 1})
        _request(target, "GET", "/v1/journal?limit=10000&expression=frame%5B3%5D.a.b%20%7C%7C%20violation")


def _send_large_bodies(target: Target) -> None:
    for path in ("/v1/wait", "/v1/rules", "/v1/rules/match"):
        connection = http.client.HTTPConnection(*target.control, timeout=TIMEOUT_S)
        with closing(connection), suppress(OSError):
            body = b"[" + b"1," * (50 * MIB) + b"1]"
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            connection.getresponse().read()


def _leave_requests_unfinished(target: Target) -> None:
    with ExitStack() as stack:
        for _ in range(500):
            connection = stack.enter_context(_connect(target.control))
            connection.sendall(b"POST /v1/wait HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        sleep(2.0)


def _ask_with_odd_names(target: Target) -> None:
    with HostileStation(target, "*"):
        for name in ("*", "CS[1]", "a/b", "%2F", "[" * 200, "*" * 200 + "x"):
            _request(target, "GET", f"/v1/stations/{quote(name, safe='')}")
            _request(target, "GET", f"/v1/journal?station={quote(name, safe='')}")


# Attacks on files and output


def _write_long_settings(target: Target) -> None:
    tables = "".join(f'[tokens.T{number}]\nstatus = "Accepted"\n' for number in range(4_000))
    flawed = tables + '[tokens.last]\nstatus = "Acepted"\n'
    deep = f'[[rules]]\nwhen.action = "Heartbeat"\nwhen.expression = "{"(" * 3_000}a"\n'
    for content in (flawed, deep, tables):
        Path(target.settings_file).write_text(content)
        sleep(2.0)


def _fill_output(target: Target) -> None:
    with HostileStation(target, "talker") as station:
        for _ in range(20_000):
            station.call("Heartbeat", {})


def _wait_only(_: Target) -> None:
    sleep(5.0)


ATTACKS: Final[dict[str, Attack]] = {
    "none": Attack("nothing besides the probe", _wait_only),
    "inflate": Attack("8 stations send 240 messages each that inflate from 1 to 249 KiB", _inflate),
    "schema": Attack("messages of 1 MiB with hundreds of thousands of schema violations", _break_schema),
    "unknown-actions": Attack(
        "20,100 CALLs with different unknown actions, 100 of 880 kB", _call_unknown_actions
    ),
    "large-events": Attack("300 security events of 900 kB", _send_large_events),
    "variables": Attack("a report of 50,000 variables", _report_variables),
    "deep": Attack("boots with JSON nested up to 400,000 levels", _nest_deeply),
    "fragments": Attack("300 stations leave a message of 900 kB unfinished", _leave_fragments),
    "handshakes": Attack("6,000 opening handshakes that fail", _fail_handshakes),
    "basic-failures": Attack(
        "1,000 handshakes with wrong passwords, 250 at once",
        lambda target: password_attacks.fail_passwords(target.stations, target.settings_file),
    ),
    "tls-failures": Attack(
        "1,000 TLS handshakes that fail, 250 at once",
        lambda target: tls_attacks.fail_handshakes(target.stations),
        flags=TLS_FLAGS,
    ),
    "tls-half-open": Attack(
        "500 TLS handshakes that never end",
        lambda target: tls_attacks.open_half(target.stations),
        flags=TLS_FLAGS,
    ),
    "strangers": Attack("20,000 identities connect and say nothing", _connect_strangers),
    "reset": Attack("reset of 4,000 known stations", _reset_many),
    "unknown-station": Attack("requests for unknown stations among 4,000", _ask_for_unknown),
    "expressions": Attack(
        "JMESPath expressions that are deep or whose results explode", _send_costly_expressions
    ),
    "templates": Attack("templates with up to 50,000 spaces", _send_costly_templates),
    "upload": Attack("forms of 90 MiB and of 8 million boundaries", _upload_form),
    "search": Attack("searches of a full journal", _search_full_journal),
    "waits": Attack("3,500 waits whose client hangs up", _abandon_waits),
    "followers": Attack("300 clients follow the events of a busy station", _follow_events),
    "resumed": Attack(
        "100 clients read a full journal as events; a third of them stop reading", _resume_events
    ),
    "open-waits": Attack("1,000 waits and 100 streams of events beside a busy station", _open_waits),
    "verify": Attack("counts and expressions over a full journal", _verify_full_journal),
    "bodies": Attack("JSON bodies of 100 MiB", _send_large_bodies),
    "half-requests": Attack("500 requests that are never finished", _leave_requests_unfinished),
    "names": Attack("stations and queries with globs, slashes and brackets", _ask_with_odd_names),
    "settings": Attack(
        "a settings file of 4,000 tables with a mistake, and one nested too deeply", _write_long_settings
    ),
    "output": Attack("20,000 CALLs while nobody reads the output", _fill_output, output_is_read=False),
}


def main(arguments: Sequence[str]) -> int:
    """Run one attack; exit code 1 and a line on stderr if the attack ended early."""
    name, target = arguments
    fields = json.loads(target)
    machine.raise_file_limit()
    try:
        ATTACKS[name].run(
            Target(tuple(fields["stations"]), tuple(fields["control"]), fields["settings_file"])
        )
    except (
        AttackFailed,
        password_attacks.NotRefused,
        tls_attacks.StillOpen,
        wire.Refused,
        OSError,
        http.client.HTTPException,
    ) as error:
        sys.stderr.write(f"{name}: {type(error).__name__}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
