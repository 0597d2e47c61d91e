"""Ids of server-sent events: 412 is the journal entry 412, and 412.1 is the first finding after it."""

import pytest

from mock_csms.journal.event_ids import EventId


@pytest.mark.parametrize("text", ["0", "412", "412.1", "999999999999999.999999999"])
def test_id_is_parsed_and_formatted(text: str) -> None:
    assert str(EventId.parse(text)) == text


@pytest.mark.parametrize("text", ["", "x", "-1", "1.", "1.2.3", "1" * 16, "1.1234567890", "٣", "1\n"])
def test_other_text_is_not_an_id(text: str) -> None:
    with pytest.raises(ValueError, match="is not the id of an event; write an id such as 412"):
        EventId.parse(text)


def test_ids_of_findings_are_between_those_of_entries() -> None:
    finding = EventId(412).next_finding
    assert EventId(412) < finding < finding.next_finding < EventId(413)
