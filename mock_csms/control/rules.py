"""Tokens and rules, read and changed while the mock runs."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mock_csms.behaviour.rulebook import ActiveRule
from mock_csms.behaviour.rules import FIRST_STATE, HANDSHAKE, Rule, RuleDirection
from mock_csms.behaviour.tokens import Token
from mock_csms.control import examples
from mock_csms.control.problems import Problem, describe, documented, sentence_at
from mock_csms.control.requests import StrictRoute
from mock_csms.csms import Csms
from mock_csms.messages import Call, JsonObject
from mock_csms.settings.check import check
from mock_csms.text import suggest
from mock_csms.versions import actions_from_csms, actions_from_station

RuleId = Annotated[str, Path(description="the rule's id", min_length=1, max_length=200)]
IdToken = Annotated[str, Path(description="the idToken", min_length=1, max_length=36)]
RuleBody = Annotated[JsonObject, Body(examples=[examples.RULE])]
TokenBody = Annotated[JsonObject, Body(examples=[examples.TOKEN])]


class Trial(BaseModel):
    """A message that a station might send."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [examples.TRIAL]},
    )

    station: Annotated[str, Field(max_length=48)]
    action: str
    """What the station sends or answers; `handshake` for its opening handshake."""
    direction: RuleDirection = "call"
    """`call` for what the station sends by itself, `answer` for its answer to a command."""
    payload: dict[str, Any] = {}


def router(csms: Csms) -> APIRouter:  # noqa: C901 - a list of routes
    """The routes."""
    routes = APIRouter(prefix="/v1", tags=["behaviour"], route_class=StrictRoute)

    @routes.get("/tokens", responses=documented())
    async def list_tokens() -> dict[str, JsonObject]:
        """List the book of idTokens, without those of single stations."""
        book = {**csms.settings.tokens, **csms.token_changes}
        return {name: _plain(token) for name, token in book.items() if token is not None}

    @routes.put("/tokens/{id_token}", responses=documented())
    async def put_token(id_token: IdToken, token: TokenBody) -> JsonObject:
        """Put an idToken into the book, for every station, from its next use on.

        The keys are those of the settings file: status (Accepted if left out), type, groupIdToken,
        cacheExpiry (seconds or a moment), personalMessage, evseId, language, certificateStatus.
        """
        made = _validated(Token, token, "invalid-token")
        csms.change_token(id_token, made)
        return _plain(made)

    @routes.delete(
        "/tokens/{id_token}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented(HTTPStatus.NOT_FOUND),
    )
    async def delete_token(id_token: IdToken) -> None:
        """Take an idToken out of the book."""
        book = {**csms.settings.tokens, **csms.token_changes}
        known = {name.lower() for name, token in book.items() if token is not None}
        if id_token.lower() not in known:
            detail = f"{id_token!r} is not in the book"
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-token", detail)
        csms.change_token(id_token, None)

    @routes.get("/rules", responses=documented() | examples.RULES)
    async def list_rules() -> list[JsonObject]:
        """List the rules, the first to be asked first.

        `uses` tells for each station how many messages a rule was about (matches) and for how many it held
        (hits).
        """
        return [_entry(entry) for entry in csms.rulebook.entries]

    @routes.post("/rules", status_code=HTTPStatus.CREATED, responses=documented())
    async def add_rule(rule: RuleBody) -> JsonObject:
        """Add a rule, as the newest, for the next message on.

        The keys are those of the settings file. `when`: station, action, direction (call or answer), payload,
        expression, nth, state. `then`, one or several, of which each is an answer, an error or a fault. Also
        times, probability, priority (1 is asked first), ttl (seconds), set (a state), validate, id.
        """
        return add(rule)

    @routes.post("/rules/match", responses=documented())
    async def match_rules(trial: Trial) -> JsonObject:
        """Tell which rules are about a message, and which would hold; nothing is counted."""
        _check_trial(csms, trial)
        known = csms.stations.get(trial.station)
        state = known.state if known else FIRST_STATE
        about = csms.rulebook.about(trial.station, trial.direction).get(trial.action)
        tried = Call.of_json(trial.action, trial.payload)
        entries = about.trial(tried, state) if about else []
        return {"state": state, "rules": [entry.rule.id for entry in entries]}

    @routes.put("/rules/{rule_id}", responses=documented())
    async def put_rule(rule_id: RuleId, rule: RuleBody) -> JsonObject:
        """Put a rule in the place of the one with this id, or add it; it counts anew."""
        return add({**rule, "id": rule_id})

    @routes.delete(
        "/rules/{rule_id}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented(HTTPStatus.NOT_FOUND),
    )
    async def delete_rule(rule_id: RuleId) -> None:
        """Take a rule out."""
        if not csms.rulebook.remove(rule_id):
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-rule", f"there is no rule {rule_id!r}")
        csms.refresh()

    def add(rule: JsonObject) -> JsonObject:
        made = _validated(Rule, rule, "invalid-rule")
        if flaw := check(made, csms.ocpp_versions):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-rule", sentence_at(*flaw))
        added = csms.rulebook.add(made)
        csms.refresh()
        found = csms.rulebook.find(added.id)
        assert found is not None
        return _entry(found)

    return routes


def _check_trial(csms: Csms, trial: Trial) -> None:
    """See whether a station can send or answer the action; raises Problem."""
    actions = actions_from_station if trial.direction == "call" else actions_from_csms
    known = actions(csms.ocpp_versions) | {HANDSHAKE}
    if trial.action not in known:
        sentence = f"no station sends or answers {trial.action!r} so{suggest(trial.action, known)}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", sentence_at(["body"], sentence))


def _validated[Model: BaseModel](model: type[Model], value: JsonObject, kind: str) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        detail = f"{describe(error)}{_known_keys(model, error)}"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, kind, detail) from None


def _known_keys(model: type[BaseModel], error: ValidationError) -> str:
    """Say which keys there are, if one is none of them."""
    first = error.errors(include_url=False)[0]
    if first["type"] != "extra_forbidden" or len(first["loc"]) > 1:
        return ""
    return f"; there are {', '.join(field.alias or name for name, field in model.model_fields.items())}"


def _plain(model: BaseModel) -> JsonObject:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _entry(entry: ActiveRule) -> JsonObject:
    uses = {station: {"matches": use.matches, "hits": use.hits} for station, use in entry.uses.items()}
    return {**_plain(entry.rule), "id": entry.rule.id, "uses": uses}
