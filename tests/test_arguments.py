"""Number formats and sizes: what one public function refuses, all refuse, in the same words.

Arrays hold float32 or float64. Functions, and the forward pass of layers, also take complex128,
because the complex step of chapter 9 needs it; upstream gradients are real. Half precision, long
double (also where it is as long as double) and short or long complex numbers are refused by name.
"""

import inspect

import numpy as np
import pytest

from cnnbook import correlation, functions, layers, losses
from cnnbook.checks import Array, Size
from cnnbook.gradient_check import check_layer, check_loss
from cnnbook.layers import (
    Conv2D,
    Dense,
    Layer,
    MaxPool2D,
    MeanPool2D,
    Parameter,
    ReLU,
    Reshape,
    Sigmoid,
    Softmax,
    Tanh,
)
from cnnbook.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from cnnbook.model import Sequential, digit_network, zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.samples import first_of_each_digit, one_hot
from cnnbook.train import fit

RNG = np.random.default_rng(0)

# Each function, the shape of each of its arrays, and its other arguments.
SHAPES = {
    "windows": ({"x": (4, 5)}, {"window_size": 2}),
    "cross_correlate2d": ({"image": (4, 5), "kernel": (2, 2)}, {}),
    "convolve2d": ({"image": (4, 5), "kernel": (2, 2)}, {}),
    "rotate180": ({"kernel": (2, 2)}, {}),
    "sigmoid": ({"z": (2, 3)}, {}),
    "softplus": ({"z": (2, 3)}, {}),
    "sigmoid_gradient": ({"y": (2, 3), "grad_output": (2, 3)}, {}),
    "tanh_gradient": ({"y": (2, 3), "grad_output": (2, 3)}, {}),
    "relu": ({"z": (2, 3)}, {}),
    "relu_gradient": ({"z": (2, 3), "grad_output": (2, 3)}, {}),
    "conv2d": ({"x": (2, 1, 4, 5), "kernels": (3, 1, 2, 2), "bias": (3,)}, {}),
    "conv2d_kernel_gradient": (
        {"x": (2, 1, 4, 5), "grad_output": (2, 3, 3, 4)},
        {"kernel_size": 2},
    ),
    "conv2d_bias_gradient": ({"grad_output": (2, 3, 3, 4)}, {}),
    "conv2d_input_gradient": (
        {"grad_output": (2, 3, 3, 4), "kernels": (3, 1, 2, 2)},
        {"input_size": (4, 5)},
    ),
    "dense": ({"x": (2, 3), "weights": (3, 4), "bias": (4,)}, {}),
    "dense_weight_gradient": ({"x": (2, 3), "grad_output": (2, 4)}, {}),
    "dense_bias_gradient": ({"grad_output": (2, 4)}, {}),
    "dense_input_gradient": ({"grad_output": (2, 4), "weights": (3, 4)}, {}),
    "softmax": ({"z": (2, 3)}, {}),
    "log_softmax": ({"z": (2, 3)}, {}),
    "softmax_gradient": ({"p": (2, 3), "grad_output": (2, 3)}, {}),
    "max_pool2d": ({"x": (2, 1, 4, 6)}, {"pool_size": 2}),
    "max_pool2d_input_gradient": (
        {"x": (2, 1, 4, 6), "grad_output": (2, 1, 2, 3)},
        {"pool_size": 2},
    ),
    "mean_pool2d": ({"x": (2, 1, 4, 6)}, {"pool_size": 2}),
    "mean_pool2d_input_gradient": (
        {"grad_output": (2, 1, 2, 3)},
        {"input_size": (4, 6), "pool_size": 2},
    ),
    "categorical_cross_entropy": ({"p": (2, 3), "t": (2, 3)}, {}),
    "categorical_cross_entropy_gradient": ({"p": (2, 3), "t": (2, 3)}, {}),
    "categorical_cross_entropy_from_logits": ({"z": (2, 3), "t": (2, 3)}, {}),
    "categorical_cross_entropy_from_logits_gradient": ({"z": (2, 3), "t": (2, 3)}, {}),
    "binary_cross_entropy": ({"p": (2, 3), "t": (2, 3)}, {}),
    "binary_cross_entropy_gradient": ({"p": (2, 3), "t": (2, 3)}, {}),
    "binary_cross_entropy_from_logits": ({"z": (2, 3), "t": (2, 3)}, {}),
    "binary_cross_entropy_from_logits_gradient": ({"z": (2, 3), "t": (2, 3)}, {}),
}
MODULES = correlation, functions, layers, losses
# It shows windows of any array, for functions that have checked theirs.
UNCHECKED = {"view_windows"}
FUNCTIONS = {
    name: function
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if not name.startswith(("_", "check_"))
    and not name.endswith("_loops")  # the twins are the formula, and take what NumPy takes
    and Array in [p.annotation for p in inspect.signature(function).parameters.values()]
}


