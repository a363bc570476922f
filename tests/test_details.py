"""Details that only a mutant showed to be untested: precision, words of messages, edges.

Each of these tests fails for a change of one place in the code under which all others pass; the
changes were made by machine (`scripts/mutation`).
"""

import hashlib
import http.client
import io
import itertools
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import cnnbook
from cnnbook import cli, data, download, files, mnist
from cnnbook.checks import check_rng
from cnnbook.correlation import (
    convolve2d,
    convolve2d_loops,
    cross_correlate2d,
    cross_correlate2d_loops,
    windows,
)
from cnnbook.download import KnownFile
from cnnbook.files import write_arrays
from cnnbook.gradient_check import check_layer, check_loss, numerical_gradient
from cnnbook.layers import Conv2D, Dense, Layer, Parameter, ReLU, Reshape, Sigmoid, Tanh
from cnnbook.layers import activations as act
from cnnbook.layers import conv_gradients as cg
from cnnbook.layers import geometry as geo
from cnnbook.layers.conv import conv2d, conv2d_loops
from cnnbook.layers.dense import (
    dense,
    dense_bias_gradient,
    dense_input_gradient,
    dense_weight_gradient,
)
from cnnbook.losses import BinaryCrossEntropy
from cnnbook.losses.binary_cross_entropy import (
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    binary_cross_entropy_from_logits_gradient,
    binary_cross_entropy_gradient,
)
from cnnbook.mnist import load_zero_one
from cnnbook.model import Sequential
from cnnbook.optimizers import SGD
from cnnbook.pictures import prepare, read_picture
from cnnbook.runs import Configuration, train_run
from cnnbook.samples import first_of_each_digit
from cnnbook.train import count_errors, fit, train_on_batch

S, D = np.float32, np.float64


def test_windows_of_a_list():
    with pytest.raises(
        TypeError, match=r"^x: expected a NumPy array of shape \(\.\.\., H, W\); got list$"
    ):
        windows([[1.0]], 1)


@pytest.mark.parametrize(
    "function", [cross_correlate2d, cross_correlate2d_loops, convolve2d, convolve2d_loops]
)
def test_correlation_dtype(function):
    for a, b in itertools.product((S, D), repeat=2):
        assert function(np.ones((3, 3), a), np.ones((2, 2), b)).dtype == np.result_type(a, b)


@pytest.mark.parametrize("function", [conv2d, conv2d_loops])
def test_conv_dtype(function):
    for a, b, c in itertools.product((S, D), repeat=3):
        y = function(np.ones((1, 1, 3, 3), a), np.ones((1, 1, 2, 2), b), np.ones(1, c))
        assert y.dtype == np.result_type(a, b, c)


@pytest.mark.parametrize("loops", ["", "_loops"])
def test_conv_gradient_dtype(loops):
    for a, b in itertools.product((S, D), repeat=2):
        x, g, k = np.ones((1, 1, 3, 3), a), np.ones((1, 1, 2, 2), b), np.ones((1, 1, 2, 2), a)
        assert getattr(cg, "conv2d_kernel_gradient" + loops)(x, g, 2).dtype == np.result_type(a, b)
        assert getattr(cg, "conv2d_input_gradient" + loops)(g, k, 3).dtype == np.result_type(a, b)


def test_recall_names_the_layer():
    layer = Conv2D(1, 2, 3, rng=np.random.default_rng(0))
    for call in (layer.backward, layer.accumulate_gradients):
        with pytest.raises(RuntimeError, match=re.escape(f"{layer!r}: backward was called before")):
            call(np.ones((1, 2, 1, 1), S))


def test_numerical_gradient_divides_by_the_rounded_step():
    x = np.array([1.0, 3.0], S)
    assert (numerical_gradient(lambda: x, x, np.ones(2, S), 1e-3) == 1).all()


def test_check_layer_hands_back_the_dtype_of_the_output():
    seen = []

    class Spy(Layer):
        def forward(self, x):
            return 2 * x

        def backward(self, grad_output):
            seen.append(grad_output.dtype)
            return 2 * grad_output

    assert check_layer(Spy(), np.ones((1, 2), S), np.random.default_rng(0)) < 1e-3
    assert seen == [S]


class Square:
    """A loss that knows nothing of logits."""

    def forward(self, predictions, targets):
        self.p, self.t = predictions.copy(), targets
        return float(((predictions - targets) ** 2).mean())

    def backward(self):
        return 2 * (self.p - self.t) / self.p.size


