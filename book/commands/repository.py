"""What git knows: which files have changed since a revision, and what they were."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def git(*arguments: str) -> str:
    """Run git in the project and return what it prints.

    Raises
    ------
    SystemExit
        If git fails, with what it says.
    """
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise SystemExit(f"{' '.join(command)}: {said}")
    return done.stdout.decode()


def fork_point() -> str:
    """Return the revision at which this work left ``main``; the last commit where there is none."""
    known = git("for-each-ref", "--format=%(refname:short)").split()
    for branch in ("main", "origin/main"):
        if branch in known:
            return git("merge-base", "HEAD", branch).strip()
    return "HEAD"


def changed(since: str) -> list[str]:
    """List the files that differ from a revision, committed or not, new and deleted ones included.

    Parameters
    ----------
    since : str
        A revision.

    Returns
    -------
    list of str
        Paths relative to the root of the project, sorted.
    """
    differing = git("diff", "--name-only", "--no-renames", "-z", since, "--")
    new = git("ls-files", "--others", "--exclude-standard", "-z")
    return sorted({path for path in (differing + new).split("\0") if path})


def text_at(revision: str, path: str) -> str:
    """Return a file as it was at a revision, or an empty text if it was not there."""
    if not git("ls-tree", "--name-only", revision, "--", path):
        return ""
    return git("show", f"{revision}:{path}")