def test_every_public_function_and_each_of_its_arrays_is_here():
    assert FUNCTIONS.keys() - UNCHECKED == SHAPES.keys()
    for name, (shapes, _) in SHAPES.items():
        parameters = inspect.signature(FUNCTIONS[name]).parameters
        assert [n for n, p in parameters.items() if p.annotation is Array] == list(shapes)


def halves(shape, dtype=np.float64):
    return np.full(shape, 0.5).astype(dtype)


def a_model(dtype=np.float64):
    return Sequential(Dense(3, 2, rng=RNG, dtype=dtype), Sigmoid())


def a_fit(images):
    model = a_model()
    return fit(
        model,
        BinaryCrossEntropy(),
        SGD(model.parameters(), 0.1),
        images,
        halves((2, 2)),
        epochs=1,
        batch_size=1,
        rng=RNG,
    )


def backward(layer, x, grad_output):
    layer.forward(x)
    return layer.backward(grad_output)


# What is called with one array, the shape of it, and the name that the message begins with.
LAYERS = {
    "Conv2D": (lambda: Conv2D(1, 3, 2, rng=RNG, dtype=np.float64), (2, 1, 4, 5), (2, 3, 3, 4)),
    "Dense": (lambda: Dense(3, 4, rng=RNG, dtype=np.float64), (2, 3), (2, 4)),
    "Reshape": (lambda: Reshape((-1,)), (2, 3, 4), (2, 12)),
    "Sigmoid": (Sigmoid, (2, 3), (2, 3)),
    "Tanh": (Tanh, (2, 3), (2, 3)),
    "ReLU": (ReLU, (2, 3), (2, 3)),
    "Softmax": (Softmax, (2, 3), (2, 3)),
    "MaxPool2D": (lambda: MaxPool2D(2), (2, 1, 4, 6), (2, 1, 2, 3)),
    "MeanPool2D": (lambda: MeanPool2D(2), (2, 1, 4, 6), (2, 1, 2, 3)),
    "Sequential": (a_model, (2, 3), (2, 2)),
}
ARRAYS = {
    f"{name}({argument})": (
        lambda array, name=name, argument=argument: FUNCTIONS[name](
            **{n: halves(s) for n, s in SHAPES[name][0].items()}
            | {argument: array}
            | SHAPES[name][1]
        ),
        shape,
        argument,
    )
    for name, (shapes, _) in SHAPES.items()
    for argument, shape in shapes.items()
}
FORWARDS = {
    f"{name}.forward": (lambda array, make=make: make().forward(array), shape, "[xz]")
    for name, (make, shape, _) in LAYERS.items()
}
BACKWARDS = {
    f"{name}.backward": (
        lambda array, make=make, shape=shape: backward(make(), halves(shape), array),
        out,
        "grad_output",
    )
    for name, (make, shape, out) in LAYERS.items()
}
REAL_ONLY = {
    "Parameter": (lambda array: Parameter("bias", array), (2,), "value"),
    "predict": (lambda array: a_model().predict(array), (2, 3), "x"),
    "fit": (a_fit, (2, 3), "images"),
    "check_layer": (lambda array: check_layer(a_model(), array, RNG), (2, 3), "x"),
    "check_loss": (
        lambda array: check_loss(BinaryCrossEntropy(), array, np.zeros((2, 3))),
        (2, 3),
        "predictions",
    ),
    "loss": (
        lambda array: BinaryCrossEntropy().forward(array, np.zeros((2, 3))),
        (2, 3),
        "predictions",
    ),
    "categorical loss": (
        lambda array: CategoricalCrossEntropy().forward(array, np.eye(3)[:2]),
        (2, 3),
        "predictions",
    ),
    "categorical loss of logits": (
        lambda array: CategoricalCrossEntropy(from_logits=True).forward(array, np.eye(3)[:2]),
        (2, 3),
        "predictions",
    ),
    "loss of logits": (
        lambda array: BinaryCrossEntropy(from_logits=True).forward(array, np.zeros((2, 3))),
        (2, 3),
        "predictions",
    ),
}
CALLS = ARRAYS | FORWARDS | BACKWARDS | REAL_ONLY
OTHER_FORMATS = [np.float16, np.longdouble, np.complex64, np.clongdouble, np.int64, np.bool_]


