"""Masking of passwords in payloads sent to stations."""

import re
from typing import Any, Final

SECRET_VARIABLES: Final = frozenset({"basicauthpassword"})
SECRET_FIELDS: Final = frozenset({"apnPassword", "password", "simPin"})
VPN_SECRETS: Final = frozenset({"key"})
"""Fields that are secret if the same object has a password."""
MASK: Final = "***"
USER_IN_URL: Final = re.compile(r"(?<!\w)(\w++://)[^/\s]+@")


def masked(value: Any) -> Any:
    """Return a payload with the passwords in variables, network profiles and URLs masked."""
    if isinstance(value, dict):
        variable = value.get("variable")
        if isinstance(variable, dict) and str(variable.get("name")).lower() in SECRET_VARIABLES:
            value = {**value, "attributeValue": MASK}
        secret_fields = SECRET_FIELDS | VPN_SECRETS if "password" in value else SECRET_FIELDS
        return {name: MASK if name in secret_fields else masked(part) for name, part in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return USER_IN_URL.sub(rf"\1{MASK}@", value) if isinstance(value, str) and "://" in value else value
