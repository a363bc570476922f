"""Alter the package in every place that mutmut knows, and see which alterations go unnoticed.

``python -m scripts.mutation.run FOLDER`` copies the project into FOLDER, makes the mutants there
and runs them: two or three hours on one core; an interrupted run goes on. It writes
``scripts/mutation/report.json`` and the page ``docs/mutation.md``. Needs the extra ``mutation``.
``--page`` writes the page alone, out of the report.
"""

import argparse
import ast
import datetime
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from book.seals import seal
from cnnbook.files import replacing

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
COPIED = ("README.md", "book", "conftest.py", "docs", "mkdocs.yml", "scripts", "tests")
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


def report(folder: Path) -> dict[str, Any]:
    """Count, by module, what was noticed by which examples or tests."""
    reasons = json.loads((HERE / "equivalent.json").read_text())
    counts: dict[str, Counter[str]] = {}
    survivors = []
    for entry in map(json.loads, (folder / "results.jsonl").read_text().splitlines()):
        mutant = entry["mutant"]
        if "keep_freed_memory" in mutant:
            continue  # runs once, while the package is imported, before any test
        module = mutant.rpartition(".")[0].removeprefix("cnnbook.")
        found = change(folder, mutant)
        kind = "message" if found["message"] else "code"
        counts.setdefault(module, Counter())[f"{kind}_{entry['stage'] or 'survived'}"] += 1
        if not entry["killed"]:
            reason = reasons.get(mutant.removeprefix("cnnbook."), "")
            survivors.append({"mutant": mutant, **found, "equivalent": reason})
    survivors.sort(key=lambda survivor: str(survivor["mutant"]))
    date = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    found = {module: dict(count) for module, count in counts.items()}
    return {"date": date, "counts": found, "survivors": survivors}


# ruff: noqa: E501
PAGE = """---
title: What the checks catch
description: The package altered by machine in several thousand places, and how many of the alterations the examples of the book and its tests notice.
search:
  boost: 0.3
---
# What the checks catch

A test that passes says little; a test that *fails when the code is wrong* says something. So the code was altered by machine, {mutants:,} times, each time in one place: a sign exchanged, a bound moved by one, an argument left out, a constant changed, a word of a message altered. Such an altered version is called a **mutant**. It is noticed if at least one check fails. [mutmut](https://github.com/boxed/mutmut) 3.8.1 (BSD licence) makes the mutants; what stands here was measured on {date}. `python -m scripts.mutation.run FOLDER` repeats it all, in two or three hours on one core, and writes this page.

**The examples alone.** Of the {code:,} mutants of the code that the chapters explain, the examples on the pages, those of the reference among them, notice at least {noticed:,}, which is {share:.1f} %. That is what a reader would notice who changed a line and ran `pytest docs README.md cnnbook`, without any of the tests behind the book. Not counted here are words of messages. It is *at least* that many, because examples that take longer than ten seconds, and those that need PyTorch, were not run.

**Examples and tests together.** Of all {mutants:,} mutants, words of messages, file handling, downloads and command line included, {survived} go unnoticed. Each of them was read. They are listed below, with the reason why no test of what the functions return can notice them.

| module | mutants of code | noticed by examples | share | all mutants | unnoticed by the suite |
|---|---:|---:|---:|---:|---:|
{rows}

Two things the tool does not see: what stands outside of functions, such as the addresses of mirrors, and functions with a decorator, such as those of the command line. The tests on spoiled functions (appendix on [equations](equations/index.md)) are left out, because the tool wraps every function, and so are the tests of the site, and those that take longer than ten seconds.

## Unnoticed, and why

{survivors}
"""


def page(data: dict[str, Any]) -> str:
    """Write the page out of the report."""
    rows, code, noticed, mutants = [], 0, 0, 0
    for module in sorted(data["counts"], key=lambda m: (m not in EXPLAINED, m)):
        count = data["counts"][module]
        of_code = sum(number for kind, number in count.items() if kind.startswith("code"))
        examples = count.get("code_pages", 0) + count.get("code_docstrings", 0)
        missed = count.get("code_survived", 0) + count.get("message_survived", 0)
        mutants += sum(count.values())
        first = f"| `{module}` | | | "
        if module in EXPLAINED:
            code, noticed = code + of_code, noticed + examples
            first = f"| `{module}` | {of_code} | {examples} | {100 * examples / of_code:.0f} % "
        rows.append(f"{first}| {sum(count.values())} | {missed} |")
    reasons: dict[str, dict[str, list[int]]] = {}
    for found in data["survivors"]:
        where = found["mutant"].removeprefix("cnnbook.").split(".x")[0]
        change = (
            f"`` {found['old']} `` became `` {found['new']} ``" if found["new"] else found["old"]
        )
        places = reasons.setdefault(found["equivalent"], {})
        places.setdefault(f"`{where}`, line {{}}: {change}", []).append(found["line"])
    lines = []
    for reason, places in reasons.items():
        lines.append(f"**{reason[:1].upper()}{reason[1:]}.**\n")
        for place, numbers in places.items():
            head, tail = place.split("{}", 1)
            some = ", ".join(map(str, sorted(numbers)))
            lines.append(
                f"- {head.replace('line ', 'lines ') if len(numbers) > 1 else head}{some}{tail}"
            )
        lines.append("")
    return PAGE.format(
        date=data["date"],
        mutants=mutants,
        code=code,
        noticed=noticed,
        share=100 * noticed / code,
        survived=len(data["survivors"]),
        rows="\n".join(rows),
        survivors="\n".join(lines).strip(),
    )


def main() -> int:
    """Prepare what is not there yet, run, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="where to work")
    parser.add_argument("--page", action="store_true", help="write the page from the last report")
    arguments = parser.parse_args()
    if not arguments.page:
        if arguments.folder is None:
            parser.error("folder: expected a folder to work in; got none")
        folder = arguments.folder.resolve()
        if not folder.exists():
            prepare(folder)
        run(folder)
        found = report(folder)
        with replacing(HERE / "report.json") as file:
            file.write((json.dumps(found | {"sha256": seal(found)}, indent=1) + "\n").encode())
    data = json.loads((HERE / "report.json").read_text())
    with replacing(ROOT / "docs" / "mutation.md") as file:
        file.write(page(data).encode())
    unexplained = [s["mutant"] for s in data["survivors"] if not s["equivalent"]]
    print("\n".join([*unexplained, f"{len(unexplained)} unnoticed without a reason"]))
    return min(len(unexplained), 1)


if __name__ == "__main__":
    sys.exit(main())
