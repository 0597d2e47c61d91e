"""Display messages: the requirements for a central system."""

import pytest

from mock_csms.messages import JsonObject
from tests.certification.steps import SessionCase
from tests.requirements.steps import broken_requirements

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def default_message(session: SessionCase) -> JsonObject:
    """Send the SetDisplayMessage that the mock builds by default, and return its message."""
    request, _ = await session.case.exchange(session.station, "SetDisplayMessage")
    message: JsonObject = request["message"]
    return message


async def test_o01_fr_04_default_message_belongs_to_no_transaction(session: SessionCase) -> None:
    await session.transfer_energy()
    assert "transactionId" not in await default_message(session)


@pytest.mark.also_covers("O02.FR.12")
@pytest.mark.parametrize("of_transaction", [False, True], ids=["of the station", "of a transaction"])
async def test_o01_fr_17_language_that_is_not_a_tag_is_logged(
    session: SessionCase, caplog: pytest.LogCaptureFixture, *, of_transaction: bool
) -> None:
    message = await default_message(session)
    assert message["message"]["language"] == "en"
    if of_transaction:
        await session.transfer_energy()
        message["transactionId"] = session.transaction_id
    for language in ("en-US", "en_US"):
        text = {**message["message"], "language": language}
        payload = {"message": {**message, "message": text}}
        assert broken_requirements(caplog, session.case) == []
        await session.case.exchange(session.station, "SetDisplayMessage", payload)
    assert broken_requirements(caplog, session.case) == ["O01.FR.17"]
