"""Undocumented names of libraries, one module per library; tests/contracts has a test for each name.

Nothing else in the project uses a name that its library does not document. When an upgrade changes one of
these, one contract test fails and says which.
"""
