"""Models of the certification rehearsal: its cases, their progress, and prompts."""

from collections import Counter
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, FiniteFloat, model_validator

from mock_csms.control.models.base import Model, RequestBody, absent
from mock_csms.schema.validation import is_date_time
from mock_csms.verdict.rehearsal import PromptAnswer

MAX_CASES: Final = 1_000
MAX_CASE_STEPS: Final = 200
MAX_REPORT_TEXT: Final = 2_000


def _time(text: str) -> str:
    if not is_date_time(text):
        raise ValueError("write a time such as 2026-01-31T12:00:00Z")
    return text


ReportText = Annotated[str, Field(max_length=MAX_REPORT_TEXT)]
CaseId = Annotated[str, Field(min_length=1, max_length=100)]
PromptId = Annotated[str, Field(min_length=1, max_length=100)]
ReportTime = Annotated[str, Field(max_length=100), AfterValidator(_time)]
FrameNumber = Annotated[int, Field(ge=1)]
CaseSeconds = Annotated[FiniteFloat, Field(ge=0)]
CaseVerdict = Literal["RUNNING", "PASS", "FAIL", "INCONCLUSIVE", "SKIPPED", "ERROR"]


class CasePlan(RequestBody):
    """A planned test case of a run; its progress is reported later."""

    id: CaseId
    """Id of the test case, such as `TC_B_01_CS`."""
    title: ReportText
    """The case in one sentence."""
    block: Annotated[str, Field(min_length=1, max_length=50)]
    """Functional block of the specification, such as `B`."""
    profiles: Annotated[
        list[Annotated[str, Field(max_length=100)]], Field(default_factory=list, max_length=50)
    ]
    """Certification profiles that the case belongs to."""
    mandatory: bool = False
    """Whether the case is mandatory for a certification profile of the station."""
    applies: bool = True
    """Whether the case applies to the station; false, for example, if a required feature is missing."""
    skipped: ReportText | None = None
    """Reason why the case does not run; omitted if the case runs."""


class RehearsalStart(RequestBody):
    """A new run of the certification rehearsal: its station and its planned cases."""

    station: Annotated[str, Field(min_length=1, max_length=200)]
    """Identity of the station under test."""
    started_at: ReportTime
    """Time at which the run began."""
    cases: Annotated[list[CasePlan], Field(max_length=MAX_CASES)]
    """The cases, in the order in which they run."""

    @model_validator(mode="after")
    def _has_unique_ids(self) -> Self:
        (newest, count), *_ = Counter(case.id for case in self.cases).most_common(1) or [("", 0)]
        if count > 1:
            raise ValueError(f"cases: {newest} is listed {count} times; list each case once")
        return self


class CaseStep(RequestBody):
    """A step of a case."""

    text: ReportText
    """Description of the step."""
    outcome: Literal["running", "ok", "failed", "note"]
    """Outcome of the step; `note` marks a remark."""
    frame: FrameNumber | None = None
    """Number of the journal entry that the step is about."""
    seconds: CaseSeconds | None = None
    """Seconds since the case began."""


class CaseProgress(RequestBody):
    """The progress of a case; replaces all progress that was reported earlier for this case."""

    id: CaseId
    """Id of the case."""
    verdict: CaseVerdict
    """`RUNNING`, or the verdict once the case has ended."""
    reason: ReportText | None = None
    """Reason of the verdict, in one sentence."""
    seconds: CaseSeconds | None = None
    """Seconds that the case took."""
    frame: FrameNumber | None = None
    """Number of the journal entry that decided the case."""
    known: ReportText | None = None
    """Remark about an expected failure, such as the number of an issue."""
    steps: Annotated[list[CaseStep], Field(default_factory=list, max_length=MAX_CASE_STEPS)]
    """The steps so far."""


class PromptRequest(RequestBody):
    """A prompt to the person at the station."""

    id: PromptId
    """Id by which a request answers the prompt. Each prompt of a run needs a new id."""
    text: ReportText
    """Instruction, such as `Plug a cable into EVSE 1`."""
    detail: ReportText | None = None
    """A further explanation."""


class RehearsalChange(RequestBody):
    """A change of the run: the progress of a case, a prompt, or the end of the run."""

    case: CaseProgress | None = None
    """Progress of one case."""
    prompt: PromptRequest | None = None
    """A new prompt, or null to withdraw the open one; if omitted, the prompt does not change."""
    finished_at: ReportTime | None = None
    """Time at which the run ended."""

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.case is None and self.finished_at is None and "prompt" not in self.model_fields_set:
            raise ValueError('give "case", "prompt" or "finishedAt"')
        return self


class PromptAnswerRequest(RequestBody):
    """The answer to a prompt."""

    answer: PromptAnswer
    """`done`, or `cannot` if the person cannot do it."""


class PromptState(Model):
    """A prompt and its answer."""

    id: str
    """Id of the prompt."""
    text: str
    """Instruction to the person at the station."""
    detail: str = absent()
    """A further explanation."""
    answer: PromptAnswer | None
    """The answer; null while the prompt is open."""


class RehearsalCase(Model):
    """A case of the run, with its newest progress."""

    id: str
    """Id of the test case."""
    title: str
    """The case in one sentence."""
    block: str
    """Functional block of the specification."""
    profiles: list[str]
    """Certification profiles that the case belongs to."""
    mandatory: bool
    """Whether the case is mandatory for a certification profile of the station."""
    applies: bool
    """Whether the case applies to the station; false, for example, if a required feature is missing."""
    skipped: str = absent()
    """Reason why the case does not run."""
    verdict: CaseVerdict | None
    """`RUNNING`, or the verdict; null before the case has begun."""
    reason: str = absent()
    """Reason of the verdict."""
    seconds: float = absent()
    """Seconds that the case took."""
    frame: int = absent()
    """Number of the journal entry that decided the case."""
    known: str = absent()
    """Remark about an expected failure, such as the number of an issue."""
    steps: list[CaseStep] = absent()
    """The steps so far."""


class RehearsalState(Model):
    """The newest run of the certification rehearsal."""

    run: str
    """Random id of the run."""
    version: int
    """Number of the newest change; pass it as `changedSince` of the next request."""
    station: str
    """Identity of the station."""
    started_at: str
    """Time at which the run began."""
    finished_at: str | None
    """Time at which the run ended; null while it is running."""
    prompt: PromptState | None
    """The newest prompt; null if there is none, or if it was withdrawn."""
    cases: list[RehearsalCase]
    """All cases; with `changedSince`, only the cases with changes after this number."""
