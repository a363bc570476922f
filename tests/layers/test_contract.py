"""What every layer promises, whatever it computes."""

import numpy as np
import pytest

from cnnbook import layers
from cnnbook.gradient_check import check_layer
from cnnbook.layers import (
    Conv2D,
    Dense,
    Layer,
    MaxPool2D,
    MeanPool2D,
    ReLU,
    Reshape,
    Sigmoid,
    Softmax,
    Tanh,
)
from tests.cases import error

FACTORIES = {
    "Conv2D": lambda dtype: (
        Conv2D(
            2, 3, (2, 3), stride=(2, 1), padding=(1, 2), rng=np.random.default_rng(1), dtype=dtype
        ),
        (3, 2, 5, 4),
    ),
    "Dense": lambda dtype: (Dense(6, 4, rng=np.random.default_rng(1), dtype=dtype), (3, 6)),
    "Reshape": lambda dtype: (Reshape((4, -1)), (3, 2, 5, 2)),
    "Sigmoid": lambda dtype: (Sigmoid(), (3, 2, 5)),
    "Tanh": lambda dtype: (Tanh(), (3, 2, 5)),
    "ReLU": lambda dtype: (ReLU(), (3, 2, 5)),
    "Softmax": lambda dtype: (Softmax(), (3, 2, 5)),
    "MaxPool2D": lambda dtype: (MaxPool2D((3, 2), stride=(1, 2), padding=(1, 0)), (3, 2, 5, 4)),
    "MeanPool2D": lambda dtype: (MeanPool2D((2, 3), stride=1), (3, 2, 5, 4)),
}
DTYPES = [np.float32, np.float64]


@pytest.fixture(params=sorted(FACTORIES))
def name(request):
    return request.param


def make(name, dtype=np.float64):
    layer, shape = FACTORIES[name](dtype)
    return layer, np.random.default_rng(2).standard_normal(shape).astype(dtype)


def gradients_after(layer, upstream):
    """Return everything that one backward makes: input gradient, then parameter gradients."""
    for parameter in layer.parameters():
        parameter.zero_gradient()
    grad_x = layer.backward(upstream).copy()
    return [grad_x, *(parameter.gradient.copy() for parameter in layer.parameters())]


def assert_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def upstream_for(y):
    return np.random.default_rng(3).standard_normal(y.shape).astype(y.dtype)


def test_all_public_layers_are_here():
    import cnnbook.layers

    public = {
        name
        for name in cnnbook.layers.__all__
        if isinstance(getattr(cnnbook.layers, name), type)
        and issubclass(getattr(cnnbook.layers, name), Layer)
    }
    assert public - {"Layer"} == set(FACTORIES)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtype_is_kept_forward_and_backward(name, dtype):
    layer, x = make(name, dtype)
    y = layer.forward(x)
    assert y.dtype == dtype
    assert layer.backward(upstream_for(y)).dtype == dtype
    for parameter in layer.parameters():
        assert parameter.value.dtype == parameter.gradient.dtype == dtype


def test_gradients_equal_central_differences(name):
    layer, x = make(name)
    assert check_layer(layer, x, np.random.default_rng(0)) < 1e-7


def test_arguments_are_left_alone(name):
    layer, x = make(name)
    x_before = x.copy()
    y = layer.forward(x)
    upstream = upstream_for(y)
    before = upstream.copy()
    layer.backward(upstream)
    layer.accumulate_gradients(upstream)
    np.testing.assert_array_equal(upstream, before)
    np.testing.assert_array_equal(x, x_before)


def test_read_only_arguments_are_welcome(name):
    layer, x = make(name)
    y = layer.forward(x)
    upstream = upstream_for(y)
    grad_x = layer.backward(upstream).copy()
    x.flags.writeable = upstream.flags.writeable = False
    np.testing.assert_array_equal(layer.forward(x), y)
    np.testing.assert_array_equal(layer.backward(upstream), grad_x)


def test_non_contiguous_arguments_give_the_same_numbers(name):
    layer, x = make(name)
    y = layer.forward(x)
    upstream = upstream_for(y)
    grad_x = layer.backward(upstream).copy()
    gradients = [p.gradient.copy() for p in layer.parameters()]
    for p in layer.parameters():
        p.gradient[...] = 0
    assert error(layer.forward(np.asfortranarray(x)), y) < 1e-14
    assert error(layer.backward(np.asfortranarray(upstream)), grad_x) < 1e-14
    for p, gradient in zip(layer.parameters(), gradients, strict=True):
        assert error(p.gradient, gradient) < 1e-14


def test_gradients_accumulate_and_values_stay(name):
    layer, x = make(name)
    upstream = upstream_for(layer.forward(x))
    values = [p.value.copy() for p in layer.parameters()]
    layer.backward(upstream)
    once = [p.gradient.copy() for p in layer.parameters()]
    layer.backward(upstream)
    layer.accumulate_gradients(upstream)
    for p, gradient, value in zip(layer.parameters(), once, values, strict=True):
        assert np.abs(gradient).min() > 0
        assert error(p.gradient, 3 * gradient) < 1e-14
        np.testing.assert_array_equal(p.value, value)


