"""Completes the OpenAPI document that FastAPI makes: descriptions, examples, summaries, access and groups."""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import orjson
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from mock_csms.control.models.base import PAYLOAD_SCHEMA
from mock_csms.control.models.events import StreamedEvent
from mock_csms.control.models.problems import PROBLEM_KINDS
from mock_csms.control.problems import common_responses
from mock_csms.control.security import needs_no_token
from mock_csms.messages import JsonObject

SERVERS: Final = [{"url": "/", "description": "The server of this document, at the address of `--control`"}]
OPERATION_GROUPS: Final = [
    {
        "name": "stations",
        "description": "The stations that have connected, their state, connections, profiles and passwords. "
        "A station keeps its state when it reconnects.",
    },
    {
        "name": "commands",
        "description": "Commands to stations. The response contains the answer of the station.",
    },
    {
        "name": "behaviour",
        "description": "Rules and tokens, which change the answers of the mock and inject errors and faults.",
    },
    {
        "name": "journal",
        "description": "All frames and events of connections: queries, waits for entries, and a live stream.",
    },
    {"name": "findings", "description": "Violations of the specification by stations."},
    {
        "name": "rehearsal",
        "description": "The certification rehearsal: its runner reports the progress of each case, and asks "
        "the person at the station.",
    },
    {"name": "listeners", "description": "The ports for stations, their security profile and their TLS."},
    {
        "name": "files",
        "description": "Firmware that stations download, and logs that they upload. Stations need no token "
        "for this; other clients need the token of `--control-token` to list and read uploads.",
    },
    {
        "name": "certificates",
        "description": "The OCSP responder of the PKI. It needs no token, because stations have none.",
    },
    {"name": "server", "description": "Health, metrics and reset of the server."},
]
"""Groups of operations, in the order in which they are shown."""
BEARER: Final = "token"
SECURITY_SCHEME: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "The token of `--control-token`. Without that setting, no token is needed.",
}
SUMMARY: Final = re.compile(r"(.+?)(?:\.(?=\s|$)|\n\n|$)\s*(.*)", re.DOTALL)
"""Divides a docstring into its first sentence and the rest."""
REFERENCE: Final = "#/components/schemas/"


def completed(document: JsonObject) -> JsonObject:
    """Complete the document of FastAPI from the models, their examples, and the docstrings."""
    document["components"]["schemas"].update(_other_schemas())
    document = _renamed(document, "JsonObject", "OcppPayload")
    schemas = document["components"]["schemas"]
    for schema in list(schemas.values()):
        schemas.update(schema.pop("$defs", {}))
    schemas["OcppPayload"] = PAYLOAD_SCHEMA
    by_name, examples = {model.__name__: model for model in models()}, _examples()
    for name, schema in schemas.items():
        _drop_title(schema)
        if name in by_name:
            _describe(schema, by_name[name])
        if example := examples.get(name) or _examples_of_list(schema, examples):
            schema["examples"] = example
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _summarize(operation)
            _drop_siblings_of_references(operation["responses"])
            _mark_access(operation, is_public=needs_no_token(method.upper(), path))
    document["components"]["responses"] = common_responses()
    document["components"]["securitySchemes"] = {BEARER: SECURITY_SCHEME}
    _drop_unused(document)
    return document


def _renamed(document: JsonObject, name: str, new_name: str) -> JsonObject:
    """Return the document with references to the schema ``name`` renamed, and without that schema."""
    text = orjson.dumps(document).replace(
        f'"{REFERENCE}{name}"'.encode(), f'"{REFERENCE}{new_name}"'.encode()
    )
    renamed: JsonObject = orjson.loads(text)
    renamed["components"]["schemas"].pop(name, None)
    return renamed


