"""Second derivatives along a direction: by hand, by the whole matrix, and what is refused."""

import numpy as np
import pytest

from cnnbook.curvature import gradients, largest_curvature, random_direction, times_curvature
from cnnbook.layers import Conv2D, Dense, Reshape, Tanh
from cnnbook.losses import CategoricalCrossEntropy
from cnnbook.model import Sequential
from tests.cases import error
from tests.wrong import assert_refused, wrong_calls

LOSS = CategoricalCrossEntropy(from_logits=True)


@pytest.fixture
def network():
    """A small smooth network, five samples and their targets."""
    rng = np.random.default_rng(17)
    model = Sequential(
        Conv2D(1, 2, 2, rng=rng, dtype=np.float64),
        Tanh(),
        Reshape((-1,)),
        Dense(2 * 2 * 3, 3, rng=rng, dtype=np.float64),
    )
    x = rng.standard_normal((5, 1, 3, 4))
    return model, LOSS, x, rng.dirichlet(np.ones(3), 5)


def flat(arrays):
    return np.concatenate([array.ravel() for array in arrays])


def shaped(vector, model):
    """Cut a vector into arrays of the parameters' shapes."""
    sizes = np.cumsum([p.value.size for p in model.parameters()])
    parts = np.split(vector, sizes[:-1])
    shapes = [p.value.shape for p in model.parameters()]
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def begin(network):
    return random_direction(network[0], np.random.default_rng(0))


def matrix(network):
    """All second derivatives, by differences of single entries of the gradient."""
    model, h, rows = network[0], 1e-5, []
    for parameter in model.parameters():
        for at in np.ndindex(parameter.value.shape):
            kept, both = parameter.value[at], []
            for way in (h, -h):
                parameter.value[at] = kept + way
                both.append(flat(gradients(*network)))
            parameter.value[at] = kept
            rows.append((both[0] - both[1]) / (2 * h))
    return np.array(rows)


def test_the_gradients_are_those_of_this_loss_alone(network):
    model = network[0]
    for parameter in model.parameters():
        parameter.gradient += 7
    first = gradients(*network)
    assert error(flat(first), flat(gradients(*network))) == 0
    first[0][:] = np.nan
    assert np.isfinite(flat([p.gradient for p in model.parameters()])).all(), "a copy"


def test_a_direction_is_multiplied_by_all_second_derivatives(network):
    model = network[0]
    before = flat([p.value.copy() for p in model.parameters()])
    whole = matrix(network)
    rng = np.random.default_rng(0)
    for length in (0.1, 1, 3):
        v = length * rng.standard_normal(len(whole))
        product = times_curvature(*network, shaped(v, model))
        assert error(flat(product), whole @ v) < 1e-6
        exact = times_curvature(*network, shaped(v, model), step=1e-3)
        assert 1e-9 < error(flat(exact), flat(product)) < 1e-4, "the step counts"
    assert (flat([p.value for p in model.parameters()]) == before).all()


def test_parameters_are_put_back_when_a_pass_fails(network):
    model, loss, x, targets = network
    before = flat([p.value.copy() for p in model.parameters()])
    direction = [np.ones_like(p.value) for p in model.parameters()]
    with pytest.raises(ValueError, match="targets"):
        times_curvature(model, loss, x, targets[:-1], direction, step=0.1)
    assert (flat([p.value for p in model.parameters()]) == before).all()


def test_power_iteration_finds_the_largest_eigenvalue_and_its_vector(network):
    values, vectors = np.linalg.eigh(matrix(network))
    found, way = largest_curvature(*network, begin(network), rounds=60)
    assert abs(found - values[-1]) < 1e-5 * values[-1]
    assert abs(abs(flat(way) @ vectors[:, -1]) - 1) < 1e-5
    rough, _ = largest_curvature(*network, begin(network), rounds=1)
    assert abs(rough) < 0.9 * values[-1], "one round is not enough"
    longer, _ = largest_curvature(*network, begin(network), rounds=60, step=1e-2)
    assert 1e-9 < abs(longer - found) < 0.01 * found


def test_it_goes_on_from_what_it_has_found(network):
    model = network[0]
    found, way = largest_curvature(*network, begin(network), rounds=9)
    whole, _ = largest_curvature(*network, begin(network), rounds=10)
    on, same = largest_curvature(*network, times_curvature(*network, way), rounds=1)
    assert abs(on - whole) < 1e-9 < abs(on - found)
    twice, _ = largest_curvature(*network, [2 * d for d in begin(network)], rounds=10)
    assert abs(twice - whole) < 1e-9, "the length does not count"
    assert abs(np.linalg.norm(flat(same)) - 1) < 1e-12
    assert [d.shape for d in same] == [p.value.shape for p in model.parameters()]


