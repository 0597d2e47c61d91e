"""Models of the listeners for stations."""

from typing import Annotated

from pydantic import Field

from mock_csms.control.models.base import Model, RequestBody, Root


class ListenerChange(RequestBody):
    """New settings of a listener. An omitted setting gets the value that it had when the server started."""

    security_profile: Annotated[int, Field(ge=0, le=3)] = 0
    """Lowest security profile that stations may use on this listener (A00)."""
    tls: bool = False
    """Whether TLS is accepted."""
    plain: bool = True
    """Whether plain text is accepted."""
    certificate: Annotated[str, Field(min_length=1, max_length=100)] = "both"
    """`both` for the RSA and the ECDSA certificate, `rsa`, `ecdsa`, or a name in the PKI."""
    tls_fault: Annotated[str, Field(max_length=100)] | None = None
    """TLS fault, as for `--tls-fault`: `expired` for all TLS connections, `expired=2` for the next two."""


class ListenerView(Model):
    """A listener, which is a port for stations, with its addresses and its settings."""

    name: str
    """Name of the listener: `main` for `--port`, `tls` for `--tls-port`, or a name from the settings."""
    url: str
    """Address for stations, to which they append their identity."""
    address: str
    """Host and port on which the server listens."""
    security_profile: int
    """Lowest security profile that stations may use on this listener (A00)."""
    tls: bool
    """Whether TLS is accepted."""
    plain: bool
    """Whether plain text is accepted."""
    certificate: str
    """`both` for the RSA and the ECDSA certificate, `rsa`, `ecdsa`, or a name in the PKI."""
    tls_fault: str | None
    """TLS fault: `expired` for all TLS connections, `expired=2` for the next two; null if there is none."""


class ListenerList(Root[list[ListenerView]]):
    """The listeners."""
