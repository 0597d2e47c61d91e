"""``python -m mock_csms``: the one place that loads the scripts at the root."""

import sys

from server import main

sys.exit(main())
