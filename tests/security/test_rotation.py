"""Which passwords of a station are valid after each command, answer, connection and boot (A01)."""

import pytest

from mock_csms.security.passwords import Password, flaw_of_new_password
from mock_csms.security.rotation import MAX_OPEN_PASSWORDS, PasswordChanges

OLD, NEW, THIRD = "the-old-password-1", "the-new-password-2", "the-third-password-3"
CONFIGURED = Password.of(OLD)


class Known:
    """The password changes of CS1, and the passwords that are valid after them."""

    def __init__(self) -> None:
        self.changes = PasswordChanges()
        self.configured: Password | None = CONFIGURED

    def send(self, new: str = NEW) -> None:
        self.changes.sent("CS1", new, self.configured)

    def answer(self, status: str) -> str:
        return self.changes.answered("CS1", status)

    def connect(self, password: str) -> None:
        holding = self.changes.holding("CS1", self.configured)
        [used] = [each for each in holding.passwords if each.matches(password.encode())]
        self.changes.used("CS1", used)

    def boot(self) -> None:
        self.changes.booted("CS1")

    @property
    def holding(self) -> list[str]:
        holding = self.changes.holding("CS1", self.configured)
        return [
            text for text in (OLD, NEW, THIRD) if any(p.matches(text.encode()) for p in holding.passwords)
        ]


@pytest.fixture
def known() -> Known:
    return Known()


def test_configured_password_holds_without_a_change(known: Known) -> None:
    assert known.holding == [OLD]
    known.configured = None
    assert known.holding == []


def test_accepted_password_replaces_the_old_one(known: Known) -> None:
    known.send()
    assert "A01.FR.03" in known.answer("Accepted")

    assert known.holding == [NEW]
    former = known.changes.holding("CS1", CONFIGURED).former
    assert former is not None
    assert former.matches(OLD.encode())


@pytest.mark.parametrize("status", ["Rejected", "NotSupportedAttributeType", ""])
def test_refused_password_changes_nothing(known: Known, status: str) -> None:
    known.send()
    assert "A01.FR.04" in known.answer(status)

    assert known.holding == [OLD]


@pytest.mark.parametrize("used", [OLD, NEW])
def test_either_holds_until_the_next_boot_on_a_new_connection(known: Known, used: str) -> None:
    known.send()
    known.answer("RebootRequired")
    known.boot()  # on the old connection
    assert known.holding == [OLD, NEW]

    known.connect(OLD)
    known.connect(used)
    assert known.holding == [OLD, NEW]
    known.boot()

    assert known.holding == [used]


@pytest.mark.parametrize("used", [OLD, NEW])
def test_either_holds_without_an_answer_until_one_is_used(known: Known, used: str) -> None:
    known.send()
    assert known.holding == [OLD, NEW]

    known.connect(used)

    assert known.holding == [used]


def test_late_answer_after_a_connection_changes_nothing(known: Known) -> None:
    known.send()
    known.connect(OLD)

    assert known.answer("Accepted") == ""
    assert known.holding == [OLD]


def test_second_change_follows_an_unanswered_one(known: Known) -> None:
    known.send(NEW)
    known.send(THIRD)
    assert known.holding == [OLD, NEW, THIRD]

    known.answer("Rejected")
    assert known.holding == [OLD, NEW]
    known.send(THIRD)
    known.answer("Accepted")

    assert known.holding == [THIRD]


def test_same_password_may_be_set_again(known: Known) -> None:
    known.send(OLD)
    known.answer("Rejected")
    assert known.holding == [OLD]
    known.send(OLD)
    known.answer("Accepted")
    assert known.holding == [OLD]


def test_number_of_open_passwords_is_limited(known: Known) -> None:
    for number in range(20):
        known.send(f"password-number-{number}")

    assert len(known.changes.holding("CS1", CONFIGURED).passwords) == MAX_OPEN_PASSWORDS


def test_changed_setting_replaces_the_changes(known: Known) -> None:
    known.send()
    known.answer("Accepted")

    known.configured = Password.of(THIRD)

    assert known.holding == [THIRD]


def test_forgetting_restores_the_configured_password(known: Known) -> None:
    known.send()
    known.answer("Accepted")
    known.changes.forget("CS1")
    assert known.holding == [OLD]

    known.send()
    known.changes.clear()
    assert known.holding == [OLD]


def test_station_without_a_password_gets_its_first_one(known: Known) -> None:
    known.configured = None
    known.send()
    assert known.holding == [NEW]
    known.answer("Accepted")
    assert known.holding == [NEW]


@pytest.mark.parametrize("text", ["a" * 16, "Z9*-_=:+|@." * 3, "a" * 40])
def test_password_string_is_fit(text: str) -> None:
    assert flaw_of_new_password(text) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" * 15, "16 to 40 characters, not 15"),
        ("a" * 41, "16 to 40 characters, not 41"),
        ("a password with spaces", "letters and digits of ASCII"),
        ("a-pässwörd-ünïcode", "letters and digits of ASCII"),
        ("a-password-and-newline\n", "letters and digits of ASCII"),
    ],
)
def test_unfit_password_is_described_without_its_text(text: str, words: str) -> None:
    flaw = flaw_of_new_password(text)

    assert words in flaw
    assert text not in flaw
