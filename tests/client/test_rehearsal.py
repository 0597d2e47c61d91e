"""The certification rehearsal through the client: reports of the runner, and prompts."""

import asyncio
from typing import Any, Final

import pytest

from mock_csms.client import ApiError, AsyncClient, Client, ClientError
from mock_csms.csms import Csms
from mock_csms.verdict.rehearsal import Prompt
from tests.support.control import Mock
from tests.support.station import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

CASES: Final = [
    {"id": "TC_B_01_CS", "title": "Boots", "block": "B"},
    {"id": "TC_E_01_CS", "title": "Charges", "block": "E"},
]


async def open_prompt(csms: Csms) -> Prompt:
    """Wait until the rehearsal has an open prompt, and return it."""
    async with asyncio.timeout(PATIENCE):
        while csms.rehearsal.run is None or csms.rehearsal.run.prompt is None:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)
    return csms.rehearsal.run.prompt


async def test_run_is_reported_from_its_beginning_to_its_end(client: AsyncClient) -> None:
    await client.rehearsal.begin("CS1", CASES)
    began = await client.rehearsal.state()
    await client.rehearsal.progress({"id": "TC_B_01_CS", "verdict": "PASS"})
    await client.rehearsal.end()

    ended = await client.rehearsal.state(changed_since=began["version"])

    assert [case["verdict"] for case in began["cases"]] == [None, None]
    assert [case["verdict"] for case in ended["cases"]] == ["PASS"]
    assert began["startedAt"] <= ended["finishedAt"]
    await client.rehearsal.delete()
    with pytest.raises(ApiError, match="there is no certification rehearsal"):
        await client.rehearsal.state()


@pytest.mark.parametrize("answer", ["done", "cannot"])
async def test_answer_of_a_person_ends_the_question(mock: Mock, client: AsyncClient, answer: Any) -> None:
    await client.rehearsal.begin("CS1", CASES)
    asking = asyncio.create_task(client.rehearsal.ask("Plug in", "EVSE 1"))
    prompt = await open_prompt(mock[0])

    await client.rehearsal.answer(answer)

    assert (prompt.text, prompt.detail) == ("Plug in", "EVSE 1")
    assert await asking == answer


async def test_cancelled_question_withdraws_its_prompt(mock: Mock, client: AsyncClient) -> None:
    await client.rehearsal.begin("CS1", CASES)
    asking = asyncio.create_task(client.rehearsal.ask("Plug in"))
    await open_prompt(mock[0])

    asking.cancel()
    await asyncio.wait({asking})

    assert asking.cancelled()
    assert (await client.rehearsal.state())["prompt"] is None
    with pytest.raises(ClientError, match="the rehearsal has no open prompt"):
        await client.rehearsal.answer("done")


async def test_client_without_asyncio_does_the_same(mock: Mock, client: AsyncClient) -> None:
    def run() -> tuple[str, Any]:
        with Client(mock[0].control) as csms:
            csms.rehearsal.begin("CS1", CASES)
            answer = csms.rehearsal.ask("Plug in")
            csms.rehearsal.progress({"id": "TC_B_01_CS", "verdict": "PASS"})
            csms.rehearsal.end()
            with pytest.raises(ClientError, match="the rehearsal has no open prompt"):
                csms.rehearsal.answer("done")
            state = csms.rehearsal.state()
            csms.rehearsal.delete()
            return answer, state

    mock[0].rehearsal.clear()
    running = asyncio.create_task(asyncio.to_thread(run))
    await open_prompt(mock[0])
    await client.rehearsal.answer("done")
    answer, state = await running

    assert answer == "done"
    assert state["cases"][0]["verdict"] == "PASS"
    assert state["finishedAt"] is not None


async def test_progress_past_the_limits_is_shortened(client: AsyncClient) -> None:
    await client.rehearsal.begin("CS1", CASES)
    steps = [{"text": f"{number} {'x' * 3000}", "outcome": "ok"} for number in range(250)]

    failed = {"id": "TC_B_01_CS", "verdict": "FAIL", "reason": "y" * 3000}

    await client.rehearsal.progress({**failed, "steps": steps})

    case, _ = (await client.rehearsal.state())["cases"]
    assert (len(case["reason"]), len(case["steps"])) == (2000, 200)
    assert case["steps"][0]["text"].startswith("50 xxx")
