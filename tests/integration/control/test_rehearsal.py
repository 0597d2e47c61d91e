"""The certification rehearsal: its runner reports the progress, and a person answers prompts."""

import asyncio
import logging
from typing import Any

import httpx
import pytest

from mock_csms.control import prompts
from mock_csms.verdict import rehearsal
from tests.support.control import Mock, problem_detail

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/v1/rehearsal"
CASES = [
    {"id": "TC_B_01_CS", "title": "Boots", "block": "B", "profiles": ["Core"], "mandatory": True},
    {"id": "TC_E_01_CS", "title": "Charges", "block": "E", "applies": False, "skipped": "needs a person"},
]
STEP = {"text": "The station boots", "outcome": "ok", "frame": 118, "seconds": 0.3}


async def begin(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """Report the beginning of a rehearsal, as the runner does, and return the state of the rehearsal."""
    run = {"station": "CS1", "startedAt": "2026-01-31T12:00:00Z", "cases": CASES, **changes}
    answer = await client.put(PATH, json=run)
    assert answer.status_code == 204, answer.text
    return await state(client)


async def change(client: httpx.AsyncClient, **changes: Any) -> None:
    answer = await client.patch(PATH, json=changes)
    assert answer.status_code == 204, answer.text


async def state(client: httpx.AsyncClient, since: int = 0) -> dict[str, Any]:
    content: dict[str, Any] = (await client.get(PATH, params={"changedSince": since})).json()
    return content


async def test_run_shows_its_cases_before_they_begin(mock: Mock) -> None:
    began = await begin(mock[1])

    assert (began["station"], began["startedAt"]) == ("CS1", "2026-01-31T12:00:00Z")
    assert (began["finishedAt"], began["prompt"]) == (None, None)
    assert began["cases"] == [
        {**CASES[0], "applies": True, "verdict": None},
        {**CASES[1], "profiles": [], "mandatory": False, "verdict": None},
    ]


async def test_progress_replaces_that_of_the_case_and_only_changed_cases_follow(mock: Mock) -> None:
    began = await begin(mock[1])
    running = {"id": "TC_B_01_CS", "verdict": "RUNNING", "steps": [STEP], "reason": None}
    failed = {"id": "TC_B_01_CS", "verdict": "FAIL", "reason": "no answer", "frame": 123, "seconds": 1.2}

    await change(mock[1], case=running)
    first = await state(mock[1], began["version"])
    await change(mock[1], case=failed)
    second = await state(mock[1], first["version"])

    assert [case["id"] for case in first["cases"]] == ["TC_B_01_CS"]
    assert (first["cases"][0]["verdict"], first["cases"][0]["steps"]) == ("RUNNING", [STEP])
    assert second["cases"] == [{**CASES[0], "applies": True, **failed, "steps": []}]
    assert (await state(mock[1], second["version"]))["cases"] == []


async def test_new_run_replaces_the_last_one_for_a_reader_of_changes(mock: Mock) -> None:
    first = await begin(mock[1])
    await begin(mock[1], cases=CASES[1:])

    second = await state(mock[1], first["version"])

    assert second["run"] != first["run"]
    assert [case["id"] for case in second["cases"]] == ["TC_E_01_CS"]


async def test_prompt_is_answered_while_its_asker_waits(mock: Mock, caplog: pytest.LogCaptureFixture) -> None:
    await begin(mock[1])
    with caplog.at_level(logging.INFO, "mock_csms"):
        await change(mock[1], prompt={"id": "7/a", "text": "Plug in", "detail": "EVSE 1"})
    url = f"{PATH}/prompts/7%2Fa"
    unanswered = {"id": "7/a", "text": "Plug in", "detail": "EVSE 1", "answer": None}
    assert (await mock[1].get(url, params={"within": 0})).json() == unanswered

    waiting = asyncio.create_task(mock[1].get(url))
    posted = (await mock[1].post(url, json={"answer": "cannot"})).json()

    assert posted == (await waiting).json() == {**unanswered, "answer": "cannot"}
    assert (await state(mock[1]))["prompt"]["answer"] == "cannot"
    again = await mock[1].post(url, json={"answer": "done"})
    assert problem_detail(again, 409, "prompt-answered") == "prompt 7/a has been answered already: cannot"
    assert "CS1  prompt: Plug in" in caplog.messages


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", PATH, {"prompt": None}),
        ("PATCH", PATH, {"prompt": {"id": "8", "text": "Unplug"}}),
        ("PATCH", PATH, {"finishedAt": "2026-01-31T13:00:00Z"}),
        ("DELETE", PATH, None),
        ("POST", "/v1/reset", None),
    ],
)
async def test_prompt_that_is_withdrawn_ends_the_wait(mock: Mock, method: str, path: str, body: Any) -> None:
    csms, client = mock
    await begin(client)
    await change(client, prompt={"id": "7", "text": "Plug in"})
    waiting = asyncio.create_task(client.get(f"{PATH}/prompts/7"))
    await client.get(f"{PATH}/prompts/7", params={"within": 0.05})

    assert (await client.request(method, path, json=body)).status_code == 204

    answer = await waiting
    assert answer.status_code == 404
    assert answer.json()["type"].endswith(("unknown-prompt", "no-rehearsal"))
    assert csms.rehearsal.run is None or csms.rehearsal.run.prompt is None or "8" in answer.json()["detail"]


