"""Tokens and rules, read and changed while the mock runs."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mock_csms.control.problems import Problem, documented
from mock_csms.csms import Csms
from mock_csms.frames import JsonObject
from mock_csms.rules import FIRST_STATE, Direction, Entry, Rule
from mock_csms.tokens import Token

RuleId = Annotated[str, Path(description="the rule's id", min_length=1, max_length=200)]
IdToken = Annotated[str, Path(description="the idToken", min_length=1, max_length=36)]


class Trial(BaseModel):
    """A message that a station might send."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"station": "CS1", "action": "Heartbeat", "payload": {}}]},
    )

    station: Annotated[str, Field(max_length=48)]
    action: str
    direction: Direction = "call"
    payload: dict[str, Any] = {}


def router(csms: Csms) -> APIRouter:  # noqa: C901 - a list of routes
    """The routes."""
    routes = APIRouter(prefix="/v1", tags=["behaviour"])

    @routes.get("/tokens", responses=documented())
    async def list_tokens() -> dict[str, JsonObject]:
        """List the book of idTokens, without those of single stations."""
        book = {**csms.settings.tokens, **csms.token_changes}
        return {name: _plain(token) for name, token in book.items() if token is not None}

    @routes.put("/tokens/{id_token}", responses=documented())
    async def put_token(id_token: IdToken, token: JsonObject) -> JsonObject:
        """Put an idToken into the book, for every station; the same keys as in the file."""
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

    @routes.get("/rules", responses=documented())
    async def list_rules() -> list[JsonObject]:
        """List the rules, the first to be asked first, each with how often it has held for whom."""
        return [_entry(entry) for entry in csms.rulebook.entries]

    @routes.post("/rules", status_code=HTTPStatus.CREATED, responses=documented())
    async def add_rule(rule: JsonObject) -> JsonObject:
        """Add a rule, as the newest; the same keys as in the file."""
        return add(rule)

    @routes.post("/rules/match", responses=documented())
    async def match_rules(trial: Trial) -> JsonObject:
        """Tell which rules are about a message, and which would hold; nothing is counted."""
        known = csms.stations.get(trial.station)
        state = known.state if known else FIRST_STATE
        about = csms.rulebook.about(trial.station, trial.direction).get(trial.action)
        entries = about.trial(trial.payload, state) if about else []
        return {"state": state, "rules": [entry.rule.id for entry in entries]}

    @routes.put("/rules/{rule_id}", responses=documented())
    async def put_rule(rule_id: RuleId, rule: JsonObject) -> JsonObject:
        """Put a rule in the place of the one with this id, or add it."""
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
        added = csms.rulebook.add(_validated(Rule, rule, "invalid-rule"))
        csms.refresh()
        found = csms.rulebook.find(added.id)
        assert found is not None
        return _entry(found)

    return routes


def _validated[Model: BaseModel](model: type[Model], value: JsonObject, kind: str) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        known = ", ".join(field.alias or name for name, field in model.model_fields.items())
        hint = f"; there are {known}" if first["type"] == "extra_forbidden" and len(first["loc"]) == 1 else ""
        detail = f"{where}: {message}{hint}" if where else message
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, kind, detail) from None


def _plain(model: BaseModel) -> JsonObject:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _entry(entry: Entry) -> JsonObject:
    uses = {station: {"matches": use.matches, "hits": use.hits} for station, use in entry.uses.items()}
    return {**_plain(entry.rule), "id": entry.rule.id, "uses": uses}