def test_check_loss_of_a_loss_without_from_logits():
    assert check_loss(Square(), np.array([[0.25, 0.5]]), np.array([[0.0, 1.0]])) < 1e-9
    with pytest.raises(ValueError, match="strictly between"):
        check_loss(Square(), np.array([[0.0, 0.5]]), np.array([[0.0, 1.0]]))


def test_check_loss_is_as_exact_as_its_step_allows():
    rng = np.random.default_rng(0)
    p, t = rng.uniform(0.05, 0.95, (4, 5)), rng.uniform(0, 1, (4, 5))
    e = check_loss(BinaryCrossEntropy(), p, t)
    assert e < 3e-11


def test_sgd_refuses_a_parameter_slipped_in_later():
    p = [Parameter("a", np.ones(1)), Parameter("b", np.ones(1))]
    optimizer = SGD(p[:1], 0.1, momentum=0.5)
    optimizer.parameters.append(p[1])
    with pytest.raises(ValueError, match="zip"):
        optimizer.step()


def test_summary():
    rng = np.random.default_rng(0)
    model = Sequential(Reshape((4,)), Dense(4, 2, rng=rng))
    assert model.summary() == (
        "layer            parameters\n"
        "Reshape((4,))             0\n"
        "Dense(4, 2)              10\n"
        "total                    10"
    )
    assert model.summary((2, 2)).splitlines()[:2] == [
        "layer          output shape  parameters",
        "Reshape((4,))          (4,)           0",
    ]


def test_summary_runs_in_the_dtype_of_the_network():
    seen = []

    class Spy(Sigmoid):
        def forward(self, x):
            seen.append((x.dtype, x.shape))
            return super().forward(x)

    Sequential(Spy()).summary((3,))
    Sequential(Spy(), Dense(3, 2, rng=np.random.default_rng(0), dtype=D)).summary((3,))
    assert seen == [(S, (1, 3)), (D, (1, 3))]


def test_sequential_repr():
    assert repr(Sequential(Sigmoid(), Reshape((4,)))) == "Sequential(Sigmoid(), Reshape((4,)))"


def test_predict_of_a_list():
    with pytest.raises(
        TypeError, match=r"^x: expected a NumPy array of shape \(N, \.\.\.\); got list"
    ):
        Sequential(Sigmoid()).predict([1.0])


def test_first_of_each_of_three_digits():
    labels = np.array([2, 0, 1, 0, 2, 1, 0, 2])
    images, kept = first_of_each_digit((np.arange(8.0), labels), 1)
    assert images.tolist() == [0, 1, 2]
    assert kept.tolist() == [2, 0, 1]


def test_object_arrays_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="pickle|Object"):
        write_arrays(tmp_path / "a.npz", {"a": np.array([None])})


class Spy(Dense):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.seen = []

    def forward(self, x):
        self.seen.append(x.dtype)
        return super().forward(x)

    def backward(self, grad_output):
        self.seen.append("backward")
        return super().backward(grad_output)


def _small():
    layer = Spy(3, 2, rng=np.random.default_rng(0))
    return layer, Sequential(layer, Sigmoid())


def test_training_is_in_the_dtype_of_the_network():
    layer, model = _small()
    fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        np.ones((4, 3)),
        np.ones((4, 2)),
        epochs=1,
        batch_size=2,
        rng=np.random.default_rng(0),
    )
    assert set(layer.seen[1:]) == {np.dtype(S)}


def test_training_does_not_compute_the_gradient_of_the_images():
    layer, model = _small()
    train_on_batch(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        np.ones((2, 3), S),
        np.ones((2, 2), S),
    )
    assert "backward" not in layer.seen


def test_fit_does_not_copy_images():
    got = []

    class Keep(Dense):
        def forward(self, x):
            got.append(x)
            return super().forward(x)

    model = Sequential(Keep(3, 2, rng=np.random.default_rng(0)), Sigmoid())
    images, targets = np.ones((2, 3), S), np.ones((2, 2), S)
    train_on_batch(model, BinaryCrossEntropy(), SGD(model.parameters(), 0.1), images, targets)
    assert got[0] is images


