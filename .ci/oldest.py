"""Print constraints that make pip install the oldest versions that pyproject.toml allows.

    python .ci/oldest.py > oldest.txt
    pip install --editable ".[test]" --constraint oldest.txt

Only what the project names is held at its oldest; what these need in turn is up to pip.
"""

import re
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))[
    "project"
]
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?P<bounds>.*)")

if __name__ == "__main__":
    extras = PROJECT["optional-dependencies"].values()
    for requirement in (r for group in (PROJECT["dependencies"], *extras) for r in group):
        found = REQUIREMENT.match(requirement)
        if found and (lowest := re.search(r">=([\w.]+)", found["bounds"])):
            print(f"{found['name']}=={lowest[1]}")