def assert_finite(result):
    """Numbers that come back are some; not every call gives numbers."""
    if isinstance(result, np.ndarray | float):
        assert np.isfinite(result).all()
    else:
        assert result is None or not isinstance(result, complex)


def test_every_layer_is_here():
    public = {
        name
        for name in layers.__all__
        if inspect.isclass(kind := getattr(layers, name)) and issubclass(kind, Layer)
    }
    assert public - {"Layer"} == LAYERS.keys() - {"Sequential"}


@pytest.mark.parametrize("dtype", OTHER_FORMATS, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", CALLS)
def test_other_number_formats_are_refused_by_name(name, dtype):
    call, shape, argument = CALLS[name]
    array = halves(shape, dtype)
    expected = f"^{argument}: expected float32 or float64; got {array.dtype}"
    with pytest.raises(TypeError, match=expected):
        call(array)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8"])
def test_both_formats_are_welcome_in_either_order_of_bytes(name, dtype):
    call, shape, _ = CALLS[name]
    array = halves(shape, dtype)
    assert_finite(call(array))


@pytest.mark.parametrize("name", [n for n in ARRAYS | FORWARDS if "(grad_output)" not in n])
def test_functions_and_forward_passes_take_complex_numbers_for_the_complex_step(name):
    call, shape, _ = CALLS[name]
    result = call(halves(shape, np.complex128))
    assert result.dtype.kind in "fc"
    assert_finite(result)


@pytest.mark.parametrize("name", REAL_ONLY)
def test_what_trains_and_compares_does_not(name):
    call, shape, argument = CALLS[name]
    with pytest.raises(TypeError, match=f"^{argument}: expected float32 or float64; got complex"):
        call(halves(shape, np.complex128))


DTYPES = {
    "Conv2D": lambda dtype: Conv2D(1, 1, 1, rng=RNG, dtype=dtype),
    "Dense": lambda dtype: Dense(1, 1, rng=RNG, dtype=dtype),
    "zero_one_network": lambda dtype: zero_one_network(RNG, dtype),
    "digit_network": lambda dtype: digit_network(RNG, dtype),
    "one_hot": lambda dtype: one_hot(np.array([0, 1]), 2, dtype),
}


@pytest.mark.parametrize("dtype", [*OTHER_FORMATS, np.complex128], ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", DTYPES)
def test_other_formats_cannot_be_asked_for(name, dtype):
    with pytest.raises(TypeError, match=r"^dtype: expected float32 or float64; got"):
        DTYPES[name](dtype)


IMAGES = halves((1, 1, 5, 5))
STRIDED = {  # what the loops with stride and padding take besides these
    "conv2d": (IMAGES, IMAGES, np.ones(1)),
    "conv2d_kernel_gradient": (IMAGES, IMAGES, 1),
    "conv2d_input_gradient": (IMAGES, IMAGES, 9),
}
SIZES = {
    "Conv2D in_channels": lambda size: Conv2D(size, 1, 1, rng=RNG),
    "Conv2D out_channels": lambda size: Conv2D(1, size, 1, rng=RNG),
    "Conv2D kernel_size": lambda size: Conv2D(1, 1, size, rng=RNG),
    "Conv2D stride": lambda size: Conv2D(1, 1, 1, stride=size, rng=RNG),
    "Conv2D padding": lambda size: Conv2D(1, 1, 1, padding=size, rng=RNG),
    "Dense in_features": lambda size: Dense(size, 1, rng=RNG),
    "Dense out_features": lambda size: Dense(1, size, rng=RNG),
    "conv2d stride": lambda size: layers.conv2d(IMAGES, IMAGES, np.ones(1), stride=size),
    "conv2d padding": lambda size: layers.conv2d(IMAGES, IMAGES, np.ones(1), padding=size),
    "conv2d_kernel_gradient kernel_size": lambda size: layers.conv2d_kernel_gradient(
        IMAGES, IMAGES, size
    ),
    "conv2d_input_gradient input_size": lambda size: layers.conv2d_input_gradient(
        IMAGES, IMAGES, size
    ),
    "conv2d_kernel_gradient stride": lambda size: layers.conv2d_kernel_gradient(
        IMAGES, IMAGES, 1, stride=size
    ),
    "conv2d_kernel_gradient padding": lambda size: layers.conv2d_kernel_gradient(
        IMAGES, IMAGES, 1, padding=size
    ),
    "conv2d_input_gradient stride": lambda size: layers.conv2d_input_gradient(
        IMAGES, IMAGES, 9, stride=size
    ),
    "conv2d_input_gradient padding": lambda size: layers.conv2d_input_gradient(
        IMAGES, IMAGES, 9, padding=size
    ),
    "conv2d_kernel_gradient_loops kernel_size": lambda size: layers.conv2d_kernel_gradient_loops(
        IMAGES, IMAGES, size
    ),
    "conv2d_input_gradient_loops input_size": lambda size: layers.conv2d_input_gradient_loops(
        IMAGES, IMAGES, size
    ),
    **{
        f"{name} {argument}": lambda size, name=name, argument=argument: getattr(layers, name)(
            *([IMAGES] if "gradient" not in name else [IMAGES, IMAGES[..., :2, :2]]),
            **({"pool_size": 2} | {argument: size}),
        )
        for name in (
            "max_pool2d",
            "max_pool2d_loops",
            "max_pool2d_input_gradient",
            "max_pool2d_input_gradient_loops",
        )
        for argument in ("pool_size", "stride", "padding")
    },
    "mean_pool2d pool_size": lambda size: layers.mean_pool2d(IMAGES, size),
    "mean_pool2d stride": lambda size: layers.mean_pool2d(IMAGES, 2, stride=size),
    "mean_pool2d_input_gradient input_size": lambda size: layers.mean_pool2d_input_gradient(
        IMAGES, size, 1
    ),
    "mean_pool2d_input_gradient pool_size": lambda size: layers.mean_pool2d_input_gradient(
        IMAGES, 5, size
    ),
    "mean_pool2d_input_gradient stride": lambda size: layers.mean_pool2d_input_gradient(
        IMAGES, 5, 1, stride=size
    ),
    "MaxPool2D pool_size": MaxPool2D,
    "MaxPool2D stride": lambda size: MaxPool2D(2, stride=size),
    "MaxPool2D padding": lambda size: MaxPool2D(2, padding=size),
    "MeanPool2D pool_size": MeanPool2D,
    "MeanPool2D stride": lambda size: MeanPool2D(2, stride=size),
    **{
        f"{name}_strided_loops {option}": lambda size, name=name, option=option: getattr(
            layers, f"{name}_strided_loops"
        )(*STRIDED[name], **{option: size})
        for name in STRIDED
        for option in ("stride", "padding")
    },
    "conv2d_kernel_gradient_strided_loops kernel_size": lambda size: (
        layers.conv2d_kernel_gradient_strided_loops(IMAGES, IMAGES, size)
    ),
    "conv2d_input_gradient_strided_loops input_size": lambda size: (
        layers.conv2d_input_gradient_strided_loops(IMAGES, IMAGES, size)
    ),
    "output_size input_size": lambda size: layers.output_size(size, 1),
    "output_size kernel_size": lambda size: layers.output_size(9, size),
    "output_size stride": lambda size: layers.output_size(9, 1, stride=size),
    "output_size padding": lambda size: layers.output_size(9, 1, padding=size),
    "windows window_size": lambda size: correlation.windows(IMAGES, size),
    "windows stride": lambda size: correlation.windows(IMAGES, 1, stride=size),
    "one_hot classes": lambda size: one_hot(np.array([0]), size),
    "first_of_each_digit limit_per_class": lambda size: first_of_each_digit(
        (IMAGES, np.array([0])), size
    ),
    "predict batch_size": lambda size: a_model().predict(halves((2, 3)), size),
    "Reshape shape": lambda size: Reshape((size,)),
}


@pytest.mark.parametrize(
    "size",
    [np.array([3, 3]), np.array([3]), np.array(2.0), np.array([[1, 2]]), np.array(True), 2.0, "2"],
    ids=repr,
)
@pytest.mark.parametrize("name", SIZES)
def test_an_array_is_no_size(name, size):
    argument = name.rpartition(" ")[2]
    with pytest.raises(TypeError, match=rf"^{argument}: expected an integer.*; got ") as caught:
        SIZES[name](size)
    assert str(caught.value).endswith(f"; got {size!r}"), caught.value


def test_every_size_is_here():
    public = {name: getattr(layers, name) for name in layers.__all__}
    public |= {name: f for name, f in FUNCTIONS.items() if name not in UNCHECKED}
    sizes = {
        f"{name} {parameter}"
        for name, thing in public.items()
        for parameter, p in inspect.signature(thing).parameters.items()
        if p.annotation == Size
    }
    assert sizes <= SIZES.keys()


def test_an_integer_of_numpy_is_a_size():
    assert SIZES["output_size input_size"](np.array(9)) == (9, 9)
    assert Conv2D(np.int64(1), 1, (np.uint8(2), 2), rng=RNG).geometry.kernel_size == (2, 2)
