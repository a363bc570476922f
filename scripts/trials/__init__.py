"""Long trainings that a figure is made of, each run once and kept.

A trial is one call of the function ``trial`` in a figure's module, with one of the settings in its
list ``TRIALS``. What it returned is kept in ``docs/figures/trials/NAME.jsonl``, a line for each,
with a hash of the code that it was run with. ``python -m scripts.trials NAME`` runs what is missing
or older than its code; it may be stopped at any time and loses only the trials that were running.
"""

from scripts.figures import FOLDER as FIGURES

FOLDER = FIGURES / "trials"
