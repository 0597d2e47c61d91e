"""Kinds of faults: the steps that replace the sending of an answer, and the parameters."""

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
    TLS_FAULTS,
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
    """A fault, parsed as a rule parses it."""
    return ANY_FAULT.validate_python({"kind": kind, **parameters})


def steps(kind: str, frame: bytes = ANSWER, seed: int = 1, **parameters: object) -> list[Step]:
    return list(fault(kind, **parameters).steps(frame, Random(seed)))


def sent_frame(kind: str, frame: bytes = ANSWER, seed: int = 1, **parameters: object) -> bytes:
    """The one text frame that a fault sends."""
    (step,) = steps(kind, frame, seed, **parameters)
    assert isinstance(step, Text)
    return step.data


def draws(seed: int, **parameters: object) -> list[float]:
    delay, rng = Delay.model_validate(parameters), Random(seed)
    return [delay.draw(rng) for _ in range(DRAWS)]


def validation_error(kind: object, **parameters: object) -> str:
    with pytest.raises(ValidationError) as caught:
        fault(kind, **parameters)
    return str(caught.value)


# Steps


@pytest.mark.parametrize(
    ("kind", "parameters", "expected"),
    [
        case("delay", "delay", {"seconds": 2}, [Wait(2), Text(ANSWER)]),
        case("no-answer", "no-answer", {}, []),
        case("late-answer", "late-answer", {}, [Wait(STATION_TIMEOUT + 5), Text(ANSWER)]),
        case("late-answer with seconds", "late-answer", {"seconds": 1}, [Wait(1), Text(ANSWER)]),
        case("duplicate", "duplicate", {}, [Text(ANSWER)] * 2),
        case("duplicate with a count", "duplicate", {"count": 5}, [Text(ANSWER)] * 5),
        case("malformed", "malformed", {}, [Text(ANSWER[:-1])]),
        case("truncated", "truncated", {}, [CutShort(ANSWER)]),
        case("binary", "binary", {}, [Binary(ANSWER)]),
        case("close", "close", {}, [Close(1011, "closed on purpose")]),
        case("close with a code", "close", {"code": 4000, "reason": "go"}, [Close(4000, "go")]),
        case("reset", "reset", {}, [Reset()]),
        case("stall", "stall", {}, [Stall(None)]),
        case("stall with seconds", "stall", {"seconds": 3}, [Stall(3)]),
    ],
)
def test_fault_makes_steps(kind: str, parameters: dict[str, Any], expected: list[Step]) -> None:
    assert steps(kind, **parameters) == expected


@pytest.mark.parametrize("frame", [ANSWER, ERROR], ids=["CALLRESULT", "CALLERROR"])
def test_wrong_id_replaces_only_the_message_id(frame: bytes) -> None:
    kind, message_id, *rest = json.loads(sent_frame("wrong-id", frame))
    assert [kind, *rest] == [json.loads(frame)[0], *json.loads(frame)[2:]]
    assert message_id != "19223201"
    assert str(UUID(message_id)) == message_id


def test_wrong_id_depends_on_seed() -> None:
    assert sent_frame("wrong-id", seed=7) == sent_frame("wrong-id", seed=7)
    assert sent_frame("wrong-id", seed=7) != sent_frame("wrong-id", seed=8)


def test_wrong_ids_differ_between_answers() -> None:
    wrong_id, rng = fault("wrong-id"), Random(1)
    assert [*wrong_id.steps(ANSWER, rng)] != [*wrong_id.steps(ANSWER, rng)]


@pytest.mark.parametrize("parameters", [{}, {"type": 2}, {"type": -1}], ids=str)
@pytest.mark.parametrize("frame", [ANSWER, ERROR], ids=["CALLRESULT", "CALLERROR"])
def test_wrong_type_replaces_only_the_message_type(frame: bytes, parameters: dict[str, Any]) -> None:
    assert json.loads(sent_frame("wrong-type", frame, **parameters)) == [
        parameters.get("type", 9),
        *json.loads(frame)[1:],
    ]


def test_malformed_answer_is_invalid_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(sent_frame("malformed"))


@pytest.mark.parametrize("parts", [2, 3, 4, 7])
def test_fragments_join_to_the_answer(parts: int) -> None:
    (step,) = steps("fragmented", parts=parts)
    assert isinstance(step, Fragments)
    assert len(step.parts) == parts
    assert b"".join(step.parts) == ANSWER


def test_default_number_of_fragments_is_three() -> None:
    (step,) = steps("fragmented")
    assert isinstance(step, Fragments)
    assert len(step.parts) == 3


def test_fragments_are_never_empty() -> None:
    (step,) = steps("fragmented", parts=1000)
    assert isinstance(step, Fragments)
    assert all(step.parts)
    assert b"".join(step.parts) == ANSWER


def test_oversized_answer_has_one_mebibyte_by_default() -> None:
    data = sent_frame("oversized")
    assert len(data) >= 2**20
    assert json.loads(data)[2]["customData"]["vendorId"]