def test_backward_may_follow_the_forward_of_another_layer(name):
    layer, x = make(name)
    other, _ = make(name)
    upstream = upstream_for(layer.forward(x))
    expected = gradients_after(layer, upstream)
    layer.forward(x)
    other.forward(2 * x + 1)
    assert_same(gradients_after(layer, upstream), expected)


def test_the_last_forward_counts(name):
    layer, x = make(name)
    upstream = upstream_for(layer.forward(x))
    expected = gradients_after(layer, upstream)
    for another in (-x[:1], 2 * x + 1):  # another shape, and the same
        used, _ = make(name)
        used.forward(another)
        used.forward(x)
        assert_same(gradients_after(used, upstream), expected)


def test_every_sample_is_on_its_own(name):
    layer, x = make(name)
    y = layer.forward(x).copy()
    upstream = upstream_for(y)
    grad_x = layer.backward(upstream).copy()
    for n in range(len(x)):
        assert error(layer.forward(x[n : n + 1]), y[n : n + 1]) < 1e-14
        assert error(layer.backward(upstream[n : n + 1]), grad_x[n : n + 1]) < 1e-14


def test_backward_needs_forward(name):
    layer, x = make(name)
    for method in (layer.backward, layer.accumulate_gradients):
        with pytest.raises(RuntimeError, match=r"backward was called before forward"):
            method(x)


def test_a_wrong_upstream_shape_is_named(name):
    layer, x = make(name)
    y = layer.forward(x)
    wrong = np.zeros((*y.shape[:-1], y.shape[-1] + 1))
    with pytest.raises(ValueError, match=r"^grad_output: expected.*; got") as caught:
        layer.backward(wrong)
    assert str(wrong.shape) in str(caught.value)
    for parameter in layer.parameters():
        assert not parameter.gradient.any(), "a refused gradient leaves nothing behind"


# What the docstring of `Layer.forward` says that a layer keeps, and whether its output and its
# gradient are views.
KEEPS = {
    "Conv2D": "copies",
    "Dense": "input",
    "Reshape": "views",
    "Sigmoid": "output",
    "Tanh": "output",
    "ReLU": "input",
    "Softmax": "output",
    "MaxPool2D": "input and output",
    "MeanPool2D": "nothing",
}


def kept(layer):
    """List the arrays that a layer holds, but for its parameters."""
    values = [value for name, value in vars(layer).items() if name.startswith("_")]
    flat = [part for v in values for part in (v if isinstance(v, tuple) else (v,))]
    return [part for part in flat if isinstance(part, np.ndarray)]


def test_a_layer_keeps_by_reference_what_is_documented(name):
    layer, x = make(name)
    y = layer.forward(x)
    grad_x = layer.backward(upstream := upstream_for(y))
    shares = {
        "input": any(np.shares_memory(array, x) for array in kept(layer)),
        "output": any(np.shares_memory(array, y) for array in kept(layer)),
        "views": np.shares_memory(x, y) and np.shares_memory(upstream, grad_x),
    }
    assert [what for what, shared in shares.items() if shared] == [
        what for what in shares if what in KEEPS[name]
    ]


def test_the_order_of_memory_makes_no_difference(name):
    """To what comes out, nor to any gradient."""
    layer, x = make(name)
    y = layer.forward(x)
    upstream = upstream_for(y)
    expected = [y, *gradients_after(layer, upstream)]

    def images_fastest(a):
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 0, -1)), -1, 0)

    found = [layer.forward(images_fastest(x))]
    found += gradients_after(layer, images_fastest(upstream))
    for one, other in zip(found, expected, strict=True):
        # A bias gradient is a sum along memory, whose last bits depend on the order.
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", sorted(FACTORIES.keys() - {"Dense", "Reshape", "Softmax"}))
def test_through_a_layer_the_images_stay_the_fastest(name):
    layer, x = make(name)
    x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)
    y = layer.forward(x)
    for made in (y, layer.backward(np.ones_like(y))):
        assert made.strides[0] == made.itemsize


def test_a_dense_layer_hands_back_a_gradient_with_its_samples_fastest():
    layer, x = make("Dense")
    grad_x = layer.backward(upstream_for(layer.forward(x)))
    assert grad_x.T.flags.c_contiguous
    # So that the maps before it get it in their own order, without a copy.
    maps = Reshape((6,))
    maps.forward(np.zeros((3, 1, 2, 3)))
    back = maps.backward(grad_x)
    assert np.shares_memory(back, grad_x)
    assert back.transpose(1, 2, 3, 0).flags.c_contiguous


