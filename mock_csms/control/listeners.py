"""The listeners for stations: shows them, and changes their TLS and their security profile."""

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import AfterValidator, ValidationError
from pydantic.alias_generators import to_camel

from mock_csms.control.flaws import describe
from mock_csms.control.models.base import answer
from mock_csms.control.models.listeners import ListenerChange, ListenerList, ListenerView
from mock_csms.control.names import unmarked
from mock_csms.control.problems import Problem, documented
from mock_csms.control.requests import StrictRoute
from mock_csms.control.responses import json_response
from mock_csms.csms import Csms
from mock_csms.errors import CouldNotStart
from mock_csms.messages import JsonObject
from mock_csms.security.listeners import Listener
from mock_csms.security.profiles import BASIC_PROFILES
from mock_csms.settings.listening_settings import ListenerSettings
from mock_csms.text import one_line, suggest

ListenerName = Annotated[
    str, Path(description="the listener's name", min_length=1, max_length=200), AfterValidator(unmarked)
]


def router(csms: Csms) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", tags=["listeners"], route_class=StrictRoute)

    @routes.get("/listeners", responses=documented() | answer(ListenerList, "The listeners"))
    async def list_listeners() -> Response:
        """List the ports for stations, with their addresses and their TLS.

        `main` is the listener of `--port`, and `tls` is the listener of `--tls-port`. `tlsFault` is the fault
        of the next TLS connections; `expired=2` means that the next two get the fault `expired`.
        """
        return json_response([_view(csms, listener) for listener in csms.listeners.values()])

    @routes.put(
        "/listeners/{name:name}",
        responses=documented("unknown-listener", "invalid-listener", "no-certificates")
        | answer(ListenerView, "The changed listener"),
    )
    async def put_listener(name: ListenerName, change: ListenerChange) -> Response:
        """Change a listener for new connections; open connections stay as they are.

        A setting that is left out is set to its value at the start of the server, so `{}` reverts all
        changes.
        """
        if name not in csms.listeners:
            detail = f"there is no listener {name!r}{suggest(name, csms.listeners)}"
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-listener", detail)
        listener = csms.listeners[name]
        settings = _changed(csms.listeners.at_start(name), change)
        if change.security_profile in BASIC_PROFILES and not _has_passwords(csms):
            raise _invalid(
                f"securityProfile: {change.security_profile} needs a password; set one first, with PUT "
                "/v1/stations/{id}/password"
            )
        if settings.tls:
            _ = csms.authority  # otherwise the thread of `_apply` might create a second one
        await _apply(listener, settings)
        return json_response(_view(csms, listener))

    return routes


def _has_passwords(csms: Csms) -> bool:
    """Whether any station has a password."""
    profiles = csms.settings, *csms.settings.stations.values()
    is_configured = any(profile.password is not None for profile in profiles)
    is_set = any("password" in changes for changes in csms.profiles.changes.values())
    return is_configured or is_set or next(iter(csms.passwords), None) is not None


def _changed(at_start: ListenerSettings, change: ListenerChange) -> ListenerSettings:
    """Apply a change to the settings at the start; raises Problem if the resulting settings are invalid."""
    values = {**at_start.model_dump(), **change.model_dump(exclude_unset=True)}
    if (
        change.tls is False
        and "tls_fault" not in change.model_fields_set
        and "tls" in change.model_fields_set
    ):
        values["tls_fault"] = None
    try:
        return ListenerSettings.model_validate(values)
    except ValidationError as error:
        raise _invalid(describe(error, to_camel)) from None


async def _apply(listener: Listener, settings: ListenerSettings) -> None:
    """Apply settings to new connections of a listener; raises Problem if they cannot be used."""
    try:
        await make_certificates(partial(listener.check, settings))
    except ValueError as error:
        raise _invalid(one_line(str(error))) from None
    listener.change(settings)


async def make_certificates(make: Callable[[], None]) -> None:
    """In a thread, call ``make``, which makes certificates; raises Problem, or the ValueError of ``make``.

    An RSA key takes a tenth of a second, and another process may lock the PKI folder for longer.
    """
    try:
        await asyncio.to_thread(make)
    except (OSError, CouldNotStart) as error:
        detail = one_line(f"the certificates cannot be used: {error}")
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "no-certificates", detail) from None


def _invalid(detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-listener", detail)


def _view(csms: Csms, listener: Listener) -> JsonObject:
    settings = listener.settings
    return {
        "name": listener.name,
        "url": csms.listeners.url_of(listener.name),
        "address": listener.address,
        "securityProfile": settings.security_profile,
        "tls": settings.tls,
        "plain": settings.plain,
        "certificate": settings.certificate,
        "tlsFault": str(listener.fault) if listener.fault else None,
    }
