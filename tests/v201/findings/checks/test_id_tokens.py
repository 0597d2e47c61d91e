"""Checks of the idTokens in Authorize and in events, and of the authorization cache."""

import pytest

from mock_csms.messages import JsonObject
from tests.support.talk import REMOTE_START, TOKEN, Script, Talk, case
from tests.v201.findings.checks.authorizing import CONTRACT, EMAID, OTHER, ask, send_list, use

CENTRAL = {"idToken": "REMOTE", "type": "Central"}
OCSP = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "01",
    "responderURL": "http://ocsp",
}
OWN_TOKEN = ("C01.FR.03", "C09.FR.07")
CENTRAL_TOKEN = ("C03.FR.01", "C05.FR.01")


def report_evses(talk: Talk, count: int) -> None:
    """Report the whole device model of a station with this number of EVSEs."""
    request = {"requestId": 20, "reportBase": "FullInventory"}
    talk.command("GetBaseReport", request)
    items = [
        {
            "component": {"name": "EVSE", "evse": {"id": evse_id}},
            "variable": {"name": "AvailabilityState"},
            "variableAttribute": [{"value": "Available"}],
            "variableCharacteristics": {"dataType": "string", "supportsMonitoring": False},
        }
        for evse_id in range(1, count + 1)
    ]
    talk.call("NotifyReport", {"requestId": 20, "generatedAt": talk.now, "seqNo": 0, "reportData": items})


@pytest.mark.parametrize(
    ("value", "findings", "state"),
    [
        case("with value", "BUTTON", ["no-authorization-token-with-value"], "broken"),
        case("empty", "", [], "met"),
    ],
)
def test_no_authorization_token_must_be_empty(
    talk: Talk, value: str, findings: list[str], state: str
) -> None:
    use(talk, {"idToken": value, "type": "NoAuthorization"})

    assert talk.ids == findings
    assert talk.coverage("C02.FR.01") == state


def test_no_authorization_token_of_remote_start_may_have_value(talk: Talk) -> None:
    token = {"idToken": "BUTTON", "type": "NoAuthorization"}
    talk.command("RequestStartTransaction", {**REMOTE_START, "idToken": token})
    use(talk, token, trigger="RemoteStart", info={"remoteStartId": 9})

    assert talk.ids == []
    assert talk.coverage("C02.FR.01") == "not exercised"


@pytest.mark.parametrize(
    ("asks", "authorize_remote", "findings", "state"),
    [
        case("asked for", True, "false", ["central-token-asked-for"], "broken"),
        case("not asked for", False, "false", [], "met"),
        case("asked for as configured", True, "true", [], "not exercised"),
    ],
)
def test_central_token_of_remote_start_must_not_be_asked_for(
    talk: Talk, asks: bool, authorize_remote: str, findings: list[str], state: str
) -> None:
    talk.read_variables({"AuthCtrlr.AuthorizeRemoteStart": authorize_remote})
    talk.command("RequestStartTransaction", {**REMOTE_START, "idToken": CENTRAL})
    if asks:
        ask(talk, CENTRAL)
    talk.send_event(0, "Started", triggerReason="RemoteStart", idToken=CENTRAL, info={"remoteStartId": 9})

    assert talk.ids == findings
    assert {talk.coverage(requirement) for requirement in CENTRAL_TOKEN} == {state}


@pytest.mark.parametrize(
    ("evses", "token", "wait_s", "findings", "state"),
    [
        case("own token", 1, TOKEN, 60, ["own-token-asked-for"], "broken"),
        case("other token", 1, OTHER, 60, [], "not exercised"),
        case("right after the start", 1, TOKEN, 10, [], "not exercised"),
        case("perhaps for another EVSE", 2, TOKEN, 60, [], "not exercised"),
    ],
)
def test_own_token_must_not_be_asked_for_during_transaction(
    talk: Talk, *, evses: int, token: JsonObject, wait_s: float, findings: list[str], state: str
) -> None:
    report_evses(talk, evses)
    ask(talk)
    use(talk)
    talk.wait(wait_s)
    ask(talk, token)

    assert talk.ids == findings
    assert {talk.coverage(requirement) for requirement in OWN_TOKEN} == {state}


def refuse_event(talk: Talk) -> None:
    talk.error(talk.send_call("TransactionEvent", talk.event(1)), "TransactionEvent")


