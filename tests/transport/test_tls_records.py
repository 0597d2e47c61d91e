"""Splitting the input of a TLS connection into turns, between which other connections are served."""

from hypothesis import given
from hypothesis import strategies as st

from mock_csms.transport.tls import RECORDS_PER_TURN, next_records


def record(length: int) -> bytes:
    return b"\x17\x03\x03" + length.to_bytes(2) + bytes(length)


def test_turn_has_a_few_whole_records() -> None:
    data = record(22) * (RECORDS_PER_TURN + 1)
    assert next_records(data, 0) == (27 * RECORDS_PER_TURN, 0)


def test_turn_has_the_beginning_of_a_long_record() -> None:
    assert next_records(record(100)[:50], 0) == (50, 55)


def test_turn_begins_with_the_rest_of_a_record() -> None:
    assert next_records(bytes(10), 55) == (10, 45)
    assert next_records(bytes(55) + record(22), 55) == (82, 0)


def test_header_that_is_cut_short_waits() -> None:
    assert next_records(record(22) + b"\x17\x03\x03\x00", 0) == (27, 0)
    assert next_records(b"\x17\x03", 0) == (0, 0)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=30), st.data())
def test_turns_cover_all_records_however_they_arrive(lengths: list[int], data: st.DataObject) -> None:
    stream = b"".join(map(record, lengths))
    backlog, missing, fed = b"", 0, b""
    while stream or backlog:
        size = data.draw(st.integers(1, 500))
        backlog, stream = backlog + stream[:size], stream[size:]
        while (turn := next_records(backlog, missing))[0]:
            fed, backlog, missing = fed + backlog[: turn[0]], backlog[turn[0] :], turn[1]
    assert fed == b"".join(map(record, lengths))
    assert missing == 0
