"""Commands whose list is longer than a station accepts."""

from itertools import count, pairwise
from typing import Any

import pytest

from mock_csms.messages import JsonObject, call_frame
from mock_csms.v201.list_parts import Size, split
from mock_csms.v201.version import LIST_LIMITS

UUID = "x" * 36
TOKENS = [
    {"idToken": {"idToken": f"T{number:03}", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}}
    for number in range(25)
]
LOCAL_LIST = {"versionNumber": 8, "updateType": "Full", "localAuthorizationList": TOKENS}


def parts_of(
    command: str, payload: JsonObject, items: int | None = None, size: int | None = None
) -> list[JsonObject]:
    return split(command, payload, LIST_LIMITS[command].property, Size(items, size), count(100))


def joined(parts: list[JsonObject], name: str) -> list[Any]:
    return [item for part in parts for item in part[name]]


@pytest.mark.parametrize(
    ("items", "sizes"), [(None, [25]), (25, [25]), (24, [24, 1]), (10, [10, 10, 5]), (1, [1] * 25)]
)
def test_list_is_split_by_number_of_items(items: int | None, sizes: list[int]) -> None:
    parts = parts_of("SendLocalList", LOCAL_LIST, items)

    assert [len(part["localAuthorizationList"]) for part in parts] == sizes
    assert joined(parts, "localAuthorizationList") == TOKENS


@pytest.mark.parametrize("size", [300, 500, 1000, 2000])
def test_list_is_split_by_bytes_of_the_message(size: int) -> None:
    parts = parts_of("SendLocalList", LOCAL_LIST, size=size)

    assert len(parts) > 1
    assert all(len(call_frame(UUID, "SendLocalList", part)) <= size for part in parts)
    assert joined(parts, "localAuthorizationList") == TOKENS


def test_message_of_exactly_the_limit_is_not_split() -> None:
    size = len(call_frame(UUID, "SendLocalList", LOCAL_LIST))

    assert parts_of("SendLocalList", LOCAL_LIST, size=size) == [LOCAL_LIST]
    assert len(parts_of("SendLocalList", LOCAL_LIST, size=size - 1)) == 2


def test_both_limits_are_kept() -> None:
    parts = parts_of("SendLocalList", LOCAL_LIST, 3, 2000)

    assert max(len(part["localAuthorizationList"]) for part in parts) == 3


def test_item_above_the_limit_is_a_part_of_its_own() -> None:
    parts = parts_of("SendLocalList", LOCAL_LIST, size=1)

    assert [len(part["localAuthorizationList"]) for part in parts] == [1] * 25


def test_local_list_continues_as_differential_with_higher_versions() -> None:
    """D01.FR.15, D01.FR.16, D01.FR.19."""
    parts = parts_of("SendLocalList", LOCAL_LIST, 10)

    assert [part["updateType"] for part in parts] == ["Full", "Differential", "Differential"]
    assert all(one["versionNumber"] < other["versionNumber"] for one, other in pairwise(parts))
    assert parts[0]["versionNumber"] == 8


@pytest.mark.parametrize("command", ["GetReport", "GetMonitoringReport"])
def test_parts_of_a_report_request_have_their_own_ids(command: str) -> None:
    variables = [{"component": {"name": str(number)}} for number in range(3)]

    parts = parts_of(command, {"requestId": 7, "componentVariable": variables}, 1)

    assert [part["requestId"] for part in parts] == [7, 100, 101]


def test_list_of_numbers_is_split() -> None:
    parts = parts_of("ClearVariableMonitoring", {"id": [1, 2, 3]}, 2)

    assert parts == [{"id": [1, 2]}, {"id": [3]}]


@pytest.mark.parametrize("payload", [{}, {"id": []}, {"id": 5}, {"id": "abc"}])
def test_payload_without_a_list_is_left_alone(payload: JsonObject) -> None:
    assert parts_of("ClearVariableMonitoring", payload, 1, 10_000) == [payload]


def test_limits_are_named_as_in_the_device_model() -> None:
    """Appendices of Part 2: the instances of ItemsPerMessage and BytesPerMessage."""
    names = {command: (limit.max_items, limit.max_bytes) for command, limit in LIST_LIMITS.items()}

    assert names["GetMonitoringReport"] == names["GetReport"]
    assert names["GetReport"][0] == "DeviceDataCtrlr/ItemsPerMessage[GetReport]"
    assert names["SetVariableMonitoring"][1] == "MonitoringCtrlr/BytesPerMessage[SetVariableMonitoring]"
    assert names["SendLocalList"] == (
        "LocalAuthListCtrlr/ItemsPerMessage",
        "LocalAuthListCtrlr/BytesPerMessage",
    )