def test_oversized_answer_keeps_its_payload() -> None:
    kind, message_id, payload = json.loads(sent_frame("oversized", size=2000))
    del payload["customData"]
    assert [kind, message_id, payload] == json.loads(ANSWER)


def test_oversized_callerror_is_padded_in_its_details() -> None:
    *head, details = json.loads(sent_frame("oversized", ERROR, size=2000))
    assert head == json.loads(ERROR)[:-1]
    assert len(details["customData"]["padding"]) > 1000


def test_oversized_answer_is_never_truncated() -> None:
    assert json.loads(sent_frame("oversized", size=1))[2]["currentTime"] == "2026-01-01T00:00:00.000Z"


# Delays


@pytest.mark.parametrize(
    "parameters", [{"min": 1, "max": 3}, {"median": 2}], ids=["uniformly", "lognormally"]
)
def test_same_seed_draws_same_delays(parameters: dict[str, Any]) -> None:
    assert draws(42, **parameters) == draws(42, **parameters)
    assert draws(42, **parameters) != draws(43, **parameters)


def test_uniform_delay_spreads_between_its_bounds() -> None:
    delays = draws(1, min=1, max=3)
    assert 1 <= min(delays) < 1.1
    assert 2.9 < max(delays) <= 3


def test_uniform_delay_without_min_starts_at_0() -> None:
    assert 0 <= min(draws(1, max=3)) < 0.1


def test_uniform_delay_with_equal_bounds_is_constant() -> None:
    assert set(draws(1, min=2, max=2)) == {2}


def test_lognormal_delay_has_given_median() -> None:
    assert median(draws(1, median=4)) == pytest.approx(4, rel=0.1)


def test_lognormal_delay_spreads_with_sigma() -> None:
    assert max(draws(1, median=4, sigma=1)) > max(draws(1, median=4, sigma=0.1))


def test_lognormal_delay_with_sigma_0_is_constant() -> None:
    assert set(draws(1, median=4, sigma=0)) == {4}


def test_fixed_delay_draws_no_random_number() -> None:
    rng, other = Random(1), Random(1)
    assert Delay(seconds=5).draw(rng) == 5
    assert rng.random() == other.random()


def test_random_delay_becomes_a_wait() -> None:
    assert steps("delay", min=1, max=3, seed=5) == [Wait(Random(5).uniform(1, 3)), Text(ANSWER)]


# Parameters


@pytest.mark.parametrize(
    ("kind", "parameters", "message_part"),
    [
        case("delay without parameters", "delay", {}, "either seconds, or min and max, or median and sigma"),
        case("delay with two distributions", "delay", {"seconds": 1, "median": 1}, "a delay needs either"),
        case("delay without a max", "delay", {"min": 1}, "a delay needs either"),
        case(
            "delay with min above max",
            "delay",
            {"min": 3, "max": 1},
            "min of a delay must not be above its max",
        ),
        case("negative delay", "delay", {"seconds": -1}, "greater than or equal to 0"),
        case("infinite delay", "delay", {"seconds": "inf"}, "finite number"),
        case("delay not a number", "delay", {"seconds": "long"}, "valid number"),
        case("negative sigma", "delay", {"median": 1, "sigma": -1}, "greater than or equal to 0"),
        case("negative lateness", "late-answer", {"seconds": -1}, "greater than or equal to 0"),
        case("duplicate once", "duplicate", {"count": 1}, "greater than or equal to 2"),
        case("duplicate too often", "duplicate", {"count": 1001}, "less than or equal to 1000"),
        case("one fragment", "fragmented", {"parts": 1}, "greater than or equal to 2"),
        case("too many fragments", "fragmented", {"parts": 1001}, "less than or equal to 1000"),
        case("size 0", "oversized", {"size": 0}, "greater than 0"),
        case("size of gigabytes", "oversized", {"size": 10**10}, "less than or equal to 67108864"),
        case("type not a number", "wrong-type", {"type": "CALL"}, "valid integer"),
        case(
            "reserved close code", "close", {"code": 1005}, "use 1000 to 1003, 1007 to 1014 or 3000 to 4999"
        ),
        case("close code reserved for TLS", "close", {"code": 1015}, "1015 cannot be sent"),
        case("close code out of range", "close", {"code": 5000}, "5000 cannot be sent"),
        case("negative stall", "stall", {"seconds": -1}, "greater than or equal to 0"),
        case("negative hang", "hang", {"seconds": -1}, "greater than or equal to 0"),
        case("subprotocol with a space", "wrong-subprotocol", {"subprotocol": "a b"}, "match pattern"),
        case("empty subprotocol", "wrong-subprotocol", {"subprotocol": ""}, "match pattern"),
        case("unknown parameter", "reset", {"seconds": 1}, "seconds\n  Extra inputs are not permitted"),
        case("parameter of a status", "503", {"seconds": 1}, "seconds\n  Extra inputs are not permitted"),
    ],
)
def test_invalid_parameter_is_rejected_with_reason(
    kind: str, parameters: dict[str, Any], message_part: str
) -> None:
    assert message_part in validation_error(kind, **parameters)


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1014, 3000, 4999])
def test_sendable_close_code_is_accepted(code: int) -> None:
    assert steps("close", code=code) == [Close(code, "closed on purpose")]


