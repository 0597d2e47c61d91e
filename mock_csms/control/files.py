"""Firmware downloads (UpdateFirmware) and uploads of logs (GetLog)."""

import hashlib
import re
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse, Response

from mock_csms.control.firmware import FIRMWARE_BYTES, FIRMWARE_NAME
from mock_csms.control.problems import Problem, documented
from mock_csms.log.output import logger
from mock_csms.messages import JsonObject

NAME: Final = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"
FILENAME: Final = re.compile(rb'name="[^"]*"; filename="(?:[^"]*[/\\])?([^"/\\]*)"', re.IGNORECASE)
BOUNDARY: Final = re.compile(r"multipart/form-data.*boundary=\"?([^\";]+)", re.IGNORECASE)

FILE: Final = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
FORM: Final = {
    "multipart/form-data": {
        "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
    }
}

Name = Annotated[str, Path(description="a file name", pattern=NAME)]


class Store:
    """A folder of uploads, each of at most ``max_bytes``; ``on_saved`` is called after each upload."""

    def __init__(self, folder: FilePath, max_bytes: int, on_saved: Callable[[], None] = lambda: None) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.on_saved = on_saved

    async def save(self, name: str, chunks: AsyncIterator[bytes]) -> int:
        """Write a file atomically; return its size. Raises Problem if it is too large."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary, size = self.folder / f".{uuid4()}", 0
        try:
            with temporary.open("xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self.max_bytes:
                        detail = f"an upload must not be larger than {self.max_bytes} bytes"
                        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "upload-too-large", detail)
                    file.write(chunk)
            temporary.replace(self.folder / name)
            self.on_saved()
        finally:
            temporary.unlink(missing_ok=True)
        logger.info("%s uploaded, %d bytes", name, size)
        return size

    def find(self, name: str) -> FilePath:
        """Return the path of an upload; raises Problem for an unknown name."""
        path = self.folder / name
        if not path.is_file():
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-file", f"there is no upload {name}")
        return path


def router(store: Store, files: FilePath | None) -> APIRouter:
    """Routes for downloads and uploads; files in the folder ``files``, if any, can be downloaded too."""
    routes = APIRouter(prefix="/files", tags=["files"])
    too_large = documented(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    unknown = documented(HTTPStatus.NOT_FOUND)
    binary: dict[int | str, dict[str, Any]] = {
        200: {"content": {"application/octet-stream": {}}, "description": "the file"}
    }

    @routes.put(
        "/uploads/{name}", status_code=HTTPStatus.CREATED, responses=too_large, openapi_extra=_body(FILE)
    )
    async def put_upload(name: Name, request: Request) -> JsonObject:
        """Upload a file; the body is the file, and an earlier upload with this name is replaced."""
        return {"name": name, "size": await store.save(name, request.stream())}

    @routes.post(
        "/uploads/{name}",
        status_code=HTTPStatus.CREATED,
        responses=too_large,
        openapi_extra=_body(FILE | FORM),
    )
    async def post_upload(name: Name, request: Request) -> JsonObject:
        """Upload a file; the body is the file itself, or a form that contains it."""
        return await _save_posted(store, request, name)

    @routes.post(
        "/uploads", status_code=HTTPStatus.CREATED, responses=too_large, openapi_extra=_body(FORM | FILE)
    )
    async def post_unnamed_upload(request: Request) -> JsonObject:
        """Upload a file under the filename that its form gives, otherwise under a generated name.

        The answer contains the name.
        """
        return await _save_posted(store, request, None)

    @routes.get("/uploads", responses=documented())
    async def list_uploads() -> list[JsonObject]:
        """List the uploads."""
        if not store.folder.is_dir():
            return []
        uploads = (path for path in sorted(store.folder.iterdir()) if not path.name.startswith("."))
        return [{"name": path.name, "size": path.stat().st_size} for path in uploads]

    @routes.get("/uploads/{name}", response_class=FileResponse, responses={**unknown, **binary})
    async def get_upload(name: Name) -> FileResponse:
        """Download an upload."""
        return FileResponse(store.find(name), media_type="application/octet-stream")

    @routes.get("/{name}", response_class=Response, responses={**unknown, **binary})
    async def get_file(name: Name) -> Response:
        """Download a file: the mock's own firmware.bin, or a file in the folder of `--files`."""
        path = files / name if files else None
        if path and path.is_file():
            return FileResponse(path, media_type="application/octet-stream")
        if name != FIRMWARE_NAME:
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-file", f"there is no file {name}")
        digest = hashlib.sha256(FIRMWARE_BYTES).hexdigest()
        return Response(
            FIRMWARE_BYTES, media_type="application/octet-stream", headers={"ETag": f'"{digest}"'}
        )

    return routes


def _body(content: JsonObject) -> JsonObject:
    """Document a request body that is read as a stream."""
    return {"requestBody": {"required": True, "content": content}}


async def _save_posted(store: Store, request: Request, name: str | None) -> JsonObject:
    form = BOUNDARY.match(request.headers.get("content-type", ""))
    if form is None:
        name = name or f"upload-{uuid4()}"
        return {"name": name, "size": await store.save(name, request.stream())}
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > store.max_bytes + 10_000:
            detail = f"an upload must not be larger than {store.max_bytes} bytes"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "upload-too-large", detail)
    filename, content = _first_file(body, form[1].encode())
    name = name or (filename if re.fullmatch(NAME, filename) else f"upload-{uuid4()}")
    return {"name": name, "size": await store.save(name, _single_chunk(content))}


def _first_file(body: bytes, boundary: bytes) -> tuple[str, bytes]:
    """Name and content of the first file in a form (RFC 7578); raises Problem if the form has no file."""
    for part in body.split(b"--" + boundary):
        headers, blank_line, content = part.partition(b"\r\n\r\n")
        if blank_line and (filename := FILENAME.search(headers)):
            return filename[1].decode(errors="replace"), content.removesuffix(b"\r\n")
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-file", "the form has no file")


async def _single_chunk(content: bytes) -> AsyncIterator[bytes]:
    yield content
