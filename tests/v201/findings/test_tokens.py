"""Tokens that the answer to an Authorize accepted or refused."""

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.tokens import MAX_SEEN_TOKENS, Authorizations
from tests.support.talk import TOKEN, Talk

INVALID: JsonObject = {"idTokenInfo": {"status": "Invalid"}}
ACCEPTED: JsonObject = {"idTokenInfo": {"status": "Accepted"}}


def authorize(talk: Talk, answer: JsonObject) -> Authorizations:
    talk.exchange("Authorize", {"idToken": TOKEN}, answer)
    return talk.observer._transactions.authorizations


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

    assert talk.observer._transactions.authorizations.was_refused(TOKEN, talk.at)


def test_token_is_accepted_at_the_time_of_the_answer(talk: Talk) -> None:
    answers = authorize(talk, ACCEPTED)

    assert answers.was_accepted(TOKEN, talk.at, talk.at)
    assert not answers.was_accepted(TOKEN, talk.at + 1, talk.at + 2)
    assert not answers.was_accepted(TOKEN, talk.at - 2, talk.at - 1)


@pytest.mark.parametrize("answer", [INVALID, {"idTokenInfo": {"status": "Accepted", "evseId": [2]}}])
def test_token_with_another_answer_is_not_accepted(talk: Talk, answer: JsonObject) -> None:
    assert not authorize(talk, answer).was_accepted(TOKEN, talk.at, talk.at)


def test_number_of_authorizations_is_limited() -> None:
    answers = Authorizations()
    for number in range(2 * MAX_SEEN_TOKENS):
        answers.asked({"idToken": {"idToken": str(number), "type": "Central"}})
        answers.answered(1.0, INVALID)

    assert len(answers._refused) == MAX_SEEN_TOKENS
