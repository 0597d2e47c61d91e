"""Rules: list, add, replace, enable, disable, delete and try them while the mock runs."""

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import Response
from pydantic import AfterValidator

from mock_csms.behaviour.rule_sets import ActiveRule
from mock_csms.behaviour.rulebook import MAX_RULES
from mock_csms.behaviour.rules import FIRST_STATE, HANDSHAKE, TLS_HANDSHAKE, Rule
from mock_csms.control.bodies import as_written, validated
from mock_csms.control.flaws import sentence_at
from mock_csms.control.listeners import make_certificates
from mock_csms.control.models.base import Responses, ShownAs, answer
from mock_csms.control.models.rules import ActiveRuleView, RuleChange, RuleList, Trial, TrialResult
from mock_csms.control.names import unmarked
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import encoded_list, in_slices, json_response
from mock_csms.control.scopes import ScopeHeader, check_room
from mock_csms.csms import Csms
from mock_csms.log.redact import masked
from mock_csms.messages import Call, JsonObject
from mock_csms.settings.check import check
from mock_csms.settings.dump import rule_as_toml
from mock_csms.text import suggest
from mock_csms.versions import actions_from_csms, actions_from_station

TOML: Final = "application/toml"
TOML_EXAMPLE: Final = """\
[[rules]]
id = "added-1"
times = 1

[rules.when]
station = "CS*"
action = "Heartbeat"
nth = 2

[[rules.then]]
fault = { kind = "delay", seconds = 5.0 }
"""
QUALITY: Final = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")

RULE_PROBLEMS: Final = ("invalid-rule", "no-certificates", "too-many-rules", "too-many-scopes")

RuleId = Annotated[
    str, Path(description="the rule's id", min_length=1, max_length=200), AfterValidator(unmarked)
]
RuleBody = Annotated[JsonObject, Body(), ShownAs(Rule)]


def router(csms: Csms) -> APIRouter:
    """Return the routes of this module."""
    routes = APIRouter(prefix="/v1", tags=["behaviour"], route_class=StrictRoute)

    @routes.get("/rules", responses=documented() | _in_toml_too(answer(RuleList, "The rules")))
    async def list_rules(request: Request) -> Response:
        """List the rules in the order in which they are tried.

        `uses` has two counts for each station. `matches` counts the messages that met the conditions of the
        rule; `hits` counts the messages to which the rule was applied.

        With `Accept: application/toml`, the answer is a settings file with the rules, the last of which is
        tried first, as in any settings file. A rule with a null, which TOML cannot express, is written as a
        comment.
        """
        if _accepts_toml(request):
            return await _toml_response(csms.rulebook.entries)
        return json_response(await encoded_list(map(_rule_as_json, list(csms.rulebook.entries))))

    @routes.get(
        "/rules/{rule_id:name}",
        responses=documented("unknown-rule") | _in_toml_too(answer(ActiveRuleView, "The rule")),
    )
    async def show_rule(rule_id: RuleId, request: Request) -> Response:
        """Show a rule with its counts. With `Accept: application/toml`, return a settings file."""
        rule = _known_rule(csms, rule_id)
        return await _toml_response([rule]) if _accepts_toml(request) else json_response(_rule_as_json(rule))

    @routes.post(
        "/rules",
        status_code=HTTPStatus.CREATED,
        responses=documented(*RULE_PROBLEMS) | answer(ActiveRuleView, "The rule", HTTPStatus.CREATED),
    )
    async def add_rule(rule: RuleBody, scope: ScopeHeader = None) -> Response:
        """Add a rule, effective at the next message.

        The keys are those of the settings file. A rule with the `id` of another rule replaces it.
        """
        return json_response(await _add(csms, rule, scope), HTTPStatus.CREATED)

    @routes.post("/rules/match", responses=documented() | answer(TrialResult, "The matching rules"))
    async def match_rules(trial: Trial) -> Response:
        """List the rules that match a message, in the order in which they are tried; nothing is counted."""
        _check_trial(csms, trial)
        station = csms.stations.get(trial.station)
        state = station.state if station else FIRST_STATE
        rule_sets = csms.rulebook.about(trial.station, trial.direction)
        actions = (TLS_HANDSHAKE, HANDSHAKE) if trial.action == HANDSHAKE else (trial.action,)
        message = Call.of_json(trial.action, trial.payload)
        matching = [
            entry
            for action in actions
            if action in rule_sets
            for entry in rule_sets[action].trial(message, state)
        ]
        return json_response({"state": state, "rules": [entry.rule.id for entry in matching]})

    @routes.put(
        "/rules/{rule_id:name}", responses=documented(*RULE_PROBLEMS) | answer(ActiveRuleView, "The rule")
    )
    async def put_rule(rule_id: RuleId, rule: RuleBody, scope: ScopeHeader = None) -> Response:
        """Add a rule, or replace the rule with this id. The counts of the new rule start at 0.

        A rule that is replaced in a scope comes back when the scope is deleted.
        """
        return json_response(await _add(csms, {**rule, "id": rule_id}, scope))

    @routes.patch(
        "/rules/{rule_id:name}",
        responses=documented("unknown-rule", "too-many-rules", "too-many-scopes")
        | answer(ActiveRuleView, "The rule"),
    )
    async def change_rule(rule_id: RuleId, change: RuleChange, scope: ScopeHeader = None) -> Response:
        """Disable a rule or enable it; the counts are kept.

        A disabled rule is listed, but applies to no message and counts no message. In a scope, the change
        lasts until the scope is deleted. Without a scope, the change also applies to the rules with this id
        that the current rule has replaced. After a reload of the settings file, the rules in it are
        enabled or disabled as the file says.
        """
        _known_rule(csms, rule_id)
        if scope is not None:
            _check_room(csms, rule_id, scope)
        csms.rulebook.switch(rule_id, scope, enabled=change.enabled)
        csms.refresh()
        return json_response(_rule_as_json(_known_rule(csms, rule_id)))

    @routes.delete(
        "/rules/{rule_id:name}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented("unknown-rule", "too-many-scopes"),
    )
    async def delete_rule(rule_id: RuleId, scope: ScopeHeader = None) -> None:
        """Delete a rule; in a scope, until the scope is deleted."""
        _known_rule(csms, rule_id)
        check_room(csms, scope)
        csms.rulebook.remove(rule_id, scope)
        csms.refresh()

    return routes


