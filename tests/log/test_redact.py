"""Masking of passwords in payloads and URLs, and of key codes."""

from typing import Any

import pytest

from mock_csms.log.redact import masked, masked_frame
from mock_csms.log.secret_text import MASK

SECRET = "correct-horse-battery"


def test_only_the_value_of_a_secret_variable_is_masked() -> None:
    def variable(name: str, value: str) -> dict[str, Any]:
        return {"component": {"name": "C"}, "variable": {"name": name}, "attributeValue": value}

    payload = {"setVariableData": [variable("BasicAuthPassword", "secret"), variable("Interval", "60")]}
    assert masked(payload) == {
        "setVariableData": [variable("BasicAuthPassword", MASK), variable("Interval", "60")]
    }
    assert payload["setVariableData"][0]["attributeValue"] == "secret"


def test_empty_value_of_a_secret_variable_is_shown() -> None:
    event = {
        "actualValue": "",
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
    }
    assert masked({"eventData": [event]}) == {"eventData": [event]}


@pytest.mark.parametrize("name", ["BasicAuthPassword", "vpnkey"])
@pytest.mark.parametrize(
    "shape",
    [
        '{"variable": "%s", "attributeValue": "%s"}',
        '[{"variable": ["%s"], "attributeValue": "%s"}]',
        '{"variable": [{"name": "%s"}], "attributeValue": "%s"}',
        '{"variable": {"name": {"text": "%s"}}, "attributeValue": "%s"}',
        '{"name": "%s", "value": "%s"}',
        '{"component": {"name": "SecurityCtrlr"}, "variableName": "%s", "attributeValue": ["%s"]}',
    ],
)
def test_value_of_a_secret_variable_in_a_wrong_shape_is_masked(shape: str, name: str) -> None:
    frame = f'[2, "1", "SetVariables", {{"setVariableData": {shape % (name, SECRET)}}}]'

    masked = masked_frame(frame.encode()).decode()

    assert name in masked
    assert SECRET not in masked


def test_only_the_secrets_of_a_network_profile_are_masked() -> None:
    apn = {"apn": "internet", "apnUserName": "user", "apnPassword": "secret", "simPin": 1234}
    vpn = {"server": "vpn", "user": "user", "password": "secret", "key": "secret", "type": "IKEv2"}
    data = {"apn": apn, "vpn": vpn, "messageTimeout": 30}
    assert masked({"configurationSlot": 2, "connectionData": data}) == {
        "configurationSlot": 2,
        "connectionData": {
            "apn": {**apn, "apnPassword": MASK, "simPin": MASK},
            "vpn": {**vpn, "password": MASK, "key": MASK},
            "messageTimeout": 30,
        },
    }


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ftp://user:secret@files.example/log", "ftp://***@files.example/log"),
        ("https://user:se:cret@files.example:8/log", "https://***@files.example:8/log"),
        ("https://files.example/log?to=me@example.org", "https://files.example/log?to=me@example.org"),
        ("https://files.example/log", "https://files.example/log"),
        ("me@example.org", "me@example.org"),
    ],
)
def test_user_and_password_of_a_url_are_masked(url: str, expected: str) -> None:
    assert masked({"log": {"remoteLocation": url}}) == {"log": {"remoteLocation": expected}}


@pytest.mark.parametrize(
    "value",
    [None, 1, 1.5, True, "text", [1, [2]], {}, {"a": [{"b": None}]}, {"key": "no password beside it"}],
)
def test_value_without_secrets_is_unchanged(value: Any) -> None:
    assert masked(value) == value


@pytest.mark.parametrize("text", ["://" + "a" * 100_000, "a://" * 25_000, "a" * 100_000 + "://b@c"])
def test_long_text_is_masked_in_linear_time(text: str) -> None:
    """A search that begins again at every letter would take a minute."""
    assert masked({"url": text})["url"] == text.replace("b@", "***@")


SECRET = "4711"


@pytest.mark.parametrize(
    "frame",
    [
        f'[2,"1","Authorize",{{"idToken":{{"idToken":"{SECRET}","type":"KeyCode"}}}}]',
        f'[2,"1","Authorize",{{"idToken":{{"type":"keycode","idToken":"{SECRET}"}}}}]',
        f'[2,"1","Authorize",{{"idToken":{{"idToken":"{SECRET}","type":"Key\\u0043ode"}}}}]',
        f'[2,"1","Authorize",{{"idToken":{{"idToken":"{SECRET}","type":"KeyCode"}},',
        f'[2,"1","Authorize",{{"IdToken":{{"IdToken":"{SECRET}"," Type":"KeyCode"}}}}]',
        f'[2,"1","Authorize",{{"IdToken":{{"IdToken":"{SECRET}","Type":"KeyCode"}},',
        f'[2,"1","Authorize",{{"type":"KeyCode","idToken" : "{SECRET}\\"{SECRET}',
        f'[2,"1","X",{"[" * 1500}{{"idToken":"{SECRET}","type":"KeyCode"}}{"]" * 1500}]',
        f'[2,"1","X",{"[" * 400}{{"idToken":"{SECRET}","type":"KeyCode"}}{"]" * 400}]',
        f'[3,"1",{{"idTokenInfo":{{"groupIdToken":{{"idToken":"{SECRET}","type":"KeyCode"}}}}}}]',
        f'[2,"1","X",{{"type":"KeyCode","additionalInfo":[{{"additionalIdToken":"{SECRET}","type":"KeyCode"}}]}}]',
    ],
    ids=range(11),
)
def test_key_code_is_masked_in_any_frame(frame: str) -> None:
    shown = masked_frame(frame.encode()).decode()
    assert SECRET not in shown
    assert '"***"' in shown
    assert shown.startswith(frame[:10])


@pytest.mark.parametrize(
    "frame",
    [
        b'[2,"1","Authorize",{"idToken":{"idToken":"4711", "type":"ISO14443"}}]',
        b'[2, "1", "DataTransfer", {"data": "KeyCode"}]',
        b'[2, "1", "DataTransfer", {"data": "\\u00e9"}]',
        b"\xff keyless",
    ],
)
def test_frame_without_key_code_is_unchanged(frame: bytes) -> None:
    assert masked_frame(frame) is frame


@pytest.mark.parametrize("frame", [b'KeyCode "idToken":"' + b"\\" * 200_000, b'KeyCode "idToken":' * 20_000])
def test_long_frame_is_masked_in_linear_time(frame: bytes) -> None:
    assert masked_frame(frame).startswith(b"KeyCode")


def test_nested_variables_are_masked_in_linear_time() -> None:
    """Masking the values anew for each of the nested variables would take half a minute."""
    depth, content = 250, b"[" + b'"a",' * 200_000 + b'"a"]'
    frame = b'{"variable":{"name":"vpnkey"},"x":' * depth + content + b"}" * depth
    assert masked_frame(frame) == frame
