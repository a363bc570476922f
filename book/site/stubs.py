"""Pages of whole files: `python -m book.site.stubs` writes one for each module of the package.

Printed source links to them. They are files in `docs/source`, because a builder makes pages of
files only; each includes its module, and holds nothing else that could grow old.
"""

import sys
from pathlib import Path

from book import contract

ROOT = Path(__file__).parents[2]
PAGE = """\
---
title: {name}
description: The whole file {name}, with line numbers.
search:
  exclude: true
hide: [toc]
---
# {name}

```python linenums="1"
--8<-- "{name}"
```
"""


def pages(root: Path = ROOT) -> dict[Path, str]:
    """Return the text of every page by its file.

    Parameters
    ----------
    root : Path
        The folder of the project.

    Returns
    -------
    dict of Path to str
        One for each file of the package.
    """
    folder, package = root / "docs" / "source", root / "cnnbook"
    modules = [path.relative_to(package).with_suffix("") for path in sorted(package.rglob("*.py"))]
    return {
        folder / f"{module.as_posix()}.md": PAGE.format(name=f"cnnbook/{module.as_posix()}.py")
        for module in modules
    }


def stale(root: Path = ROOT) -> list[str]:
    """Name the pages that are missing, differ, or show a module that is no more.

    Parameters
    ----------
    root : Path
        The folder of the project.

    Returns
    -------
    list of str
        Files, relative to the folder of the project.
    """
    wanted = pages(root)
    there = set((root / "docs" / "source").rglob("*.md"))
    wrong = {path for path in wanted.keys() & there if path.read_text("utf-8") != wanted[path]}
    return sorted(p.relative_to(root).as_posix() for p in wrong | (wanted.keys() ^ there))


def update(root: Path = ROOT) -> list[Path]:
    """Write and remove pages until there is one for every module.

    Parameters
    ----------
    root : Path
        The folder of the project.

    Returns
    -------
    list of Path
        What has changed.
    """
    wanted = pages(root)
    changed = [root / name for name in stale(root)]
    for path in changed:
        if path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8", newline="\n")
        else:
            path.unlink()
    return changed


def main() -> int:
    """Write the pages, or say which are not up to date."""
    reasons = dict.fromkeys(stale(), "there is no such module, or its page is another")
    return contract.run(__doc__ or "", lambda: reasons, lambda _: update())


if __name__ == "__main__":
    sys.exit(main())
