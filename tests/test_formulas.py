"""The formulas in docstrings, computed as they stand there.

A formula is read from the docstring by its text, letter for letter, put into Python by a few
rules, and compared with what the function returns. Whatever looks like a formula and is not in
the table fails.
"""

import importlib
import inspect
import itertools
import pkgutil
import re

import numpy as np
import pytest

import cnnbook
from cnnbook import correlation, functions, layers, losses
from cnnbook.gradient_check import complex_step_gradient
from cnnbook.initialization import fan_in_uniform, glorot_uniform
from cnnbook.layers import Parameter
from cnnbook.optimizers import SGD, Adam

RNG = np.random.default_rng(0)


class Endless:
    """An array that is zero outside its range."""

    def __init__(self, values):
        self.values = values

    def __getitem__(self, at):
        at = at if isinstance(at, tuple) else (at,)
        inside = all(0 <= i < size for i, size in zip(at, self.values.shape, strict=True))
        return self.values[at] if inside else 0.0


def python_of(formula, times="*"):
    """Put a formula into Python: gradients, powers, absolute values, products without a sign."""
    formula = re.sub(r"dL/d(\w)", r"d\1", formula)
    formula = formula.replace("^T", ".T").replace("^", "**")
    formula = re.sub(r"\|(\w)\|", r"abs(\1)", formula)
    formula = re.sub(r"\b(log|sigmoid) (\w)", r"\1(\2)", formula)
    return re.sub(r"(?<=[\w\])]) (?=[\w(])", f" {times} ", formula)


def value(formula, names, times="*"):
    """Compute a sum or a maximum over indices, or a formula without one."""
    largest = "max over " in formula
    head, _, rest = formula.partition("max over " if largest else "sum over ")
    known = {**vars(np), "max": np.maximum, "abs": np.abs, **names}
    total = eval(python_of(head.rstrip(" +"), times), known) if head else 0  # noqa: S307
    if rest:
        letters, _, term = rest.partition(" of ")
        letters, code = letters.split(", "), compile(python_of(term), "formula", "eval")
        places = itertools.product(*(names["ranges"][letter] for letter in letters))
        terms = [eval(code, known | dict(zip(letters, at, strict=True))) for at in places]  # noqa: S307
        total = total + (max(terms) if largest else sum(terms))
    return total


def computed(formula, names, times="*"):
    """Compute the right side; at every place, if the left one has indices."""
    left, _, right = formula.rpartition(" = ")
    if "[" not in left:
        return value(right, names, times)
    letters = re.search(r"\[(.*)\]", left)[1].split(", ")
    ranges = [names["ranges"][letter] for letter in letters]
    result = np.zeros([len(steps) for steps in ranges])
    for at in itertools.product(*ranges):
        result[at] = value(right, names | dict(zip(letters, at, strict=True)))
    return result


def ranges(**sizes):
    return {"ranges": {letter: range(size) for letter, size in sizes.items()}}


def endless(**arrays):
    return {name: Endless(array) for name, array in arrays.items()}


X, K, BIAS = (RNG.standard_normal(s) for s in ((2, 2, 4, 6), (3, 2, 2, 3), 3))
G = RNG.standard_normal((2, 3, 3, 4))
ROWS, W, B, UP = (RNG.standard_normal(s) for s in ((3, 4), (4, 2), 2, (3, 2)))
Z, T = RNG.standard_normal((2, 3)) * 3, RNG.random((2, 3))
P = RNG.uniform(0.1, 0.9, (2, 3))
ONES = np.ones_like(P)
CONV = ranges(n=2, f=3, c=2, i=3, j=4, u=2, v=3, p=4, q=6)
DENSE = ranges(n=3, d=4, o=2)
IMAGE, KERNEL = X[0, 0], K[0, 0]
SIGMOID = {"sigmoid": functions.sigmoid, "softplus": functions.softplus}
SIZE = layers.output_size(7, 3, stride=2, padding=2)[0]
SIZES = {"H": 7, "KH": 3, "stride": 2, "padding": 2}
POOLS = ranges(n=2, c=2, i=2, j=2, u=2, v=3) | {"s": 2, "KH": 2, "KW": 3}
POOLED = layers.max_pool2d(np.ones((1, 1, 7, 8)), 3, stride=2, padding=2).shape[2]
MEANS = layers.mean_pool2d(np.ones((1, 1, 7, 8)), 3, stride=2).shape[2]
WITHOUT_PADDING = correlation.windows(np.ones((7, 8)), 3, stride=2).shape[0]


def stepped(momentum=0.0, **options):
    """Return a weight after two steps with the gradients 3 and 4 and the rate 0.5."""
    w = Parameter("w", np.array([2.0]))
    optimizer = SGD([w], 0.5, momentum=momentum, **options)
    for gradient in (3.0, 4.0):
        w.gradient = np.array([gradient])
        optimizer.step()
    return w.value[0]


def adam(**options):
    """Return an optimiser, and its weight, after two steps with the gradients 3 and -4."""
    w = Parameter("w", np.array([2.0]))
    optimizer = Adam([w], 0.5, betas=(0.25, 0.75), epsilon=0.125, **options)
    for gradient in (3.0, -4.0):
        before = w.value[0]
        w.gradient = np.array([gradient])
        optimizer.step()
    return optimizer, before, w.value[0]


ADAM, ADAM_BEFORE, ADAM_AFTER = adam()
ADAM_M, ADAM_S = ADAM.means[0][0], ADAM.squares[0][0]
ADAM_BETAS = {"b1": 0.25, "b2": 0.75, "t": 2}
# What remains of the mean's weights after two steps; by these two the step is made.
ADAM_P, ADAM_Q = ADAM_M / (0.75 + 0.25 * 0.75), ADAM_S / (0.25 + 0.75 * 0.25)
_, DECAYED_BEFORE, DECAYED_AFTER = adam(weight_decay=0.25)
ADAM_STEP = 0.5 * ADAM_P / (np.sqrt(ADAM_Q) + 0.125)

# The name of the function, the formula in its docstring, what its letters are, what is right.
FORMULAS = [
    ("sigmoid", "1 / (1 + exp(-z))", {"z": Z}, functions.sigmoid(Z)),
    (
        "sigmoid",
        "1 / (1 + exp(-max(z, -m)))",
        {"z": np.array([-1e30, -3.0, 3.0]), "m": 708},
        functions.sigmoid(np.array([-1e30, -3.0, 3.0])),
    ),
    ("softplus", "log(1 + exp(z))", {"z": Z}, functions.softplus(Z)),
    ("softplus", "max(z, 0) + log(1 + exp(-|z|))", {"z": Z}, functions.softplus(Z)),
    ("fan_in_uniform", "a^2/3", {"a": np.sqrt(3 / 7)}, 1 / 7),
    (
        "fan_in_uniform",
        "a = sqrt(3/fan_in)",
        {"fan_in": 7},
        pytest.approx(
            np.abs(fan_in_uniform(RNG, (10**5,), 7, np.dtype(np.float64))).max(), rel=1e-3
        ),
    ),
    ("windows", "H' = (H - KH) // stride + 1", SIZES, WITHOUT_PADDING),
    ("output_size", "(H + 2 padding - KH) // stride + 1", SIZES, SIZE),
    ("conv2d", "H' = (H + 2 padding - KH) // stride + 1", SIZES, SIZE),
    (
        "cross_correlate2d",
        "Y[i, j] = sum over u, v of X[i + u, j + v] K[u, v]",
        endless(X=IMAGE, K=KERNEL) | ranges(i=3, j=4, u=2, v=3),
        correlation.cross_correlate2d(IMAGE, KERNEL),
    ),
    (
        "convolve2d",
        "Y[i, j] = sum over u, v of X[i - u, j - v] K[u, v]",
        endless(X=IMAGE, K=KERNEL) | ranges(i=5, j=8, u=2, v=3),
        correlation.convolve2d(IMAGE, KERNEL, "full"),
    ),
    (
        "conv2d",
        "Y[n, f, i, j] = bias[f] + sum over c, u, v of X[n, c, i s + u, j s + v] K[f, c, u, v]",
        endless(X=X, K=K, bias=BIAS) | CONV | {"s": 1},
        layers.conv2d(X, K, BIAS),
    ),
    (
        "conv2d_kernel_gradient",
        "dL/dK[f, c, u, v] = sum over n, i, j of X[n, c, i s + u, j s + v] dL/dY[n, f, i, j]",
        endless(X=X, dY=G) | CONV | {"s": 1},
        layers.conv2d_kernel_gradient(X, G, (2, 3)),
    ),
    (
        "conv2d_bias_gradient",
        "dL/db[f] = sum over n, i, j of dL/dY[n, f, i, j]",
        endless(dY=G) | CONV,
        layers.conv2d_bias_gradient(G),
    ),
    (
        "conv2d_input_gradient",
        "dL/dX[n, c, p, q] = sum over f, u, v of dL/dY[n, f, p - u, q - v] K[f, c, u, v]",
        endless(dY=G, K=K) | CONV,
        layers.conv2d_input_gradient(G, K, (4, 6)),
    ),
    ("dense", "Y = X W + b", {"X": ROWS, "W": W, "b": B}, layers.dense(ROWS, W, B)),
    (
        "dense",
        "Y[n, o] = b[o] + sum over d of X[n, d] W[d, o]",
        endless(X=ROWS, W=W, b=B) | DENSE,
        layers.dense(ROWS, W, B),
    ),
    (
        "dense_weight_gradient",
        "dL/dW = X^T dL/dY",
        {"X": ROWS, "dY": UP},
        layers.dense_weight_gradient(ROWS, UP),
    ),
    (
        "dense_weight_gradient",
        "dL/dW[d, o] = sum over n of X[n, d] dL/dY[n, o]",
        endless(X=ROWS, dY=UP) | DENSE,
        layers.dense_weight_gradient(ROWS, UP),
    ),
    (
        "dense_bias_gradient",
        "dL/db[o] = sum over n of dL/dY[n, o]",
        endless(dY=UP) | DENSE,
        layers.dense_bias_gradient(UP),
    ),
    (
        "dense_input_gradient",
        "dL/dX = dL/dY W^T",
        {"dY": UP, "W": W},
        layers.dense_input_gradient(UP, W),
    ),
    (
        "dense_input_gradient",
        "dL/dX[n, d] = sum over o of dL/dY[n, o] W[d, o]",
        endless(dY=UP, W=W) | DENSE,
        layers.dense_input_gradient(UP, W),
    ),
    ("sigmoid_gradient", "y (1 - y)", {"y": P}, layers.sigmoid_gradient(P, ONES)),
    ("tanh_gradient", "1 - y^2", {"y": P}, layers.tanh_gradient(P, ONES)),
    ("relu", "max(z, 0)", {"z": Z}, layers.relu(Z)),
    (
        "binary_cross_entropy",
        "-t log p - (1 - t) log(1 - p)",
        {"t": T, "p": P},
        losses.binary_cross_entropy(P, T),
    ),
    (
        "binary_cross_entropy_gradient",
        "(1 - t) / (1 - p) - t / p",
        {"t": T, "p": P},
        losses.binary_cross_entropy_gradient(P, T),
    ),
    (
        "binary_cross_entropy_from_logits",
        "softplus(z) - t z",
        {"t": T, "z": Z} | SIGMOID,
        losses.binary_cross_entropy_from_logits(Z, T),
    ),
    (
        "binary_cross_entropy_from_logits",
        "softplus(z) = log(1 + exp(z))",
        {"z": Z},
        functions.softplus(Z),
    ),
    (
        "binary_cross_entropy_from_logits",
        "max(z, 0) + log(1 + exp(-|z|))",
        {"z": Z},
        functions.softplus(Z),
    ),
    (
        "binary_cross_entropy_from_logits_gradient",
        "sigmoid(z) - t",
        {"t": T, "z": Z} | SIGMOID,
        losses.binary_cross_entropy_from_logits_gradient(Z, T),
    ),
    ("softmax", "exp(z) / sum(exp(z))", {"z": Z[0]}, functions.softmax(Z[0])),
    ("log_softmax", "z - log(sum(exp(z)))", {"z": Z[0]}, functions.log_softmax(Z[0])),
    (
        "softmax_gradient",
        "p (g - sum(p g))",
        {"p": P[0], "g": Z[0]},
        layers.softmax_gradient(P[0], Z[0]),
    ),
    (
        "categorical_cross_entropy",
        "-sum(t log p)",
        {"t": T[0], "p": P[0]},
        losses.categorical_cross_entropy(P[0], T[0]),
    ),
    (
        "categorical_cross_entropy_gradient",
        "-t / p",
        {"t": T, "p": P},
        losses.categorical_cross_entropy_gradient(P, T),
    ),
    (
        "categorical_cross_entropy_from_logits",
        "-sum(t log_softmax(z))",
        {"t": T[0], "z": Z[0], "log_softmax": functions.log_softmax},
        losses.categorical_cross_entropy_from_logits(Z[0], T[0]),
    ),
    (
        "categorical_cross_entropy_from_logits_gradient",
        "softmax(z) - t",
        {"t": T, "z": Z, "softmax": functions.softmax},
        losses.categorical_cross_entropy_from_logits_gradient(Z, T),
    ),
    (
        "max_pool2d",
        "Y[n, c, i, j] = max over u, v of X[n, c, i s + u, j s + v]",
        endless(X=X) | POOLS,
        layers.max_pool2d(X, (2, 3), stride=2),
    ),
    (
        "mean_pool2d",
        "Y[n, c, i, j] = sum over u, v of X[n, c, i s + u, j s + v] / (KH KW)",
        endless(X=X) | POOLS,
        layers.mean_pool2d(X, (2, 3), stride=2),
    ),
    ("max_pool2d", "H' = (H + 2 padding - KH) // stride + 1", SIZES, POOLED),
    ("mean_pool2d", "H' = (H - KH) // stride + 1", SIZES, MEANS),
    ("SGD", "w <- w - eta g", {"w": 2.0, "eta": 0.5, "g": 7.0}, stepped()),
    ("SGD", "v <- mu v + g", {"mu": 0.25, "v": 3.0, "g": 4.0}, 2 * (0.5 - stepped(0.25))),
    ("SGD", "w <- w - eta v", {"w": 0.5, "eta": 0.5, "v": 4.75}, stepped(0.25)),
    (
        # After the first step, of 3 + 0.75, the weight is 0.125.
        "SGD",
        "w <- w - eta (g + mu v)",
        {"w": 0.125, "eta": 0.5, "g": 4.0, "mu": 0.25, "v": 4.75},
        stepped(0.25, nesterov=True),
    ),
    (
        # After the first step, of 3 + 0.5, the weight is 0.25.
        "SGD",
        "g <- g + delta w",
        {"g": 4.0, "delta": 0.25, "w": 0.25},
        2 * (0.25 - stepped(weight_decay=0.25)),
    ),
    (
        "Adam",
        "m <- b1 m + (1 - b1) g",
        {"b1": 0.25, "m": 0.75 * 3, "g": -4.0},
        ADAM_M,
    ),
    ("Adam", "s <- b2 s + (1 - b2) g^2", {"b2": 0.75, "s": 0.25 * 9, "g": -4.0}, ADAM_S),
    ("Adam", "p = m / (1 - b1^t)", {"m": ADAM_M} | ADAM_BETAS, ADAM_P),
    ("Adam", "q = s / (1 - b2^t)", {"s": ADAM_S} | ADAM_BETAS, ADAM_Q),
    (
        "Adam",
        "w <- w - eta p / (sqrt(q) + epsilon)",
        {"w": ADAM_BEFORE, "eta": 0.5, "p": ADAM_P, "q": ADAM_Q, "epsilon": 0.125},
        ADAM_AFTER,
    ),
    (
        "Adam",
        "w <- w - eta delta w",
        {"w": DECAYED_BEFORE, "eta": 0.5, "delta": 0.25},
        DECAYED_AFTER + ADAM_STEP,
    ),
    ("glorot_uniform", "a^2/3", {"a": np.sqrt(6 / 12)}, 2 / 12),
    (
        "glorot_uniform",
        "a = sqrt(6/(fan_in + fan_out))",
        {"fan_in": 7, "fan_out": 5},
        pytest.approx(
            np.abs(glorot_uniform(RNG, (10**5,), 7, 5, np.dtype(np.float64))).max(), rel=1e-3
        ),
    ),
    (
        "complex_step_gradient",
        "f(x) + i h f'(x)",
        {},
        complex_step_gradient(np.exp, np.array([0.3]), np.ones(1)),
    ),
]
MATRICES = {"Y = X W + b", "dL/dW = X^T dL/dY", "dL/dX = dL/dY W^T"}
# Not to be computed: derivatives in the letters of analysis, compared otherwise.
OTHERWISE = {"f(x) + i h f'(x)"}


def docstrings():
    """Every public docstring of the package without its examples and references, by its name."""
    found = {}
    for info in pkgutil.walk_packages(cnnbook.__path__, "cnnbook."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", "") != info.name:
                continue
            members = vars(thing).items() if inspect.isclass(thing) else ()
            for key, one in {name: thing, **{f"{name}.{k}": m for k, m in members}}.items():
                if not key.rpartition(".")[2].startswith("_") and inspect.getdoc(one):
                    text = re.split(r"\n(?:Examples|References)\n-", inspect.getdoc(one))[0]
                    found[key] = " ".join(text.split())
    return found


DOCSTRINGS = docstrings()


def right(formula, names, expected):
    """Say whether a formula gives what is expected; one that cannot be computed does not."""
    times = "@" if set(re.findall(r"\b[XWY]\b", formula)) and "[" not in formula else "*"
    try:
        with np.errstate(all="ignore"):
            found = computed(formula.replace(" <- ", " = "), names, times)
            if not isinstance(expected, np.ndarray | float | int):
                return bool(found == expected)
            shape = np.shape(expected)
            return np.shape(found) == shape and np.allclose(found, expected, rtol=1e-12)
    except (NameError, SyntaxError, TypeError, ValueError, KeyError):
        return False


def computable():
    return [row for row in FORMULAS if row[1] not in OTHERWISE]


@pytest.mark.parametrize(("name", "formula", "names", "expected"), computable())
def test_a_formula_in_a_docstring_is_what_the_function_computes(name, formula, names, expected):
    assert formula in DOCSTRINGS[name]
    assert right(formula, names, expected)


def altered(formula):
    """Change every sign and number, exchange the indices in every pair of neighbours."""
    for match in re.finditer(r"(?<= )[+-](?= )|(?<![\w'])\d(?!\w)", formula):
        new = {"+": "-", "-": "+"}.get(match[0]) or str(int(match[0]) + 1)
        yield formula[: match.start()] + new + formula[match.end() :]
    for match in re.finditer(r"\^T|\^2", formula):
        yield formula[: match.start()] + formula[match.end() :]
    right_side = formula.index(" = ") if " = " in formula else 0
    for match in re.finditer(r"(\w[\w +-]*), (\w[\w +-]*)(?=[\],])", formula):
        if match.start() > right_side and "over" not in match[0]:
            swapped = f"{match[2]}, {match[1]}"
            yield formula[: match.start()] + swapped + formula[match.end() :]


@pytest.mark.parametrize(("name", "formula", "names", "expected"), computable())
def test_an_altered_formula_is_not(name, formula, names, expected):
    unnoticed = [text for text in altered(formula) if right(text, names, expected)]
    assert not unnoticed


# What looks like a formula.
FORMULA = re.compile(
    r"(?:sum|max) over [a-z](?:, [a-z])* of|\^|\b(?:exp|log|max|sqrt|softplus|sigmoid)\(|"
    r"//(?! ?`)|<-|"
    r"\b\w \(1 - \w\)|\] = |\b[A-Za-z]\w?'? = [^,;:@]*[\w)\]] ?[+*/-] ?[\w(]"
)
# It looks like one, and is an example of a value, an address, or what a formula is about.
NO_FORMULAS = {
    "sigmoid": ["exp(-z)", "exp(-m)"],
    "binary_cross_entropy": ["log(0)"],
    "categorical_cross_entropy": ["log(0)"],
    "categorical_cross_entropy_from_logits": ["p = softmax(z)"],
    "binary_cross_entropy_from_logits": ["p = sigmoid(z)", "-t z"],
    "softplus": ["max(z, 0)"],
    "complex_step_gradient": ["f(x + ih) = ", "O(h^2)"],
    "check_mirrors": ["``https://``", "``http://``"],
}


def test_everything_that_looks_like_a_formula_is_computed():
    left = {}
    for name, text in DOCSTRINGS.items():
        known = [formula for other, formula, *_ in FORMULAS if other == name]
        for formula in sorted(known, key=len, reverse=True) + NO_FORMULAS.get(name, []):
            text = text.replace(formula, "")
        if found := FORMULA.search(re.sub(r"``[^`]*``|https?://\S+", "", text)):
            left[name] = text[max(0, found.start() - 30) : found.end() + 30]
    assert not left
