"""One module a figure: it computes data, and draws them.

A module that has ``compute`` and ``draw`` is a figure; the others help. ``compute`` returns the
data, by really training; ``draw`` draws from nothing else; ``TOLERANCES`` says by how much each
entry may differ on another machine.
"""

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "figures"
