"""The `pki` command: its files, its list, its help and its errors."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

import server
from mock_csms.pki import Pki
from mock_csms.pki.blueprints import KINDS
from mock_csms.pki.listing import listing
from tests.pki.samples import csr_pem

type Run = Callable[..., str]


@pytest.fixture
def run(
    pki_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    restored_logging: None,
) -> Run:
    """Return a function that runs `pki` and returns its output, or its errors if ``code`` is not 0."""
    monkeypatch.chdir(pki_folder.parent)

    def run(*arguments: str, code: int = 0) -> str:
        assert server.main(["pki", *arguments]) == code
        printed = capsys.readouterr()
        return printed.err if code else printed.out

    return run


def row(text: str, name: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.startswith(f"{name} "))


def test_client_names_the_files_to_install(run: Run) -> None:
    text = run("client", "CS1", "--dir", "pki")
    assert text.splitlines()[1:] == [
        "key          pki/client/CS1.key",
        "root         pki/root.pem",
        "",
        "Install all three in the station; without the root, it does not trust the server.",
    ]
    assert text.startswith("certificate  pki/client/CS1.pem  (O=OCPP2 Mock Server,CN=CS1, until 20")


@pytest.mark.parametrize(("key_type", "folder"), [("rsa", "client-rsa"), ("ecdsa", "client")])
def test_client_has_a_key_of_the_type(run: Run, pki_folder: Path, key_type: str, folder: str) -> None:
    run("client", "CS1", "--dir", "pki", "--key-type", key_type)
    certificate = x509.load_pem_x509_certificate((pki_folder / folder / "CS1.pem").read_bytes())
    assert type(certificate.public_key()).__name__.startswith(key_type[:2].upper())


def test_wrong_client_is_a_file_of_its_own(run: Run, pki_folder: Path) -> None:
    run("client", "CS1", "--pki", "pki", "--fault", "expired")
    certificate = x509.load_pem_x509_certificate((pki_folder / "expired-client" / "CS1.pem").read_bytes())
    assert certificate.not_valid_after_utc < datetime.now(UTC)


def test_client_with_an_ocsp_url_names_the_responder(run: Run, pki_folder: Path) -> None:
    run("client", "CS1", "--dir", "pki", "--ocsp-url", "http://127.0.0.1:9001/ocsp")
    certificate = x509.load_pem_x509_certificate((pki_folder / "client" / "CS1.pem").read_bytes())
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert [one.access_location.value for one in access] == ["http://127.0.0.1:9001/ocsp"]


def test_make_without_a_kind_makes_the_folder(run: Run, tmp_path: Path) -> None:
    text = run("make", "--dir", "new", "--name", "csms.example.com")
    certificate = x509.load_pem_x509_certificate((tmp_path / "new" / "server-rsa.pem").read_bytes())
    assert "CN=csms.example.com" in certificate.subject.rfc4514_string()
    assert text.endswith("Install this root in the station, so that it trusts the server: new/root.pem\n")


@pytest.mark.parametrize("kind", KINDS)
def test_make_prints_the_files_of_a_kind(run: Run, tmp_path: Path, kind: str) -> None:
    text = run("make", kind, "--dir", "pki")
    files = [line.split()[1] for line in text.splitlines()]
    assert len(files) == 2 * len(KINDS[kind])
    assert all((tmp_path / file).is_file() for file in files)


def test_list_shows_certificates_with_their_files(run: Run) -> None:
    run("client", "CS1", "--dir", "pki")
    text = run("list", "--dir", "pki")
    assert row(text, "client/CS1")[-3:] == [row(text, "client/CS1")[-3], "good", "pki/client/CS1.pem"]
    assert row(text, "root")[-1] == "pki/root.pem"
    assert text.splitlines()[0].split() == ["NAME", "SUBJECT", "ISSUER", "EXPIRES", "STATE", "FILE"]


def test_revoked_client_is_listed_as_revoked(run: Run) -> None:
    run("client", "CS1", "--dir", "pki")
    assert run("revoke", "CS1", "--dir", "pki").startswith("revoked client/CS1, serial number ")
    assert "revoked" in row(run("list", "--dir", "pki"), "client/CS1")
    assert "revoked" in run("client", "CS1", "--dir", "pki")


def test_list_shows_signed_expired_and_replaced_certificates(pki_folder: Path) -> None:
    pki = Pki.open(pki_folder)
    pki.sign_csr(csr_pem())
    pki.make("expired")
    (pki_folder / "secc.pem").unlink()
    text = listing(Pki.open(pki_folder), datetime.now(UTC))
    assert row(text, "signed/CS-0001")[-2:] == ["good", "-"]
    assert row(text, "expired-rsa")[-2] == "expired"
    assert row(text, "secc")[-2:] == ["replaced", "-"]


def test_list_makes_no_client_certificate_again(run: Run, pki_folder: Path) -> None:
    run("client", "CS1", "--dir", "pki")
    (pki_folder / "client" / "CS1.pem").unlink()
    assert row(run("list", "--dir", "pki"), "client/CS1")[-2:] == ["good", "-"]
    assert not (pki_folder / "client" / "CS1.pem").exists()


def test_list_shows_certificates_of_unknown_kinds(run: Run, pki_folder: Path) -> None:
    record = Pki.open(pki_folder).records()[0]._replace(name="of-another-release", serial=7)
    with (pki_folder / "index.ndjson").open("a", encoding="utf-8") as index:
        index.write(record.to_line())
    assert row(run("list", "--dir", "pki"), "of-another-release")[-2:] == ["good", "-"]


def test_list_judges_expiry_by_the_time(pki_folder: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    assert row(listing(Pki.open(pki_folder), later), "secc")[-2] == "expired"


def test_subject_of_a_csr_cannot_break_the_table(pki_folder: Path) -> None:
    pki = Pki.open(pki_folder)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a\n\x1b[2Jb" + "c" * 50)])
    pki.sign_csr(csr_pem(subject=name))
    text = listing(pki, datetime.now(UTC))
    assert all(line.isprintable() for line in text.splitlines())
    assert len(text.splitlines()) == len(pki.records()) + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a command; write one of client, list, make, revoke"),
        (["clint"], "'clint' is not a command; did you mean client?"),
        (["xyzzy"], "'xyzzy' is not a command; write one of client, list, make, revoke"),
        (["make", "expird"], "'expird' is not a kind of certificate; did you mean expired?"),
        (["make", "--nam", "x"], "unrecognized arguments: --nam; did you mean --name?"),
        (["make", "--name", "*.x"], "'*.x' has a wildcard, which stations may reject; write each name"),
        (
            ["make", "--ocsp-url", "http://h\u00f6st/ocsp"],
            "argument --ocsp-url: expected an ASCII URL such as http://127.0.0.1:9001/ocsp, "
            "not 'http://h\u00f6st/ocsp'; python server.py pki make --help shows the usage",
        ),
        (["revoke", "CS9"], "no issued certificate is named 'CS9'"),
        (["make", "xyzzy"], f"'xyzzy' is not a kind of certificate; choose from {', '.join(KINDS)}"),
        (
            ["client", "a\nb"],
            "'a\\nb' cannot be the CN of a certificate; use 1 to 64 printable characters, at most 64 bytes "
            "in UTF-8",
        ),
        (
            ["list", "--dir", "nope"],
            "nope is not a PKI folder; make one with `python server.py pki make` or the server and --tls",
        ),
    ],
)
def test_wrong_usage_is_one_line_with_what_to_write(run: Run, arguments: list[str], message: str) -> None:
    if "--dir" not in arguments and len(arguments) > 1:
        arguments = [*arguments, "--dir", "pki"]
    assert run(*arguments, code=2) == f"server.py pki: {message}\n"


@pytest.mark.parametrize("command", [["list"], ["revoke", "CS1"]])
def test_command_leaves_another_folder_alone(run: Run, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "other").mkdir()
    run(*command, "--dir", "other", code=2)
    assert not list((tmp_path / "other").iterdir())


def test_broken_folder_is_exit_code_3(run: Run, pki_folder: Path) -> None:
    (pki_folder / "root.key").write_text("x", encoding="utf-8")
    assert run("list", "--dir", "pki", code=3).startswith("server.py pki: pki/root.key is not an RSA or EC")


@pytest.mark.parametrize("command", [[], ["client"], ["list"], ["make"], ["revoke"]])
def test_help_is_printed(run: Run, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(*command, "--help")
    assert capsys.readouterr().out.startswith("usage: python server.py pki")
