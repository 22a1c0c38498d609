"""What the tests of audits share stands in modules beside them."""

from __future__ import annotations

import sys
from pathlib import Path

# Tests are imported without a package, so `exports` and `converter` need to be found.
sys.path.insert(0, str(Path(__file__).parent))
