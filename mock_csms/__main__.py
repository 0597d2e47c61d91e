"""``python -m mock_csms``: the only module of the package that imports the scripts at the root."""

import sys

from server import main

sys.exit(main())
