"""Files and folders that the settings name: checked at the start, and removed by their owner only."""

from pathlib import Path
from typing import Any

import pytest

from mock_csms import MockCsms, Settings
from mock_csms.errors import CouldNotStart
from server import VERSIONS


def mock(**settings: Any) -> MockCsms:
    return MockCsms(Settings.model_validate({"port": 0, "no_control": True, **settings}), VERSIONS)


async def test_ready_file_of_a_later_server_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    async with mock(ready_file=path):
        second = mock(ready_file=path)
        await second.__aenter__()
    content = path.read_text(encoding="utf-8")
    await second.__aexit__(None, None, None)

    assert second.url in content
    assert not path.exists()


async def test_stale_ready_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("stale", encoding="utf-8")
    async with mock(ready_file=path) as running:
        assert running.url in path.read_text(encoding="utf-8")


async def test_removed_ready_file_does_not_matter_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    async with mock(ready_file=path):
        path.unlink()


@pytest.mark.parametrize(("name", "reason"), [("file", "is not a folder"), ("none", "does not exist")])
async def test_files_that_is_no_folder_prevents_the_start(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CouldNotStart, match=reason):
        await mock(files=tmp_path / name).__aenter__()


@pytest.mark.parametrize("host", ["a\0b", "x" * 300])
async def test_host_that_is_no_name_prevents_the_start_with_one_line(host: str) -> None:
    with pytest.raises(CouldNotStart, match="cannot listen on ") as caught:
        await mock(host=host).__aenter__()

    assert len(str(caught.value).splitlines()) == 1
