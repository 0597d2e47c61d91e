"""Tokens that an Authorize refused."""

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.tokens import MAX_REFUSED, RefusedTokens
from tests.support.talk import TOKEN, Talk

INVALID: JsonObject = {"idTokenInfo": {"status": "Invalid"}}
ACCEPTED: JsonObject = {"idTokenInfo": {"status": "Accepted"}}


def authorize(talk: Talk, answer: JsonObject) -> RefusedTokens:
    talk.exchange("Authorize", {"idToken": TOKEN}, answer)
    return talk.observer._transactions.refused_tokens


@pytest.mark.parametrize("answer", [INVALID, {**ACCEPTED, "certificateStatus": "CertificateRevoked"}])
def test_token_with_refusing_answer_is_refused(talk: Talk, answer: JsonObject) -> None:
    refused = authorize(talk, answer)

    assert refused.was_refused({**TOKEN, "idToken": "aabbccdd"}, talk.at)
    assert not refused.was_refused({**TOKEN, "type": "eMAID"}, talk.at)
    assert not refused.was_refused(TOKEN, talk.at + 1)


def test_accepted_token_is_not_refused(talk: Talk) -> None:
    assert not authorize(talk, ACCEPTED).was_refused(TOKEN, talk.at)


def test_token_refused_in_later_answer_is_refused(talk: Talk) -> None:
    message_id = talk.send_call("Authorize", {"idToken": TOKEN})
    talk.at += 5
    talk.result(message_id, "Authorize", INVALID)

    assert talk.observer._transactions.refused_tokens.was_refused(TOKEN, talk.at)


def test_number_of_refused_tokens_is_limited() -> None:
    refused = RefusedTokens()
    for number in range(2 * MAX_REFUSED):
        refused.asked({"idToken": {"idToken": str(number), "type": "Central"}})
        refused.answered(1.0, INVALID)

    assert len(refused) == MAX_REFUSED
