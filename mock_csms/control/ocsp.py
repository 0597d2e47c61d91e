"""The OCSP responder of the PKI. Requests to it need no control token, because stations have none."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from mock_csms.control.problems import documented
from mock_csms.csms import Csms

REQUEST_TYPE: Final = "application/ocsp-request"
RESPONSE_TYPE: Final = "application/ocsp-response"
BINARY: Final = {"schema": {"type": "string", "format": "binary"}}

EncodedRequest = Annotated[str, Path(description="the OCSPRequest in DER and base64, percent-encoded")]


def router(csms: Csms) -> APIRouter:
    """Routes of the OCSP responder (RFC 6960 A.1). It answers every request, even a malformed one, with an
    OCSPResponse.
    """
    routes = APIRouter(prefix="/ocsp", tags=["certificates"])
    answer: dict[str, Any] = {
        "response_class": Response,
        "responses": {
            200: {"content": {RESPONSE_TYPE: BINARY}, "description": "the OCSPResponse in DER"},
            **documented(),
        },
    }
    body = {"requestBody": {"required": True, "content": {REQUEST_TYPE: BINARY}}}

    @routes.post("", openapi_extra=body, **answer)
    async def post_ocsp_request(request: Request) -> Response:
        """Return the status of a certificate: good, revoked or unknown."""
        return Response(csms.ocsp_answer(await request.body()), media_type=RESPONSE_TYPE)

    @routes.get("/{encoded:name}", **answer)
    async def get_ocsp_response(encoded: EncodedRequest) -> Response:
        """Return the status of the certificate that the OCSPRequest in the URL names."""
        return Response(csms.ocsp_answer(encoded), media_type=RESPONSE_TYPE)

    return routes
