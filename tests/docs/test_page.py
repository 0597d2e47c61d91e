"""docs/page.md describes every view and every keyboard shortcut of the page."""

import re

from tests.support.pages import read
from tests.support.paths import ROOT

SHELL = ROOT / "mock_csms" / "control" / "page" / "shell"
PAGE = read(ROOT / "docs" / "page.md")


def test_every_view_has_a_section() -> None:
    labels = re.findall(r'label: "(\w+)"', read(SHELL / "navigation.js"))
    assert len(labels) >= 6
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE)[: len(labels)] == labels


def test_every_key_is_listed() -> None:
    effects = re.findall(r'^  \[".+", "(.+)"\],$', read(SHELL / "shortcuts.js"), re.MULTILINE)
    assert effects.pop() == "this list"
    assert effects
    assert [effect for effect in effects if f"| {effect} |" not in PAGE] == []
