"""Firmware downloads (UpdateFirmware) and uploads of logs (GetLog)."""

import hashlib
import os
import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from io import BytesIO
from pathlib import Path as FilePath
from typing import Annotated, Any, BinaryIO, Final, NamedTuple
from uuid import uuid4

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import AfterValidator

from mock_csms.control.firmware import OWN_FILES
from mock_csms.control.forms import FormFile, boundary_of, filename_in, first_file
from mock_csms.control.models.base import answer
from mock_csms.control.models.files import Upload, UploadList
from mock_csms.control.pace import (
    RefusingStatus,
    TransferSeconds,
    may_refuse,
    refuse_download,
    refuse_upload,
    slow_download,
    slow_upload,
)
from mock_csms.control.problems import Problem, documented
from mock_csms.control.responses import json_response
from mock_csms.control.uploads import Uploads, file_in
from mock_csms.messages import JsonObject

NAME: Final = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"
RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

BYTES: Final = {"type": "string", "format": "binary"}
FILE: Final = {"application/octet-stream": {"schema": BYTES}}
FORM: Final = {
    "multipart/form-data": {
        "schema": {"type": "object", "properties": {"file": {**BYTES, "description": "The file."}}}
    }
}


def _flat_name(path: str) -> str:
    """Name of an upload, with the folders of its path joined by hyphens; raises ValueError."""
    parts = path.split("/")
    name = "-".join(parts)
    if not all(re.fullmatch(NAME, part) for part in parts) or not re.fullmatch(NAME, name):
        raise ValueError("a name has at most 100 letters, digits, - _ and ., and does not begin with a dot")
    return name


Name = Annotated[str, Path(description="a file name", pattern=NAME)]
UploadName = Annotated[
    str, Path(description="a file name, or a path to it", pattern=r"^[^.]"), AfterValidator(_flat_name)
]


def router(uploads: Uploads, files: FilePath | None) -> APIRouter:
    """Routes for downloads and uploads; with a folder ``files``, its files can be downloaded too."""
    routes = APIRouter(prefix="/files", tags=["files"])
    refused = documented("name-taken", "no-file", "not-stored", "upload-too-large", "uploads-full")
    saved = answer(Upload, "The name of the upload", HTTPStatus.CREATED)
    failed = documented("unknown-file", "invalid-range")
    binary: dict[int | str, dict[str, Any]] = {
        200: {"content": FILE, "description": "The file"},
        206: {"content": FILE, "description": "The part that the header Range asks for"},
    }
    download = may_refuse({**failed, **binary})
    upload: dict[str, Any] = {
        "status_code": HTTPStatus.CREATED,
        "responses": may_refuse(refused | saved),
        "openapi_extra": {"requestBody": {"required": True, "content": FILE | FORM}},
    }

    @routes.put("/uploads/", include_in_schema=False, status_code=HTTPStatus.CREATED)
    @routes.post("/uploads/", include_in_schema=False, status_code=HTTPStatus.CREATED)
    @routes.put("/uploads", name="put_unnamed_upload", **upload)
    @routes.post("/uploads", **upload)
    async def post_unnamed_upload(
        request: Request, seconds: TransferSeconds = 0, status: RefusingStatus = None
    ) -> Response:
        """Upload a file, as the body or in a form; the answer contains its name.

        The name is the filename in the form or in the header Content-Disposition; without one, a name is made
        up.
        """
        return await _saved(uploads, request, None, seconds, status)

    @routes.put("/uploads/{name:name}", name="put_upload", **upload)
    @routes.post("/uploads/{name:name}", **upload)
    async def post_upload(
        name: UploadName, request: Request, seconds: TransferSeconds = 0, status: RefusingStatus = None
    ) -> Response:
        """Upload a file, as the body or in a form; it replaces an earlier upload of this name.

        In a path with folders, hyphens replace the slashes.
        """
        return await _saved(uploads, request, name, seconds, status)

    @routes.get("/uploads", responses=documented() | answer(UploadList, "The uploads"))
    async def list_uploads() -> Response:
        """List the uploads."""
        return json_response(uploads.listed())

    @routes.get("/uploads/{name:name}", response_class=Response, responses=download)
    async def get_upload(
        name: UploadName, request: Request, seconds: TransferSeconds = 0, status: RefusingStatus = None
    ) -> Response:
        """Download an upload."""
        if status is not None:
            await refuse_download(status, seconds)
        return _download(_opened(uploads.find(name)), request, seconds)

    @routes.get("/{name}", response_class=Response, responses=download)
    async def get_file(
        name: Name, request: Request, seconds: TransferSeconds = 0, status: RefusingStatus = None
    ) -> Response:
        """Download a file: firmware.bin or empty.bin of the mock, or a file in the folder of `--files`."""
        if status is not None:
            await refuse_download(status, seconds)
        path = file_in(files, name) if files else None
        if path is not None:
            return _download(_opened(path), request, seconds)
        if name not in OWN_FILES:
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-file", f"there is no file {name}")
        content = OWN_FILES[name]
        digest = hashlib.sha256(content).hexdigest()
        return _download(_File(BytesIO(content), len(content), digest), request, seconds)

    return routes


