"""Changes the settings of one station."""

from http import HTTPStatus

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from mock_csms.behaviour.rulebook import TooManyRules
from mock_csms.control.flaws import describe, sentence_at
from mock_csms.control.problems import Problem
from mock_csms.control.scopes import check_room
from mock_csms.csms import Csms
from mock_csms.log.output import logger
from mock_csms.messages import JsonObject
from mock_csms.security.passwords import parse_password
from mock_csms.settings import Profile
from mock_csms.settings.check import Flawed
from mock_csms.settings.effective import MAX_CHANGED_PROFILES


def apply_changes(csms: Csms, station_id: str, changes: JsonObject, scope: str | None = None) -> Profile:
    """Change settings of a station, and return all of its settings; raises Problem if that is not possible.

    ``changes`` has the new values by the names of the settings.
    """
    check_room(csms, scope)
    if not csms.profiles.has_room(station_id, scope):
        detail = f"{MAX_CHANGED_PROFILES} stations have a changed profile, the maximum; POST /v1/reset first"
        raise Problem(HTTPStatus.CONFLICT, "too-many-profiles", detail)
    try:
        profile = csms.change_profile(station_id, changes, scope)
    except ValidationError as error:
        detail = describe(error, to_camel)
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail) from None
    except TooManyRules as error:
        raise Problem(HTTPStatus.CONFLICT, "too-many-rules", f"faults: {error}") from None
    except Flawed as error:
        detail = sentence_at(*error.flaw, to_camel)
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-profile", detail) from None
    _warn_of_password(station_id, changes.get("password"))
    return profile


def _warn_of_password(station_id: str, password: str | None) -> None:
    # Parsed again, because the changed profile has only the hash, which does not reveal a flaw.
    if password is not None and (flaw := parse_password(password).flaw):
        logger.warning("the station may reject the password set for %s: %s (A00.FR.205)", station_id, flaw)
