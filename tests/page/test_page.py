"""The page and the API's page at /docs: how they are served, and what their files may not do."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from mock_csms.v201.version import OCPP_2_0_1
from tests.support.conformance import openapi_document
from tests.support.control import Mock, problem_detail
from tests.support.paths import ROOT

PAGE = ROOT / "mock_csms" / "control" / "page"
OWN_FILES = [
    path for path in sorted(PAGE.rglob("*.*")) if "vendor" not in path.parts and path.suffix != ".md"
]
SCRIPTS = [path for path in OWN_FILES if path.suffix == ".js"]
VIEW_SHEETS = [PAGE / "styles" / f"{folder.name}.css" for folder in sorted((PAGE / "views").iterdir())]
DATA_TESTS = sorted(Path(__file__).parent.glob("*.test.mjs"))
NODE = shutil.which("node")

MAX_LINES = 300
"""Maximum number of lines of a script."""


def _name(path: Path) -> str:
    return path.relative_to(PAGE).as_posix()


def _selectors(path: Path) -> list[str]:
    """Selectors of all rules of a style sheet, including the rules inside an at-rule."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    preludes = [prelude.strip() for prelude in re.findall(r"([^{};]+)\{", text)]
    rules = [prelude for prelude in preludes if not prelude.startswith("@")]
    return [selector.strip() for rule in rules for selector in re.split(r",(?![^(]*\))", rule)]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("page", "prefix"), [("/ui/", "/ui/"), ("/docs", "/docs/")])
