"""Texts about misbehaviours and mutations for the command line."""

from typing import Final

from mock_csms.simulator.misbehaviour.mutations import FORMS
from mock_csms.simulator.misbehaviour.table import MISBEHAVIOURS

MUTATION_NOTES: Final = (
    "A mutation changes single messages; write it in quotes. FIELD is a path such as idTokenInfo.status.",
    "VALUE is JSON, plain text, now (the current time), or @FIELD (the value of FIELD in the original",
    "message). FIELD= removes the field. After if, FIELD= means that the field is absent, and FIELD!=VALUE",
    "that it has any other value. A mutation may end in times N, which stops the misbehaviour after N",
    "messages, or in after N, which leaves the first N messages unchanged.",
)


def list_misbehaviours() -> str:
    """Describe all misbehaviours, and the forms of mutations with one example each."""
    names = (
        f"{name} (finding {each.finding})\n    {each.description}" for name, each in MISBEHAVIOURS.items()
    )
    forms = (
        f'{form.usage}\n    The station {form.description}.\n    Example: "{form.example}"'
        for form in FORMS.values()
    )
    return "\n".join((*names, "", *MUTATION_NOTES, "", *forms, ""))
