"""The page for the API: what it is made of, and its data functions, which node runs if it is installed."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.conformance import openapi_document
from tests.support.control import Mock, problem_detail
from tests.support.paths import ROOT

PAGE = ROOT / "mock_csms" / "control" / "page"
SCRIPTS = sorted(PAGE.glob("*.js"))
DATA_TESTS = Path(__file__).with_name("page.test.mjs")
NODE = shutil.which("node")


@pytest.mark.asyncio(loop_scope="module")
async def test_page_and_its_parts_are_served_with_a_strict_policy(mock: Mock) -> None:
    _, client = mock
    page = await client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    parts = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert sorted(parts) == ["docs/page.css", "docs/page.js"]
    for part in parts:
        answer = await client.get(f"/{part}")
        assert answer.status_code == 200
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["content-type"].startswith(("text/css", "text/javascript"))


@pytest.mark.asyncio(loop_scope="module")
async def test_unknown_part_of_the_page_is_not_found(mock: Mock) -> None:
    _, client = mock
    assert "'page.py'" in problem_detail(await client.get("/docs/page.py"), 404, "not-found")


@pytest.mark.parametrize(
    "path", [*SCRIPTS, PAGE / "index.html", PAGE / "page.css"], ids=lambda path: path.name
)
def test_page_loads_nothing_from_other_hosts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?:src=|href=|url\(|@import|from )\s*[\"']?(?:https?:)?//", text) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_never_set_html(path: Path) -> None:
    sinks = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser"
    assert re.findall(sinks, path.read_text(encoding="utf-8")) == []


def test_page_has_no_inline_code() -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<style|\son\w+=|\sstyle=|<script(?![^>]* src=)", page) == []


def test_every_input_of_the_page_has_a_label() -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    labelled = re.findall(r"<label>[^<]*\s*<(?:input|select)", page)
    assert len(labelled) == len(re.findall(r"<(?:input|select)", page)) == 3


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_data_functions_of_the_page(tmp_path: Path) -> None:
    environment = {**os.environ, "PAGE": PAGE.as_posix(), "DOCUMENT_FILE": str(tmp_path / "openapi.json")}
    (tmp_path / "openapi.json").write_text(json.dumps(openapi_document()), encoding="utf-8")
    assert NODE is not None
    run = subprocess.run(
        [NODE, "--test", str(DATA_TESTS)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout
