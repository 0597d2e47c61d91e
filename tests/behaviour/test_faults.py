"""Each kind of fault: the steps it takes instead of sending a frame, and the parameters it takes."""

import json
from http import HTTPStatus
from random import Random
from statistics import median
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from mock_csms.behaviour.faults import (
    AT_HANDSHAKE,
    FAULT_KINDS,
    ON_ANSWERS,
    STATION_TIMEOUT,
    AnyFault,
    Delay,
    Fault,
    Hang,
    HttpStatus,
    WrongSubprotocol,
    find_kind,
    kinds_in_words,
)
from mock_csms.transport.steps import Binary, Close, CutShort, Fragments, Reset, Stall, Step, Text, Wait

ANSWER = b'[3,"19223201",{"currentTime":"2026-01-01T00:00:00.000Z"}]'
ERROR = b'[4,"19223201","InternalError","",{}]'
DRAWS = 2000
ANY_FAULT: TypeAdapter[Fault] = TypeAdapter(AnyFault)


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def fault(kind: object, **parameters: object) -> Fault:
    """Read a fault as a rule does."""
    return ANY_FAULT.validate_python({"kind": kind, **parameters})


def steps(kind: str, frame: bytes = ANSWER, seed: int = 1, **parameters: object) -> list[Step]:
    return list(fault(kind, **parameters).steps(frame, Random(seed)))


def sent(kind: str, frame: bytes = ANSWER, seed: int = 1, **parameters: object) -> bytes:
    """What a kind that sends one text frame sends."""
    (step,) = steps(kind, frame, seed, **parameters)
    assert isinstance(step, Text)
    return step.data


def draws(seed: int, **parameters: object) -> list[float]:
    delay, rng = Delay.model_validate(parameters), Random(seed)
    return [delay.draw(rng) for _ in range(DRAWS)]


def complaint(kind: object, **parameters: object) -> str:
    with pytest.raises(ValidationError) as caught:
        fault(kind, **parameters)
    return str(caught.value)


# What is done instead of sending an answer


@pytest.mark.parametrize(
    ("kind", "parameters", "taken"),
    [
        case("delay", "delay", {"seconds": 2}, [Wait(2), Text(ANSWER)]),
        case("no-answer", "no-answer", {}, []),
        case("late-answer", "late-answer", {}, [Wait(STATION_TIMEOUT + 5), Text(ANSWER)]),
        case("late-answer in time", "late-answer", {"seconds": 1}, [Wait(1), Text(ANSWER)]),
        case("duplicate", "duplicate", {}, [Text(ANSWER)] * 2),
        case("duplicate often", "duplicate", {"count": 5}, [Text(ANSWER)] * 5),
        case("malformed", "malformed", {}, [Text(ANSWER[:-1])]),
        case("truncated", "truncated", {}, [CutShort(ANSWER)]),
        case("binary", "binary", {}, [Binary(ANSWER)]),
        case("close", "close", {}, [Close(1011, "closed on purpose")]),
        case("close with a code", "close", {"code": 4000, "reason": "go"}, [Close(4000, "go")]),
        case("reset", "reset", {}, [Reset()]),
        case("stall", "stall", {}, [Stall(None)]),
        case("stall for a while", "stall", {"seconds": 3}, [Stall(3)]),
    ],
)
def test_the_steps_of(kind: str, parameters: dict[str, Any], taken: list[Step]) -> None:
    assert steps(kind, **parameters) == taken


@pytest.mark.parametrize("frame", [ANSWER, ERROR], ids=["CALLRESULT", "CALLERROR"])
def test_a_wrong_id_is_a_uuid_and_all_else_stays(frame: bytes) -> None:
    kind, message_id, *rest = json.loads(sent("wrong-id", frame))
    assert [kind, *rest] == [json.loads(frame)[0], *json.loads(frame)[2:]]
    assert message_id != "19223201"
    assert str(UUID(message_id)) == message_id


def test_a_wrong_id_comes_from_the_seed() -> None:
    assert sent("wrong-id", seed=7) == sent("wrong-id", seed=7)
    assert sent("wrong-id", seed=7) != sent("wrong-id", seed=8)