async def test_page_and_its_parts_are_served_with_a_strict_policy(mock: Mock, page: str, prefix: str) -> None:
    _, client = mock
    answer = await client.get(page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    parts = re.findall(r'(?:src|href)="(?:docs/)?(?!data:|\.\./|#|openapi|ui/")([^"]+)"', answer.text)
    assert parts
    for part in parts:
        served = await client.get(f"{prefix}{part}")
        assert served.status_code == 200, part
        policy = served.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert served.headers["content-type"].startswith(("text/css", "text/javascript", "image/svg+xml"))


@pytest.mark.asyncio(loop_scope="module")
async def test_policy_allows_the_import_map_and_no_other_inline_script(mock: Mock) -> None:
    answer = await mock[1].get("/ui/")
    (script,) = re.findall(r"<script type=\"importmap\">(.*?)</script>", answer.text, re.DOTALL)
    policy = answer.headers["content-security-policy"]
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert re.findall(r"'sha256-([^']+)'", policy) == [digest]
    assert set(json.loads(script)["imports"]) >= {"preact", "htm", "uplot"}


@pytest.mark.asyncio(loop_scope="module")
async def test_page_names_its_scripts_after_the_import_map(mock: Mock) -> None:
    _, links = (await mock[1].get("/ui/")).text.split('type="importmap"')
    named = set(re.findall(r'<link rel="modulepreload" href="([^"]+)">', links))
    assert {_name(path) for path in SCRIPTS if not _name(path).startswith("docs/")} <= named


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/", "/ui"])
async def test_root_leads_to_the_page(mock: Mock, path: str) -> None:
    assert (await mock[1].get(path)).headers["location"] == "ui/"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/", "/ui", "/ui/", "/ui/app.js", "/docs", "/docs/page.css"])
async def test_head_of_a_page_is_that_of_get_without_a_body(mock: Mock, path: str) -> None:
    head, answer = await mock[1].head(path), await mock[1].get(path)
    assert (head.status_code, head.content) == (answer.status_code, b"")
    names = ("content-length", "content-type", "content-security-policy", "location")
    assert [head.headers.get(name) for name in names] == [answer.headers.get(name) for name in names]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/docs/page.py", "/ui/page.py", "/ui/../pages.py", "/ui/docs/"])
async def test_unknown_part_of_a_page_is_not_found(mock: Mock, path: str) -> None:
    problem_detail(await mock[1].get(path), 404, "not-found")


@pytest.mark.parametrize("path", OWN_FILES, ids=_name)
def test_files_load_nothing_from_other_hosts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?:src=|href=|url\(|@import|from )\s*[\"']?(?:https?:)?//", text) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_scripts_never_set_html(path: Path) -> None:
    sinks = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser"
        r"|dangerouslySetInnerHTML"
    )
    assert re.findall(sinks, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_scripts_are_short(path: Path) -> None:
    limit = 330 if "docs" in path.parts else MAX_LINES
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


@pytest.mark.parametrize("path", SCRIPTS, ids=_name)
def test_imports_of_scripts_exist(path: Path) -> None:
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    known = set(re.findall(r'"([^"]+)": "\./vendor/', index))
    for name in re.findall(
        r'^(?:import|export) .*from "([^"]+)";', path.read_text(encoding="utf-8"), re.MULTILINE
    ):
        assert name in known or (path.parent / name).is_file(), name


def test_every_script_and_style_sheet_is_used() -> None:
    pages = [(PAGE, PAGE / "index.html"), (PAGE, PAGE / "docs" / "index.html")]
    users = [*pages, *((path.parent, path) for path in SCRIPTS)]
    used = {
        (folder / name).resolve()
        for folder, user in users
        for name in re.findall(
            r'(?:from|import|src=|href=)\s*"((?!https?:)[^"]+\.(?:js|css))"', user.read_text("utf-8")
        )
    }
    unused = [
        _name(path) for path in OWN_FILES if path.suffix in {".js", ".css"} and path.resolve() not in used
    ]
    assert unused == []


def _names(pattern: str, text: str) -> set[str]:
    return {name for names in re.findall(pattern, text) for name in re.findall(r"\w+", names)}


def test_exported_names_are_used() -> None:
    """Each exported name is imported by another module, or else by a test and used in its own module."""
    texts = {path: path.read_text(encoding="utf-8") for path in SCRIPTS}
    imported = {path: _names(r"(?m)^(?:import|export) \{([^}]*)\}", text) for path, text in texts.items()}
    tests = "".join(
        path.read_text(encoding="utf-8") for path in [*DATA_TESTS, *Path(__file__).parent.glob("*.py")]
    )
    unused = [
        f"{_name(path)}: {name}"
        for path, text in texts.items()
        for name in re.findall(
            r"^export (?:const|let|class|(?:async )?function\*?) (\w+)", text, re.MULTILINE
        )
        if not any(name in names for user, names in imported.items() if user != path)
        if not (re.search(rf"\b{name}\b", tests) and len(re.findall(rf"\b{name}\b", text)) > 1)
    ]
    assert unused == []


@pytest.mark.parametrize("path", VIEW_SHEETS, ids=_name)
def test_style_sheet_of_a_view_applies_to_that_view_only(path: Path) -> None:
    scripts = [script.read_text(encoding="utf-8") for script in (PAGE / "views" / path.stem).glob("*.js")]
    (root,) = {root for text in scripts for root in re.findall(r"class=\W*view ([a-z-]+)", text)}
    others = [selector for selector in _selectors(path) if not re.match(rf"\.{root}(?![\w-])", selector)]
    assert others == []


def test_views_have_roots_of_their_own() -> None:
    roots = re.findall(
        r"class=\W*view ([a-z-]+)", "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    )
    assert len(set(roots)) == len(VIEW_SHEETS)


@pytest.mark.parametrize("name", ["index.html", "docs/index.html"])
def test_pages_have_no_inline_code(name: str) -> None:
    page = (PAGE / name).read_text(encoding="utf-8")
    assert re.findall(r"<style|\son\w+=|\sstyle=|<script(?![^>]* src=)(?! type=\"importmap\")", page) == []


def test_libraries_have_their_licences() -> None:
    folders = sorted(path for path in (PAGE / "vendor").iterdir() if path.is_dir())
    readme = (PAGE / "vendor" / "README.md").read_text(encoding="utf-8").lower()
    assert folders
    for folder in folders:
        assert (folder / "LICENSE").is_file(), folder.name
        assert folder.name in readme


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize("path", DATA_TESTS, ids=lambda path: path.name)
def test_data_functions_of_the_page(path: Path, tmp_path: Path, default_payloads: Path) -> None:
    environment = {
        **os.environ,
        "PAGE": PAGE.as_posix(),
        "DOCUMENT_FILE": str(tmp_path / "openapi.json"),
        "SCHEMAS": OCPP_2_0_1.schemas.as_posix(),
        "DEFAULT_PAYLOADS": default_payloads.as_posix(),
    }
    (tmp_path / "openapi.json").write_text(json.dumps(openapi_document()), encoding="utf-8")
    assert NODE is not None
    run = subprocess.run(
        [NODE, "--test", str(path)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout
