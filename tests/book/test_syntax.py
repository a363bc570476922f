"""Code is recognised by its syntax tree, whatever else is written around it."""

import ast
from itertools import chain

import pytest

from book.syntax import Sources, fingerprint, written

FUNCTION = '''
def area(width: float, height: float = 2) -> float:
    """Multiply."""
    return f"{width * height:{width}}"
'''


def function(text):
    return fingerprint([written(ast.parse(text))])


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Multiply.", "The area.", True),
        ('    """Multiply."""\n', "", True),
        ("return", "# why\n    return", True),
        ("height: float = 2", "height: float=2", True),
        (" * ", " + ", False),
        ("= 2", "= 3", False),
        ("= 2", "= 2.0", False),
        ("= 2", "= True", False),
        ("def area(", "def volume(", False),
        ("-> float", "-> int", False),
    ],
)
def test_what_makes_a_difference(old, new, same):
    assert old in FUNCTION
    assert (function(FUNCTION) == function(FUNCTION.replace(old, new))) == same


def test_the_hash_is_that_of_every_version_of_python():
    """Computed by Python 3.11, 3.12 and 3.13, the first release of each at hand."""
    assert function(FUNCTION) == "7483858f6c031397"


@pytest.fixture
def sources(tmp_path):
    """Two packages, of which one uses the other."""

    def make(**changed):
        files = {
            "tool/__init__.py": '"""A tool."""\nfrom tool.parts import cut\n',
            "tool/parts.py": "import math\nfrom other import thing\n\nEDGE = 1\nLIMITS = {}\n"
            "for name in 'ab':\n    LIMITS[name] = EDGE\n\n"
            "def cut():\n    return math.floor(LIMITS['a'])\n\ndef glue():\n    return EDGE\n",
            "tool/late.py": "def fetch():\n    return 2\n",
            "figure/one.py": "from tool import cut, late\nimport tool.parts\n\nSIZE = 3\n"
            "register()\n\ndef compute():\n    return cut() + SIZE\n\ndef draw():\n"
            "    from tool.late import fetch\n    return fetch()\n\ndef whole():\n"
            "    return tool\n\ndef other():\n    return late.fetch()\n",
        }
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            old, new = changed.get(path.stem, ("", ""))
            assert old in text
            path.write_text(text.replace(old, new))
        return Sources(tmp_path, "tool", "figure")

    return make


def hashes(found):
    start = {name: ("figure.one", name) for name in ("compute", "draw", "whole", "other")}
    reached = {name: found.reached(place) for name, place in start.items()}
    return {name: fingerprint(chain(*modules.values())) for name, modules in reached.items()}


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"one": ("SIZE = 3", "SIZE = 4")}, {"compute"}),
        ({"one": ("register()", "register(1)")}, {"compute", "draw", "whole", "other"}),
        ({"parts": ("EDGE = 1", "EDGE = 2")}, {"compute", "whole"}),
        ({"parts": ("LIMITS[name] = ", "LIMITS[name] = -")}, {"compute", "whole"}),
        ({"parts": ("import math", "import cmath as math")}, {"compute", "whole"}),
        ({"parts": ("def glue():", "def glue(x):")}, {"whole"}),
        ({"parts": ("other import thing", "other import something as thing")}, {"whole"}),
        ({"late": ("return 2", "return 3")}, {"draw", "other"}),
        ({"late": ("def fetch", "# Far away.\ndef fetch")}, set()),
        ({"__init__": ("A tool.", "The tool.")}, set()),
    ],
)
def test_what_is_reached(sources, changed, names):
    before, after = hashes(sources()), hashes(sources(**changed))
    assert {name for name in before if before[name] != after[name]} == names


def test_where_a_definition_stands_makes_no_difference(tmp_path):
    (tmp_path / "a.py").write_text("def f():\n    return g()\n\ndef g():\n    return 1\n")
    one = Sources(tmp_path, "a").reached(("a", "f"))
    (tmp_path / "b.py").write_text("def g():\n    return 1\n")
    (tmp_path / "a.py").write_text("from b import g\n\ndef f():\n    return g()\n")
    two = Sources(tmp_path, "a", "b").reached(("a", "f"))
    assert sorted(chain(*one.values())) == sorted(chain(*two.values()))