def _other_schemas() -> JsonObject:
    """Schemas of models that FastAPI does not know: problems and streams."""
    models: dict[type[BaseModel], None] = dict.fromkeys(kind.model for kind in PROBLEM_KINDS.values())
    models[StreamedEvent] = None
    inputs: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in models]
    _, definitions = models_json_schema(inputs, ref_template=REFERENCE + "{model}")
    schemas: JsonObject = definitions["$defs"]
    return schemas


def models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Yield all models of the program."""
    for model in base.__subclasses__():
        yield from models(model)
        if model.__module__.startswith("mock_csms"):
            yield model


def _examples() -> dict[str, list[Any]]:
    """Read the examples of models by name; each module of models has a file of examples."""
    examples: dict[str, list[Any]] = {}
    for file in files("mock_csms.control.models").joinpath("examples").iterdir():
        for name, example in orjson.loads(file.read_bytes()).items():
            examples[name.removesuffix("[]")] = example if name.endswith("[]") else [example]
    return examples


def _examples_of_list(schema: JsonObject, examples: dict[str, list[Any]]) -> list[Any]:
    """Return the examples for ``schema``: one list with one item if it describes a list, otherwise none."""
    item = schema.get("items", {}).get("$ref", "").removeprefix(REFERENCE)
    return [[examples[item][0]]] if item in examples else []


def _describe(schema: JsonObject, model: type[BaseModel]) -> None:
    """Add the docstrings of the fields of a model to its schema."""
    properties = schema.get("properties", {})
    if "description" in schema:
        schema["description"] = _as_markdown(schema["description"])
    for owner in reversed(model.__mro__):
        for name, text in _docstrings(owner.__module__).get(owner.__name__, {}).items():
            field = model.model_fields.get(name)
            if field and (described := properties.get(field.alias or name)) is not None:
                described["description"] = _as_markdown(text)


def _as_markdown(docstring: str) -> str:
    return docstring.replace("``", "`")


@lru_cache
def _docstrings(module: str) -> dict[str, dict[str, str]]:
    """Docstrings of the attributes of all classes of a module, by the name of the class."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (KeyError, OSError, TypeError):  # a module without source
        return {}
    return {node.name: dict(_attributes(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement, text in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield statement.target.id, inspect.cleandoc(text.value.value)


def _drop_title(schema: JsonObject) -> None:
    """Remove the titles that pydantic makes from the names of a model and of its fields."""
    for titled in (schema, *schema.get("properties", {}).values()):
        titled.pop("title", None)


def _summarize(operation: JsonObject) -> None:
    """Divide the docstring of an operation into a summary and a description."""
    text = operation.get("description", "")
    summary, rest = SUMMARY.fullmatch(text).groups() if text else ("", "")  # type: ignore[union-attr]
    operation["summary"] = " ".join(summary.split())
    operation["description"] = rest or text
    for parameter in operation.get("parameters", []):
        parameter["schema"].pop("title", None)


def _mark_access(operation: JsonObject, *, is_public: bool) -> None:
    operation["security"] = [] if is_public else [{BEARER: []}, {}]
    if is_public:
        operation["responses"].pop("401", None)


def _drop_siblings_of_references(responses: JsonObject) -> None:
    """Keep only the ``$ref`` of a response that has one; FastAPI adds a description beside the ``$ref``."""
    for response in responses.values():
        if reference := response.get("$ref"):
            response.clear()
            response["$ref"] = reference


def _drop_unused(document: JsonObject) -> None:
    """Remove the schemas that no operation refers to."""
    schemas = document["components"]["schemas"]
    used: set[str] = set()
    pending = {*_references(document["paths"]), *_references(document["components"]["responses"])}
    while pending:
        used |= pending
        pending = {name for used_name in pending for name in _references(schemas[used_name])} - used
    document["components"]["schemas"] = {name: schemas[name] for name in sorted(used)}


def _references(part: Any) -> Iterator[str]:
    """Yield the names of the schemas that a part of a document refers to."""
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str) and reference.startswith(REFERENCE):
            yield reference.removeprefix(REFERENCE)
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)
