"""Reads the first file of a form (RFC 7578) while the form arrives, in memory of constant size."""

import re
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Final

from mock_csms.control.problems import Problem

MAX_HEADERS: Final = 16_384
"""Maximum bytes of the headers of a part."""
MAX_PARTS: Final = 100
"""Maximum number of parts of a form."""

BOUNDARY: Final = re.compile(
    r"multipart/form-data\s*;.*boundary=(?:\"([^\"]{1,70})\"|([^\";\s]{1,70}))", re.I
)
FILENAME: Final = re.compile(rb'name="[^"]*"; filename="(?:[^"]*[/\\])?([^"/\\]*)"', re.IGNORECASE)


def filename_in(disposition: str) -> str | None:
    """Filename in a header Content-Disposition (N01.FR.19), without its folders; None if absent."""
    match = re.search(r"filename=(?:\"([^\"]*)\"|([^\";\s]+))", disposition, re.IGNORECASE)
    return re.split(r"[/\\]", match[1] or match[2] or "")[-1] if match else None


def boundary_of(content_type: str) -> bytes | None:
    """Boundary of a form; None for other content types."""
    match = BOUNDARY.match(content_type)
    return (match[1] or match[2]).encode("latin-1", "replace") if match else None


class FormFile:
    """Extracts the first file from a form, whose body is passed to `feed` in chunks."""

    def __init__(self, boundary: bytes) -> None:
        self.filename: str | None = None
        """Name of the file; None until the file begins."""
        self.is_complete = False
        self._delimiter = b"\r\n--" + boundary
        self._buffer = b"\r\n"  # so that the first delimiter, which may lack a line break, is found too
        self._in_headers = False
        self._parts = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Parse the next chunk of the form, and yield the content of the file in it; raises Problem."""
        self._buffer += chunk
        while not self.is_complete:
            if self._in_headers:
                if not self._read_headers():
                    return
            elif (end := self._buffer.find(self._delimiter)) < 0:
                yield from self._content(len(self._buffer) - len(self._delimiter) + 1)
                return
            else:
                yield from self._content(end)
                self._begin_part()

    def rest(self) -> bytes:
        """Remaining content at the end of the body; not empty if the last delimiter is missing."""
        return b"" if self.is_complete else self._buffer

    def _content(self, end: int) -> Iterator[bytes]:
        """Yield the buffered content before ``end`` if it belongs to the file; drop it otherwise."""
        if end > 0:
            content, self._buffer = self._buffer[:end], self._buffer[end:]
            if self.filename is not None:
                yield content

    def _begin_part(self) -> None:
        self._buffer = self._buffer[len(self._delimiter) :]
        self._parts += 1
        self.is_complete = self.filename is not None
        self._in_headers = True
        if self._parts > MAX_PARTS:
            raise _no_file(f"the form has more than {MAX_PARTS} parts")

    def _read_headers(self) -> bool:
        """Read the headers of a part; return whether they are complete."""
        if self._buffer.startswith(b"--"):  # the end of the form
            raise _no_file("the form has no file")
        headers, blank_line, rest = self._buffer.partition(b"\r\n\r\n")
        if len(headers) > MAX_HEADERS:
            raise _no_file(f"the headers of a part of the form are longer than {MAX_HEADERS} bytes")
        if not blank_line:
            return False
        self._in_headers, self._buffer = False, rest
        if filename := FILENAME.search(headers):
            self.filename = filename[1].decode(errors="replace")
        return True


def _no_file(detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no-file", detail)


async def first_file(form: FormFile, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the content of the first file; raises Problem for a form without a file."""
    async for chunk in chunks:
        for content in form.feed(chunk):
            yield content
    if form.filename is None:
        raise _no_file("the form has no file")
    yield form.rest()
