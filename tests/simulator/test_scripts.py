import pytest

from mock_csms.simulator.core import Setup
from mock_csms.simulator.scripts import QUIT, REPEAT, parse_line, parse_script
from mock_csms.simulator.verbs import VERBS, ScriptStep, WrongStep, step_of

SETUP = Setup(identity="CS001", url="ws://127.0.0.1:9000", evses=2, connectors=1)
STATIONS = ["CS001", "CS002"]


def test_line_has_delay_verb_and_arguments() -> None:
    line = parse_line("after 5 plug-in evse=2", SETUP, STATIONS)

    assert line is not None
    assert line.delay_s == 5
    assert isinstance(line.step, ScriptStep)
    assert line.step.verb.name == "plug-in"
    assert line.step.arguments["evse"] == 2


@pytest.mark.parametrize("text", ["", "   ", "# nothing"])
def test_empty_line_and_comment_are_no_step(text: str) -> None:
    assert parse_line(text, SETUP, STATIONS) is None


@pytest.mark.parametrize("text", ["CS002 after 5 unplug", "after 5 CS002 unplug"])
def test_identity_names_the_station(text: str) -> None:
    line = parse_line(text, SETUP, STATIONS)

    assert line is not None
    assert line.identity == "CS002"


@pytest.mark.parametrize(
    ("text", "value"), [("offline 30", 30), ("offline seconds=30", 30), ("offline", None)]
)
def test_short_parameter_needs_no_name(text: str, value: float | None) -> None:
    line = parse_line(text, SETUP, STATIONS)

    assert line is not None
    assert isinstance(line.step, ScriptStep)
    assert line.step.arguments["seconds"] == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("plugin", "unknown step 'plugin'; did you mean plug-in?", id="unknown verb"),
        pytest.param("plug-in evs=1", "plug-in has no parameter 'evs'; did you mean evse?", id="parameter"),
        pytest.param("plug-in evse=3", "evse must be 1 to 2, not '3'", id="EVSE"),
        pytest.param("plug-in connector=2", "connector must be 1, not '2'", id="connector"),
        pytest.param("plug-in evse=1 evse=2", "evse is given twice", id="twice"),
        pytest.param("unplug 1", "cannot read '1'; write unplug [evse=1]", id="no name"),
        pytest.param("present", "present needs token; write present TOKEN", id="no token"),
        pytest.param("present AA type=ISO1444", "did you mean ISO14443?", id="type"),
        pytest.param("offline -1", "seconds must be a number above 0, not '-1'", id="negative"),
        pytest.param("offline nan", "seconds must be a number above 0, not 'nan'", id="NaN"),
        pytest.param("plug-in iso15118=maybe", "iso15118 must be yes or no", id="flag"),
        pytest.param("after 5", "write after SECONDS STEP", id="after alone"),
        pytest.param("after soon unplug", "seconds must be a number above 0", id="after without number"),
        pytest.param("CS001", "the step for CS001 is missing", id="identity alone"),
        pytest.param("CS003 unplug", "there is no station 'CS003'; did you mean CS00", id="station"),
        pytest.param("after 5 cs002 unplug", "there is no station 'cs002'; did you mean CS002?", id="case"),
        pytest.param("X9 after 5 unplug", "there is no station 'X9'; write, for example, CS001", id="X9"),
        pytest.param("unplug plug-in", "cannot read 'plug-in'", id="two steps"),
        pytest.param("repeat 3", "repeat has no parameters", id="repeat"),
        pytest.param("present 'AA", "a quotation mark is not closed", id="quote"),
    ],
)
def test_wrong_line_says_what_to_write(text: str, error: str) -> None:
    with pytest.raises(WrongStep) as raised:
        parse_line(text, SETUP, STATIONS)

    assert error in str(raised.value)


def test_script_counts_empty_lines_in_errors() -> None:
    with pytest.raises(WrongStep, match=r"^run\.txt:3: unknown step 'unplugg'; did you mean unplug\?$"):
        parse_script("# one\n\nunplugg\n", "run.txt", SETUP, STATIONS)


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_script_without_steps_is_wrong(text: str) -> None:
    with pytest.raises(WrongStep, match="no steps"):
        parse_script(text, "run.txt", SETUP, STATIONS)


def test_repeat_must_be_the_last_line() -> None:
    with pytest.raises(WrongStep, match=r"run\.txt:2: no line may follow repeat"):
        parse_script("after 5 repeat\nunplug", "run.txt", SETUP, STATIONS)


def test_repeat_without_waiting_is_wrong() -> None:
    with pytest.raises(WrongStep, match="must wait somewhere"):
        parse_script("plug-in\nrepeat", "run.txt", SETUP, STATIONS)


@pytest.mark.parametrize("word", [REPEAT, QUIT])
def test_words_are_lines_of_their_own(word: str) -> None:
    line = parse_script(f"after 1 {word}", "run.txt", SETUP, STATIONS)[0]

    assert line.step == word


def test_arguments_from_json_are_read_like_words() -> None:
    step = step_of(VERBS["plug-in"], {"evse": 2, "iso15118": True, "power": 3680, "ready": "no"}, SETUP)

    assert step.arguments == {
        "evse": 2,
        "connector": 1,
        "power": 3680,
        "energy": 20000,
        "iso15118": True,
        "ready": False,
    }


@pytest.mark.parametrize("value", [1.5, [], {}, True, "x"])
def test_evse_from_json_must_be_a_number(value: object) -> None:
    with pytest.raises(WrongStep, match="evse must be 1 to 2"):
        step_of(VERBS["unplug"], {"evse": value}, SETUP)


def test_step_is_written_as_it_is_read() -> None:
    line = parse_line("plug-in power=3680 evse=2", SETUP, STATIONS)

    assert line is not None
    assert str(line.step) == "plug-in evse=2 power=3680"