def test_even_a_convolution_by_one_pixel_keeps_a_copy():
    layer, x = Conv2D(2, 3, 1, rng=np.random.default_rng(0)), np.ones((1, 2, 3, 4), np.float32)
    layer.forward(x)
    assert not any(np.shares_memory(array, x) for array in kept(layer))


@pytest.mark.parametrize("written", ["input", "output"])
def test_writing_to_what_a_layer_keeps_changes_its_gradients_and_to_the_rest_does_not(
    name, written
):
    layer, x = make(name)
    y = layer.forward(x)
    upstream = upstream_for(y)
    right = gradients_after(layer, upstream)
    (x if written == "input" else y)[...] = -0.3
    found = gradients_after(layer, upstream)
    same = all(np.array_equal(a, b) for a, b in zip(found, right, strict=True))
    assert same == (written not in KEEPS[name])


def test_every_layer_is_named_where_the_contract_is_documented():
    for layer in KEEPS:
        assert f"`{layer}`" in Layer.forward.__doc__


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, object])
def test_wrong_dtypes_are_named(name, dtype):
    layer, x = make(name)
    with pytest.raises(TypeError, match=r"^[xz]: expected float32 or float64; got"):
        layer.forward(x.astype(dtype))
    y = layer.forward(x)
    with pytest.raises(TypeError, match=r"^grad_output: expected float32 or float64; got"):
        layer.backward(y.astype(dtype))


def test_a_list_is_no_array(name):
    layer, x = make(name)
    with pytest.raises(TypeError, match=r"^[xz]: expected a NumPy array.*got list"):
        layer.forward(x.tolist())
    layer.forward(x)
    with pytest.raises(TypeError, match=r"^grad_output: expected a NumPy array.*got list"):
        layer.backward(x.tolist())


def test_not_a_number_comes_out_where_it_went_in(name):
    layer, x = make(name)
    x[0] = np.nan
    y = layer.forward(x)
    assert np.isnan(y[0]).any()
    assert np.isfinite(y[1:]).all()


def test_a_layer_says_what_it_is(name):
    layer, _ = make(name)
    assert repr(layer) == {
        "Conv2D": "Conv2D(2, 3, (2, 3), stride=(2, 1), padding=(1, 2))",
        "Dense": "Dense(6, 4)",
        "Reshape": "Reshape((4, -1))",
        "MaxPool2D": "MaxPool2D((3, 2), stride=(1, 2), padding=(1, 0))",
        "MeanPool2D": "MeanPool2D((2, 3), stride=(1, 1))",
    }.get(name, f"{name}()")


def test_parameters_have_names_and_zero_gradients():
    conv, _ = make("Conv2D")
    dense, _ = make("Dense")
    assert [p.name for p in conv.parameters()] == ["kernels", "bias"]
    assert [p.name for p in dense.parameters()] == ["weights", "bias"]
    assert [p.value.shape for p in conv.parameters()] == [(3, 2, 2, 3), (3,)]
    assert [p.value.shape for p in dense.parameters()] == [(6, 4), (4,)]
    for parameter in conv.parameters() + dense.parameters():
        assert not parameter.gradient.any()
    assert conv.parameters()[0] is conv.parameters()[0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_both_dtypes_start_from_the_same_draws(name, dtype):
    layer, _ = make(name, dtype)
    exact, _ = make(name, np.float64)
    for p, q in zip(layer.parameters(), exact.parameters(), strict=True):
        np.testing.assert_array_equal(p.value, q.value.astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_function_keeps_the_dtype(dtype):
    x, kernels, bias, upstream = (
        np.ones(shape, dtype) for shape in ((2, 1, 4, 5), (3, 1, 2, 2), (3,), (2, 3, 3, 4))
    )
    results = [
        layers.conv2d(x, kernels, bias),
        layers.conv2d_loops(x, kernels, bias),
        layers.conv2d_strided_loops(x, kernels, bias),
        layers.conv2d_kernel_gradient(x, upstream, 2),
        layers.conv2d_kernel_gradient_loops(x, upstream, 2),
        layers.conv2d_kernel_gradient_strided_loops(x, upstream, 2),
        layers.conv2d_bias_gradient(upstream),
        layers.conv2d_input_gradient(upstream, kernels, (4, 5)),
        layers.conv2d_input_gradient_loops(upstream, kernels, (4, 5)),
        layers.conv2d_input_gradient_strided_loops(upstream, kernels, (4, 5)),
        layers.dense(x[0, 0], np.ones((5, 2), dtype), np.ones(2, dtype)),
        layers.dense_weight_gradient(x[0, 0], x[0, 0]),
        layers.dense_bias_gradient(x[0, 0]),
        layers.dense_input_gradient(x[0, 0], x[0, 0]),
        *(f(x, x) for f in (layers.sigmoid_gradient, layers.tanh_gradient, layers.relu_gradient)),
        layers.max_pool2d_loops(x, 2),
        layers.max_pool2d_input_gradient_loops(x, x[:, :, :2, :2], 2),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
