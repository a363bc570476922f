"""Wrong calls: who is named, what was expected, what came.

The file of tests of a module holds a table ``WRONG``, one line a call: the call, the type of the
error, and the sentence with which its message begins. A ``*`` in it stands for anything.
"""

import re
from collections.abc import Callable

import pytest

Call = Callable[[], object]


def wrong_calls(table: list[tuple[Call, type[Exception], str]]) -> pytest.MarkDecorator:
    """Run a test for every wrong call of a table, each under the name of its sentence."""
    sentences = [sentence for _, _, sentence in table]
    return pytest.mark.parametrize(("call", "error", "sentence"), table, ids=sentences)


def assert_refused(call: Call, error: type[Exception], sentence: str) -> None:
    """Make the call, and compare the error and the beginning of its message."""
    pattern = ".*".join(re.escape(part) for part in sentence.split("*"))
    with pytest.raises(error, match=f"^{pattern}"):
        call()
