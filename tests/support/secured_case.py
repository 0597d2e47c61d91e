"""A mock that requires a security profile, and the stations that connect to it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import httpx

from mock_csms.csms import Csms
from mock_csms.mock import listening
from mock_csms.pki import Pki
from mock_csms.settings import Settings
from server import VERSIONS
from tests.support.control import driven
from tests.support.secured import files_of, station_context, with_password, wss_url
from tests.support.station import Station, connected_to

PASSWORD: Final = "correct-horse-battery"


class SecuredCase:
    """A mock that requires a security profile, and the stations that connect to it."""

    def __init__(self, csms: Csms, client: httpx.AsyncClient | None, security_profile: int, pki: Pki) -> None:
        self.csms = csms
        self._client = client
        self.security_profile = security_profile
        self.pki = pki

    @property
    def client(self) -> httpx.AsyncClient:
        """Client of the control API, if the mock has one."""
        assert self._client is not None, "use secured(..., control=True)"
        return self._client

    @property
    def url(self) -> str:
        """Base URL of the main listener."""
        return wss_url(self.csms) if self.security_profile > 1 else f"ws://{self.csms.address}"

    def options(self, password: str = PASSWORD, user: str = "CS1", suite: str = "") -> dict[str, Any]:
        """Options to connect a station that proves its identity as the security profile requires."""
        if self.security_profile == 1:
            return with_password(password, user)
        if self.security_profile == 2:
            return with_password(password, user, ssl=station_context(self.pki.root_pem, suite=suite))
        certificate = files_of(self.pki.issue_client("CS1"))
        return {"ssl": station_context(self.pki.root_pem, certificate, suite=suite)}

    def connected(self, password: str = PASSWORD, suite: str = "") -> AbstractAsyncContextManager[Station]:
        """Connect CS1 as the security profile requires, while the context lasts."""
        return connected_to(self.url, "CS1", **self.options(password, suite=suite))


@asynccontextmanager
async def secured(
    security_profile: int, pki: Pki, *, control: bool = False, **settings: Any
) -> AsyncIterator[SecuredCase]:
    """Serve stations with this security profile; with ``control`` also the control API, which costs 0.3 s."""
    settings |= {"port": 0, "security_profile": security_profile, "pki": pki.path}
    if security_profile < 3:
        settings["password"] = PASSWORD
    if control:
        async with driven(**settings) as (csms, client):
            yield SecuredCase(csms, client, security_profile, pki)
        return
    csms = Csms(Settings.model_validate(settings), VERSIONS)
    async with listening(csms):
        yield SecuredCase(csms, None, security_profile, pki)