async def _saved(
    uploads: Uploads, request: Request, name: str | None, seconds: float, status: int | None
) -> Response:
    if status is not None:
        await refuse_upload(request, status, seconds)
    content = slow_upload(request, seconds)
    return json_response(await _save(uploads, request, name, content), HTTPStatus.CREATED)


async def _save(
    uploads: Uploads, request: Request, name: str | None, body: AsyncIterator[bytes]
) -> JsonObject:
    boundary = boundary_of(request.headers.get("content-type", ""))
    generated_name = f"upload-{uuid4()}"
    if boundary is None:
        filename = filename_in(request.headers.get("content-disposition", ""))
        return await uploads.save(lambda: name or _valid(filename) or generated_name, body)
    form = FormFile(boundary)
    return await uploads.save(lambda: name or _valid(form.filename) or generated_name, first_file(form, body))


def _valid(filename: str | None) -> str | None:
    return filename if filename and re.fullmatch(NAME, filename) else None


class _File(NamedTuple):
    """An open file to send."""

    content: BinaryIO
    size: int
    tag: str
    """Value of the header ETag, which identifies this version of the file."""


def _opened(path: FilePath) -> _File:
    """Open a file to send it as it is now; a later replacement has no effect. Raises Problem."""
    try:
        file = path.open("rb")
    except OSError as error:
        detail = f"{path.name} cannot be read: {error.strerror}"
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-file", detail) from None
    status = os.fstat(file.fileno())
    return _File(file, status.st_size, f"{status.st_mtime_ns:x}-{status.st_size:x}")


def _download(file: _File, request: Request, seconds: float) -> Response:
    """Return a response that sends the file, or the part of it that a Range header requests.

    The whole file takes ``seconds``; a part takes a share in proportion to its size. Raises Problem for
    a range outside the file.
    """
    start, end = _range(request.headers.get("range", ""), file.size)
    if start >= file.size > 0:
        file.content.close()
        raise _invalid_range(file.size)
    headers = {
        "Content-Length": str(end - start),
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.tag}"',
        "X-Content-Type-Options": "nosniff",  # no page may run an upload as a script
    }
    code = HTTPStatus.OK
    if end - start < file.size:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
        code = HTTPStatus.PARTIAL_CONTENT
        seconds *= (end - start) / file.size
    file.content.seek(start)
    content = slow_download(file.content, end - start, seconds)
    return StreamingResponse(content, code, headers, "application/octet-stream")


def _range(header: str, size: int) -> tuple[int, int]:
    """Start and end of the part that a Range header requests; the whole file if the header is not valid.

    The start is not within the file if the range cannot be satisfied (RFC 9110, 14.1.2).
    """
    match = RANGE.fullmatch(header.replace(" ", "").lower())
    if match is None or not (match[1] or match[2]):
        return 0, size
    start = int(match[1]) if match[1] else max(size - int(match[2]), 0)
    end = min(int(match[2]) + 1, size) if match[1] and match[2] else size
    return (start, end) if start < end or start >= size else (0, size)


def _invalid_range(size: int) -> Problem:
    detail = f"the file has {size} bytes; ask for a range that begins within it"
    headers = {"Content-Range": f"bytes */{size}"}
    return Problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "invalid-range", detail, headers)
