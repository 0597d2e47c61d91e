"""Passwords, private keys and credentials are masked in every kind of frame and text."""

import json
import re
from random import Random
from typing import Any, Final

import msgspec
import pytest

from mock_csms.log.redact import SECRET_CHECKS, has_secret, masked, masked_frame
from mock_csms.log.secret_text import MASK, masked_lines, masked_text
from mock_csms.v201.version import OCPP_2_0_1

SECRET: Final = "Tr0ub4dor=and:3"
KEY_BODY: Final = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"
PEM: Final = f"-----BEGIN PRIVATE KEY-----\n{KEY_BODY}\n{KEY_BODY}==\n-----END PRIVATE KEY-----\n"
NAMES: Final = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
ITEM: Final = {**NAMES, "attributeValue": SECRET}
REPORTED: Final = {
    "component": {"name": "securityctrlr"},
    "variable": {"name": "BASICAUTHPASSWORD"},
    "variableAttribute": [{"type": "Actual", "value": SECRET}],
}
WITH_SPACES: Final = {**REPORTED, "variable": {"name": " BasicAuthPassword "}}
APN: Final = {"apn": "a", "apnAuthentication": "AUTO", "apnPassword": SECRET, "simPin": SECRET}
VPN: Final = {"server": "v", "user": "u", "password": SECRET, "key": SECRET, "type": "IKEv2"}


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


