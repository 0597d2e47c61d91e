"""Load generator and side-by-side measurements; ``python -m bench --help``."""
