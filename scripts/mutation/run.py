"""Alter the package in every place that mutmut knows, and see which alterations go unnoticed.

``python scripts/mutation/run.py FOLDER`` copies the project into FOLDER, makes the mutants there
and runs them: an hour or two on one core; an interrupted run goes on. It writes
``scripts/mutation/report.json`` and the page ``docs/mutation.md``. Needs the extra ``mutation``.
``--page`` writes the page alone, out of the report.
"""

import argparse
import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from cnnbook.files import replacing

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
COPIED = ("README.md", "cnnbook_site", "conftest.py", "docs", "mkdocs.yml", "scripts", "tests")
TESTS = ("cnnbook", "docs", "README.md", "tests")
LEFT_OUT = (
    *(f"--ignore=tests/{name}" for name in ("book", "browser", "oracle")),
    "--ignore=docs/pytorch.md",
    # mutmut wraps functions: these three look into a function, or at all names of a module.
    "-k",
    "not spoiled and not test_public_docstrings_name_their_parameters",
)
# What the chapters explain. The rest serves files, downloads, the command line and pictures.
EXPLAINED = (
    "correlation",
    "layers.conv",
    "layers.conv_gradients",
    "layers.geometry",
    "layers.dense",
    "layers.activations",
    "layers.reshape",
    "layers.base",
    "losses.binary_cross_entropy",
    "gradient_check",
    "optimizers",
    "model",
    "train",
    "samples",
    "idx",
    "mnist",
)


def prepare(folder: Path) -> None:
    """Copy the project, and let mutmut write the mutants."""
    shutil.copytree(
        ROOT, folder, ignore=shutil.ignore_patterns(".git", "site", ".venv", "__pycache__", "runs")
    )
    copied = ", ".join(f'"{name}"' for name in COPIED)
    with (folder / "pyproject.toml").open("a") as file:
        file.write(f'\n[tool.mutmut]\nsource_paths = ["cnnbook"]\nalso_copy = [{copied}]\n')
        # No test reaches this one function, so that mutmut writes the mutants and runs nothing.
        file.write('pytest_add_cli_args_test_selection = ["tests/test_files.py"]\n')
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
    subprocess.run([*command, "cnnbook.x__keep_freed_memory*"], cwd=folder, check=False)


def run(folder: Path) -> None:
    """Run the mutants, those that have been run left out."""
    mutants = folder / "mutants"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(mutants), str(HERE)]),
        "PY_IGNORE_IMPORTMISMATCH": "1",
        "OMP_NUM_THREADS": "1",
        "MUTANT_RESULTS": str(folder / "results.jsonl"),
        "MUTANT_STATS": str(folder / "stats.jsonl"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-s", "--rootdir=.", "-p", "plugin"]
    command += ["-p", "no:cacheprovider", *TESTS, *LEFT_OUT]
    subprocess.run(command, cwd=mutants, env=environment, check=True)


def places(folder: Path, module: str) -> tuple[list[str], list[tuple[int, int]], dict[str, int]]:
    """Return a module's lines, the spans of its messages, and where its functions begin."""
    name = module.replace(".", "/")
    path = folder / f"{name}.py"
    source = (path if path.exists() else folder / name / "__init__.py").read_text()
    messages, starts = [], {}
    for node in ast.walk(ast.parse(source)):
        called = node.func if isinstance(node, ast.Call) else None
        function = getattr(called, "id", getattr(called, "attr", ""))
        if not isinstance(node, (ast.stmt, ast.expr)):
            continue
        if isinstance(node, ast.Raise) or function.startswith(("check_", "_check", "recall")):
            messages.append((node.lineno, node.end_lineno or node.lineno))
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    starts[f"{node.name}.{inner.name}"] = inner.lineno
        if isinstance(node, ast.FunctionDef):
            starts.setdefault(node.name, node.lineno)
    return source.splitlines(), messages, starts


def change(folder: Path, mutant: str) -> dict[str, object]:
    """Say which line a mutant changes, from what to what, and whether it is part of a message."""
    module, _, function = mutant.rpartition(".")
    base = function.rsplit("__mutmut_", 1)[0]
    name = ".".join(base.split("ǁ")[1:]) if "ǁ" in base else base.removeprefix("x_")
    _, messages, starts = places(folder, module)
    stem = folder / "mutants" / module.replace(".", "/")
    written = stem.with_suffix(".py")
    written = written if written.exists() else stem / "__init__.py"
    lines = written.read_text().splitlines()
    spans = json.loads(Path(f"{written}.spans").read_text())["spans"]

    def body(version: str) -> list[str]:
        found = lines[spans[version][0] - 1 : spans[version][1]]
        first = next(at for at, line in enumerate(found) if line.lstrip().startswith("def "))
        return found[first + 1 :]

    before, after = body(f"{base}__mutmut_orig"), body(function)
    opcodes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for tag, start, end, first, last in opcodes:
        if tag != "equal":
            line = starts[name] + 1 + start
            old, new = (
                " ".join(map(str.strip, part)) for part in (before[start:end], after[first:last])
            )
            inside = any(a <= line <= b for a, b in messages)
            # A word of a message, or the name in it: a change between quotation marks.
            words = re.sub(r"f?\"[^\"]*\"|None|self", "", old) == re.sub(
                r"f?\"[^\"]*\"|None|self", "", new
            )
            return {"line": line, "old": old, "new": new, "message": inside and words}
    return {
        "line": starts[name],
        "old": "the defaults of the arguments",
        "new": "",
        "message": False,
    }


def report(folder: Path) -> dict[str, object]:
    """Count, by module, what was noticed by which examples or tests."""
    reasons = json.loads((HERE / "equivalent.json").read_text())
    counts: dict[str, Counter[str]] = {}
    survivors = []
    for entry in map(json.loads, (folder / "results.jsonl").read_text().splitlines()):
        mutant = entry["mutant"]
        module = mutant.rpartition(".")[0].removeprefix("cnnbook.")
        found = change(folder, mutant)
        kind = "message" if found["message"] else "code"
        counts.setdefault(module, Counter())[f"{kind}_{entry['stage'] or 'survived'}"] += 1
        if not entry["killed"]:
            reason = reasons.get(mutant.removeprefix("cnnbook."), "")
            survivors.append({"mutant": mutant, **found, "equivalent": reason})
    survivors.sort(key=lambda survivor: str(survivor["mutant"]))
    return {"counts": {m: dict(c) for m, c in counts.items()}, "survivors": survivors}


def main() -> int:
    """Prepare what is not there yet, run, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder.resolve()
    if not folder.exists():
        prepare(folder)
    run(folder)
    with replacing(HERE / "report.json") as file:
        file.write((json.dumps(report(folder), indent=1) + "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