def test_fit_without_parameters():
    other = Dense(2, 2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="^optimizer: "):
        fit(
            Sequential(Sigmoid()),
            BinaryCrossEntropy(),
            SGD(other.parameters(), 0.1),
            np.ones((2, 2)),
            np.ones((2, 2)),
            epochs=1,
            batch_size=1,
            rng=np.random.default_rng(0),
        )


def test_fit_does_not_reshuffle_by_default():
    class Order(Dense):
        def forward(self, x):
            seen.append(x[:, 0].tolist())
            return super().forward(x)

    seen = []
    model = Sequential(Order(1, 1, rng=np.random.default_rng(0)), Sigmoid())
    fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        np.arange(8.0)[:, None],
        np.ones((8, 1)),
        epochs=2,
        batch_size=8,
        rng=np.random.default_rng(0),
    )
    assert seen[1] == seen[2]


def test_messages():
    rng = np.random.default_rng(0)
    _, model = _small()
    with pytest.raises(
        TypeError, match=r"^images: expected a NumPy array of shape \(N, \.\.\.\); got list"
    ):
        fit(
            model,
            BinaryCrossEntropy(),
            SGD(model.parameters(), 0.1),
            [1.0],
            np.ones((1, 2)),
            epochs=1,
            batch_size=1,
            rng=rng,
        )
    with pytest.raises(
        ValueError, match=r"^images: expected no empty axis in \(N, \.\.\.\); got shape"
    ):
        fit(
            model,
            BinaryCrossEntropy(),
            SGD(model.parameters(), 0.1),
            np.ones((0, 3)),
            np.ones((0, 2)),
            epochs=1,
            batch_size=1,
            rng=rng,
        )
    with pytest.raises(
        TypeError, match=r"^labels: expected a NumPy array of integers; got float64$"
    ):
        count_errors(model, np.ones((1, 3)), np.ones(1))


def ramp():
    """A digit of 20 x 10 grey pixels, brightest in the middle, in a wide dark border."""
    digit = np.linspace(0.3, 1, 200).reshape(20, 10)
    levels = np.zeros((60, 40))
    levels[20:40, 15:25] = 50 * digit
    return digit, levels


def test_grey_stays_grey():
    digit, levels = ramp()
    image = prepare(levels)[0][0, 0]
    top, left = (np.flatnonzero(image.any(axis=a))[0] for a in (1, 0))
    np.testing.assert_allclose(image[top : top + 20, left : left + 10], digit, atol=1e-6)
    assert image.sum() == pytest.approx(digit.sum(), abs=1e-4)


def test_scaling_is_linear_between_pixels():
    levels = np.zeros((30, 30))
    levels[10:20, 10:15], levels[10:20, 15:20] = 1, 0.5
    image = prepare(levels)[0][0, 0]
    row = image[14][image[14] > 0]
    np.testing.assert_allclose(row, [1] * 9 + [0.875, 0.625] + [0.5] * 9, atol=1e-6)


def test_a_hair_is_one_pixel_wide():
    levels = np.zeros((80, 20))
    levels[10:70, 9] = 1
    assert "scaled it to 20 x 1 pixels" in prepare(levels)[1]


def test_border():
    rng = np.random.default_rng(0)
    for _ in range(300):
        levels = (rng.random((5, 4)) > 0.5) * 1.0
        sides = [*levels[0], *levels[4], *levels[:, 0], *levels[:, 3]]
        if levels.min() < levels.max():
            inverted = any(step.startswith("inverted") for step in prepare(levels)[1])
            assert inverted == (sum(sides) > 9)


def test_crop_threshold():
    levels = np.zeros((20, 20))
    levels[8:12, 8:12] = 80
    for level, size in ((10.0, "4 x 4"), (9.5, "4 x 4"), (11.0, "9 x 9"), (19.0, "9 x 9")):
        levels[3, 3] = level
        assert f"cropped the digit, {size} pixels" in prepare(levels)[1][1]


def test_float_pictures_keep_their_levels(tmp_path):
    levels = np.linspace(0, 1000, 12, dtype=np.float32).reshape(3, 4)
    Image.fromarray(levels).save(tmp_path / "a.tiff")
    got = read_picture(tmp_path / "a.tiff")
    assert (got == levels).all()
    assert got.dtype == np.float64
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").dtype == np.float64


