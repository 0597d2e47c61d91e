"""Writes the effective settings as a TOML file that ``--config`` accepts."""

from collections.abc import Mapping
from typing import Any

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mock_csms.behaviour.rules import Rule
from mock_csms.log.redact import masked
from mock_csms.log.secret_text import MASK
from mock_csms.settings.server_settings import Settings
from mock_csms.settings.station_settings import Profile
from mock_csms.settings.toml_lines import MAX_KEY_PARTS, line_of_long_key
from mock_csms.text import one_line


def as_toml(settings: Settings, fields: Mapping[str, FieldInfo], defaults: Mapping[str, str]) -> str:
    """Return the settings as TOML, each below its description. Settings without a value are commented out.

    ``defaults`` are the defaults that depend on the OCPP version.
    """
    values = settings.model_dump(mode="json")
    values |= {name: default for name, default in defaults.items() if values[name] is None}
    values = {name: value if name == "password" else masked(value) for name, value in values.items()}
    if settings.password_file:
        values["password"] = None
    lines = [_setting(name, field, values[name]) for name, field in fields.items() if name != "config"]
    tables = {
        "tokens": {name: _given_values(token) for name, token in settings.tokens.items()},
        "stations": {pattern: _profile(profile) for pattern, profile in settings.stations.items()},
        "listeners": {name: _given_values(listener) for name, listener in settings.listeners.items()},
    }
    lines.append(tomli_w.dumps({name: table for name, table in tables.items() if table}))
    lines += map(rule_as_toml, settings.rules)
    return "\n".join(lines)


def rule_as_toml(rule: Rule) -> str:
    """Return a rule as a table of a settings file, or as a comment if a file cannot express the rule."""
    table = masked(_given_values(rule))
    if _has_null(table):
        return _left_out(rule, "has a null, which TOML cannot express")
    # tomli_w would write a list of one short table as `rules = [...]`, a key that a file can have only once.
    text = f"[[rules]]\n{tomli_w.dumps({'rules': table}).removeprefix('[rules]\n')}"
    if line_of_long_key(text):
        return _left_out(rule, f"has more than the {MAX_KEY_PARTS} levels of a settings file")
    return text


def _left_out(rule: Rule, why: str) -> str:
    return f"# {one_line(rule.id)}: this rule {why}; the control API returns it as JSON\n"


def _has_null(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(map(_has_null, value.values() if isinstance(value, dict) else value))
    return value is None


def _setting(name: str, field: FieldInfo, value: object) -> str:
    setting = f"# {name} =\n" if value is None else tomli_w.dumps({name: value})
    if name == "control_token" and value is not None:
        setting = f"# {name} = {MASK!r}  # it is secret; set it again\n"
    return f"# {field.description}\n{setting}"


def _profile(profile: Profile) -> dict[str, Any]:
    """Values that a profile sets. An empty command counts: it removes an inherited command."""
    removes_command = "command" in profile.model_fields_set and profile.command is None
    values = {
        name: value if name == "password" else masked(value) for name, value in _given_values(profile).items()
    }
    return {**values, "command": ""} if removes_command else values


def _given_values(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
