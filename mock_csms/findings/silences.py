"""Kinds of findings that are not reported."""

from collections.abc import Collection, Iterable, Mapping

from mock_csms.behaviour.layers import Layers
from mock_csms.findings.kinds import FindingKind


class Silences:
    """The silenced kinds: at first those of the settings; `change` silences more, or reports kinds again."""

    def __init__(
        self,
        kinds: Iterable[Mapping[str, FindingKind]] = (),
        silenced: Iterable[str] = (),
        *,
        hints: bool = True,
    ) -> None:
        """``kinds`` has the kinds of each version. Without ``hints``, all hints are silenced at first."""
        self.kinds = {name: kind for of_version in kinds for name, kind in of_version.items()}
        hint_ids = {name for name, kind in self.kinds.items() if kind.severity == "hint"}
        self._at_start = frozenset(silenced) | (set() if hints else hint_ids)
        self._changes = Layers[str, bool]()

    def __contains__(self, kind_id: object) -> bool:
        """Whether a kind is silenced. Observers ask for each finding, so a change takes effect at once."""
        if isinstance(kind_id, str) and kind_id in self._changes:
            return self._changes[kind_id]
        return kind_id in self._at_start

    def silenced(self) -> list[str]:
        """Ids of the silenced kinds, in the order of the kinds."""
        return [name for name in self.kinds if name in self]

    def change(self, silence: Collection[str], report: Collection[str], scope: str | None = None) -> None:
        """Silence the kinds in ``silence``, and report the kinds in ``report`` again."""
        for kind_id in silence:
            self._changes.write(kind_id, True, scope)
        for kind_id in report:
            self._changes.write(kind_id, False, scope)

    @property
    def scopes(self) -> list[str]:
        """Scopes (X-Scope) under which kinds were silenced or reported again."""
        return self._changes.scopes

    def ids_of(self, scope: str) -> list[str]:
        """Ids of the kinds that were silenced, or reported again, under a scope."""
        return self._changes.keys_of(scope)

    def revert_scope(self, kind_id: str, scope: str) -> None:
        """Revert the change to a kind made under a scope."""
        self._changes.revert_scope(kind_id, scope)

    def reset(self) -> None:
        """Revert all changes."""
        self._changes.clear()