async def test_without_a_run_each_request_is_404(mock: Mock) -> None:
    mock[0].rehearsal.clear()

    answers = [
        await mock[1].get(PATH),
        await mock[1].delete(PATH),
        await mock[1].patch(PATH, json={"prompt": None}),
        await mock[1].patch(PATH, json={"case": {"id": "X", "verdict": "PASS"}}),
        await mock[1].get(f"{PATH}/prompts/1"),
    ]

    assert {problem_detail(answer, 404, "no-rehearsal") for answer in answers} == {
        "there is no certification rehearsal; `mock-csms certify` starts one"
    }


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({}, 422, 'body: give "case", "prompt" or "finishedAt"'),
        ({"finishedAt": "now"}, 422, "body.finishedAt: write a time such as 2026-01-31T12:00:00Z"),
        ({"case": {"id": "TC_B_1_CS", "verdict": "PASS"}}, 404, "did you mean TC_B_01_CS?"),
        ({"case": {"id": "TC_B_01_CS", "verdict": "PASSED"}}, 422, "did you mean PASS?"),
        ({"case": {"id": "TC_B_01_CS", "verdict": "PASS", "steps": [STEP] * 201}}, 422, "at most 200"),
        ({"prompt": {"id": "1", "text": "x" * 2001}}, 422, "at most 2000 characters"),
    ],
)
async def test_wrong_change_is_a_problem_that_says_what_to_write(
    mock: Mock, body: Any, status: int, detail: str
) -> None:
    await begin(mock[1])

    answer = await mock[1].patch(PATH, json=body)

    assert answer.status_code == status
    assert detail in answer.json()["detail"]


async def test_case_that_is_listed_twice_is_refused(mock: Mock) -> None:
    run = {"station": "CS1", "startedAt": "2026-01-31T12:00:00Z", "cases": [CASES[0], CASES[0]]}

    detail = problem_detail(await mock[1].put(PATH, json=run), 422, "invalid-request")

    assert "TC_B_01_CS is listed 2 times" in detail


async def test_version_of_an_earlier_process_is_refused(mock: Mock) -> None:
    began = await begin(mock[1])

    answer = await mock[1].get(PATH, params={"changedSince": began["version"] + 1})

    assert "if the server has been restarted" in problem_detail(answer, 422, "unknown-event")


async def test_secrets_in_texts_are_masked(mock: Mock) -> None:
    await begin(mock[1], cases=[{**CASES[0], "title": "password=geheim"}])
    steps = [{"text": 'sends {"password": "geheim"}', "outcome": "ok"}]
    await change(
        mock[1],
        case={"id": "TC_B_01_CS", "verdict": "FAIL", "reason": "password=geheim", "steps": steps},
        prompt={"id": "1", "text": "password=geheim", "detail": "password=geheim"},
    )

    assert "geheim" not in (await mock[1].get(PATH)).text


async def test_report_past_the_limit_is_refused_and_changes_nothing(
    mock: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = await begin(mock[1])
    monkeypatch.setattr(rehearsal, "MAX_REHEARSAL_BYTES", 1000)

    long = {"id": "TC_B_01_CS", "verdict": "PASS", "reason": "x" * 1000}
    answer = await mock[1].patch(PATH, json={"case": long})

    assert "send shorter steps" in problem_detail(answer, 409, "rehearsal-too-large")
    assert await state(mock[1]) == began


async def test_waits_for_an_answer_are_limited(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    await begin(mock[1])
    await change(mock[1], prompt={"id": "7", "text": "Plug in"})
    monkeypatch.setattr(prompts, "MAX_PROMPT_WAITS", 0)

    answer = await mock[1].get(f"{PATH}/prompts/7")

    problem_detail(answer, 503, "too-many-waits")
