"""Models of the kinds of findings, and of changes that silence them."""

from typing import Annotated, Final

from pydantic import Field, model_validator

from mock_csms.control.models.base import Model, RequestBody, Root
from mock_csms.findings.kinds import Severity

MAX_IDS: Final = 1_000
"""Maximum number of ids in one request."""

FindingIds = Annotated[
    list[Annotated[str, Field(max_length=100)]], Field(default_factory=list, max_length=MAX_IDS)
]


class SilenceChange(RequestBody):
    """Kinds of findings to silence, and kinds of findings to report again."""

    silence: FindingIds
    """Ids of kinds that are not reported any more."""
    report: FindingIds
    """Ids of kinds to report again, even if `--silence` names them or hints are off."""

    @model_validator(mode="after")
    def _is_consistent(self) -> "SilenceChange":
        if not self.silence and not self.report:
            raise ValueError('name the ids of findings under "silence" or "report"')
        if both := [name for name in self.silence if name in self.report]:
            raise ValueError(f'{both[0]} is under both "silence" and "report"; choose one')
        return self


class SilencedKinds(Model):
    """The kinds of findings that are not reported."""

    silenced: list[str]
    """Ids of all silenced kinds, in the order of `GET /v1/findings/kinds`."""


class KindOfFinding(Model):
    """A kind of findings."""

    id: str
    """Id of the kind, for `--silence` and for changes of silences."""
    severity: Severity
    """Severity of its findings; a `hint` never fails a run."""
    section: str
    """Numbers of the requirements that its findings are about, separated by commas, or the OCPP-J section."""
    description: str
    """The deviation, in one sentence."""
    condition: str
    """Facts that the mock needs before it can report the finding; empty if it needs none."""
    silenced: bool
    """Whether findings of this kind are not reported."""


class KindList(Root[list[KindOfFinding]]):
    """The kinds of findings of all served OCPP versions."""
