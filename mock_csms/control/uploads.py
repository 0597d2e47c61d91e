"""The folder of uploads, bounded in number and size."""

import os
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final
from uuid import uuid4

from mock_csms.control.problems import Problem
from mock_csms.log.output import logger
from mock_csms.messages import JsonObject

MAX_UPLOADS: Final = 1000
"""Maximum number of files in the folder."""
MAX_FOLDER_FACTOR: Final = 10
"""Maximum size of all files, in multiples of the maximum file size."""


class Uploads:
    """A folder of uploads; each upload has at most ``max_bytes``.

    When a temporary folder is full (``is_temporary``), the oldest uploads are deleted. When a folder of the
    user is full, a further upload is refused, so that no file of the user is deleted. ``on_saved`` is called
    after each upload.
    """

    def __init__(
        self, folder: Path, max_bytes: int, *, is_temporary: bool, on_saved: Callable[[], None]
    ) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.max_folder_bytes = max_bytes * MAX_FOLDER_FACTOR
        self._is_temporary = is_temporary
        self._on_saved = on_saved
        self._arriving = 0
        """Bytes received so far of the uploads that are not complete."""

    async def save(self, name: Callable[[], str], chunks: AsyncIterator[bytes]) -> JsonObject:
        """Store an upload atomically, and return its name and size as JSON.

        ``name`` is called when the upload is complete, and returns the file name. Raises Problem for
        an upload that is too large, or cannot be stored.
        """
        size = 0
        try:
            self._make_room()
            temporary = self.folder / f".{uuid4()}"
            try:
                with temporary.open("xb") as file:
                    async for chunk in chunks:
                        size += len(chunk)
                        self._arriving += len(chunk)
                        self._check_size(size)
                        file.write(chunk)
                saved_name = name()
                self._put(temporary, saved_name)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise _not_stored(error) from None
        finally:
            self._arriving -= size
        logger.info("%s uploaded, %d bytes", saved_name, size)
        return {"name": saved_name, "size": size}

    def _put(self, temporary: Path, name: str) -> None:
        path = self.folder / name
        if path.is_dir():
            raise Problem(HTTPStatus.CONFLICT, "name-taken", f"{name} is a folder; upload under another name")
        temporary.replace(path)
        self._on_saved()

    def _check_size(self, size: int) -> None:
        if size > self.max_bytes:
            detail = f"an upload must not be larger than {self.max_bytes} bytes (--max-upload)"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "upload-too-large", detail)
        if self._arriving > self.max_folder_bytes:
            raise self._full()

    def _make_room(self) -> None:
        """Make room for another upload of the maximum size: delete the oldest uploads, or raise Problem.

        Uploads are deleted only from a temporary folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        files = sorted(self._files(), key=lambda file: file[1].st_mtime_ns)
        total = sum(status.st_size for _, status in files) + self._arriving
        while files and (len(files) >= MAX_UPLOADS or total > self.max_folder_bytes - self.max_bytes):
            if not self._is_temporary:
                raise self._full()
            oldest, status = files.pop(0)
            Path(oldest.path).unlink(missing_ok=True)
            total -= status.st_size
            logger.warning("the upload %s is deleted to make room for another", oldest.name)

    def _full(self) -> Problem:
        detail = (
            f"the uploads have reached their limit of {MAX_UPLOADS} files or {self.max_folder_bytes} bytes; "
            "delete files from the folder, or raise --max-upload"
        )
        return Problem(HTTPStatus.INSUFFICIENT_STORAGE, "uploads-full", detail)

    def _files(self) -> list[tuple[os.DirEntry[str], os.stat_result]]:
        """Uploads with their ``stat`` results. Broken links and links out of the folder are left out.

        ``Path.iterdir`` would be plainer, but takes 12 ms for MAX_UPLOADS files instead of 4 ms.
        """
        if not self.folder.is_dir():
            return []
        with os.scandir(self.folder) as entries:
            return [(entry, entry.stat()) for entry in entries if self._is_upload(entry)]

    def _is_upload(self, entry: os.DirEntry[str]) -> bool:
        if entry.name.startswith("."):
            return False
        return file_in(self.folder, entry.name) is not None if entry.is_symlink() else entry.is_file()

    def listed(self) -> list[JsonObject]:
        """Return the names and sizes of the uploads as JSON, sorted by name."""
        sizes = {entry.name: status.st_size for entry, status in self._files()}
        return [{"name": name, "size": sizes[name]} for name in sorted(sizes)]

    def find(self, name: str) -> Path:
        """Return the path of an upload; raises Problem for an unknown name."""
        path = file_in(self.folder, name)
        if path is None:
            raise Problem(HTTPStatus.NOT_FOUND, "unknown-file", f"there is no upload {name}")
        return path


def file_in(folder: Path, name: str) -> Path | None:
    """Path of a file in a folder; None if it does not exist, or is a link out of the folder."""
    path = folder / name
    is_inside = path.is_file() and path.resolve().is_relative_to(folder.resolve())
    return path if is_inside else None


def _not_stored(error: OSError) -> Problem:
    detail = f"the upload cannot be stored: {error.strerror}"
    logger.error("%s", detail)
    return Problem(HTTPStatus.INSUFFICIENT_STORAGE, "not-stored", detail)
