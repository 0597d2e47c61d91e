"""The documentation as a site: it builds without warnings, and shows every page and every linked file."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.paths import ROOT

LOADED: Final = re.compile(
    r"""<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=["']?(?:https?:)?//|url\(["']?https?:"""
)
"""Matches HTML or CSS that makes a browser load a file from another server."""

OUTSIDE_DOCS: Final = ("index", "changelog", "contributing", "benchmark")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return folder


def test_page_of_docs_is_in_the_navigation(site: Path) -> None:
    """`validation` in mkdocs.yml warns of a page that the navigation lacks; the build fails on warnings."""
    navigation = (site / "index.html").read_text(encoding="utf-8")
    pages = sorted(page.with_suffix(".html").name for page in (ROOT / "docs").glob("*.md"))

    assert [page for page in pages if f'href="{page}"' not in navigation] == []


def test_pages_outside_docs_are_on_the_site(site: Path) -> None:
    assert [name for name in OUTSIDE_DOCS if not (site / f"{name}.html").exists()] == []


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("index.html", "commands.html"),
        ("index.html", "verdicts.html#exit-codes"),
        ("index.html", "source/examples/whitelist.toml.html"),
        ("configuration.html", "index.html#configuration"),
        ("performance.html", "benchmark.html"),
        ("contributing.html", "source/mock_csms/v201/learning.py.html"),
    ],
)
def test_link_between_files_leads_to_a_page(site: Path, page: str, link: str) -> None:
    assert f'href="{link}"' in (site / page).read_text(encoding="utf-8")
    assert (site / link.partition("#")[0]).is_file()


def test_every_link_leads_to_a_file(site: Path) -> None:
    missing = [
        (page.name, link)
        for page in site.glob("*.html")
        for link in re.findall(r'href="([^":#?]+)["#?]', page.read_text(encoding="utf-8"))
        if page.name != "404.html" and not (site / link).exists()
    ]

    assert missing == []


def test_linked_file_is_shown_as_it_is(site: Path) -> None:
    shown = (site / "source/examples/whitelist.toml.html").read_text(encoding="utf-8")

    text = re.sub(r"<[^>]+>", "", shown)
    assert "auth_mode" in text


def test_site_loads_nothing_from_other_servers(site: Path) -> None:
    files = [*site.rglob("*.html"), *site.rglob("*.css")]

    assert [file.name for file in files if LOADED.search(file.read_text(encoding="utf-8"))] == []
