"""Values of placeholders with a name, such as ``{{certificate.v2g-root}}``."""

from typing import TYPE_CHECKING, Final

from mock_csms.messages import JsonObject

if TYPE_CHECKING:
    # Only for types: the server imports cryptography, which takes long, when it needs certificates.
    from mock_csms.pki import Pki

ALGORITHMS: Final = ("SHA256", "SHA384", "SHA512")
"""Hash algorithms of OCPP (HashAlgorithmEnumType)."""


def certificate_value(authority: "Pki", name: str) -> str | JsonObject:
    """Return a certificate in PEM. For ``NAME.SHA256`` and similar names, return its CertificateHashDataType.

    Raises ValueError for an unknown name.
    """
    certificate_name, _, algorithm = name.rpartition(".")
    if certificate_name and algorithm in ALGORITHMS:
        return authority.named(certificate_name).hash_data(algorithm)
    return authority.named(name).certificate_pem