def test_the_centre_is_in_the_middle_for_any_digit():
    rng = np.random.default_rng(0)
    for _ in range(50):
        levels = np.zeros((60, 60))
        levels[20:40, 20 : 20 + rng.integers(1, 21)] = 1
        levels[rng.integers(20, 40, 40), rng.integers(20, 40, 40)] = 3
        levels[20:40, 20] = 1
        image = prepare(levels)[0][0, 0]
        for a in (0, 1):
            centre = image.sum(axis=1 - a) @ np.arange(28) / image.sum()
            occupied = np.flatnonzero(image.any(axis=1 - a))
            assert abs(centre - 14) <= 0.5 + 1e-6 or occupied[0] == 0 or occupied[-1] == 27


def test_a_weight_at_the_end_pushes_the_digit_to_the_rim():
    levels = np.zeros((60, 60))
    levels[20:40, 30] = 1.3
    levels[39, 20:40] = 10
    image = prepare(levels)[0][0, 0]
    assert np.flatnonzero(image.any(axis=1))[[0, -1]].tolist() == [0, 19]
    image = prepare(levels[::-1])[0][0, 0]
    assert np.flatnonzero(image.any(axis=1))[[0, -1]].tolist() == [8, 27]


ones = np.ones
R = np.random.default_rng(0)


def forwarded(layer, x):
    layer.forward(x)
    return layer


