"""Tokens that apply to all stations: list, set and delete them while the mock runs."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Path
from fastapi.responses import Response
from pydantic import AfterValidator

from mock_csms.behaviour.tokens import Token
from mock_csms.control.bodies import as_written, validated
from mock_csms.control.models.base import ShownAs, answer
from mock_csms.control.models.rules import TokenTable
from mock_csms.control.names import unmarked
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import json_response
from mock_csms.control.scopes import ScopeHeader, check_room
from mock_csms.csms import Csms
from mock_csms.messages import JsonObject
from mock_csms.settings.effective import MAX_CHANGED_TOKENS
from mock_csms.text import suggest

IdToken = Annotated[
    str, Path(description="the idToken", min_length=1, max_length=36), AfterValidator(unmarked)
]
TokenBody = Annotated[JsonObject, Body(), ShownAs(Token)]


def router(csms: Csms) -> APIRouter:
    """Return the routes of this module."""
    routes = APIRouter(prefix="/v1", tags=["behaviour"], route_class=StrictRoute)

    @routes.get("/tokens", responses=documented() | answer(TokenTable, "The tokens"))
    async def list_tokens() -> Response:
        """List the idTokens that apply to all stations."""
        return json_response({name: as_written(token) for name, token in _book(csms).items()})

    @routes.get("/tokens/{id_token:name}", responses=documented("unknown-token") | answer(Token, "The token"))
    async def show_token(id_token: IdToken) -> Response:
        """Show an idToken; case does not matter."""
        return json_response(as_written(_known_token(csms, id_token)))

    @routes.put(
        "/tokens/{id_token:name}",
        responses=documented("invalid-token", "too-many-tokens", "too-many-scopes")
        | answer(Token, "The token"),
    )
    async def put_token(id_token: IdToken, token: TokenBody, scope: ScopeHeader = None) -> Response:
        """Add or replace an idToken for every station, effective at its next use.

        The keys are those of the settings file; `{}` is a token with the status Accepted.
        """
        valid_token = validated(Token, token, "invalid-token")
        _check_room_for(csms, id_token, scope)
        csms.change_token(id_token, valid_token, scope)
        return json_response(as_written(valid_token))

    @routes.delete(
        "/tokens/{id_token:name}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=documented("unknown-token", "too-many-tokens", "too-many-scopes"),
    )
    async def delete_token(id_token: IdToken, scope: ScopeHeader = None) -> None:
        """Delete an idToken; in a scope, until the scope is deleted."""
        _known_token(csms, id_token)
        _check_room_for(csms, id_token, scope)
        csms.change_token(id_token, None, scope)

    return routes


def _book(csms: Csms) -> dict[str, Token]:
    book = {**csms.settings.tokens, **csms.profiles.tokens}
    return {name: token for name, token in book.items() if token is not None}


def _known_token(csms: Csms, id_token: str) -> Token:
    """Return the token with this idToken, ignoring upper and lower case; raises Problem if there is none."""
    book = _book(csms)
    found = next((token for name, token in book.items() if name.lower() == id_token.lower()), None)
    if found is None:
        detail = f"there is no token {id_token!r}{suggest(id_token, book)}"
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-token", detail)
    return found


def _check_room_for(csms: Csms, id_token: str, scope: str | None) -> None:
    check_room(csms, scope)
    if not csms.profiles.has_room_for_token(id_token, scope):
        detail = f"{MAX_CHANGED_TOKENS} tokens have changed, the maximum; POST /v1/reset first"
        raise Problem(HTTPStatus.CONFLICT, "too-many-tokens", detail)
