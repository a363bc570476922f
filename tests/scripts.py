"""The scripts of the project, as modules that a test can call."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]


def load_script(name: str) -> ModuleType:
    """Import ``scripts/NAME.py``, which belongs to no package."""
    path = ROOT / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"script_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))  # its neighbours, as when it is run
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module
