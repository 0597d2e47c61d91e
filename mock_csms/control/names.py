"""Names in the path of a request; an encoded slash belongs to the name."""

from typing import Final
from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Scope

MARK: Final = "\ufdd0"
"""Unicode noncharacter that begins the escapes `SLASH` (for a slash) and `SELF` (for `MARK` itself)."""
SLASH: Final = f"{MARK}s"
SELF: Final = f"{MARK}m"


class _NameConvertor(Convertor[str]):
    """Matches a name in a path, as in ``{station_id:name}``, even if it contains slashes or line breaks."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("name", _NameConvertor())


def with_marked_slashes(scope: Scope) -> Scope:
    """Return an ASGI scope whose decoded path marks the slashes that were encoded as ``%2F``."""
    raw, path = scope.get("raw_path") or b"", scope["path"]
    if not path.startswith("/v1/") or (b"%2f" not in raw.lower() and MARK not in path):
        return scope
    parts = (unquote(part) for part in raw.decode("latin-1").split("/"))
    return {**scope, "path": "/".join(_marked(part) for part in parts)}


def _marked(part: str) -> str:
    return part.replace(MARK, SELF).replace("/", SLASH)


def unmarked(name: str) -> str:
    """Return a name from a marked path, with its slashes restored."""
    return name.replace(SLASH, "/").replace(SELF, MARK)
