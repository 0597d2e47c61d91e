"""Models of the listeners for stations."""

from typing import Annotated

from pydantic import Field

from mock_csms.control.models.base import Model, RequestBody, Root


class ListenerChange(RequestBody):
    """Settings of a listener. An omitted setting is set to its value at the start of the server."""

    security_profile: Annotated[int, Field(ge=0, le=3)] = 0
    """Lowest security profile that stations may use on this listener (A00)."""
    tls: bool = False
    """Whether TLS is accepted."""
    plain: bool = True
    """Whether plain text is accepted."""
    certificate: Annotated[str, Field(min_length=1, max_length=100)] = "both"
    """`both` for the RSA and the ECDSA certificate, `rsa`, `ecdsa`, or a name in the PKI."""
    tls_fault: Annotated[str, Field(max_length=100)] | None = None
    """Fault of the next TLS connections, as for `--tls-fault`: a kind, or `expired=2` for two connections."""


class ListenerView(Model):
    """A port for stations."""

    name: str
    """Name of the listener: `main` for `--port`, `tls` for `--tls-port`, or a name from the settings."""
    url: str
    """Address for stations, to which they append their identity."""
    address: str
    """Address on which the server listens."""
    security_profile: int
    """Lowest security profile that stations may use on this listener (A00)."""
    tls: bool
    """Whether TLS is accepted."""
    plain: bool
    """Whether plain text is accepted."""
    certificate: str
    """`both` for the RSA and the ECDSA certificate, `rsa`, `ecdsa`, or a name in the PKI."""
    tls_fault: str | None
    """Fault of the next TLS connections, such as `expired=2`; null if there is none."""


class ListenerList(Root[list[ListenerView]]):
    """The listeners."""