def test_parameter_is_parsed_from_text() -> None:
    """Parameters on the command line are text."""
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
def test_bare_value_sets_main_parameter(kind: str, main: str | None) -> None:
    assert find_kind(kind).main == main


@pytest.mark.parametrize("kind", ON_ANSWERS)
def test_fault_withholds_answer_unless_it_only_delays_repeats_or_reshapes(kind: str) -> None:
    assert ON_ANSWERS[kind].withholds == (
        kind not in {"delay", "duplicate", "fragmented", "hold", "oversized"}
    )


@pytest.mark.parametrize("kind", ON_ANSWERS)
def test_connection_fault_needs_no_answer(kind: str) -> None:
    assert ON_ANSWERS[kind].needs_answer == (kind not in {"no-answer", "close", "reset", "stall"})


@pytest.mark.parametrize(
    ("kind", "parameters", "text"),
    [
        case("one parameter", "delay", {"seconds": 5}, "delay seconds=5.0"),
        case("two, in order", "delay", {"max": 2, "min": 1}, "delay max=2.0 min=1.0"),
        case("no parameter", "stall", {}, "stall"),
        case("status", "503", {}, "503"),
    ],
)
def test_fault_text_has_kind_and_given_parameters(kind: str, parameters: dict[str, Any], text: str) -> None:
    assert str(fault(kind, **parameters)) == text


# Kinds


def test_answer_faults_and_handshake_faults_are_disjoint() -> None:
    assert not ON_ANSWERS.keys() & AT_HANDSHAKE.keys()
    assert {*ON_ANSWERS, *AT_HANDSHAKE} == {*FAULT_KINDS}


@pytest.mark.parametrize("kind", ON_ANSWERS)
def test_kind_is_found_by_name(kind: str) -> None:
    assert find_kind(kind) is ON_ANSWERS[kind]
    assert ON_ANSWERS[kind].model_fields["kind"].default == kind


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
@pytest.mark.parametrize("write", [int, str])
def test_http_status_is_a_kind_as_number_and_as_text(status: int, write: type[int] | type[str]) -> None:
    refusal = fault(write(status))
    assert isinstance(refusal, HttpStatus)
    assert refusal.status is HTTPStatus(status)


def test_kinds_include_every_http_error_status_and_no_other() -> None:
    statuses = {int(kind) for kind in FAULT_KINDS if kind.isdigit()}
    assert statuses == {status.value for status in HTTPStatus if status >= 400}


def test_hang_has_no_limit_by_default() -> None:
    hangs = [fault("hang"), fault("hang", seconds=2)]
    assert hangs == [Hang(), Hang(seconds=2)]
    assert hangs[0] != hangs[1]


def test_default_wrong_subprotocol_does_not_exist() -> None:
    wrong_subprotocol = fault("wrong-subprotocol")
    assert isinstance(wrong_subprotocol, WrongSubprotocol)
    assert wrong_subprotocol.subprotocol == "ocpp0.0"


@pytest.mark.parametrize(
    ("name", "suggestion"), [("no-anser", "no-answer"), ("Delay", "delay"), ("truncate", "truncated")]
)
def test_mistyped_kind_gets_a_suggestion(name: str, suggestion: str) -> None:
    with pytest.raises(ValueError, match=f"there is no fault '{name}'; did you mean {suggestion}"):
        find_kind(name)


@pytest.mark.parametrize("name", ["earthquake", "", 7], ids=repr)
def test_unknown_kind_gets_a_list_of_kinds(name: object) -> None:
    with pytest.raises(
        ValueError, match=r"there is no fault .*; valid faults are delay, .*an HTTP status such as 503"
    ):
        find_kind(name)


def test_fault_without_kind_gets_an_example() -> None:
    with pytest.raises(ValidationError) as caught:
        ANY_FAULT.validate_python({"seconds": 5})
    assert 'a fault needs a kind, as in { kind = "delay", seconds = 5 }' in str(caught.value)


def test_fault_object_is_accepted_unchanged() -> None:
    delay = Delay(seconds=1)
    assert ANY_FAULT.validate_python(delay) is delay


def test_list_of_kinds_has_http_statuses_as_one_item() -> None:
    words = kinds_in_words(AT_HANDSHAKE)

    assert words == f"wrong-subprotocol, hang, {', '.join(TLS_FAULTS)}, an HTTP status such as 503"


def test_list_of_kinds_without_http_status() -> None:
    assert kinds_in_words(["delay", "reset"]) == "delay, reset"
