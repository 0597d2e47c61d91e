"""Misbehaviours in certificate signing requests (A00, A02)."""

from typing import Final

from ocpp.v201.enums import Action

from mock_csms.simulator.misbehaviour.changes import alter, put
from mock_csms.simulator.misbehaviour.deviations import ChangeCall
from mock_csms.simulator.misbehaviour.record import Misbehaviour

SHORT_KEY: Final = """-----BEGIN CERTIFICATE REQUEST-----
MIG8MHUCAQAwIzEOMAwGA1UEAwwFQ1MwMDExETAPBgNVBAoMCE1vY2sgQ1NPMEkw
EwYHKoZIzj0CAQYIKoZIzj0DAQEDMgAEF6cbM3qVoF+rIlChCJvQlKFWupVikWnn
ANzR7poexWVdsleBEvNgaNhPDPrLSHDaoAAwCgYIKoZIzj0EAwIDNwAwNAIYCTBj
AIIcMwm1P+dCOCrOrAcDYusBegMaAhg61I1Wi/EaTI/xAbzZAQrtfEGARy4+o08=
-----END CERTIFICATE REQUEST-----
"""
SIGNED_WITH_SHA_1: Final = """-----BEGIN CERTIFICATE REQUEST-----
MIHdMIGFAgEAMCMxDjAMBgNVBAMMBUNTMDAxMREwDwYDVQQKDAhNb2NrIENTTzBZ
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABE6p2HJFS7anzv126MIuM0l2VyfNtfoG
SvOOWYTS8ls36HV1fQMNi4ZkVLpZ2bWFH/tR0LjqzpGvm9Myqsw4ey+gADAJBgcq
hkjOPQQBA0gAMEUCID/IOM1lRk6AEsHe++6/unNC5oAqEA+HU5+BVQ7Yn35eAiEA
8B22h/pUHIgLou8pspaIYM4aE66G+XmIVW0rKLgz/PY=
-----END CERTIFICATE REQUEST-----
"""
USUAL_REQUEST: Final = """-----BEGIN CERTIFICATE REQUEST-----
MIHdMIGFAgEAMCMxDjAMBgNVBAMMBUNTMDAxMREwDwYDVQQKDAhNb2NrIENTTzBZ
MBMGByqGSM49AgEGCCqGSM49AwEHA0IABIXhV7lwvdrThRdueoHPoYCjiOybn6ZS
YoffWyPEGTVuDG9BDKRoCq7Sf30OmBQBE/m4srAk6tO9bGfmjMfikAKgADAKBggq
hkjOPQQDAgNHADBEAiA9BKLs+RvRQ5Q7plsU6DSJBCnVVTvZJdvPD6iizbcYCgIg
abpHumKDv/Ww8RaGBBu6p57FWNPwMESx9YLuCp4wa3s=
-----END CERTIFICATE REQUEST-----
"""


def _with_private_key(csr: str) -> str:
    return f"{csr}-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"


SIGNING_MISBEHAVIOURS: Final = (
    Misbehaviour(
        "request-certificate-for-short-key",
        "The key in the first SignCertificate is on a curve of 192 bits.",
        "csr-key-weak",
        (ChangeCall(Action.sign_certificate, put("csr", SHORT_KEY), limit=1),),
    ),
    Misbehaviour(
        "sign-request-with-sha-1",
        "The first certificate signing request is signed with SHA-1.",
        "csr-signature-weak",
        (ChangeCall(Action.sign_certificate, put("csr", SIGNED_WITH_SHA_1), limit=1),),
    ),
    Misbehaviour(
        "keep-key",
        "All certificate signing requests are for the same key.",
        "csr-key-reused",
        (ChangeCall(Action.sign_certificate, put("csr", USUAL_REQUEST)),),
    ),
    Misbehaviour(
        "reveal-private-key",
        "A private key follows the certificate signing request in each SignCertificate.",
        "private-key-sent",
        (ChangeCall(Action.sign_certificate, alter("csr", _with_private_key)),),
    ),
)
