"""The OpenAPI document describes every operation, field and problem, with examples that are valid."""

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from mock_csms.control.document import OPERATION_GROUPS, REFERENCE
from mock_csms.control.models.problems import PROBLEM_KINDS
from tests.support.conformance import Operation, openapi_document, operations, validator
from tests.support.paths import ROOT

type Json = dict[str, Any]

each_operation = pytest.mark.parametrize("operation", operations(), ids=str)
LONGEST_SUMMARY = 110


def schemas_in(schema: Any, path: str) -> Iterator[tuple[str, Json]]:
    """Yield a schema and the schemas in it, with their paths."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from schemas_in(part, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        yield from schemas_in(schema.get(keyword), f"{path}[]")
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for number, part in enumerate(schema.get(keyword, [])):
            yield from schemas_in(part, f"{path}|{number}")


def bodies_of(operation: Json) -> Iterator[tuple[str, Json]]:
    """Yield the media types of the request and of the answers, with their content."""
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for response in operation["responses"].values():
        yield from response.get("content", {}).items()


def all_schemas() -> Iterator[tuple[str, Json]]:
    """Yield all schemas of the document."""
    for name, schema in openapi_document()["components"]["schemas"].items():
        yield from schemas_in(schema, name)
    for operation, described in operations().items():
        for media_type, content in bodies_of(described):
            yield from schemas_in(content.get("schema"), f"{operation} {media_type}")


def component(reference: str) -> Json:
    """Return the schema of the document that a ``$ref`` points to."""
    schema: Json = openapi_document()["components"]["schemas"][reference.removeprefix(REFERENCE)]
    return schema


@each_operation
def test_operation_has_summary_description_and_group(operation: Operation) -> None:
    described = operations()[operation]
    assert 0 < len(described["summary"]) <= LONGEST_SUMMARY
    assert not described["summary"].endswith(".")
    assert described["description"]
    assert [
        tag for tag in described["tags"] if tag not in {group["name"] for group in OPERATION_GROUPS}
    ] == []
    assert [
        parameter for parameter in described.get("parameters", []) if not parameter.get("description")
    ] == []


def test_groups_have_descriptions_and_operations() -> None:
    used = {tag for operation in operations().values() for tag in operation["tags"]}
    assert {group["name"] for group in OPERATION_GROUPS if group["description"]} == used


def test_every_field_has_a_description() -> None:
    fields = [
        f"{path}.{name}"
        for path, schema in all_schemas()
        for name, field in schema.get("properties", {}).items()
        if not field.get("description") and "const" not in field and "enum" not in field
    ]
    assert fields == []


def test_profile_describes_other_fields_by_their_names_instead_of_flags() -> None:
    fields = component(f"{REFERENCE}ProfileView")["properties"]
    flags = {flag for name in fields for flag in re.findall(r"--[a-z-]+", fields[name]["description"])}

    assert "`command`" in fields["repeat"]["description"]
    assert "`authMode: whitelist`" in fields["whitelist"]["description"]
    assert flags == {"--files", "--password-file"}, "flags that are not fields of a profile"


def test_no_object_is_without_properties() -> None:
    objects = [
        path
        for path, schema in all_schemas()
        if (schema.get("type") == "object" and not schema.get("properties"))
        and "additionalProperties" not in schema
    ]
    assert objects == []


def test_objects_with_any_properties_have_a_description() -> None:
    open_objects = [
        path
        for path, schema in all_schemas()
        if schema.get("additionalProperties") is True and not schema.get("description")
    ]
    assert open_objects == []


@each_operation
def test_every_body_of_json_has_a_model_with_an_example(operation: Operation) -> None:
    described = operations()[operation]
    for media_type, content in bodies_of(described):
        if media_type != "application/json":
            continue
        schema = content["schema"]
        reference = next((one["$ref"] for one in [schema, *schema.get("anyOf", [])] if "$ref" in one), None)
        assert reference, f"{operation}: write a model for {schema}"
        assert component(reference).get("examples"), (
            f"{operation}: write an example of {reference.removeprefix(REFERENCE)} in "
            "mock_csms/control/models/examples/"
        )


@each_operation
def test_every_success_with_a_body_has_a_schema(operation: Operation) -> None:
    responses = operations()[operation]["responses"]
    successes = {status: response for status, response in responses.items() if status.startswith("2")}
    assert successes
    assert [
        status
        for status, response in successes.items()
        if status != "204" and not all(content.get("schema") for content in response["content"].values())
    ] == []


def examples() -> Iterator[tuple[str, Json, Any]]:
    """Yield all examples of the document, with their names and schemas."""
    for name, schema in openapi_document()["components"]["schemas"].items():
        for number, example in enumerate(schema.get("examples", [])):
            yield f"{name} {number}", {"$ref": REFERENCE + name}, example
    for operation, described in operations().items():
        for media_type, content in bodies_of(described):
            for name, example in content.get("examples", {}).items():
                yield f"{operation} {media_type} {name}", content["schema"], example["value"]
            if "example" in content:
                yield f"{operation} {media_type}", content["schema"], content["example"]


def test_examples_are_valid() -> None:
    flaws = {
        name: [
            f"{list(error.instance_path)}: {error.message}"
            for error in validator(schema).iter_errors(example)
        ]
        for name, schema, example in examples()
    }
    assert {name: errors for name, errors in flaws.items() if errors} == {}
    assert len(flaws) > 100


def problems_in_source() -> Iterator[tuple[str, str, str]]:
    """Yield kind, status name and place of each problem that the source of the control API creates."""
    for path in sorted((ROOT / "mock_csms" / "control").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            status, kind = node.args[:2]
            if (
                isinstance(status, ast.Attribute)
                and status.attr in HTTPStatus.__members__
                and isinstance(kind, ast.Constant)
                and isinstance(kind.value, str)
                and re.fullmatch(r"[a-z-]+", kind.value)
            ):
                yield kind.value, status.attr, f"{path.name}:{node.lineno}"


def test_problems_in_the_source_are_in_the_table_with_their_status() -> None:
    problems = list(problems_in_source())
    assert len(problems) > 20
    assert [
        (kind, place)
        for kind, status, place in problems
        if kind not in PROBLEM_KINDS or PROBLEM_KINDS[kind].status is not HTTPStatus[status]
    ] == []


@each_operation
def test_problems_are_listed_by_status_with_their_types(operation: Operation) -> None:
    responses = operations()[operation]["responses"]
    problems = {status: response for status, response in responses.items() if status >= "400"}
    untyped = [
        status
        for status, response in problems.items()
        for schema in [response["content"]["application/problem+json"]["schema"]]
        for one in schema.get("anyOf", [schema])
        if "const" not in one.get("properties", {}).get("type", {})
    ]
    assert untyped == []
    assert {"403", "408", "413", "422", "500", "503"} <= set(problems)


def test_document_names_its_server_and_its_token() -> None:
    document = openapi_document()
    assert document["servers"][0]["description"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    public = {str(operation) for operation, described in operations().items() if described["security"] == []}
    assert "GET /health" in public
    assert "GET /v1/stations" not in public
    assert {"GET /files/{name}", "PUT /files/uploads", "POST /files/uploads/{name}"} <= public
    assert not {"GET /files/uploads", "GET /files/uploads/{name}"} & public