PAYLOADS: Final = [
    case("SetVariables", {"setVariableData": [ITEM]}),
    case("any case", {"setVariableData": [{**ITEM, "variable": {"name": "basicAUTHpassword"}}]}),
    case("GetVariables", {"getVariableResult": [{**ITEM, "attributeStatus": "Accepted"}]}),
    case(
        "explained refusal",
        {
            "setVariableResult": [
                {
                    **NAMES,
                    "attributeStatus": "Rejected",
                    "attributeStatusInfo": {"reasonCode": "X", "additionalInfo": f"{SECRET} is too short"},
                }
            ]
        },
    ),
    case("NotifyReport", {"reportData": [REPORTED]}),
    case("NotifyEvent", {"eventData": [{**NAMES, "actualValue": SECRET, "techInfo": f"now {SECRET}"}]}),
    case("SetNetworkProfile", {"connectionData": {"apn": APN, "vpn": VPN}}),
    case("URL", {"log": {"remoteLocation": f"ftp://user:{SECRET}@files.example/log"}}),
    case("URL with a slash in it", {"location": [f"https://user:{SECRET}/{SECRET}@files.example/log"]}),
    case("private key", {"csr": PEM.replace(KEY_BODY, SECRET)}),
    case(
        "RSA key in DataTransfer",
        {"data": {"key": PEM.replace("PRIVATE", "RSA PRIVATE").replace(KEY_BODY, SECRET)}},
    ),
    case("key cut off", {"techInfo": f"-----BEGIN EC PRIVATE KEY-----\\n{SECRET}"}),
    case("JSON in a text", {"data": json.dumps({"setVariableData": [ITEM]})}),
    case("JSON in JSON in a text", {"data": json.dumps({"data": json.dumps({"password": SECRET})})}),
    case("text", {"data": f"BasicAuthPassword={SECRET}; done"}),
    case(
        "text of JSON",
        {"data": f"set {json.dumps({'variable': {'name': 'BasicAuthPassword'}, 'attributeValue': SECRET})}"},
    ),
    case("Authorization", {"data": f"Authorization: Basic Q1Mx{SECRET.replace(':', '+')}"}),
    case("field of a vendor", {"customData": {"vendorId": "v", "Password": SECRET}}),
    case("no list", ITEM),
    case("variable as text", {"setVariableData": [{**ITEM, "variable": "BasicAuthPassword"}]}),
    case("name in another case", {"setVariableData": [{**ITEM, "variable": {"Name": "BasicAuthPassword"}}]}),
    case("variable in another case", {"Variable": {"name": "BasicAuthPassword"}, "attributeValue": SECRET}),
    case("spaces", {"setVariableData": [{**ITEM, "variable": {"name": " BasicAuthPassword\t"}}]}),
    case("value as list", {"setVariableData": [{**NAMES, "attributeValue": ["]", SECRET]}]}),
    case(
        "value as object", {"setVariableData": [{**NAMES, "attributeValue": {"x": {}, "y": ["}", SECRET]}}]}
    ),
    case("password as object", {"connectionData": {"vpn": {"password": {"v": [SECRET]}}}}),
    case("password as list", {"connectionData": {"apn": {"apnPassword": ["a", SECRET], "simPin": [SECRET]}}}),
    case("VPN key as list", {"connectionData": {"vpn": {"key": [SECRET]}}}),
    case("VPN key in another case", {"connectionData": {"VPN": [{"Key": {"v": SECRET}}]}}),
    case("VPN key beside an object", {"data": {"key": [SECRET], "Password": {"a": 1}}}),
    case("OCPP 1.6", {"key": "AuthorizationKey", "value": SECRET}),
    case(
        "OCPP 1.6 in another shape", {"key": ["authorizationkey "], "value": {"v": SECRET}, "variable": ["x"]}
    ),
    case("OCPP 1.6 as field", {"AuthorizationKey": [SECRET]}),
    case("nested value in a text", {"data": f"BasicAuthPassword: {{'v': '{SECRET}'}}"}),
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_secret_is_masked_in_a_payload(payload: dict[str, Any]) -> None:
    shown = json.dumps(masked(payload))

    assert SECRET not in shown
    assert MASK in shown
    assert has_secret(payload)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("end", [0, 1, 3, 8])
def test_secret_is_masked_in_a_frame_that_is_cut_off(payload: dict[str, Any], end: int) -> None:
    frame = json.dumps([2, "id", "DataTransfer", payload]).encode()
    shown = masked_frame(frame[: len(frame) - end])

    assert SECRET.encode() not in shown
    assert shown.startswith(b'[2,"id","DataTransfer",' if end == 0 else b'[2, "id", "DataTransfer", ')


@pytest.mark.parametrize("payload", PAYLOADS)
def test_secret_is_masked_in_an_answer_and_in_a_callerror(payload: dict[str, Any]) -> None:
    for frame in ([3, "id", payload], [4, "id", "FormatViolation", json.dumps(payload), payload]):
        assert SECRET not in masked_frame(json.dumps(frame).encode()).decode()


@pytest.mark.parametrize("cut", [0, 3])
@pytest.mark.parametrize(
    "item",
    [
        '{"variable":{"name":"\\u0042asicAuthPassword"},"attributeValue":"%s"}',
        '{"variable":{"name":"BasicAuthPass\\u0077ord"},"attribute\\u0056alue":"%s"}',
        '{"attributeValue":"%s","variable":{"name":"BasicAuthPassword"}}',
        '{"apnPass\\u0077ord":"%s"}',
        '{"url":"ftp:\\/\\/user:%s@host\\/log"}',
        '{"k":"-----BEGIN\\u0020PRIVATE\\u0020KEY-----\\u000a%s"}',
    ],
)
def test_escapes_do_not_hide_a_secret(item: str, cut: int) -> None:
    frame = (f'[2,"id","SetVariables",{{"setVariableData":[{item}]}}]' % SECRET).encode()

    assert SECRET.encode() not in masked_frame(frame[: len(frame) - cut])


@pytest.mark.parametrize(
    "item",
    [
        '{"attributeValue":"%s","component":{"na',
        '{"attributeValue":"1","variable":{"name":"A"}},{"attributeValue":"%s","variable":{"name":"BasicA',
        '{"variable":{"name":"A"},"actualValue":"1"},{"techInfo":"%s","variable"',
        '{"variableAttribute":[{"value":"%s"}],"variable":{"na',
        '{"vpn":{"key":"%s","server":"v"',
        '{"location":"ftp://user:%s',
        '{"attributeValue":["%s","component":{"na',
        '{"attributeValue":{"x":"%s"},"variable":{"na',
        '{"vpn":{"key":["%s"',
        '{"VPN":{"Key":{"a":"%s"},"server":"v"',
    ],
)
def test_value_whose_variable_is_cut_off_is_masked(item: str) -> None:
    frame = f'[2,"1","SetVariables",{{"setVariableData":[{item}' % SECRET

    assert SECRET.encode() not in masked_frame(frame.encode(), is_malformed=True)


ESCAPES: Final = ("{}", "{}", "{}", "\\u{:04x}", "\\u{:04X}")


def random_frame(rng: Random, payload: dict[str, Any]) -> bytes:
    """Frame with names in random case and order, with escapes and spaces, and perhaps cut off or wrong."""
    separators = rng.choice([(",", ":"), (", ", ": "), (" ,\n", " :\t")])
    frame = json.dumps([2, "id", "SetVariables", shuffled(rng, payload)], separators=separators)
    head, secret, tail = frame.partition(SECRET)
    name = "BasicAuthPassword"
    head, tail = (
        text.replace(name, "".join(rng.choice([letter.lower(), letter.upper()]) for letter in name))
        for text in (head, tail)
    )
    head = re.sub(r"(?<=[a-z])[a-z](?=[a-zA-Z]*\")", lambda match: escaped(rng, match[0]), head)
    cut = rng.choice([0, 0, 1, 2, 5, 10, 20])
    return (head + secret + tail[: len(tail) - cut]).replace(",", "", rng.choice([0, 0, 1])).encode()


def escaped(rng: Random, letter: str) -> str:
    escape = rng.choice(ESCAPES)
    return escape.format(ord(letter) if "04" in escape else letter)


def shuffled(rng: Random, value: Any) -> Any:
    if isinstance(value, dict):
        items = [(name, shuffled(rng, part)) for name, part in value.items()]
        return dict(rng.sample(items, len(items)))
    return [shuffled(rng, item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(5))
def test_secret_is_masked_in_random_frames(seed: int) -> None:
    rng = Random(seed)
    payloads: list[dict[str, Any]] = [
        {"setVariableData": [ITEM]},
        {"setVariableData": [{**ITEM, "variable": {"name": "A"}, "attributeValue": "1"}, ITEM]},
        {"reportData": [{**NAMES, "variableAttribute": [{"value": SECRET, "type": "Actual"}]}]},
        {"eventData": [{**NAMES, "actualValue": SECRET, "trigger": "Delta"}]},
        {"connectionData": {"apn": {"apn": "a", "apnPassword": SECRET}}},
        {"log": {"remoteLocation": f"ftp://user:{SECRET}@files.example/log"}},
    ]
    for _ in range(300):
        frame = random_frame(rng, rng.choice(payloads))
        assert SECRET.encode() not in masked_frame(frame, is_malformed=True), frame


@pytest.mark.parametrize(
    "frame",
    [
        b'[3,"1",{"setVariableResult":[{"variable":{"name":"BasicAuthPassword"},"attributeStatus":"Rejected"}]}]',
        b'[2,"1","GetVariables",{"getVariableData":[{"variable":{"name":"BasicAuthPassword"}}]}]',
        b'[2,"1","DataTransfer",{"data":"the password is wrong, \\"quoted\\""}]',
        b'[2,"1","DataTransfer",{"data":"Basic authentication and Basic Authentication"}]',
        b'[2,"1","DataTransfer",{"data":"me@example.org, http://example.org:80/a@b"}]',
        b'[2,"1","DataTransfer",{"password":null}]',
        b'[2,"1","SignCertificate",{"csr":"-----BEGIN CERTIFICATE REQUEST-----\\nMIIB\\n"}]',
        b'{"data":"a password, but \\"no\\" JSON',
        b'[2,"1","NotifyReport",{"attributeValue":"60","variable":{"name":"Interval"',
    ],
)
def test_frame_without_a_secret_is_unchanged(frame: bytes) -> None:
    assert masked_frame(frame) is frame
    assert masked_frame(frame, is_malformed=True) is frame


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"SecurityCtrlr.BasicAuthPassword={SECRET}", "SecurityCtrlr.BasicAuthPassword=***"),
        (f"password: '{SECRET}', user: a", "password: '***', user: a"),
        (f'{{\\"password\\":\\"{SECRET}\\"}}', '{\\"password\\":\\"***\\"}'),
        (f"GET /CS1?password={SECRET}&a=1 HTTP/1.1", "GET /CS1?password=***&a=1 HTTP/1.1"),
        (
            f"invalid HTTP header line: Authorization Basic {SECRET.replace(':', '')}",
            "invalid HTTP header line: Authorization Basic ***",
        ),
        (f"ws://CS1:{SECRET}@host", "ws://***@host"),
        ("its password is wrong", "its password is wrong"),
        ("CS1.password: must be a text", "CS1.password: must be a text"),
        ("simPin: 1234", "simPin: ***"),
        ("it sent no password; send Authorization: Basic and the base64 of", None),
    ],
)
def test_text_is_masked(text: str, expected: str | None) -> None:
    assert masked_text(text) == (expected or text)