def test_along_a_direction_without_curvature_it_finds_none():
    # The same number added to all logits changes no probability.
    found, way = largest_curvature(*bare(), FITS, rounds=1, step=2**-10)
    assert abs(found) < 1e-9
    assert np.isfinite(flat(way)).all()
    still = [np.zeros_like(d) for d in FITS]
    found, way = largest_curvature(*bare(), still)
    assert found == 0
    assert not flat(way).any()


def test_a_random_direction_is_drawn_from_the_generator(network):
    one, other = (random_direction(network[0], np.random.default_rng(s)) for s in (0, 1))
    assert error(flat(one), np.random.default_rng(0).standard_normal(len(flat(one)))) == 0
    assert error(flat(one), flat(other)) > 0.1


def test_a_random_direction_has_the_dtype_of_the_parameters():
    model = Sequential(Dense(2, 3, rng=np.random.default_rng(0)))
    drawn = random_direction(model, np.random.default_rng(0))
    assert {d.dtype.type for d in drawn} == {np.float32}


def test_twenty_rounds_and_a_short_step_are_usual(network):
    usual = largest_curvature(*network, begin(network))
    told = largest_curvature(*network, begin(network), rounds=20, step=1e-7)
    assert usual[0] == told[0]
    v = [np.ones(p.value.shape) for p in network[0].parameters()]
    usual, told = times_curvature(*network, v), times_curvature(*network, v, step=1e-7)
    assert (flat(usual) == flat(told)).all()


def test_float32_gives_three_digits():
    rng = np.random.default_rng(0)
    found = []
    for dtype, step in ((np.float64, 1e-4), (np.float32, 1e-2)):
        rng = np.random.default_rng(0)
        model = Sequential(
            Dense(6, 4, rng=rng, dtype=dtype), Tanh(), Dense(4, 3, rng=rng, dtype=dtype)
        )
        x, t = rng.standard_normal((9, 6)).astype(dtype), rng.dirichlet(np.ones(3), 9).astype(dtype)
        curvature, way = largest_curvature(
            model, LOSS, x, t, random_direction(model, rng), step=step
        )
        assert {d.dtype.type for d in way} == {dtype}
        found.append(curvature)
    assert abs(found[1] / found[0] - 1) < 1e-3


def bare():
    """A layer, the loss, one sample and its target."""
    model = Sequential(Dense(2, 3, rng=np.random.default_rng(0), dtype=np.float64))
    return model, LOSS, np.ones((1, 2)), np.eye(3)[:1]


def call(direction=None, **options):
    rng = np.random.default_rng(0)
    model = Sequential(Dense(2, 3, rng=rng, dtype=np.float64))
    x, t = np.ones((1, 2)), np.eye(3)[:1]
    return times_curvature(model, LOSS, x, t, direction, **options)


def largest(direction=None, **options):
    model = Sequential(Dense(2, 3, rng=np.random.default_rng(0), dtype=np.float64))
    return largest_curvature(
        model, LOSS, np.ones((1, 2)), np.eye(3)[:1], direction or FITS, **options
    )


FITS = [np.ones((2, 3)), np.ones(3)]
WRONG = [
    (
        lambda: call(FITS[:1]),
        ValueError,
        "direction: expected an array for each of 2 parameters; got 1",
    ),
    (
        lambda: call([FITS[0].T, FITS[1]]),
        ValueError,
        "direction: expected shape (2, 3), as weights has it; got (3, 2)",
    ),
    (
        lambda: call([FITS[0].astype(int), FITS[1]]),
        TypeError,
        "direction: expected float32 or float64; got int64",
    ),
    (lambda: call(FITS, step=0), ValueError, "step: expected a finite number above 0; got 0"),
    (lambda: random_direction(None, None), TypeError, "rng: expected"),
    (
        lambda: largest(rounds=0),
        ValueError,
        "rounds: expected an integer of at least 1; got 0",
    ),
    (lambda: largest(rounds=1.5), TypeError, "rounds: expected an integer; got 1.5"),
    (
        lambda: largest([FITS[0].astype(int), FITS[1]]),
        TypeError,
        "direction: expected float32 or float64; got int64",
    ),
    (
        lambda: largest_curvature(*bare(), FITS[:1]),
        ValueError,
        "direction: expected an array for each of 2 parameters; got 1",
    ),
    (
        lambda: largest_curvature(*bare(), FITS, rounds=1.5),
        TypeError,
        "rounds: expected an integer*1.5",
    ),
    (
        lambda: times_curvature(*bare(), FITS[:1]),
        ValueError,
        "direction: expected an array for each of 2 parameters; got 1",
    ),
    (
        lambda: times_curvature(*bare(), FITS, step="far"),
        TypeError,
        "step: expected*'far'",
    ),
    (lambda: largest(step=-1), ValueError, "step: expected"),
]


@wrong_calls(WRONG)
def test_what_does_not_fit_is_refused(call, error, sentence):
    assert_refused(call, error, sentence)
