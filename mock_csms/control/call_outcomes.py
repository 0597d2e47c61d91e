"""Outcomes of commands, as the control API returns them."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final

from mock_csms.control.problems import Problem
from mock_csms.errors import CallFailed, CallTimedOut, Disconnected
from mock_csms.messages import CallError, JsonObject
from mock_csms.ocppj.exchange import Exchange
from mock_csms.versions import OcppVersion

OUTCOMES: Final[Mapping[type[CallFailed], str]] = {
    CallTimedOut: "timeout",
    Disconnected: "disconnected",
}


def answer_outcome(exchange: Exchange) -> JsonObject:
    """Outcome of a command that the station has answered."""
    sent: JsonObject = {"messageId": exchange.message_id, "elapsed": round(exchange.elapsed, 6)}
    if isinstance(exchange.answer, CallError):
        _, code, description, details = exchange.answer
        error = {"errorCode": code, "errorDescription": description, "errorDetails": details}
        return {"outcome": "error", **sent, **error}
    violation = {"violation": exchange.violation.description} if exchange.violation else {}
    return {"outcome": "result", **sent, "payload": exchange.answer.payload, **violation}


def failure_outcome(failure: CallFailed) -> JsonObject:
    """Outcome of a command that was sent, but got no answer or a malformed answer."""
    return {
        "outcome": OUTCOMES.get(type(failure), "error"),
        "messageId": failure.message_id,
        "elapsed": round(failure.elapsed, 6),
        "detail": str(failure),
    }


async def answer_or_problem(answer: Awaitable[JsonObject]) -> JsonObject | Problem:
    """Await the outcome of a command; a Problem is returned instead of raised."""
    try:
        return await answer
    except Problem as problem:
        return problem


def outcomes_of(answers: Sequence[JsonObject | Problem]) -> list[JsonObject]:
    """Outcome of each command; raises the first Problem if no command was sent."""
    problems = [answer for answer in answers if isinstance(answer, Problem)]
    if problems and len(problems) == len(answers):
        raise problems[0]
    return [outcome_or_detail(answer) for answer in answers]


def outcome_or_detail(answer: JsonObject | Problem) -> JsonObject:
    """Return ``answer``; for a Problem, return the outcome ``error`` with the detail of the Problem."""
    if isinstance(answer, Problem):
        return {"outcome": "error", "messageId": None, "detail": answer.detail}
    return answer


def joint_outcome(version: OcppVersion, parts: Sequence[JsonObject]) -> JsonObject:
    """Outcome of a command that was sent in parts: that of the first part that got no CALLRESULT, otherwise
    ``result``.

    The payload joins the payloads of all CALLRESULTs.
    """
    decisive = next((part for part in parts if part["outcome"] != "result"), parts[0])
    payloads = [part["payload"] for part in parts if part["outcome"] == "result"]
    violations = [part["violation"] for part in parts if "violation" in part]
    outcome = {name: value for name, value in decisive.items() if name != "request"}
    outcome["elapsed"] = round(sum(part.get("elapsed", 0) for part in parts), 6)
    if payloads:
        outcome["payload"] = _joint_payload(version, payloads)
    if violations:
        outcome["violation"] = violations[0]
    return {**outcome, "parts": list(parts)}


def _joint_payload(version: OcppVersion, payloads: Sequence[JsonObject]) -> JsonObject:
    """Return one payload with the joined lists of ``payloads``, which answer the parts of a command.

    The other properties are those of the first refusal; without a refusal, of the first Accepted answer.
    """

    def rank(payload: JsonObject) -> int:
        return 0 if version.is_refusal(payload) else 1 if payload.get("status") == "Accepted" else 2

    decisive = sorted(payloads, key=rank)[0]
    names = dict.fromkeys(name for payload in (decisive, *payloads) for name in payload)
    lists = {name: [payload[name] for payload in payloads if name in payload] for name in names}
    return {
        name: [item for value in values for item in value]
        if all(isinstance(value, list) for value in values)
        else decisive[name]
        for name, values in lists.items()
        if name in decisive or all(isinstance(value, list) for value in values)
    }


def part_outcome(request: Any, answer: JsonObject | Problem) -> JsonObject:
    """Outcome of a part of a command; ``request`` is the payload of the part."""
    return {"request": request, **outcome_or_detail(answer)}
