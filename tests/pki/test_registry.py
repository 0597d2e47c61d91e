"""Issued and revoked certificates by serial number, in memory and in the index file."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mock_csms.errors import CouldNotStart
from mock_csms.pki import Pki, UnknownCertificate, registry
from mock_csms.pki.files import lock_folder
from mock_csms.pki.registry import Record, Registry
from tests.pki.samples import csr_pem

END = datetime(2030, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def record(serial: int, name: str = "signed/CS1", revoked: datetime | None = None) -> Record:
    return Record(name, serial, "intermediate", "CN=CS1", END, revoked)


def test_index_is_read_after_a_restart(tmp_path: Path) -> None:
    written = [record(1), record(0xABC, revoked=NOW)]
    Registry(tmp_path / "index").write(written)
    assert list(Registry(tmp_path / "index")) == written


def test_last_line_of_a_serial_number_counts(tmp_path: Path) -> None:
    index = Registry(tmp_path / "index")
    index.add(record(1))
    index.add(record(1, revoked=NOW))
    assert list(Registry(tmp_path / "index")) == [record(1, revoked=NOW)]


def test_lines_of_another_process_are_seen(tmp_path: Path) -> None:
    first, second = (Registry(tmp_path / "index") for _ in range(2))
    first.add(record(1))
    assert second.get(1) == record(1)
    second.write([record(1, revoked=NOW)])
    assert first.get(1) == record(1, revoked=NOW)


@pytest.mark.parametrize(
    "line",
    ["x", "[]", "1", "{}", '{"name": "x"', '{"serial": "zz", "name": "x"}', "[" * 100_000, "\ufffd"],
)
def test_malformed_lines_are_skipped(tmp_path: Path, line: str) -> None:
    path = tmp_path / "index"
    path.write_text(record(1).to_line() + line, encoding="utf-8")
    index = Registry(path)
    index.add(record(2))
    assert list(Registry(path)) == [record(1), record(2)]


def test_unreadable_lines_are_warned_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "index").write_text(record(1).to_line() + "garbage\n{}\n")
    index = Registry(tmp_path / "index")
    for _ in range(2):
        assert list(index) == [record(1)]
    (line,) = caplog.messages
    assert line.startswith(f"{tmp_path / 'index'} has lines that are not records of certificates: 2; ")
    assert "its revoked certificates may be accepted again" in line


def test_index_deleted_while_in_use_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    index = Registry(tmp_path / "index")
    assert list(index) == []
    assert caplog.messages == []
    index.add(record(1))
    (tmp_path / "index").unlink()
    assert list(index) == [record(1)]
    assert f"{tmp_path / 'index'} no longer has the records of 1 certificates (0 revoked); " in caplog.text


def test_missing_index_of_a_folder_is_warned_of_at_the_start(
    pki_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Pki.open(pki_folder)
    assert caplog.messages == []
    (pki_folder / "index.ndjson").unlink()
    Pki.open(pki_folder)
    assert "index.ndjson is missing; its revoked certificates may be accepted again" in caplog.text


def test_oldest_signed_certificates_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MAX_RECORDS", 3)
    index = Registry()
    index.write([record(1, "root"), record(2, revoked=NOW), record(3), record(4), record(5)])
    assert [one.serial for one in index] == [1, 2, 5]


def test_index_file_does_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MAX_RECORDS", 3)
    index = Registry(tmp_path / "index")
    for serial in range(1, 100):
        index.add(record(serial))
    lines = (tmp_path / "index").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 6
    assert [one.serial for one in Registry(tmp_path / "index")] == [97, 98, 99]


def test_unwritable_index_is_warned_about_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "index").mkdir()
    index = Registry(tmp_path / "index")
    with caplog.at_level(logging.WARNING):
        index.add(record(1))
        index.add(record(2))
    assert [one.split(": ")[0] for one in caplog.messages] == [
        f"cannot read {tmp_path / 'index'}",
        f"cannot write {tmp_path / 'index'}",
    ]
    assert list(index) == [record(1), record(2)]


def test_record_that_must_wait_for_the_lock_is_written_with_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = Registry(tmp_path / "index")
    index.add(record(1))
    with lock_folder(tmp_path):
        index.add(record(2), timeout_s=0)
    Registry(tmp_path / "index").add(record(3))
    assert list(index) == [record(1), record(3), record(2)]
    index.add(record(4))
    assert list(Registry(tmp_path / "index")) == [record(1), record(3), record(2), record(4)]
    assert caplog.messages == [
        f"cannot write {tmp_path / 'index'}: another process holds the lock .lock; "
        "certificates that the server issues meanwhile may be unknown after a restart"
    ]


def test_records_are_kept_when_the_index_is_deleted(tmp_path: Path) -> None:
    index = Registry(tmp_path / "index")
    index.add(record(1))
    (tmp_path / "index").unlink()
    assert list(index) == [record(1)]


def test_revocation_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    with pytest.raises(CouldNotStart, match=r"^cannot write "):
        Registry(tmp_path / "index").write([record(1)])


# Revocation by the PKI


def test_revocation_is_seen_by_a_running_server(pki_folder: Path) -> None:
    server = Pki.open(pki_folder)
    issued = server.issue_client("CS1")
    Pki.open(pki_folder).revoke("CS1")
    assert server.status(issued.certificate).revoked is not None


def test_revocation_by_identity_includes_certificates_for_csrs() -> None:
    pki = Pki.in_memory()
    signed = pki.sign_csr(csr_pem())
    client = pki.issue_client("CS-0001")
    other = pki.issue_client("CS-0002")
    assert [one.name for one in pki.revoke("CS-0001")] == ["signed/CS-0001", "client/CS-0001"]
    assert [pki.status(one.certificate).revoked is None for one in (signed, client, other)] == [
        False,
        False,
        True,
    ]


def test_revocation_by_serial_number_in_any_spelling() -> None:
    pki = Pki.in_memory()
    signed = pki.sign_csr(csr_pem())
    pki.revoke(f"00{signed.certificate.serial_number:X}")
    assert pki.status(signed.certificate).revoked is not None


def test_second_revocation_keeps_the_first_time() -> None:
    pki = Pki.in_memory()
    pki.issue_client("CS1")
    assert pki.revoke("CS1") == pki.revoke("CS1")


def test_revocation_of_an_unknown_name_is_refused() -> None:
    pki = Pki.in_memory()
    pki.issue_client("CS1")
    with pytest.raises(UnknownCertificate, match="no issued certificate is named 'client/CS2'; did you mean"):
        pki.revoke("client/CS2")


def test_certificate_of_another_pki_is_not_known() -> None:
    assert not Pki.in_memory().status(Pki.in_memory().named("root").certificate).is_known


def test_csr_is_signed_at_once_while_another_process_holds_the_lock(
    pki_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pki = Pki.open(pki_folder)
    with lock_folder(pki_folder):
        signed = pki.sign_csr(csr_pem())
    assert pki.status(signed.certificate).is_known
    assert caplog.messages[0].startswith(f"cannot write {pki_folder / 'index.ndjson'}: another process holds")


@pytest.mark.parametrize("content", [None, "", "junk\n" * 3, record(9).to_line(), record(2).to_line()])
def test_lost_records_are_reported_once_and_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None
) -> None:
    path = tmp_path / "index"
    index = Registry(path)
    index.write([record(1, "root"), record(2, revoked=NOW)])
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert index.get(2) == record(2, revoked=NOW)
    Registry(path).add(record(3))
    assert index.get(2) == record(2, revoked=NOW)
    errors = [one.message for one in caplog.records if one.levelno == logging.ERROR]
    assert errors == [
        f"{path} no longer has the records of 2 certificates (1 revoked); the server has them in "
        "memory and writes them back when it issues a certificate"
    ]
    index.add(record(4))
    assert Registry(path).get(2) == record(2, revoked=NOW)


def test_records_that_another_process_forgets_are_not_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Registry(tmp_path / "index")
    index.write([record(1), record(2)])
    monkeypatch.setattr(registry, "MAX_RECORDS", 1)
    (tmp_path / "index").write_text(record(2).to_line(), encoding="utf-8")
    assert list(index) == [record(2)]
    assert caplog.messages == []
