"""Settings of listeners and of TLS: their defaults, what they imply, and bad combinations."""

from pathlib import Path
from typing import Any

import pytest

from mock_csms.settings import Settings
from mock_csms.settings.listening_settings import TlsFaultPlan
from tests.support.settings import ErrorOf, Read, error_of, settings_of


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def test_tls_is_off_by_default() -> None:
    settings = Settings()

    assert not settings.uses_tls
    assert settings.pki_folder is None
    assert list(settings.all_listeners) == ["main"]


def test_tls_makes_the_default_pki_folder() -> None:
    settings = settings_of("--tls")

    assert settings.all_listeners["main"].tls
    assert settings.pki_folder == Path(".pki")


def test_tls_port_is_a_listener_without_plain_text() -> None:
    settings = settings_of("--tls-port 9443 --pki certs")

    assert not settings.all_listeners["main"].tls
    assert settings.all_listeners["tls"].tls
    assert not settings.all_listeners["tls"].plain
    assert settings.pki_folder == Path("certs")


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        case("always", "expired", TlsFaultPlan("expired")),
        case("twice", "tls1.1=2", TlsFaultPlan("tls1.1", 2)),
    ],
)
def test_tls_fault_is_parsed(text: str, plan: TlsFaultPlan) -> None:
    assert settings_of(f"--tls --tls-fault {text}").all_listeners["main"].tls_fault == plan


def test_tls_fault_applies_to_listeners_without_their_own(read: Read) -> None:
    settings = read("""
        tls = true
        tls_fault = "expired"
        [listeners.second]
        port = 9002
        tls = true
        [listeners.third]
        port = 9003
        tls = true
        tls_fault = "self-signed"
        [listeners.plain]
        port = 9004
    """)

    faults = {name: listener.tls_fault for name, listener in settings.all_listeners.items()}
    assert faults == {
        "main": TlsFaultPlan("expired"),
        "second": TlsFaultPlan("expired"),
        "third": TlsFaultPlan("self-signed"),
        "plain": None,
    }


@pytest.mark.parametrize(
    ("table", "tls"),
    [
        case("profile 1", "security_profile = 1", False),
        case("profile 2", "security_profile = 2", True),
        case("no plain text", "plain = false", True),
        case("hyphens", "security-profile = 3", True),
    ],
)
def test_listener_takes_tls_if_its_settings_need_it(read: Read, table: str, tls: bool) -> None:
    settings = read(f"[listeners.second]\nport = 9002\n{table}\n", PASSWORD="correct-horse-battery")

    assert settings.listeners["second"].tls == tls


@pytest.mark.parametrize(
    ("line", "message"),
    [
        case("key without certificate", "--tls --tls-key a.key", "names no files, but --tls-key 1 file;"),
        case("certificate without key", "--tls --tls-cert a.pem", "names 1 file, but --tls-key no files;"),
        case("name without TLS", "--tls-name a.example", "--tls-name needs TLS; add --tls,"),
        case("fault without TLS", "--tls-fault expired", "--tls-fault needs TLS; add --tls,"),
        case(
            "unknown fault",
            "--tls --tls-fault expird",
            "there is no TLS fault 'expird'; did you",
        ),
        case("fault without a number", "--tls --tls-fault expired=x", "as in expired=2"),
        case("fault of no connection", "--tls --tls-fault expired=0", "as in expired=2"),
        case("same port twice", "--tls-port 9000", "the listeners main and tls both have port 9000;"),
        case(
            "port of the control API",
            "--tls-port 9001 --control 127.0.0.1:9001",
            "control API and the listener tls both use",
        ),
    ],
)
def test_bad_flags_are_rejected(line: str, message: str) -> None:
    assert message in error_of(line)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        case(
            "reserved name", "[listeners.main]\nport = 1", "main is the name of the listener of --port; give"
        ),
        case("name with a dot", "[listeners.'a.b']\nport = 1", "'a.b' is not a name for a listener;"),
        case("no port", "[listeners.b]\ntls = true", "1: the key listeners.b.port is missing"),
        case("no table", "[listeners]\nport = 1", "2: listeners.port: must be a table, not 1"),
        case("unknown key", "[listeners.b]\nport = 1\nprot = 2", "3: there is no key listeners.b.prot"),
        case("neither", "[listeners.b]\nport = 1\ntls = false\nplain = false", "plain text, TLS, or both;"),
        case("profile", "[listeners.b]\nport = 1\nsecurity_profile = 2\ntls = false", "= 2 needs TLS;"),
        case("fault", "[listeners.b]\nport = 1\ntls_fault = 'expired'", "tls_fault needs tls = true"),
        case("port twice", "port = 5\n[listeners.b]\nport = 5", "the listeners main and b both have port 5;"),
    ],
)
def test_bad_tables_are_rejected(error_in: ErrorOf, content: str, message: str) -> None:
    assert message in error_in(content)


def test_listeners_on_different_addresses_may_share_a_port(read: Read) -> None:
    settings = read("port = 9000\n[listeners.b]\nport = 9000\nhost = '127.0.0.2'\n")

    assert len(settings.all_listeners) == 2


@pytest.mark.parametrize(
    ("content", "port"),
    [
        ("", 9001),
        ("tls_port = 9001", 9002),
        ("port = 9001\n[listeners.b]\nport = 9002\n[listeners.c]\nport = 9003", 9004),
        ("port = 65534\ntls_port = 65535", 0),
        ("port = 0", 0),
    ],
)
def test_control_api_gets_the_next_port_that_no_listener_has(read: Read, content: str, port: int) -> None:
    assert read(content).control_address == ("127.0.0.1", port)


PAYLOAD = "payload = { connectionData = { ocppCsmsUrl = '{{listener.secnd}}' } }"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        case("payload", f"command = 'Reset'\ndelay = 1\n{PAYLOAD}", "3: payload: there is no listener secnd"),
        case(
            "payload of a station",
            f"[stations.CS1]\ncommand = 'Reset'\ndelay = 1\n{PAYLOAD}",
            "there is no listener secnd",
        ),
        case(
            "rule",
            "[[rules]]\nwhen.action = 'Heartbeat'\nvalidate = false\nthen.answer.url = '{{listener.secnd}}'",
            "rules: there is no listener secnd",
        ),
        case(
            "fault", "[stations.CS1]\nfaults = 'handshake:expired'", "cannot depend on the station, because"
        ),
    ],
)
def test_reference_that_leads_nowhere_is_an_error(error_in: ErrorOf, content: str, message: str) -> None:
    assert message in error_in(f"{content}\n[listeners.second]\nport = 9002\n")


def test_fault_of_tls_for_every_station_is_accepted(read: Read) -> None:
    assert read("tls = true\nfaults = 'handshake:expired'").faults == ("handshake:expired",)
