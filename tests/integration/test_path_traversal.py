"""Names such as ../../x, as the identity of a station or the name of a certificate, reach no other file."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import websockets
from ocpp.v201 import call

from mock_csms.pki import command_line
from tests.support.control import Mock, driven, problem_detail, send_command
from tests.support.secured import StationKey, files_of, station_context, with_password, wss_url
from tests.support.station import OCPP_2_0_1, connected_to, heartbeat_is_answered, no_command_follows

NAME = "../../x"
IN_URL = quote(NAME, safe="")
SECRET = "secret of another program"


class Folder:
    """A folder with a secret file, ``x``, and the folders of a mock, from which ../../x is the secret."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pki = path / "a" / "pki"
        self.files = path / "a" / "files"
        self.files.mkdir(parents=True)
        (path / "x").write_text(SECRET, encoding="utf-8")

    def others(self) -> list[str]:
        """Files and folders outside those of the mock."""
        return sorted(str(path.relative_to(self.path)) for path in self._others())

    def _others(self) -> Iterator[Path]:
        for path in self.path.rglob("*"):
            if not (path.is_relative_to(self.pki) or path.is_relative_to(self.files)):
                yield path

    def is_untouched(self) -> bool:
        """Return whether there is nothing new outside the folders of the mock, and the secret is the same."""
        return self.others() == ["a", "x"] and (self.path / "x").read_text(encoding="utf-8") == SECRET


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with a secret."""
    return Folder(tmp_path)


@pytest.fixture
async def mock(folder: Folder) -> AsyncIterator[Mock]:
    """A mock with a PKI and a folder of files."""
    async with driven(tls=True, pki=folder.pki, files=folder.files) as mock:
        yield mock


@pytest.mark.parametrize("path", [f"/{IN_URL}", "/..%2f..%2fx", "/ocpp/%2E%2E%2F%2E%2E%2Fx", "/../../x"])
async def test_identity_with_a_path_is_only_a_name(mock: Mock, folder: Folder, path: str) -> None:
    csms, client = mock
    address = f"ws://{csms.address}{path}"
    async with websockets.connect(address, subprotocols=[OCPP_2_0_1]) as connection:
        assert await heartbeat_is_answered(connection)
        [station] = (await client.get("/v1/stations")).json()
        assert station["id"] in {NAME, "x"}
    assert folder.is_untouched()


async def test_client_certificate_with_a_path_as_identity_stays_in_the_folder(
    mock: Mock, folder: Folder
) -> None:
    csms, client = mock
    changed = await client.patch(f"/v1/stations/{IN_URL}/profile", json={"securityProfile": 3})
    assert changed.status_code == 200, changed.text
    certificate = files_of(csms.authority.issue_client(NAME))
    assert certificate.chain.parent.is_relative_to(folder.pki)
    context = station_context(csms.authority.root_pem, certificate)
    async with connected_to(wss_url(csms), IN_URL, ssl=context) as station:
        assert (await station.boot()).status == "Accepted"
    assert folder.is_untouched()


async def test_signed_certificate_with_a_path_as_common_name_stays_in_the_folder(
    mock: Mock, folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    csms, _ = mock
    key = StationKey(tmp_path_factory.mktemp("station"))
    async with connected_to(f"ws://{csms.address}", IN_URL) as station:
        assert (await station.send(call.SignCertificate(csr=key.csr(NAME)))).status == "Accepted"
        key.store((await station.next("CertificateSigned"))["certificate_chain"])
    assert folder.is_untouched()


async def test_password_of_an_identity_with_a_path_reaches_no_file(mock: Mock, folder: Folder) -> None:
    csms, client = mock
    password = "correct-horse-battery"
    answer = await client.put(f"/v1/stations/{IN_URL}/password", json={"password": password})
    assert answer.status_code == 204
    async with connected_to(f"ws://{csms.address}", IN_URL, **with_password(password, NAME)) as station:
        assert (await station.boot()).status == "Accepted"
    assert folder.is_untouched()


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        pytest.param(
            "InstallCertificate",
            {"certificateType": "CSMSRootCertificate", "certificate": f"{{{{certificate.{NAME}}}}}"},
            id="placeholder of a certificate",
        ),
        pytest.param(
            "SetNetworkProfile",
            {"configurationSlot": 1, "connectionData": {"ocppCsmsUrl": f"{{{{listener.{NAME}}}}}"}},
            id="placeholder of a listener",
        ),
    ],
)
async def test_placeholder_with_a_path_as_a_name_is_refused(
    mock: Mock, folder: Folder, action: str, payload: dict[str, object]
) -> None:
    csms, client = mock
    async with connected_to(f"ws://{csms.address}", "CS1"):
        answer = await send_command(client, "CS1", action, payload=payload)
        problem_detail(answer, 422, "invalid-payload")
    assert SECRET not in answer.text
    assert folder.is_untouched()


@pytest.mark.parametrize("name", [NAME, "../../x.pem", "/etc/passwd"])
async def test_certificate_of_a_listener_with_a_path_as_its_name_is_refused(
    mock: Mock, folder: Folder, name: str
) -> None:
    _, client = mock
    answer = await client.put("/v1/listeners/main", json={"certificate": name})
    assert "no certificate is named" in problem_detail(answer, 422, "invalid-listener")
    assert (await client.put(f"/v1/listeners/{IN_URL}", json={})).status_code == 404
    assert folder.is_untouched()


@pytest.mark.parametrize(("action", "setting"), [("Install", "install"), ("Delete", "delete")])
async def test_setting_of_a_certificate_with_a_path_as_its_name_sends_nothing(
    mock: Mock, folder: Folder, action: str, setting: str
) -> None:
    csms, client = mock
    async with connected_to(f"ws://{csms.address}", "CS1") as station:
        change = {f"{setting}Certificate": NAME}
        assert (await client.patch("/v1/stations/CS1/profile", json=change)).status_code == 200
        answer = await send_command(client, "CS1", f"{action}Certificate")
        assert "no certificate is named" in problem_detail(answer, 422, "nothing-to-do")
        assert await no_command_follows(station)
    assert folder.is_untouched()


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("command", [["client", NAME], ["revoke", NAME], ["make", NAME]])
def test_pki_command_with_a_path_as_a_name_stays_in_the_folder(
    folder: Folder, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command_line.main(["make", "--dir", str(folder.pki)])
    command_line.main([*command, "--dir", str(folder.pki)])
    captured = capsys.readouterr()
    assert SECRET not in captured.out + captured.err
    assert folder.is_untouched()
