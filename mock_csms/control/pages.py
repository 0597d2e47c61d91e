"""Serves the page at ``/ui/`` and the page for the API at ``/docs``; they load nothing from other hosts."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response

from mock_csms.control.problems import Problem

INDEX: Final = "index.html"
DOCS: Final = "docs/"
"""Folder of the page for the API."""
NOT_PRELOADED: Final = (DOCS, "vendor/json-schema/")
"""Prefixes of scripts that the page does not preload: those of ``/docs``, and a library used only in part."""
MEDIA_TYPES: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
POLICY: Final = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Content-Security-Policy. With trusted types, a script that sets HTML fails."""
INLINE_SCRIPT: Final = re.compile(rb"<script type=\"importmap\">(.*?)</script>", re.DOTALL)


def add_pages(app: FastAPI) -> None:
    """Add the routes of the pages at ``/ui/`` and ``/docs`` to an application."""
    contents = dict(_read(files("mock_csms.control") / "page"))
    contents[INDEX] = contents[INDEX].replace(b"</head>", _preloads(contents) + b"</head>")
    parts = {name: _response(name, content) for name, content in contents.items()}
    route = partial(app.api_route, methods=["GET", "HEAD"], include_in_schema=False)

    @route("/")
    async def root() -> RedirectResponse:
        """Redirect to ``/ui/``."""
        return RedirectResponse("ui/")

    @route("/ui")
    async def page_without_slash() -> RedirectResponse:
        """Redirect to ``/ui/``: the page refers to its files by URLs relative to this folder."""
        return RedirectResponse("ui/")

    @route("/ui/{name:path}")
    async def part_of_page(name: str) -> Response:
        """Serve the page at ``/ui/``, or one of its scripts, style sheets or images."""
        return _part(parts, name or INDEX)

    @route("/docs")
    async def docs() -> Response:
        """Serve the page for the API."""
        return _part(parts, DOCS + INDEX)

    @route("/docs/{name}")
    async def part_of_docs(name: str) -> Response:
        """Serve a script or a style sheet of the page for the API."""
        return _part(parts, DOCS + name)


def _read(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of the files in a folder and its subfolders."""
    for item in folder.iterdir():
        if item.is_dir():
            yield from _read(item, f"{prefix}{item.name}/")
        elif _suffix(item.name) in MEDIA_TYPES:
            yield prefix + item.name, item.read_bytes()


def _part(parts: Mapping[str, Response], name: str) -> Response:
    if name not in parts:
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", f"the page has no file {name.removeprefix(DOCS)!r}")
    return parts[name]


def _response(name: str, content: bytes) -> Response:
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY.format(hashes=_hashes_of_scripts(content)),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, headers=headers, media_type=MEDIA_TYPES[_suffix(name)])


def _preloads(names: Iterable[str]) -> bytes:
    """Return HTML links that name the scripts of the page, so that a browser loads them all at once.

    They must come after the import map, which does not apply to scripts requested before it.
    """
    scripts = (name for name in names if name.endswith(".js") and not name.startswith(NOT_PRELOADED))
    return "".join(f'  <link rel="modulepreload" href="{name}">\n' for name in scripts).encode()


def _hashes_of_scripts(content: bytes) -> str:
    """Return the hashes of a page's import maps for `POLICY`, which allows no other inline scripts."""
    hashes = (b64encode(hashlib.sha256(text).digest()).decode() for text in INLINE_SCRIPT.findall(content))
    return "".join(f" 'sha256-{text}'" for text in hashes)


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]
