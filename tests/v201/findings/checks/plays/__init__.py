"""How a misbehaving station causes each finding of a check (see scenes.py): a module per functional block."""
