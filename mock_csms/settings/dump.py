"""All that is in force, as a file that can be fed back."""

from collections.abc import Mapping
from typing import Any

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mock_csms.settings.server_settings import Settings
from mock_csms.settings.station_settings import Profile


def as_toml(settings: Settings, knobs: Mapping[str, FieldInfo], defaults: Mapping[str, str]) -> str:
    """Write settings as TOML, each with its description; one that is not set is a comment.

    ``defaults`` are those that depend on the OCPP version.
    """
    values = settings.model_dump(mode="json")
    values |= {name: default for name, default in defaults.items() if values[name] is None}
    lines = [_setting(name, field, values[name]) for name, field in knobs.items() if name != "config"]
    tables = {
        "tokens": {name: _said(token) for name, token in settings.tokens.items()},
        "stations": {pattern: _profile(profile) for pattern, profile in settings.stations.items()},
        "rules": [_said(rule) for rule in settings.rules],
    }
    lines.append(tomli_w.dumps({name: table for name, table in tables.items() if table}))
    return "\n".join(lines)


def _setting(name: str, field: FieldInfo, value: object) -> str:
    setting = f"# {name} =\n" if value is None else tomli_w.dumps({name: value})
    return f"# {field.description}\n{setting}"


def _profile(profile: Profile) -> dict[str, Any]:
    """What a profile says; that it sends nothing where others send a command is said as well."""
    sends_nothing = "command" in profile.model_fields_set and profile.command is None
    return {**_said(profile), "command": ""} if sends_nothing else _said(profile)


def _said(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
