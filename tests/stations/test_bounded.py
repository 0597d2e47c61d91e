"""Containers of limited size."""

from typing import Any

from mock_csms.stations.bounded import ENTRY_BYTES, BoundedJson, BoundedLog, first_within, within
from mock_csms.stations.device_model import MAX_DEVICE_MODEL_BYTES, DeviceModel, SharedTexts
from mock_csms.stations.station import MAX_REPORT_BYTES, Report

MANY = 10_000
COMPONENT = {"name": "EVSE"}


class Small(BoundedJson[int]):
    __slots__ = ()
    max_bytes = 3 * ENTRY_BYTES + 30


def deep() -> Any:
    value: Any = []
    for _ in range(500):
        value = [value]
    return value


def test_oldest_entries_are_dropped_past_the_bytes() -> None:
    kept = Small()

    for number in range(MANY):
        kept[number] = number

    assert dict(kept) == {number: number for number in range(MANY - 3, MANY)}
    assert kept.size <= kept.max_bytes


def test_value_that_does_not_fit_is_not_stored() -> None:
    kept = Small()
    kept[1] = "short"

    kept[2] = "x" * 2000

    assert dict(kept) == {1: "short"}


def test_value_that_cannot_be_encoded_is_not_stored() -> None:
    kept = Small()

    kept[1] = deep()

    assert (dict(kept), kept.size) == ({}, 0)


def test_removed_and_replaced_entries_free_their_bytes() -> None:
    kept = Small()
    for _ in range(10):
        kept[1] = "value"
    del kept[1]

    assert kept.size == 0


def test_latest_values_of_a_log_are_kept_within_its_bytes() -> None:
    log = BoundedLog()

    for number in range(MANY):
        log.append({"number": number})

    assert log.size <= log.max_bytes
    assert [entry["number"] for entry in log] == list(range(MANY - len(log), MANY))


def test_device_model_is_limited_in_bytes() -> None:
    model = DeviceModel()

    for number in range(20_000):
        model.set(COMPONENT, {"name": f"V{number}"}, "x" * 2500)

    assert model.size <= MAX_DEVICE_MODEL_BYTES
    assert next(reversed(list(model))) == "EVSE/V19999"


def test_device_model_counts_what_it_holds() -> None:
    model = DeviceModel()

    for value in ("x" * 100, "y", None, "y"):
        model.set(COMPONENT, {"name": "V"}, value)
    once = DeviceModel()
    once.set(COMPONENT, {"name": "V"}, "y")

    assert model.size == once.size


def test_shared_texts_are_limited() -> None:
    texts = SharedTexts[str]()

    for number in range(3 * texts.limit):
        texts.share(str(number))
    long = "x" * 1000

    assert len(texts) <= texts.limit
    assert texts.share(long) is long
    assert long not in texts


def test_long_report_counts_parts_that_it_does_not_store() -> None:
    report = Report("data")
    frame = b'[2,"1","NotifyCustomerInformation",{"data":"%b"}]' % (b"x" * 100_000)

    for number in range(30):
        report.add(number, frame, more=number < 29)

    assert report.size <= MAX_REPORT_BYTES
    assert (report.complete, len(report.parts)) == (True, 30)


def test_first_values_that_fit_are_returned() -> None:
    assert first_within(["aa", "bb", "cc"], 8) == ["aa", "bb"]
    assert within("x" * 10, 5) is None
    assert within("x", 5) == "x"