def test_the_wrong_id_of_each_answer_is_another() -> None:
    wrong_id, rng = fault("wrong-id"), Random(1)
    assert [*wrong_id.steps(ANSWER, rng)] != [*wrong_id.steps(ANSWER, rng)]


@pytest.mark.parametrize("parameters", [{}, {"type": 2}, {"type": -1}], ids=str)
@pytest.mark.parametrize("frame", [ANSWER, ERROR], ids=["CALLRESULT", "CALLERROR"])
def test_a_wrong_type_replaces_the_type_and_all_else_stays(frame: bytes, parameters: dict[str, Any]) -> None:
    assert json.loads(sent("wrong-type", frame, **parameters)) == [
        parameters.get("type", 9),
        *json.loads(frame)[1:],
    ]


def test_what_is_malformed_is_no_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(sent("malformed"))


@pytest.mark.parametrize("parts", [2, 3, 4, 7])
def test_fragments_are_as_many_as_asked_for_and_make_up_the_answer(parts: int) -> None:
    (step,) = steps("fragmented", parts=parts)
    assert isinstance(step, Fragments)
    assert len(step.parts) == parts
    assert b"".join(step.parts) == ANSWER


def test_fragments_are_three_unless_said_otherwise() -> None:
    (step,) = steps("fragmented")
    assert isinstance(step, Fragments)
    assert len(step.parts) == 3


def test_no_fragment_is_empty_however_many_are_asked_for() -> None:
    (step,) = steps("fragmented", parts=1000)
    assert isinstance(step, Fragments)
    assert all(step.parts)
    assert b"".join(step.parts) == ANSWER


def test_an_oversized_answer_has_a_mebibyte_or_more_of_custom_data() -> None:
    data = sent("oversized")
    assert len(data) >= 2**20
    assert json.loads(data)[2]["customData"]["vendorId"]


def test_an_oversized_answer_says_all_that_it_said() -> None:
    kind, message_id, payload = json.loads(sent("oversized", size=2000))
    del payload["customData"]
    assert [kind, message_id, payload] == json.loads(ANSWER)


def test_an_oversized_callerror_has_its_padding_in_the_details() -> None:
    *head, details = json.loads(sent("oversized", ERROR, size=2000))
    assert head == json.loads(ERROR)[:-1]
    assert len(details["customData"]["padding"]) > 1000


def test_an_answer_that_is_longer_than_the_size_asked_for_is_sent_whole() -> None:
    assert json.loads(sent("oversized", size=1))[2]["currentTime"] == "2026-01-01T00:00:00.000Z"


# Delays


@pytest.mark.parametrize(
    "parameters", [{"min": 1, "max": 3}, {"median": 2}], ids=["uniformly", "lognormally"]
)
def test_the_same_seed_draws_the_same_delays(parameters: dict[str, Any]) -> None:
    assert draws(42, **parameters) == draws(42, **parameters)
    assert draws(42, **parameters) != draws(43, **parameters)


def test_a_uniform_delay_keeps_within_its_bounds_and_comes_near_both() -> None:
    drawn = draws(1, min=1, max=3)
    assert 1 <= min(drawn) < 1.1
    assert 2.9 < max(drawn) <= 3


def test_a_uniform_delay_without_a_min_begins_at_0() -> None:
    assert 0 <= min(draws(1, max=3)) < 0.1


def test_a_uniform_delay_of_one_length_is_that_long() -> None:
    assert set(draws(1, min=2, max=2)) == {2}


def test_a_lognormal_delay_has_its_median() -> None:
    assert median(draws(1, median=4)) == pytest.approx(4, rel=0.1)


def test_a_lognormal_delay_is_wider_with_a_larger_sigma() -> None:
    assert max(draws(1, median=4, sigma=1)) > max(draws(1, median=4, sigma=0.1))


def test_a_lognormal_delay_of_sigma_0_is_the_median() -> None:
    assert set(draws(1, median=4, sigma=0)) == {4}


