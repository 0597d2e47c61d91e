"""Parsing of server-sent events."""

import pytest

from mock_csms.client.server_events import EventParser, ServerEvent

STREAM = (
    ": following\nid: 4\n\n"
    'id: 5\nevent: entry\ndata: {"number":5}\n\n'
    "event: missed\r\ndata: a\r\ndata:b\r\n\r\n"
    'id: 6.1\nevent: finding\ndata: {"station":"Zürich"}\n\n'
).encode()
EVENTS = [
    ServerEvent("", "", "4"),
    ServerEvent("entry", '{"number":5}', "5"),
    ServerEvent("missed", "a\nb", "5"),
    ServerEvent("finding", '{"station":"Zürich"}', "6.1"),
]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_events_are_parsed_wherever_the_bytes_are_cut(size: int) -> None:
    parser = EventParser()
    chunks = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]

    assert [event for chunk in chunks for event in parser.feed(chunk)] == EVENTS


def test_event_is_complete_only_with_its_empty_line() -> None:
    parser = EventParser()

    assert list(parser.feed(STREAM[:-1])) == EVENTS[:-1]
