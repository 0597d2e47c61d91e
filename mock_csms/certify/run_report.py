"""The report of a run as plain data, in JSON, and what has changed since an earlier one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from pydantic import TypeAdapter

from mock_csms._version import __version__
from mock_csms.certify.verdicts import CaseResult, Verdict, block_of
from mock_csms.errors import UsageError

FORMAT: Final = "ocpp2-mock-server-certify-1"


@dataclass(frozen=True, slots=True)
class CaseReport:
    """A case with its result, its certification profiles, its requirements and its frames."""

    result: CaseResult
    profiles: tuple[str, ...] = ()
    is_mandatory: bool = False
    requirements: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    """Frames and events of the connection while the case ran, one line each."""

    def as_json(self) -> dict[str, Any]:
        """Return the case as JSON."""
        return {
            **self.result.as_json(),
            "profiles": list(self.profiles),
            "mandatory": self.is_mandatory,
            "requirements": list(self.requirements),
            "frames": list(self.frames),
        }

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Make a case from its JSON; raises KeyError, TypeError or ValueError."""
        members = dict(content)
        return cls(
            profiles=tuple(members.pop("profiles")),
            is_mandatory=bool(members.pop("mandatory")),
            requirements=tuple(members.pop("requirements")),
            frames=tuple(members.pop("frames")),
            result=CaseResult.of_json(members),
        )


@dataclass(frozen=True, slots=True)
class RunReport:
    """The report of a run of cases against a station."""

    station: str
    started: datetime
    cases: Sequence[CaseReport] = ()
    finished: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """Vendor, model and firmware of the station."""
    version: str = __version__
    """Version of this program."""
    left_out: int = 0
    """Number of cases that apply to the station and were not selected."""

    @property
    def results(self) -> list[CaseResult]:
        """The results of all cases."""
        return [case.result for case in self.cases]

    def as_json(self) -> str:
        """Return the report as JSON."""
        content = {
            "format": FORMAT,
            "version": self.version,
            "station": self.station,
            "facts": dict(self.facts),
            "started": self.started.isoformat(),
            "finished": self.finished.isoformat() if self.finished else None,
            "left_out": self.left_out,
            "cases": [case.as_json() for case in self.cases],
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """Read a report; raises UsageError."""
        try:
            return cls.of_json(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from None
        except (ValueError, LookupError, TypeError, RecursionError):
            raise UsageError(f"{path} is not a report of a rehearsal; --json writes one") from None

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Make a report from its JSON; raises LookupError, TypeError or ValueError."""
        if content["format"] != FORMAT:
            raise ValueError("another format")
        report = cls(
            station=content["station"],
            started=datetime.fromisoformat(content["started"]),
            cases=[CaseReport.of_json(case) for case in content["cases"]],
            finished=datetime.fromisoformat(content["finished"]) if content["finished"] else None,
            facts=content["facts"],
            version=content["version"],
            left_out=int(content.get("left_out", 0)),
        )
        checked = TypeAdapter(cls).validate_python(asdict(report))  # a dataclass does not check types
        for result in checked.results:
            block_of(result.id)
        return checked


def is_failed(result: CaseResult) -> bool:
    """Whether a result fails the run: FAIL, ERROR or INCONCLUSIVE.

    For a case that is known to fail, PASS and ERROR fail the run.
    """
    if result.known is not None:
        return result.verdict in {Verdict.PASS, Verdict.ERROR}
    return result.verdict in {Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE}


def exit_code(results: Sequence[CaseResult]) -> int:
    """Return 0 if no result fails the run, otherwise 1."""
    return 1 if any(map(is_failed, results)) else 0


def differences_between(earlier: RunReport, later: RunReport) -> list[str]:
    """Return one line for each case whose verdict differs between the two runs."""
    before = {result.id: result.verdict for result in earlier.results}
    now = {result.id: result.verdict for result in later.results}
    return [
        f"{case_id}: {before.get(case_id, 'not run')} -> {now.get(case_id, 'not run')}"
        for case_id in sorted(before.keys() | now.keys())
        if before.get(case_id) != now.get(case_id)
    ]
