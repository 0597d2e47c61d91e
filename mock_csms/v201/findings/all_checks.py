"""All checks of OCPP 2.0.1: importing a module of facts or checks adds them to the list."""

from importlib import import_module
from pkgutil import iter_modules

from mock_csms.v201.findings import checks, facts
from mock_csms.v201.findings.check_list import CHECKS

__all__ = ["CHECKS"]

for package in (facts, checks):
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
