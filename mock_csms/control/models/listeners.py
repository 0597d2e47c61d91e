"""Models of the listeners for stations."""

from mock_csms.control.models.base import Model, Root


class ListenerView(Model):
    """A port for stations."""

    name: str
    """Name of the listener: `main` for `--port`, `tls` for `--tls-port`, or a name from the settings."""
    url: str
    """Address for stations, to which they append their identity."""
    address: str
    """Address on which the server listens."""
    security_profile: int
    """Lowest security profile of the stations (A00)."""
    tls: bool
    """Whether TLS is accepted."""
    plain: bool
    """Whether plain text is accepted."""
    certificate: str
    """`both` for the RSA and the ECDSA certificate, `rsa`, `ecdsa`, or a name in the PKI."""
    tls_fault: str | None
    """Fault of the next TLS connections, such as `expired=2`; null without a fault."""


class ListenerList(Root[list[ListenerView]]):
    """The listeners."""
