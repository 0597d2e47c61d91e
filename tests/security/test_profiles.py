"""Whether a station is admitted with what it presents at the handshake, by security profile (A00)."""

from base64 import b64encode
from http import HTTPStatus

import pytest

from mock_csms.security.passwords import Password
from mock_csms.security.profiles import Clearance, Presented, Required, judge

RIGHT = Password.of("correct-horse-battery")
FORMER = Password.of("the-one-before-that")
WRONG_PASSWORD = "its password is wrong; compare BasicAuthPassword in the station with the password of CS1"


def basic(user_and_password: str | bytes) -> str:
    data = user_and_password.encode() if isinstance(user_and_password, str) else user_and_password
    return f"Basic {b64encode(data).decode()}"


def judged(
    *authorization: str, profile: int = 1, is_encrypted: bool = False, flaw: str | None = None
) -> Clearance:
    required = Required("CS1", profile, (RIGHT,), FORMER)
    return judge(required, Presented(authorization, is_encrypted, flaw))


@pytest.mark.parametrize("user", ["CS1", "cs1"])
@pytest.mark.parametrize("profile", [1, 2])
def test_right_password_is_admitted(profile: int, user: str) -> None:
    clearance = judged(basic(f"{user}:correct-horse-battery"), profile=profile, is_encrypted=profile == 2)

    assert (clearance.status, clearance.password) == (None, RIGHT)


@pytest.mark.parametrize(
    ("authorization", "words"),
    [
        pytest.param([], "it sent no password", id="none"),
        pytest.param([basic("CS1:a")] * 2, "2 Authorization headers", id="several"),
        pytest.param(["Bearer abc"], "not of the scheme Basic", id="other scheme"),
        pytest.param(["Basic ===="], "not valid base64", id="not base64"),
        pytest.param(["Basic"], "no colon", id="no credentials"),
        pytest.param([basic("CS1")], "no colon", id="no colon"),
        pytest.param([f"Basic {'A' * 5000}"], "more than 4096 characters", id="long"),
        pytest.param([basic("CS2:correct-horse-battery")], "differs from its identity 'CS1'", id="user"),
        pytest.param([basic(":correct-horse-battery")], "user name '' differs", id="no user"),
        pytest.param([basic("C:S1:correct-horse-battery")], "user name 'C' differs", id="colon in user"),
        pytest.param(
            [basic("CS1:")], "its password is empty; set BasicAuthPassword in the station", id="empty"
        ),
        pytest.param([basic("CS1:wrong")], WRONG_PASSWORD, id="wrong"),
        pytest.param([basic("CS1:correct-horse-battery\n")], "a space or a line break", id="line break"),
        pytest.param([basic(b"CS1:\xff\xfe")], "not UTF-8", id="binary"),
        pytest.param([basic("CS1:the-one-before-that")], "was valid before the last change", id="former"),
        pytest.param([basic("correct-horse-battery:CS1")], "sent its password as the user name", id="order"),
        pytest.param(
            [basic("the-one-before-that:CS1")], "sent its password as the user name", id="former, wrong order"
        ),
        pytest.param(
            [basic("a-wrong-one:CS1")], "sent its password as the user name", id="wrong, wrong order"
        ),
        pytest.param(
            [basic("correct-horse:with-colon:cs1")],
            "sent its password as the user name",
            id="colon, wrong order",
        ),
    ],
)
def test_wrong_credentials_are_unauthorized_for_one_reason(authorization: list[str], words: str) -> None:
    clearance = judged(*authorization)

    assert clearance.status is HTTPStatus.UNAUTHORIZED
    assert words in clearance.reason
    assert clearance.headers == {"WWW-Authenticate": 'Basic realm="OCPP", charset="UTF-8"'}
    assert "correct-horse" not in clearance.reason


def test_password_in_utf_8_is_admitted() -> None:
    required = Required("CS1", 1, (Password.of("pässwörd-åß-ünïcode"),))

    assert judge(required, Presented([basic("CS1:pässwörd-åß-ünïcode")])).status is None


def test_either_password_is_admitted_while_a_change_is_open() -> None:
    other = Password.of("another-password")
    required = Required("CS1", 1, (RIGHT, other))

    assert judge(required, Presented([basic("CS1:another-password")])).password == other
    assert judge(required, Presented([basic("CS1:correct-horse-battery")])).password == RIGHT


def test_station_without_a_configured_password_is_refused_with_a_remedy() -> None:
    clearance = judge(Required("CS9", 1), Presented([basic("CS9:correct-horse-battery")]))

    assert clearance.status is HTTPStatus.UNAUTHORIZED
    assert "no password is configured for CS9; set --password" in clearance.reason


@pytest.mark.parametrize("profile", [2, 3])
def test_plain_text_below_the_profile_is_forbidden(profile: int) -> None:
    clearance = judged(basic("CS1:correct-horse-battery"), profile=profile)

    assert clearance.status is HTTPStatus.FORBIDDEN
    assert f"security profile {profile} requires TLS; set the station to wss://" in clearance.reason
    assert clearance.headers == {}


def test_profile_3_needs_an_accepted_certificate_and_no_password() -> None:
    assert judged(profile=3, is_encrypted=True, flaw="").status is None
    assert "no client certificate" in judged(profile=3, is_encrypted=True).reason
    assert judged(profile=3, is_encrypted=True, flaw="it has expired").reason == "it has expired"


def test_station_with_an_accepted_certificate_is_above_profile_2() -> None:
    assert judged(profile=2, is_encrypted=True, flaw="").status is None
    assert judged(basic("CS1:x"), profile=2, is_encrypted=True, flaw="").status is HTTPStatus.UNAUTHORIZED


def test_profile_0_admits_any_credentials_and_remarks_on_them() -> None:
    assert judged(profile=0) == Clearance()
    assert judge(Required("CS1", 0), Presented([basic("CS1:x")])) == Clearance()
    assert judged(basic("CS1:correct-horse-battery"), profile=0).remark.startswith("its password is right")
    wrong = judged(basic("CS1:x"), profile=0)
    assert wrong.status is None
    assert wrong.remark.startswith(f"security profile 1 would refuse it: {WRONG_PASSWORD}")
