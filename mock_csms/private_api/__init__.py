"""Undocumented names of libraries, one module per library. tests/contracts has a test for each name.

No other module uses a name that its library does not document. When an upgrade changes one of these names,
one contract test fails and names it.
"""
