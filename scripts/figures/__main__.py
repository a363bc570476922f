"""``python scripts/figures`` makes every figure, ``python scripts/figures --check`` checks them."""

import sys

from common import run_all

sys.exit(run_all())
