"""Tokens and rules: list, add, replace and delete them while the mock runs."""

from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body, Path
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ValidationError

from mock_csms.behaviour.rulebook import MAX_RULES, ActiveRule
from mock_csms.behaviour.rules import FIRST_STATE, HANDSHAKE, TLS_HANDSHAKE, Rule
from mock_csms.behaviour.tokens import Token
from mock_csms.control.listeners import make_certificates
from mock_csms.control.models.base import ShownAs, answer
from mock_csms.control.models.rules import ActiveRuleView, RuleList, TokenTable, Trial, TrialResult
from mock_csms.control.names import unmarked
from mock_csms.control.problems import Problem, describe, documented, sentence_at
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import encoded_list, json_response
from mock_csms.csms import Csms
from mock_csms.log.redact import masked
from mock_csms.messages import Call, JsonObject
from mock_csms.settings.check import check
from mock_csms.text import suggest
from mock_csms.versions import actions_from_csms, actions_from_station

MAX_CHANGED_TOKENS: Final = 10_000
"""Maximum number of changed tokens."""

RULE_PROBLEMS: Final = ("invalid-rule", "no-certificates", "too-many-rules")

RuleId = Annotated[
    str, Path(description="the rule's id", min_length=1, max_length=200), AfterValidator(unmarked)
]
IdToken = Annotated[
    str, Path(description="the idToken", min_length=1, max_length=36), AfterValidator(unmarked)
]
RuleBody = Annotated[JsonObject, Body(), ShownAs(Rule)]
TokenBody = Annotated[JsonObject, Body(), ShownAs(Token)]


def router(csms: Csms) -> APIRouter:  # noqa: C901 - a list of routes
    """The routes."""
    routes = APIRouter(prefix="/v1", tags=["behaviour"], route_class=StrictRoute)

    @routes.get("/tokens", responses=documented() | answer(TokenTable, "The tokens"))
    async def list_tokens() -> Response:
        """List the idTokens that apply to all stations."""
        book = {**csms.settings.tokens, **csms.profiles.tokens}
        return json_response({name: _as_json(token) for name, token in book.items() if token is not None})

    @routes.put(
        "/tokens/{id_token:name}",
        responses=documented("invalid-token", "too-many-tokens") | answer(Token, "The token"),
    )
    async def put_token(id_token: IdToken, token: TokenBody) -> Response:
        """Add or replace an idToken for every station, effective at its next use.

        The keys are those of the settings file: status (default: Accepted), type, groupIdToken, cacheExpiry
        (seconds or a date and time), personalMessage, evseId, language, certificateStatus.
        """
        validated = _validate(Token, token, "invalid-token")
        _check_tokens(csms)
        csms.change_token(id_token, validated)
        return json_response(_as_json(validated))

    @routes.delete(
        "/tokens/{id_token:name}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented("unknown-token", "too-many-tokens"),
    )
    async def delete_token(id_token: IdToken) -> None:
        """Delete an idToken."""
        book = {**csms.settings.tokens, **csms.profiles.tokens}
        names = {name.lower() for name, token in book.items() if token is not None}
        if id_token.lower() not in names:
            detail = f"there is no token {id_token!r}"
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-token", detail)
        _check_tokens(csms)
        csms.change_token(id_token, None)

    @routes.get("/rules", responses=documented() | answer(RuleList, "The rules"))
    async def list_rules() -> Response:
        """List the rules in the order in which they are tried.

        `uses` has two counts for each station. `matches` counts the messages that met the conditions of the
        rule; `hits` counts the messages to which the rule was applied.
        """
        return json_response(await encoded_list(map(_rule_as_json, list(csms.rulebook.entries))))

    @routes.post(
        "/rules",
        status_code=HTTPStatus.CREATED,
        responses=documented(*RULE_PROBLEMS) | answer(ActiveRuleView, "The rule", HTTPStatus.CREATED),
    )
    async def add_rule(rule: RuleBody) -> Response:
        """Add a rule, effective at the next message.

        The keys are those of the settings file. `when`: station, action, direction (call or answer), payload,
        expression, nth, state. `then`: one or several answers, errors or faults. The other keys are times,
        probability, priority (1 is tried first), ttl (seconds), set (a state), validate and id.
        """
        return json_response(await _add(csms, rule), HTTPStatus.CREATED)

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
    async def put_rule(rule_id: RuleId, rule: RuleBody) -> Response:
        """Add a rule or replace the one with this id; the counts of the new rule start at 0."""
        return json_response(await _add(csms, {**rule, "id": rule_id}))

    @routes.delete(
        "/rules/{rule_id:name}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented("unknown-rule"),
    )
    async def delete_rule(rule_id: RuleId) -> None:
        """Delete a rule."""
        if not csms.rulebook.remove(rule_id):
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-rule", f"there is no rule {rule_id!r}")
        csms.refresh()

    return routes


async def _add(csms: Csms, rule: JsonObject) -> JsonObject:
    """Add a rule; raises Problem."""
    validated = _validate(Rule, rule, "invalid-rule")
    if flaw := check(validated, csms.ocpp_versions):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-rule", sentence_at(*flaw))
    if faults := validated.tls_faults:
        with suppress(ValueError):  # the connection will then be without the fault, and the log says why
            await make_certificates(partial(csms.listeners.prepare_faults, faults))
    if len(csms.rulebook.entries) >= MAX_RULES and csms.rulebook.find(validated.id or "") is None:
        detail = f"there are {MAX_RULES} rules, the maximum; delete one first"
        raise Problem(HTTPStatus.CONFLICT, "too-many-rules", detail)
    added = csms.rulebook.add(validated)
    csms.refresh()
    active_rule = csms.rulebook.find(added.id)
    assert active_rule is not None
    return _rule_as_json(active_rule)


def _check_tokens(csms: Csms) -> None:
    if len(csms.profiles.tokens) >= MAX_CHANGED_TOKENS:
        detail = f"{MAX_CHANGED_TOKENS} tokens have changed, the maximum; POST /v1/reset first"
        raise Problem(HTTPStatus.CONFLICT, "too-many-tokens", detail)


def _check_trial(csms: Csms, trial: Trial) -> None:
    """Raise Problem unless a station can send or answer the action."""
    is_call = trial.direction == "call"
    actions = actions_from_station if is_call else actions_from_csms
    known_actions = actions(csms.ocpp_versions) | {HANDSHAKE}
    if trial.action not in known_actions:
        verb, hint = "send" if is_call else "answer", suggest(trial.action, known_actions)
        sentence = f"stations do not {verb} {trial.action!r}{hint}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", sentence_at(["body"], sentence))


def _validate[Model: BaseModel](model: type[Model], value: JsonObject, kind: str) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        detail = f"{describe(error)}{_known_keys(model, error)}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, kind, detail) from None


def _known_keys(model: type[BaseModel], error: ValidationError) -> str:
    """Hint with the valid keys, if an error is about an unknown key at the top level."""
    first_error = error.errors(include_url=False)[0]
    if first_error["type"] != "extra_forbidden" or len(first_error["loc"]) > 1:
        return ""
    return f"; valid keys are {', '.join(field.alias or name for name, field in model.model_fields.items())}"


def _as_json(model: BaseModel) -> JsonObject:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _rule_as_json(active: ActiveRule) -> JsonObject:
    uses = {station: {"matches": use.matches, "hits": use.hits} for station, use in active.uses.items()}
    return {**masked(_as_json(active.rule)), "id": active.rule.id, "uses": uses}