TEXT = [
    (
        lambda: windows(ones((2, 3, 4), int), 1),
        "x: expected float32 or float64; got int64 of shape (2, 3, 4) ",
    ),
    (
        lambda: windows(ones((0, 3, 4)), 1),
        "x: expected no empty axis in (..., H, W); got shape (0, 3, 4)",
    ),
    (lambda: windows(ones((3, 4)), 0), "window_size: expected an integer"),
    (lambda: windows(ones((3, 4)), 1, stride=0), "stride: expected an integer"),
    (
        lambda: convolve2d(ones((3, 4)), [1.0]),
        "kernel: expected a NumPy array of shape (KH, KW); got list",
    ),
    (
        lambda: cross_correlate2d(ones((3, 4)), [1.0]),
        "kernel: expected a NumPy array of shape (KH, KW); got list",
    ),
    (
        lambda: conv2d_loops(ones((1, 1, 3, 3)), ones((1, 1, 2, 2)), ones(1), stride=0),
        "stride: expected",
    ),
    (
        lambda: cg.conv2d_kernel_gradient_loops(
            ones((1, 1, 3, 3)), ones((1, 1, 2, 2)), 2, stride=0
        ),
        "stride: expected",
    ),
    (
        lambda: cg.conv2d_kernel_gradient_loops(ones((1, 1, 3, 3)), ones((1, 1, 2, 2)), 0),
        "kernel_size: expected",
    ),
    (
        lambda: cg.conv2d_kernel_gradient([1], ones((1, 1, 2, 2)), 2),
        "x: expected a NumPy array of shape (N, C, H, W); got",
    ),
    (
        lambda: cg.conv2d_kernel_gradient(ones((1, 1, 3, 3)), [1], 2),
        "grad_output: expected a NumPy array of shape (N, F, H', W'); got",
    ),
    (
        lambda: cg.conv2d_kernel_gradient(ones((1, 1, 3, 3)), ones((1, 1, 3, 3)), 2),
        (
            "grad_output: expected shape (1, 1, 2, 2), which x of shape (1, 1, 3, 3) gives; "
            "got (1, 1, 3, 3)"
        ),
    ),
    (
        lambda: cg.conv2d_bias_gradient([1]),
        "grad_output: expected a NumPy array of shape (N, F, H', W'); got",
    ),
    (
        lambda: cg.conv2d_input_gradient_loops(ones((1, 1, 2, 2)), ones((1, 1, 2, 2)), 0),
        "input_size: expected",
    ),
    (
        lambda: cg.conv2d_input_gradient_loops(
            ones((1, 1, 2, 2)), ones((1, 1, 2, 2)), 3, padding=-1
        ),
        "padding: expected",
    ),
    (
        lambda: cg.conv2d_input_gradient_loops(ones((1, 1, 2, 2)), ones((1, 1, 2, 2)), 3, stride=0),
        "stride: expected",
    ),
    (
        lambda: cg.conv2d_input_gradient([1], ones((1, 1, 2, 2)), 3),
        "grad_output: expected a NumPy array of shape (N, F, H', W'); got",
    ),
    (
        lambda: cg.conv2d_input_gradient(ones((1, 1, 2, 2)), [1], 3),
        "kernels: expected a NumPy array of shape (F, C, KH, KW); got",
    ),
    (
        lambda: cg.conv2d_input_gradient(ones((1, 1, 1, 2)), ones((1, 1, 2, 2)), 3),
        (
            "grad_output: expected shape (1, 1, 2, 2), which kernels of shape (1, 1, 2, 2) and "
            "input_size 3 give; got (1, 1, 1, 2)"
        ),
    ),
    (lambda: geo.output_size(3, 0), "kernel_size: expected"),
    (lambda: geo.pad(ones((1, 1, 3, 3)), -1), "padding: expected"),
    (lambda: geo.im2col([1], 2), "x: expected a NumPy array of shape (N, C, H, W); got"),
    (lambda: geo.col2im(ones((1, 4, 4)), 0, 2), "input_size: expected"),
    (lambda: geo.col2im(ones((1, 4, 4)), 3, 0), "kernel_size: expected"),
    (lambda: geo.col2im(ones((1, 4, 4)), 3, 2, stride=0), "stride: expected"),
    (lambda: geo.col2im(ones((1, 4, 4)), 3, 2, padding=-1), "padding: expected"),
    (
        lambda: geo.col2im([1], 3, 2),
        "columns: expected a NumPy array of shape (N, CKHKW, H'W'); got",
    ),
    (lambda: dense([1], ones((2, 3)), ones(3)), "x: expected a NumPy array of shape (N, in); got"),
    (
        lambda: dense(ones((1, 2)), [1], ones(3)),
        "weights: expected a NumPy array of shape (in, out); got",
    ),
    (
        lambda: dense(ones((1, 2)), ones((2, 3)), ones(2)),
        "bias: expected shape (3,), as weights of shape (2, 3) give; got (2,)",
    ),
    (
        lambda: dense_weight_gradient([1], ones((1, 3))),
        "x: expected a NumPy array of shape (N, in); got",
    ),
    (
        lambda: dense_weight_gradient(ones((1, 2)), [1]),
        "grad_output: expected a NumPy array of shape (N, out); got",
    ),
    (
        lambda: dense_bias_gradient([1]),
        "grad_output: expected a NumPy array of shape (N, out); got",
    ),
    (
        lambda: dense_input_gradient([1], ones((2, 3))),
        "grad_output: expected a NumPy array of shape (N, out); got",
    ),
    (
        lambda: dense_input_gradient(ones((1, 3)), [1]),
        "weights: expected a NumPy array of shape (in, out); got",
    ),
    (
        lambda: dense_input_gradient(ones((1, 2)), ones((2, 3))),
        "grad_output: expected shape (1, 3), as weights of shape (2, 3) give; got (1, 2)",
    ),
    (
        lambda: act.sigmoid_gradient(ones(2), ones(3)),
        "grad_output: expected shape (2,), the shape of y; got (3,)",
    ),
    (
        lambda: act.tanh_gradient(ones(2), ones(3)),
        "grad_output: expected shape (2,), the shape of y; got (3,)",
    ),
    (
        lambda: act.relu_gradient(ones(2), ones(3)),
        "grad_output: expected shape (2,), the shape of z; got (3,)",
    ),
    (lambda: Sigmoid().backward(ones(1)), "Sigmoid(): backward was called"),
    (lambda: Tanh().backward(ones(1)), "Tanh(): backward was called"),
    (lambda: ReLU().backward(ones(1)), "ReLU(): backward was called"),
    (lambda: Reshape((4,)).backward(ones(1)), "Reshape((4,)): backward was called"),
    (lambda: Dense(2, 3, rng=R).accumulate_gradients(ones(1)), "Dense(2, 3): backward was called"),
    (
        lambda: forwarded(Dense(2, 3, rng=R), ones((1, 2))).backward(ones((1, 2))),
        "grad_output: expected shape (1, 3), the shape of forward's output; got (1, 2)",
    ),
    (
        lambda: forwarded(Conv2D(1, 1, 2, rng=R), ones((1, 1, 2, 2))).backward(ones((1, 2))),
        "grad_output: expected shape (1, 1, 1, 1), the shape of forward's output; got (1, 2)",
    ),
    (
        lambda: forwarded(Reshape((4,)), ones((1, 2, 2))).backward(ones((1, 2))),
        "grad_output: expected shape (1, 4), the shape of forward's output; got (1, 2)",
    ),
    (
        lambda: binary_cross_entropy(ones(2), ones(3)),
        "t: expected shape (2,), the shape of p; got (3,)",
    ),
    (
        lambda: binary_cross_entropy_gradient(ones(2), ones(3)),
        "t: expected shape (2,), the shape of p; got (3,)",
    ),
    (
        lambda: binary_cross_entropy_from_logits(ones(2), ones(3)),
        "t: expected shape (2,), the shape of z; got (3,)",
    ),
    (
        lambda: binary_cross_entropy_from_logits_gradient(ones(2), ones(3)),
        "t: expected shape (2,), the shape of z; got (3,)",
    ),
    (lambda: binary_cross_entropy(1, ones(3)), "p: expected a NumPy array; got int"),
    (lambda: binary_cross_entropy_gradient(1, ones(3)), "p: expected a NumPy array; got int"),
    (lambda: binary_cross_entropy_from_logits(1, ones(3)), "z: expected a NumPy array; got int"),
    (
        lambda: binary_cross_entropy_from_logits_gradient(1, ones(3)),
        "z: expected a NumPy array; got int",
    ),
    (
        lambda: Sequential(Sigmoid()).predict(ones((0, 2, 3))),
        "x: expected no empty axis in (N, ...); got",
    ),
    (lambda: Sequential(Sigmoid()).predict(ones((2, 3)), batch_size=0), "batch_size: expected"),
    (
        lambda: fit(
            _small()[1],
            BinaryCrossEntropy(),
            None,
            ones((0, 2, 3)),
            ones(0),
            epochs=1,
            batch_size=1,
            rng=R,
        ),
        "images: expected no empty axis in (N, ...); got",
    ),
]