def test_a_delay_of_so_many_seconds_draws_nothing() -> None:
    rng, other = Random(1), Random(1)
    assert Delay(seconds=5).draw(rng) == 5
    assert rng.random() == other.random()


def test_a_drawn_delay_is_waited_for() -> None:
    assert steps("delay", min=1, max=3, seed=5) == [Wait(Random(5).uniform(1, 3)), Text(ANSWER)]


# Parameters


@pytest.mark.parametrize(
    ("kind", "parameters", "words"),
    [
        case("delay of nothing", "delay", {}, "either seconds, or min and max, or median and sigma"),
        case("delay of two kinds", "delay", {"seconds": 1, "median": 1}, "a delay has either"),
        case("delay without a max", "delay", {"min": 1}, "a delay has either"),
        case("delay upside down", "delay", {"min": 3, "max": 1}, "min of a delay must not be above its max"),
        case("negative delay", "delay", {"seconds": -1}, "greater than or equal to 0"),
        case("endless delay", "delay", {"seconds": "inf"}, "finite number"),
        case("delay in words", "delay", {"seconds": "long"}, "valid number"),
        case("negative sigma", "delay", {"median": 1, "sigma": -1}, "greater than or equal to 0"),
        case("negative lateness", "late-answer", {"seconds": -1}, "greater than or equal to 0"),
        case("duplicate once", "duplicate", {"count": 1}, "greater than or equal to 2"),
        case("duplicate without end", "duplicate", {"count": 1001}, "less than or equal to 1000"),
        case("one fragment", "fragmented", {"parts": 1}, "greater than or equal to 2"),
        case("too many fragments", "fragmented", {"parts": 1001}, "less than or equal to 1000"),
        case("no size", "oversized", {"size": 0}, "greater than 0"),
        case("type in words", "wrong-type", {"type": "CALL"}, "valid integer"),
        case("reserved close code", "close", {"code": 1005}, "1000 to 1003, 1007 to 1014 and 3000 to 4999"),
        case("close code of TLS", "close", {"code": 1015}, "1015 cannot be sent"),
        case("close code out of range", "close", {"code": 5000}, "5000 cannot be sent"),
        case("negative stall", "stall", {"seconds": -1}, "greater than or equal to 0"),
        case("negative hang", "hang", {"seconds": -1}, "greater than or equal to 0"),
        case("subprotocol of two words", "wrong-subprotocol", {"subprotocol": "a b"}, "match pattern"),
        case("no subprotocol", "wrong-subprotocol", {"subprotocol": ""}, "match pattern"),
        case("unknown parameter", "reset", {"seconds": 1}, "seconds\n  Extra inputs are not permitted"),
        case("parameter of a status", "503", {"seconds": 1}, "seconds\n  Extra inputs are not permitted"),
    ],
)
def test_a_wrong_parameter_is_refused_with_a_word_that_helps(
    kind: str, parameters: dict[str, Any], words: str
) -> None:
    assert words in complaint(kind, **parameters)


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1014, 3000, 4999])
def test_a_close_code_that_can_be_sent_is_taken(code: int) -> None:
    assert steps("close", code=code) == [Close(code, "closed on purpose")]


def test_a_parameter_may_be_written_as_text() -> None:
    """As it is on the command line."""
    assert steps("delay", seconds="1.5")[0] == Wait(1.5)


@pytest.mark.parametrize(
    ("kind", "main"),
    [
        ("delay", "seconds"),
        ("no-answer", None),
        ("late-answer", "seconds"),
        ("duplicate", "count"),
        ("wrong-id", None),
        ("malformed", None),
        ("truncated", None),
        ("wrong-type", "type"),
        ("binary", None),
        ("fragmented", "parts"),
        ("oversized", "size"),
        ("close", "code"),
        ("reset", None),
        ("stall", "seconds"),
        ("wrong-subprotocol", "subprotocol"),
        ("hang", "seconds"),
        ("503", None),
    ],
)
def test_the_parameter_that_a_mere_value_means(kind: str, main: str | None) -> None:
    assert find_kind(kind).main == main


