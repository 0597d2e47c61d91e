"""Passwords from every source, and the security profiles that need one."""

from pathlib import Path

import pytest

from mock_csms.security.passwords import salted_hash
from mock_csms.settings import UsageError
from mock_csms.settings.password_settings import warn_of_passwords
from tests.support.settings import ErrorOf, Read, error_of, settings_of

SECRET = "correct-horse-battery"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password.txt"
    path.write_text(f"{SECRET}\n")
    return path


def test_password_comes_from_flag_environment_or_file(password_file: Path) -> None:
    for settings in (
        settings_of(f"--password {SECRET}"),
        settings_of(PASSWORD=SECRET),
        settings_of(f"--password-file '{password_file}'"),
        settings_of(PASSWORD_FILE=str(password_file)),
    ):
        assert settings.password is not None
        assert settings.password.matches(SECRET.encode())


def test_password_and_password_file_exclude_each_other(password_file: Path) -> None:
    error = error_of(f"--password-file '{password_file}'", PASSWORD=SECRET)

    assert error == "use either --password or --password-file, not both"


@pytest.mark.parametrize("content", ["", "\n", "one\ntwo\n", "\n\n"])
def test_password_file_must_have_one_line(password_file: Path, content: str) -> None:
    password_file.write_text(content)

    assert "must have one line, the password" in error_of(f"--password-file '{password_file}'")


def test_unreadable_password_file_is_named(tmp_path: Path) -> None:
    error = error_of(f"--password-file '{tmp_path / 'none'}'")
    (tmp_path / "binary").write_bytes(b"\xff")

    assert error == f"cannot read the password file {tmp_path / 'none'}: No such file or directory"
    assert "must be a file of UTF-8 text" in error_of(f"--password-file '{tmp_path / 'binary'}'")


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ("one\0two", "must have no control characters"),
        ("one\x01two", "must have no control characters"),
        ("x" * 1025, "must have at most 1024 characters"),
        ("{SSHA256}b25l", "must have a hash and its salt"),
    ],
)
def test_unusable_password_in_a_file_is_rejected_without_its_text(
    password_file: Path, error_in: ErrorOf, content: str, flaw: str
) -> None:
    password_file.write_text(content)
    of_flag = error_of(f"--password-file '{password_file}'")

    assert of_flag.startswith(f"the password in the file {password_file} {flaw}")
    assert content not in of_flag
    assert of_flag in error_in(f"password_file = '{password_file}'")


@pytest.mark.parametrize("profile", [1, 2])
def test_profile_with_passwords_needs_one(profile: int) -> None:
    error = error_of(f"--security-profile {profile}")

    assert error.startswith(f"security profile {profile} needs a password; set --password, --password-file")
    assert settings_of(f"--security-profile {profile} --password {SECRET}").security_profile == profile


@pytest.mark.parametrize("profile", [0, 3])
def test_profile_without_passwords_needs_none(profile: int) -> None:
    assert settings_of(f"--security-profile {profile}").password is None


def test_unknown_profile_is_rejected() -> None:
    assert "--security-profile must be 0, 1, 2 or 3, not '4'" in error_of("--security-profile 4")


def test_named_station_without_a_password_is_reported(error_in: ErrorOf) -> None:
    error = error_in(
        f'[stations.CS1]\nsecurity_profile = 1\npassword = "{SECRET}"\n[stations.CS2]\nsecurity_profile = 2'
    )

    assert '[stations."CS2"]: security profile 2 needs a password' in error


def test_glob_needs_no_password_if_there_is_one_elsewhere(read: Read) -> None:
    settings = read(f'[stations."CS*"]\nsecurity_profile = 1\n[stations.CS1]\npassword = "{SECRET}"')

    assert settings.profile("CS1").password is not None
    assert settings.profile("CS2").password is None


def test_glob_without_any_password_is_reported(error_in: ErrorOf) -> None:
    assert "security profile 1 needs a password" in error_in('[stations."CS*"]\nsecurity_profile = 1')


@pytest.mark.parametrize("value", ["5", "true", '["correct-horse-battery"]'])
@pytest.mark.parametrize("table", ["", "[stations.CS1]\n"])
def test_password_of_the_wrong_type_is_rejected_without_its_value(
    error_in: ErrorOf, table: str, value: str
) -> None:
    error = error_in(f"{table}password = {value}")

    assert "password: must be a text" in error
    assert SECRET not in error


def test_wrong_password_in_a_flag_is_rejected_without_its_value() -> None:
    with pytest.raises(UsageError) as caught:
        settings_of("--password '{SSHA256}c2VjcmV0'")

    assert "c2VjcmV0" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "set_variables = ['SecurityCtrlr.BasicAuthPassword=too-short']",
        "[stations.CS1]\nset_variables = ['securityctrlr.basicauthpassword=too-short']",
        "[[rules]]\nwhen.action = 'Heartbeat'\n[rules.then.command]\naction = 'SetVariables'\n"
        "[[rules.then.command.payload.setVariableData]]\ncomponent.name = 'SecurityCtrlr'\n"
        "variable.name = 'BasicAuthPassword'\nattributeValue = 'too-short'",
    ],
)
def test_new_password_that_a_station_may_reject_is_reported(error_in: ErrorOf, content: str) -> None:
    error = error_in(content)

    assert "a password must have 16 to 40 characters, not 9" in error
    assert "too-short" not in error


def test_short_password_is_warned_of_once_without_its_text(
    caplog: pytest.LogCaptureFixture, read: Read
) -> None:
    settings = read("password = 'short'\n[stations.CS1]\npassword = 'also-short'")

    warn_of_passwords(settings)
    warn_of_passwords(settings, settings)

    assert caplog.messages == [
        "a station may reject the password, and 1 more like it: a password must have 16 to 40 characters, "
        "not 5 (A00.FR.205)"
    ]


def test_changed_password_of_a_station_is_warned_of(caplog: pytest.LogCaptureFixture, read: Read) -> None:
    before = read("password = 'short'")

    warn_of_passwords(read("password = 'short'\n[stations.CS1]\npassword = 'also-short'"), before)

    (line,) = caplog.messages
    assert line.startswith(
        'a station may reject the password of [stations."CS1"]: a password must have 16 to 40'
    )


@pytest.mark.parametrize(
    "line",
    ["", f"--password {SECRET}", f"--password '{salted_hash('short')}'"],
    ids=["no password", "text", "hash"],
)
def test_password_without_a_known_flaw_is_not_warned_of(caplog: pytest.LogCaptureFixture, line: str) -> None:
    warn_of_passwords(settings_of(line))

    assert caplog.messages == []