@pytest.mark.parametrize("at", range(len(TEXT)))
def test_text(at):
    call, text = TEXT[at]
    with pytest.raises((TypeError, ValueError, RuntimeError)) as error:
        call()
    assert str(error.value).startswith(text)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def _fit(**options):
    _, model = _small()
    fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        ones((4, 3), S),
        ones((4, 2), S),
        epochs=1,
        batch_size=2,
        rng=np.random.default_rng(0),
        **options,
    )


def test_progress(monkeypatch):
    for options, shown in (({}, False), ({"progress": False}, False), ({"progress": True}, True)):
        terminal = Terminal()
        monkeypatch.setattr("sys.stderr", terminal)
        _fit(**options)
        assert bool(terminal.getvalue()) is shown
        assert "\n" not in terminal.getvalue(), "the bar is wiped away"


def test_progress_of_a_run(monkeypatch, tmp_path):
    split = load_zero_one(4)
    split = split._replace(test=tuple(a[:4] for a in split.test))
    for at, (options, shown) in enumerate((({}, False), ({"progress": True}, True))):
        terminal = Terminal()
        monkeypatch.setattr("sys.stderr", terminal)
        train_run(tmp_path / str(at), Configuration(4, epochs=1), split, **options)
        assert bool(terminal.getvalue()) is shown
    text = (tmp_path / "0" / "history.json").read_text()
    assert text.startswith('{\n  "losses": [\n    0.'), "indented by two"


def test_a_configuration_holds_numbers_of_python():
    c = Configuration(np.int64(1), np.int64(2), np.int64(3), np.float32(0.5), np.int64(4))
    assert [
        type(getattr(c, f))
        for f in ("limit_per_class", "epochs", "batch_size", "learning_rate", "seed")
    ] == [int, int, int, float, int]


def test_digits_of_a_refused_embedded_file(monkeypatch):

    monkeypatch.setattr(data, "ZERO_ONE_SHA256", "0123456789abcdef" * 4)
    with pytest.raises(
        ValueError, match=r"SHA-256 0123456789ab\.\.\., got 25fce0680ecb\.\.\.\); reinstall"
    ):
        data.read_zero_one()


def test_a_temporary_file_that_is_gone_already_keeps_no_other_from_being_removed(
    monkeypatch, tmp_path
):

    gone, left = tmp_path / ".gone.incomplete", tmp_path / ".left.incomplete"
    left.touch()
    monkeypatch.setattr(Path, "glob", lambda *_: [gone, left])
    files.remove_incomplete(tmp_path)
    assert not left.exists()


