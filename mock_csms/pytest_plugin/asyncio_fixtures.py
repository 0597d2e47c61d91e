"""Clients of the control API, in the event loops of pytest-asyncio: a fixture for each scope of a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mock_csms.client import AsyncClient
    from mock_csms.pytest_plugin.processes import ServerProcess


def _fixture(scope: Literal["function", "class", "module", "package", "session"]) -> Any:
    @pytest_asyncio.fixture(loop_scope=scope, name=f"_async_csms_of_{scope}_loop")
    async def connected(csms_server: ServerProcess) -> AsyncIterator[AsyncClient]:
        async with csms_server.async_client() as client:
            yield client

    return connected


in_function_loop = _fixture("function")
in_class_loop = _fixture("class")
in_module_loop = _fixture("module")
in_package_loop = _fixture("package")
in_session_loop = _fixture("session")
