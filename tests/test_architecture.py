"""Structure of the source: direction of imports, sizes, and the map in docs/architecture.md."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from ocpp.v201.enums import Action

from tests.support.paths import ROOT

SCRIPTS = ("server", "charge_point", "commands")
MAX_TOP_LEVEL_MODULES = 12
MAX_MODULE_LINES = 500
MAX_FUNCTION_LINES = 40
MAX_MEDIAN_FUNCTION_LINES = 7

CONVENTIONAL = {"main", "router", "logger"}

type Function = ast.FunctionDef | ast.AsyncFunctionDef


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {
    module_name(path): path
    for path in [*(ROOT / f"{name}.py" for name in SCRIPTS), *sorted((ROOT / "mock_csms").rglob("*.py"))]
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
OF_ONE_VERSION = ("mock_csms.v201", "mock_csms.simulator", "mock_csms.certify")
SHARED = [name for name in FILES if name.startswith("mock_csms") and not name.startswith(OF_ONE_VERSION)]
SIMULATOR = [name for name in FILES if name.startswith("mock_csms.simulator")]
USED_BY_SIMULATOR = (
    "mock_csms.simulator",
    "mock_csms.errors",
    "mock_csms.launch",
    "mock_csms.messages",
    "mock_csms.ocppj.routes",
    "mock_csms.private_api",
    "mock_csms.process",
    "mock_csms.schema",
    "mock_csms.text",
    "mock_csms.versions",
)
"""Modules that a simulated station shares with the server: OCPP-J, schemas and general helpers."""
USED_BY_CLIENT = ("mock_csms.client", "mock_csms._version", "mock_csms.text")
each_shared = pytest.mark.parametrize("module", SHARED)


def imports(module: str) -> Iterator[str]:
    """Yield the modules that a module imports, also in functions and under TYPE_CHECKING."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if submodule in FILES else node.module


def circle_from(module: str, path: tuple[str, ...], done: set[str]) -> tuple[str, ...] | None:
    """Return a circle of imports that `module` leads to, or None; `path` is the way to `module`."""
    if module in path:
        return (*path[path.index(module) :], module)
    if module in done:
        return None
    for imported in imports(module):
        if imported in FILES and (circle := circle_from(imported, (*path, module), done)):
            return circle
    done.add(module)
    return None


def test_imports_have_no_circle() -> None:
    done: set[str] = set()
    circles = [circle for module in FILES if (circle := circle_from(module, (), done))]

    assert circles == []


def public_names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case ast.TypeAlias(name=ast.Name(id=name)) | ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.Assign(targets=targets):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
            case _:
                continue
        yield from (name for name in names if not name.startswith("_"))


def test_public_name_is_defined_in_one_module_only() -> None:
    """A search for a name must find one definition; modules of certification cases count as one module."""
    modules = defaultdict(set)
    for module, tree in TREES.items():
        for name in public_names(tree):
            modules[name].add("cases" if module.startswith("mock_csms.certify.cases.") else module)

    defined_twice = {
        name: sorted(found) for name, found in modules.items() if len(found) > 1 and name not in CONVENTIONAL
    }

    assert defined_twice == {}


@each_shared
def test_shared_module_does_not_import_a_version(module: str) -> None:
    versioned = [name for name in imports(module) if name.startswith(("mock_csms.v201", "ocpp.v201"))]

    assert versioned == []


@each_shared
def test_shared_module_contains_no_action_name(module: str) -> None:
    """Actions are data of a version; help texts and errors may name one as an example."""
    actions = {action.value for action in Action}
    constants = (node.value for node in ast.walk(TREES[module]) if isinstance(node, ast.Constant))

    assert [text for text in constants if isinstance(text, str) and text in actions] == []


@pytest.mark.parametrize("module", [name for name in SHARED if name.startswith("mock_csms.transport")])
def test_transport_does_not_import_ocpp(module: str) -> None:
    own = ("mock_csms.transport", "mock_csms.private_api", "mock_csms._version")
    others = [name for name in imports(module) if name.startswith("mock_csms") and not name.startswith(own)]

    assert others == []
    assert [name for name in imports(module) if name.split(".")[0] == "ocpp"] == []


@pytest.mark.parametrize("module", SIMULATOR)
def test_simulator_knows_the_server_only_from_outside(module: str) -> None:
    own = [name for name in imports(module) if name.startswith("mock_csms") or name in SCRIPTS]

    assert [name for name in own if not name.startswith(USED_BY_SIMULATOR)] == []


@pytest.mark.parametrize("module", [name for name in FILES if name.startswith("mock_csms.client")])
def test_client_knows_the_server_only_from_outside(module: str) -> None:
    own = [name for name in imports(module) if name.startswith("mock_csms") or name in SCRIPTS]
    others = [name for name in imports(module) if name not in own]

    assert [name for name in own if not name.startswith(USED_BY_CLIENT)] == []
    assert {name.split(".")[0] for name in others} <= {*sys.stdlib_module_names, "httpx"}


def test_server_does_not_import_the_client() -> None:
    importers = {
        module
        for module in FILES
        for imported in imports(module)
        if imported.startswith("mock_csms.client") and not module.startswith("mock_csms.client")
    }

    users = ("mock_csms.pytest_plugin", "mock_csms.certify")
    assert {name for name in importers if not name.startswith(users)} == set()


def test_server_does_not_import_the_simulator() -> None:
    importers = {
        module
        for module in FILES
        for imported in imports(module)
        if imported.startswith("mock_csms.simulator") and module not in SIMULATOR
    }

    assert importers <= {"server", "mock_csms.certify.box", "mock_csms.certify.hopeless"}


def test_scripts_are_imported_by_the_main_module_only() -> None:
    importers = {module for module in FILES for imported in imports(module) if imported in SCRIPTS}

    assert importers <= {*SCRIPTS, "mock_csms.__main__"}


@pytest.mark.parametrize("module", [name for name in FILES if name != "commands"])
def test_module_has_at_most_500_lines(module: str) -> None:
    assert len(FILES[module].read_text(encoding="utf-8").splitlines()) <= MAX_MODULE_LINES


def test_few_modules_are_at_the_top_level() -> None:
    modules = [path.name for path in (ROOT / "mock_csms").glob("*.py")]

    assert len(modules) <= MAX_TOP_LEVEL_MODULES


def functions(tree: ast.AST) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def is_list_of_routes(function: Function) -> bool:
    return function.name == "router"


def test_functions_are_short() -> None:
    lengths = {
        f"{module}.{function.name}": lines_of(function)
        for module, tree in TREES.items()
        for function in functions(tree)
        if not is_list_of_routes(function)
    }

    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}
    assert median(lengths.values()) <= MAX_MEDIAN_FUNCTION_LINES


def test_architecture_document_names_every_module() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = [path for path in FILES.values() if path.name != "__init__.py"]
    names = [path.relative_to(ROOT).as_posix().removeprefix("mock_csms/") for path in modules]

    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_architecture_document_names_only_existing_modules() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| `([\w/]+\.py)` \|", text, re.MULTILINE)

    assert [
        name for name in names if not any((folder / name).exists() for folder in (ROOT, ROOT / "mock_csms"))
    ] == []


def test_server_starts_without_cryptography() -> None:
    """Importing cryptography takes a fifth of the start-up time, and only certificates need it."""
    program = (
        "import sys, server; sys.exit(' '.join({'cryptography', 'mock_csms.pki'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