def test_an_idx_file_is_named(monkeypatch, tmp_path):

    monkeypatch.setattr(
        mnist,
        "FILES",
        {"train_images": KnownFile("some-file", 3, hashlib.sha256(b"abc").hexdigest())},
    )
    (tmp_path / "some-file").write_bytes(b"abc")
    with pytest.raises(ValueError, match="^some-file: expected the magic"):
        mnist.load_mnist(tmp_path)


def test_accuracy():
    assert cli._accuracy(1, 200) == "99.50 % (1 of 200 wrong)"


def test_place_messages(tmp_path):
    with pytest.raises(
        ValueError, match="^--resume: expected --output, the folder of the run; got none$"
    ):
        cli._place(None, None, Configuration(), resume=True)
    (tmp_path / "configuration.json").write_text('{"configuration": {"seed": 1}}')
    with pytest.raises(ValueError, match="go on with it by --resume, or choose another folder$"):
        cli._place(None, tmp_path, Configuration(), resume=False)
    with pytest.raises(ValueError, match=r"got 0 \(choose another folder for another run\)$"):
        train_run(tmp_path, Configuration(), None)


def test_memory_keeps_every_chunk_up_to_its_limit():
    memory = download._Memory(10)
    memory.write(b"12345")
    memory.write(b"67890")
    assert memory.content == b"1234567890"
    with pytest.raises(ValueError, match="^more than 10 bytes"):
        memory.write(b"1")


def test_verified_message():
    with pytest.raises(ValueError, match=r"SHA-256 aaaaaaaaaaaa\.\.\., got ba7816bf8f01\.\.\.$"):
        download.verified(b"abc", KnownFile("n", 3, "a" * 64))


def test_address(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(download, "_download", lambda url, known: asked.append(url) or b"abc")
    known = KnownFile("n", 3, hashlib.sha256(b"abc").hexdigest())
    download.fetch(known, tmp_path, ["http://h/dataX//"])
    assert asked == ["http://h/dataX/n.gz"]


def test_bar_counts_bytes(monkeypatch):
    class Fake:
        def __init__(self, progressbar, **_):
            self.bar = progressbar

        def __call__(self, url, memory, pooch):
            self.bar.update(1_000_000)
            self.bar.refresh()

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(download, "HTTPDownloader", Fake)
    download._download("http://h/", KnownFile("n", 1_000_000, ""))
    assert "1.00M/1.00M" in terminal.getvalue()
    assert "B/s]" in terminal.getvalue().replace("MB/s", "B/s").replace("kB/s", "B/s").replace(
        "GB/s", "B/s"
    )


def test_reason():

    assert download._reason(OSError("words"), None) == "words"
    assert download._reason(OSError(), None) == "OSError"
    error = OSError("outer")
    error.__cause__ = http.client.HTTPException("inner")
    assert download._reason(error, None) == "inner"
    error = OSError("outer")
    error.response = SimpleNamespace(status_code=400, reason="Bad Request")
    assert download._reason(error, None) == "status 400 Bad Request"


def test_rng_message():

    with pytest.raises(
        TypeError, match=r"got 0 \(make one with np\.random\.default_rng\(seed\)\)$"
    ):
        check_rng(0)


def test_columns_message():
    expected = "columns: expected shape (N, C times 6, 6), one column for each of 2 x 3 windows; "
    with pytest.raises(ValueError, match=re.escape(expected + "got (1, 7, 4)")):
        geo.col2im(ones((1, 7, 4)), (3, 5), (2, 3))


def test_check_layer_notices_a_list_of_parameters_that_grows():
    class Growing(Dense):
        def __init__(self):
            super().__init__(2, 2, rng=np.random.default_rng(0), dtype=D)
            self.all = super().parameters()

        def parameters(self):
            return self.all

        def backward(self, grad_output):
            self.all.append(Parameter("late", ones(1)))
            return super().backward(grad_output)

    with pytest.raises(ValueError, match="zip"):
        check_layer(Growing(), ones((1, 2)), np.random.default_rng(0))


def test_the_block_that_raises_the_threshold_is_nearly_32_mib(monkeypatch):
    sizes = []
    monkeypatch.setattr(np, "empty", lambda n, dtype: sizes.append(n * np.dtype(dtype).itemsize))
    cnnbook._keep_freed_memory()
    assert len(sizes) == 1
    assert 0.99 * 2**25 < sizes[0] < 2**25
