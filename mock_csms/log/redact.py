"""What nobody should read: passwords in what is sent to stations."""

import re
from typing import Any, Final

SECRET_VARIABLES: Final = frozenset({"basicauthpassword"})
SECRET_FIELDS: Final = frozenset({"apnPassword", "password", "simPin"})
SECRETS_OF_VPN: Final = frozenset({"key"})
"""What is a secret beside a password."""
MASK: Final = "***"
USER_IN_URL: Final = re.compile(r"(\w+://)[^/\s]+@")


def masked(value: Any) -> Any:
    """Put stars where a payload of ours has a password: in variables, network profiles and URLs."""
    if isinstance(value, dict):
        variable = value.get("variable")
        if isinstance(variable, dict) and str(variable.get("name")).lower() in SECRET_VARIABLES:
            value = {**value, "attributeValue": MASK}
        secret = SECRET_FIELDS | SECRETS_OF_VPN if "password" in value else SECRET_FIELDS
        return {name: MASK if name in secret else masked(it) for name, it in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return USER_IN_URL.sub(rf"\1{MASK}@", value) if isinstance(value, str) and "://" in value else value
