"""``python -m scripts.figures [NAME ...]`` makes figures, with ``--check`` it checks them."""

import sys

from scripts.figures.common import run

sys.exit(run(sys.argv[1:]))
