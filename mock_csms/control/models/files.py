"""Models of uploaded files."""

from mock_csms.control.models.base import Model, Root


class Upload(Model):
    """A file that was uploaded."""

    name: str
    """Name under which the file is stored."""
    size: int
    """Size in bytes."""


class UploadList(Root[list[Upload]]):
    """The uploads, sorted by name."""
