"""Refused opening handshakes: their log lines, journal entries and counts, and the limits of these."""

import logging

import pytest

from mock_csms.journal.records import Records
from mock_csms.journal.refusals import BURST_OF_ENTRIES, BURST_OF_LINES, MAX_SOURCES, Refusals
from mock_csms.journal.store import Journal

PEER = ("192.0.2.1", 5000)


class Refused:
    """Refusals on a clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.records = Records(Journal())
        self.refusals = Refusals(self.records, lambda: self.now)

    def refuse(self, times: int = 1, station: str = "CS1") -> None:
        for _ in range(times):
            self.refusals.add("tls", station, PEER, "it speaks TLS")


@pytest.fixture
def refused() -> Refused:
    return Refused()


def test_refusal_is_a_warning_an_entry_and_a_count(
    refused: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    refused.refusals.add("tls", "", PEER, "it speaks TLS", {"path": "/x"})
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "refused a connection from 192.0.2.1:5000: it speaks TLS")
    ]
    [entry] = refused.records.journal
    assert (entry.type, entry.station, entry.note) == ("refused", "", "from 192.0.2.1:5000: it speaks TLS")
    assert entry.handshake == {"path": "/x"}
    assert refused.records.statistics.refused == {"tls": 1}


def test_further_tries_are_numbered_with_the_time_between_them(
    refused: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        refused.refuse()
        refused.now += 2.5
    assert caplog.messages[0] == "CS1  refused from 192.0.2.1:5000: it speaks TLS"
    assert caplog.messages[1].endswith("TLS (try 2, 2.5 s after the previous try)")
    assert caplog.messages[2].endswith("TLS (try 3, 2.5 s after the previous try)")


def test_tries_without_an_identity_are_counted_by_address_and_path(
    refused: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/a", "/b", "/a"):
        refused.refusals.add("identity", "", PEER, "no identity", {"path": path})
    assert ["try" in message for message in caplog.messages] == [False, False, True]
    assert "try 2" in caplog.messages[2]


def test_tries_are_counted_from_one_again_after_a_connection(
    refused: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    refused.refuse()
    refused.refusals.forget("CS1")
    refused.refuse()
    assert "try" not in caplog.messages[1]


def test_flood_is_one_line_a_second_with_the_number_of_the_others(
    refused: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    refused.refuse(BURST_OF_LINES + 100)
    assert len(caplog.messages) == BURST_OF_LINES
    refused.now += 1
    refused.refuse(50)
    assert len(caplog.messages) == BURST_OF_LINES + 1
    assert caplog.messages[-1].endswith("; 100 more refusals are not shown")
    refused.now += 0.5
    refused.refusals.tick()
    refused.now += 0.5
    refused.refusals.tick()
    refused.refusals.tick()
    assert caplog.messages[BURST_OF_LINES + 1 :] == ["49 further refused connections are not shown"]


def test_lines_that_were_not_shown_are_counted_at_the_end(
    refused: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    refused.refuse(BURST_OF_LINES + 3)
    refused.refusals.end()
    assert caplog.messages[-1] == "3 further refused connections are not shown"


def test_flood_leaves_room_in_the_journal_but_is_counted(refused: Refused) -> None:
    refused.refuse(BURST_OF_ENTRIES + 100)
    assert len(refused.records.journal) == BURST_OF_ENTRIES
    refused.now += 1
    refused.refuse()
    *_, last = refused.records.journal
    assert last.note
    assert last.note.endswith("; 100 further refusals are not recorded")
    assert refused.records.statistics.refused["tls"] == BURST_OF_ENTRIES + 101


def test_tries_of_many_strangers_are_forgotten(refused: Refused) -> None:
    for number in range(MAX_SOURCES + 10):
        refused.refuse(station=f"CS{number}")
    assert len(refused.refusals._tries) == MAX_SOURCES