def come_back(talk: Talk) -> None:
    talk.reconnect(5)
    talk.send_event(1)


@pytest.mark.parametrize("delay", [refuse_event, come_back])
def test_own_token_may_be_asked_for_before_a_queued_ended_event(talk: Talk, delay: Script) -> None:
    report_evses(talk, 1)
    ask(talk)
    use(talk)
    talk.wait(60)
    delay(talk)
    ask(talk)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("wait_s", "findings"),
    [case("at once", 0, []), case("long after", 60, ["own-token-asked-for"])],
)
def test_own_token_may_be_asked_for_right_after_the_repetition_of_an_event(
    talk: Talk, wait_s: float, findings: list[str]
) -> None:
    report_evses(talk, 1)
    ask(talk)
    use(talk)
    talk.wait(60)
    refuse_event(talk)
    talk.send_event(1)
    talk.wait(wait_s)
    ask(talk)

    assert talk.ids == findings


def test_central_token_may_be_asked_for_right_after_a_change_of_settings(talk: Talk) -> None:
    talk.command("RequestStartTransaction", {**REMOTE_START, "idToken": CENTRAL})
    variable = {
        "component": {"name": "AuthCtrlr"},
        "variable": {"name": "AuthorizeRemoteStart"},
        "attributeValue": "false",
    }
    sent = talk.send_command("SetVariables", {"setVariableData": [variable]})
    result = {**variable, "attributeStatus": "Accepted"}
    del result["attributeValue"]
    talk.answer_command(sent, "SetVariables", {"setVariableResult": [result]})
    ask(talk, CENTRAL)

    assert "central-token-asked-for" not in talk.ids


def test_transaction_ended_by_its_own_token_without_authorize(talk: Talk) -> None:
    report_evses(talk, 1)
    ask(talk)
    use(talk)
    talk.wait(60)
    use(talk, trigger="StopAuthorized", seq_no=1)

    assert talk.ids == []
    assert {talk.coverage(requirement) for requirement in OWN_TOKEN} == {"met"}


def test_token_of_ended_authorization_may_be_asked_for(talk: Talk) -> None:
    report_evses(talk, 1)
    use(talk)
    talk.wait(60)
    use(talk, trigger="StopAuthorized", seq_no=1)
    talk.wait(60)
    ask(talk)

    assert talk.ids == []


@pytest.mark.parametrize(
    ("fields", "findings", "state"),
    [
        case("without data", {}, ["contract-without-certificate-data"], "broken"),
        case("with OCSP data", {"iso15118CertificateHashData": [OCSP]}, [], "met"),
        case("with certificate", {"certificate": CONTRACT}, [], "met"),
    ],
)
def test_contract_must_be_presented_with_certificate_data(
    talk: Talk, fields: JsonObject, findings: list[str], state: str
) -> None:
    talk.read_variables({"ISO15118Ctrlr.PnCEnabled": "true", "LocalAuthListCtrlr.Enabled": "false"})
    talk.exchange("Authorize", {"idToken": EMAID, **fields}, {"idTokenInfo": {"status": "Accepted"}})

    assert talk.ids == findings
    assert talk.coverage("C07.FR.02") == state


@pytest.mark.parametrize("pnc", ["true", "false"])
def test_emaid_that_may_be_presented_in_another_way_needs_no_data(talk: Talk, pnc: str) -> None:
    talk.read_variables({"ISO15118Ctrlr.PnCEnabled": pnc})
    if pnc == "true":
        send_list(talk, {"idToken": EMAID, "idTokenInfo": {"status": "Accepted"}})
    ask(talk, EMAID)

    assert talk.ids == []
    assert talk.coverage("C07.FR.02") == "not exercised"


@pytest.mark.parametrize(
    ("enabled", "status", "findings", "state"),
    [
        case("disabled and accepted", "false", "Accepted", ["disabled-cache-cleared"], "broken"),
        case("disabled and rejected", "false", "Rejected", [], "met"),
        case("enabled", "true", "Accepted", [], "not exercised"),
    ],
)
def test_disabled_cache_must_not_be_cleared(
    talk: Talk, enabled: str, status: str, findings: list[str], state: str
) -> None:
    talk.read_variables({"AuthCacheCtrlr.Enabled": enabled})
    talk.command("ClearCache", {}, status)

    assert talk.ids == findings
    assert talk.coverage("C11.FR.04") == state
