"""Texts about misbehaviours and mutations for the command line."""

from typing import Final

from mock_csms.simulator.misbehaviour.mutations import FORMS
from mock_csms.simulator.misbehaviour.table import MISBEHAVIOURS

MUTATION_NOTES: Final = (
    "A mutation, in quotes, changes single messages. FIELD is a path such as idTokenInfo.status. VALUE is",
    "JSON or plain text, now for the current time, or @FIELD for a value of the original message; FIELD=",
    "removes the field. In a condition, FIELD= stands for an absent field, and FIELD!=VALUE for any other",
    "value. At the end, times N limits how often the station misbehaves, and after N exempts the first N",
    "messages.",
)


def listing() -> str:
    """Describe all misbehaviours, and the forms of mutations with one example each."""
    names = (
        f"{name} (finding {each.finding})\n    {each.description}" for name, each in MISBEHAVIOURS.items()
    )
    forms = (
        f'{form.usage}\n    The station {form.description}.\n    Example: "{form.example}"'
        for form in FORMS.values()
    )
    return "\n".join((*names, "", *MUTATION_NOTES, "", *forms, ""))