@pytest.mark.parametrize("kind", ON_ANSWERS)
def test_a_station_gets_an_answer_of_use_only_from_what_delays_repeats_or_reshapes_it(kind: str) -> None:
    assert ON_ANSWERS[kind].withholds == (kind not in {"delay", "duplicate", "fragmented", "oversized"})


@pytest.mark.parametrize("kind", ON_ANSWERS)
def test_no_answer_is_needed_for_what_is_done_to_the_connection(kind: str) -> None:
    assert ON_ANSWERS[kind].needs_answer == (kind not in {"no-answer", "close", "reset", "stall"})


@pytest.mark.parametrize(
    ("kind", "parameters", "text"),
    [
        case("one parameter", "delay", {"seconds": 5}, "delay seconds=5.0"),
        case("two, in order", "delay", {"max": 2, "min": 1}, "delay max=2.0 min=1.0"),
        case("none", "stall", {}, "stall"),
        case("status", "503", {}, "503"),
    ],
)
def test_a_fault_is_told_by_its_kind_and_what_was_said_of_it(
    kind: str, parameters: dict[str, Any], text: str
) -> None:
    assert str(fault(kind, **parameters)) == text


# The table of kinds


def test_what_can_be_done_to_an_answer_cannot_be_done_at_the_door() -> None:
    assert not ON_ANSWERS.keys() & AT_HANDSHAKE.keys()
    assert {*ON_ANSWERS, *AT_HANDSHAKE} == {*FAULT_KINDS}


@pytest.mark.parametrize("kind", ON_ANSWERS)
def test_every_kind_is_found_under_its_name(kind: str) -> None:
    assert find_kind(kind) is ON_ANSWERS[kind]
    assert ON_ANSWERS[kind].model_fields["kind"].default == kind


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
@pytest.mark.parametrize("write", [int, str])
def test_an_http_status_is_a_kind_as_number_and_as_text(status: int, write: type[int] | type[str]) -> None:
    found = fault(write(status))
    assert isinstance(found, HttpStatus)
    assert found.status is HTTPStatus(status)


def test_every_status_from_400_on_is_a_kind_and_no_other() -> None:
    statuses = {int(kind) for kind in FAULT_KINDS if kind.isdigit()}
    assert statuses == {status.value for status in HTTPStatus if status >= 400}


def test_a_hang_lasts_unless_seconds_are_said() -> None:
    hangs = [fault("hang"), fault("hang", seconds=2)]
    assert hangs == [Hang(), Hang(seconds=2)]
    assert hangs[0] != hangs[1]


def test_the_wrong_subprotocol_is_none_that_there_is() -> None:
    found = fault("wrong-subprotocol")
    assert isinstance(found, WrongSubprotocol)
    assert found.subprotocol == "ocpp0.0"


@pytest.mark.parametrize(
    ("name", "meant"), [("no-anser", "no-answer"), ("Delay", "delay"), ("truncate", "truncated")]
)
def test_a_mistyped_kind_is_answered_with_the_one_that_is_meant(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"there is no fault '{name}'; did you mean {meant}"):
        find_kind(name)


@pytest.mark.parametrize("name", ["earthquake", "", 7], ids=repr)
def test_an_unknown_kind_is_answered_with_all_there_are(name: object) -> None:
    with pytest.raises(ValueError, match=r"there is no fault .*; there are delay, .*an HTTP status as 503"):
        find_kind(name)


def test_a_fault_without_a_kind_is_answered_with_an_example() -> None:
    with pytest.raises(ValidationError) as caught:
        ANY_FAULT.validate_python({"seconds": 5})
    assert 'a fault needs a kind, as in { kind = "delay", seconds = 5 }' in str(caught.value)


def test_a_fault_that_is_one_already_stays_as_it_is() -> None:
    delay = Delay(seconds=1)
    assert ANY_FAULT.validate_python(delay) is delay


def test_kinds_are_named_with_the_statuses_as_one() -> None:
    assert kinds_in_words(AT_HANDSHAKE) == "wrong-subprotocol, hang, an HTTP status as 503"


def test_kinds_without_a_status_are_named_as_they_are() -> None:
    assert kinds_in_words(["delay", "reset"]) == "delay, reset"
