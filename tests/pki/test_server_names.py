"""Names and addresses in the server's certificates."""

import ipaddress

import pytest

from mock_csms.pki.server_names import LOCAL_NAMES, checked_server_name, server_names


def test_given_names_come_first() -> None:
    assert server_names(["csms.example.com", "192.0.2.1"])[:2] == ("csms.example.com", "192.0.2.1")


def test_local_names_are_always_there_and_no_name_is_there_twice() -> None:
    names = server_names(["127.0.0.1", "localhost", "LOCALHOST"])
    assert set(LOCAL_NAMES) <= set(names)
    assert len(set(names)) == len(names)


def test_addresses_of_the_machine_are_valid() -> None:
    assert [ipaddress.ip_address(name) for name in server_names([]) if name[0].isdigit()]


def test_machine_without_a_route_has_its_local_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("mock_csms.transport.interfaces.socket.socket", fail)
    monkeypatch.setattr("mock_csms.pki.server_names.interface_addresses", list)
    monkeypatch.setattr("mock_csms.pki.server_names.socket.gethostname", lambda: "Laptop")
    assert server_names([]) == (*LOCAL_NAMES, "laptop", "laptop.local")


@pytest.mark.parametrize(("host_name", "names"), [("a.example.com", ["a.example.com"]), ("Anna's Mac", [])])
def test_host_name_is_used_if_it_can_be(
    monkeypatch: pytest.MonkeyPatch, host_name: str, names: list[str]
) -> None:
    monkeypatch.setattr("mock_csms.pki.server_names.socket.gethostname", lambda: host_name)
    assert [name for name in server_names([])[3:] if not name[0].isdigit() and ":" not in name] == names


@pytest.mark.parametrize(
    ("name", "checked"),
    [
        ("CSMS.Example.com", "csms.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("my_host", "my_host"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_name_is_written_in_its_usual_spelling(name: str, checked: str) -> None:
    assert checked_server_name(name) == checked


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "bücher.example", "a..b", "-a", "a-", "http://a", "a:9000", "a" * 64, "a." * 130]
)
def test_other_text_is_not_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="is not a host name or IP address; write one such as csms"):
        checked_server_name(name)


def test_wildcard_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'\*\.example\.com' has a wildcard, which stations may reject"):
        checked_server_name("*.example.com")