def _in_toml_too(responses: Responses) -> Responses:
    """Return the OpenAPI ``responses`` with TOML as a second media type."""
    content = {TOML: {"schema": {"type": "string"}, "example": TOML_EXAMPLE}}
    return {status: {**response, "content": content} for status, response in responses.items()}


def _accepts_toml(request: Request) -> bool:
    """Whether a client accepts TOML, and prefers it to JSON."""
    accepted = request.headers.get("accept", "").lower()
    return _quality(accepted, TOML) > _quality(accepted, "application/json")


def _quality(accepted: str, media_type: str) -> float:
    """Quality of a media type in a header Accept (RFC 9110, 12.5.1); 0 if it is not named."""
    for part in accepted.split(","):
        name, *parameters = part.replace(" ", "").split(";")
        if name == media_type:
            weight = next((QUALITY.fullmatch(each) for each in parameters if each.startswith("q=")), None)
            return float(weight[1]) if weight else 1.0
    return 0.0


async def _toml_response(entries: Sequence[ActiveRule]) -> Response:
    """Return a response with the rules as a settings file. Among rules of the same priority, the last one in
    the file is tried first.
    """
    in_order = sorted(entries, key=lambda entry: entry.number)
    tables = [rule_as_toml(entry.rule) async for entry in in_slices(in_order)]
    return Response("\n".join(tables), media_type=TOML)


def _known_rule(csms: Csms, rule_id: str) -> ActiveRule:
    """Return the rule with this id; raises Problem if there is none."""
    if found := csms.rulebook.find(rule_id):
        return found
    hint = suggest(rule_id, [rule.id for rule in csms.rulebook])
    raise Problem(HTTPStatus.NOT_FOUND, "unknown-rule", f"there is no rule {rule_id!r}{hint}")


async def _add(csms: Csms, rule: JsonObject, scope: str | None) -> JsonObject:
    """Add a rule, and return it as JSON; raises Problem if it is invalid or there is no room."""
    valid_rule = validated(Rule, rule, "invalid-rule")
    if flaw := check(valid_rule, csms.ocpp_versions):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-rule", sentence_at(*flaw))
    if faults := valid_rule.tls_faults:
        with suppress(ValueError):  # the connection will then be without the fault, and the log says why
            await make_certificates(partial(csms.listeners.prepare_faults, faults))
    _check_room(csms, valid_rule.id, scope)
    added = csms.rulebook.add(valid_rule, scope)
    csms.refresh()
    return _rule_as_json(_known_rule(csms, added.id))


def _check_room(csms: Csms, rule_id: str, scope: str | None) -> None:
    """Raise Problem if there is no room to add or replace a rule or, in a scope, to enable or disable it."""
    check_room(csms, scope)
    if not csms.rulebook.has_room(rule_id, scope):
        detail = f"there are {MAX_RULES} rules, the maximum; delete one first"
        raise Problem(HTTPStatus.CONFLICT, "too-many-rules", detail)


def _check_trial(csms: Csms, trial: Trial) -> None:
    """Raise Problem if no station can send or answer the action of a trial."""
    is_call = trial.direction == "call"
    actions = actions_from_station if is_call else actions_from_csms
    known_actions = actions(csms.ocpp_versions) | {HANDSHAKE}
    if trial.action not in known_actions:
        verb, hint = "send" if is_call else "answer", suggest(trial.action, known_actions)
        sentence = f"OCPP has no {trial.action!r} that a station can {verb}{hint}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", sentence_at(["body"], sentence))


def _rule_as_json(active: ActiveRule) -> JsonObject:
    uses = {station: {"matches": use.matches, "hits": use.hits} for station, use in active.uses.items()}
    scope = {} if active.scope is None else {"scope": active.scope}
    facts = {"id": active.rule.id, "enabled": active.rule.enabled}
    return {**masked(as_written(active.rule)), **facts, **scope, "uses": uses}
