"""The tests stand where one looks for them: a file of them for every module of the package."""

import ast
import re
from pathlib import Path

from cnnbook import checks, gradient_check, layers, losses

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "cnnbook"

# What is tested across modules, or is no module of the package.
PURPOSES = {
    "layers/test_contract.py": "what every layer promises",
    "test_data.py": "the embedded files, whole or refused",
    "test_arguments.py": "number formats and sizes, refused alike everywhere",
    "test_docstrings.py": "every docstring against its function",
    "test_formulas.py": "the formulas in docstrings, computed as they stand",
    "test_large.py": "every public function at sizes where faults hide",
    "test_printed.py": "what is printed is what runs",
    "test_package.py": "what happens in `__init__.py`",
    "test_tree.py": "these tests",
    "test_twins.py": "every fast function against its loops",
}
# Folders for what is not the package, or takes it as a whole.
FOLDERS = {"book", "browser", "equations", "oracle", "scripts"}


def modules():
    """List the modules of the package, relative to its folder."""
    paths = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return {path.as_posix() for path in paths if not path.stem.startswith("__")}


def test_every_module_has_its_tests_and_every_file_of_tests_its_module():
    paths = (path.relative_to(TESTS) for path in TESTS.rglob("test_*.py"))
    files = {path.as_posix() for path in paths if path.parts[0] not in FOLDERS}
    tested = {re.sub(r"(\w+\.py)$", r"test_\1", name) for name in modules()}
    expected = tested | PURPOSES.keys()
    missing, strays = sorted(expected - files), sorted(files - expected)
    assert missing == [], "tests that are missing"
    assert strays == [], "tests of no module, and of no purpose that PURPOSES states"


# Their forward and backward are called wrongly in layers/test_contract.py; they take nothing else.
WITHOUT_ARGUMENTS = {"Layer", "Loss", "ReLU", "Tanh"}


def table_of_wrong_calls(public):
    """Return the text of the table in the file of tests of the module that defines it."""
    folder, _, name = public.__module__.removeprefix("cnnbook.").rpartition(".")
    source = (TESTS / folder / f"test_{name}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WRONG":
            return ast.unparse(node)
    return ""


def test_every_public_function_is_called_wrongly_beside_its_tests():
    public = {name: getattr(layers, name) for name in layers.__all__}
    public |= {name: getattr(losses, name) for name in losses.__all__}
    public |= {f.__name__: f for f in (gradient_check.check_layer, gradient_check.check_loss)}
    public |= {name: f for name, f in vars(checks).items() if name.startswith("check_")}
    forgotten = {
        name
        for name in public.keys() - WITHOUT_ARGUMENTS
        # The twins take the arguments of the functions above them.
        if not name.endswith("_loops")
        and not re.search(rf"\b{name}\(", table_of_wrong_calls(public[name]))
    }
    assert not forgotten