def test_line_of_the_log_keeps_the_next_one() -> None:
    lines = f"CS1 data=-----BEGIN PRIVATE KEY-----\\n{KEY_BODY}...\nCS2 Heartbeat"

    assert masked_lines(lines) == "CS1 data=-----BEGIN PRIVATE KEY-----***\nCS2 Heartbeat"


@pytest.mark.parametrize(
    "part",
    [
        '"password', "password:", 'password\\"', "password:\\\\", "-----BEGIN PRIVATE KEY-----", "basic ",
        "a://", "a://b", "a://b:", "a:b@", "://@", '"attributeValue"', "BasicAuthPassword", "\\u0041", "\\",
        "password[", "value:",
        '"variable":{', '"variable":{"name":"a"},{', "},{", '"techInfo":"', "simpin'", "value=\\\"",
    ],
)  # fmt: skip
def test_masking_takes_linear_time(part: str) -> None:
    """A search that begins again at every part would take minutes."""
    for text in (part * (200_000 // len(part)), f"password @//{part * (200_000 // len(part))}"):
        masked_text(text)
        masked_frame(text.encode(), is_malformed=True)
        masked_frame(json.dumps([2, "1", "X", {"data": text}]).encode())


def valid(action: str, **payload: Any) -> bool:
    """Run this action's check for secrets on a valid CALL; return whether the CALL may have a secret."""
    frame = json.dumps([2, "1", action, payload]).encode()
    content = OCPP_2_0_1.request(action).content
    decoded = msgspec.json.decode(json.dumps(payload).encode(), type=content)
    check = SECRET_CHECKS[content]
    return check is not None and check(decoded, frame)


def test_ordinary_calls_are_not_searched_for_secrets() -> None:
    request = OCPP_2_0_1.request
    assert SECRET_CHECKS[request("Heartbeat").content] is None
    assert SECRET_CHECKS[request("StatusNotification").content] is None


NOW: Final = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("SecurityEventNotification", {"type": "X", "timestamp": NOW, "techInfo": PEM}),
        ("SignCertificate", {"csr": PEM}),
        ("Authorize", {"idToken": {"idToken": "A", "type": "Central"}, "certificate": PEM}),
        ("NotifyReport", {"requestId": 1, "generatedAt": NOW, "seqNo": 0, "reportData": [REPORTED]}),
        ("NotifyReport", {"requestId": 1, "generatedAt": NOW, "seqNo": 0, "reportData": [WITH_SPACES]}),
        ("PublishFirmwareStatusNotification", {"status": "Published", "location": ["ftp://a:b@c"]}),
        (
            "MeterValues",
            {
                "evseId": 1,
                "meterValue": [
                    {
                        "timestamp": NOW,
                        "sampledValue": [
                            {
                                "value": 1,
                                "signedMeterValue": {
                                    "signedMeterData": PEM,
                                    "signingMethod": "",
                                    "encodingMethod": "",
                                    "publicKey": "",
                                },
                            }
                        ],
                    }
                ],
            },
        ),
    ],
)
def test_call_with_a_place_for_secrets_is_searched(action: str, payload: dict[str, Any]) -> None:
    assert valid(action, **payload)


def test_value_whose_configuration_key_is_cut_off_is_masked() -> None:
    frame = f'[2,"1","ChangeConfiguration",{{"value":"{SECRET}","key":"Authoriz'

    assert SECRET.encode() not in masked_frame(frame.encode(), is_malformed=True)


def test_text_after_a_nested_secret_is_kept() -> None:
    text = 'password: {"a": ["]}", "x"]}, slot: 1, simPin: [1], key: 2'

    assert masked_text(text) == "password: ***, slot: 1, simPin: ***, key: 2"


@pytest.mark.parametrize("text", ["password:[" * 20_000, "password:{}" * 20_000, 'password:["' * 20_000])
def test_nested_secrets_in_a_text_are_masked_in_linear_time(text: str) -> None:
    assert masked_text(text).startswith("password:***")


def test_vpn_key_of_a_malformed_profile_is_masked_alone() -> None:
    profile = {"vpn": {"key": [SECRET], "server": "v"}, "key": "shown"}

    assert masked(profile) == {"vpn": {"key": MASK, "server": "v"}, "key": "shown"}
