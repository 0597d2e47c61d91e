"""Generates docs/settings.md, the tables of all settings, from the definitions of the settings."""

from collections.abc import Iterator, Mapping, Sequence

from mock_csms.settings.command_line import (
    ENVIRONMENT_PREFIX,
    GROUPS,
    SETTING_FIELDS,
    extra_of,
    flag_of,
    shown,
)
from mock_csms.versions import OcppVersion, default_settings


def settings_page(versions: Sequence[OcppVersion]) -> str:
    """Return the page in Markdown: one table per heading of ``--help``, one row per setting."""
    defaults = default_settings(versions)
    lines = [
        "# Settings",
        "",
        "This page is generated from the settings; `task settings-table` writes it. Flags take precedence",
        "over environment variables, and both over the TOML file that `--config` names.",
    ]
    for group in GROUPS:
        lines += [
            "",
            f"## {group}",
            "",
            "| Flag | Environment variable | Key in the file | Default | Description |",
            "|---|---|---|---|---|",
        ]
        lines += _rows(group, defaults)
    return "\n".join([*lines, ""])


def _rows(group: str, version_defaults: Mapping[str, str]) -> Iterator[str]:
    for name, field in SETTING_FIELDS.items():
        if extra_of(name)["group"] == group:
            default = version_defaults.get(name, field.default)
            cells = [
                f"`{_flag(name)}`",
                f"`{ENVIRONMENT_PREFIX}{name.upper()}`",
                "" if name == "config" else f"`{name}`",
                "" if default in (None, ()) else f"`{shown(default)}`",
                _escaped(str(field.description)),
            ]
            yield f"| {' | '.join(cells)} |"


def _flag(name: str) -> str:
    """Flag of a setting, with its short form and metavar as on the help page."""
    extra = extra_of(name)
    flags = [*filter(None, [extra["short"]]), flag_of(name)]
    if SETTING_FIELDS[name].annotation is bool:
        return ", ".join(flags if name.startswith("no_") else [*flags, f"--no-{name.replace('_', '-')}"])
    value = extra["metavar"] or name.upper()
    if extra["many"] == "words":
        value = f"{value} ..."
    elif extra["without_value"]:
        value = f"[{value}]"
    return f"{', '.join(flags)} {value}"


def _escaped(text: str) -> str:
    """Escape characters that Markdown would take for markup in a table cell."""
    for character in "\\|<>*[]":
        text = text.replace(character, f"\\{character}")
    return text
