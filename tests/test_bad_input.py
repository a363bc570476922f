"""Every public function and option, called wrongly: who is named, what was expected, what came.

One line a case: a name, a call, the type of the error, and a pattern of the message.
"""

import inspect
import re

import numpy as np
import pytest

import cnnbook.layers
import cnnbook.losses
from cnnbook import checks, correlation, gradient_check, mnist, model, optimizers, pictures, train
from cnnbook.checks import check_positive
from cnnbook.correlation import (
    convolve2d,
    convolve2d_loops,
    cross_correlate2d,
    rotate180,
    windows,
)
from cnnbook.gradient_check import check_layer, check_loss
from cnnbook.layers import (
    Conv2D,
    Dense,
    Parameter,
    Reshape,
    Sigmoid,
    col2im,
    conv2d,
    conv2d_bias_gradient,
    conv2d_input_gradient,
    conv2d_kernel_gradient,
    dense,
    dense_bias_gradient,
    dense_input_gradient,
    dense_weight_gradient,
    im2col,
    output_size,
    relu,
    relu_gradient,
    sigmoid,
    sigmoid_gradient,
    tanh_gradient,
)
from cnnbook.losses import (
    BinaryCrossEntropy,
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    binary_cross_entropy_from_logits_gradient,
    binary_cross_entropy_gradient,
)
from cnnbook.model import Sequential, zero_one_network
from cnnbook.optimizers import SGD
from cnnbook.train import fit

X, K, B = np.ones((2, 3, 5, 6)), np.ones((4, 3, 2, 3)), np.ones(4)
G = np.ones((2, 4, 4, 4))
IMAGE, KERNEL = np.ones((5, 6)), np.ones((2, 3))
RNG = np.random.default_rng(0)
INTS = np.ones((5, 6), int)
OBJECTS = np.ones((5, 6), object)
SHARED, LABEL = Parameter("w", np.ones(2)), np.array([0])
NAN = np.array([[0.5, np.nan]])
OPTIONS = {"rng": RNG}


def a_loss(predictions, targets, **options):
    return BinaryCrossEntropy(**options).forward(predictions, targets)


def a_fit(**changes):
    network = Sequential(Reshape((-1,)), Dense(4, 2, rng=RNG, dtype=np.float64), Sigmoid())
    arguments = {
        "images": np.ones((3, 1, 2, 2)),
        "targets": np.array([0, 1, 1]),
        "epochs": 1,
        "batch_size": 2,
        "rng": RNG,
        **changes,
    }
    optimizer = arguments.pop("optimizer", SGD(network.parameters(), 0.1))
    return fit(network, BinaryCrossEntropy(), optimizer, **arguments)


V, T = ValueError, TypeError
CASES = {
    # name: (call, error, pattern); each pattern starts at the beginning of the message
    "correlate rank": (
        lambda: cross_correlate2d(X, KERNEL),
        V,
        r"image: .*\(H, W\).*\(2, 3, 5, 6\)",
    ),
    "correlate kernel rank": (
        lambda: cross_correlate2d(IMAGE, K),
        V,
        r"kernel: .*\(KH, KW\).*\(4, 3",
    ),
    "correlate list": (lambda: cross_correlate2d([[1.0]], KERNEL), T, "image: .*got list"),
    "correlate ints": (
        lambda: cross_correlate2d(INTS, KERNEL),
        T,
        r"image: .*int64 of shape \(5, 6",
    ),
    "correlate objects": (lambda: cross_correlate2d(OBJECTS, KERNEL), T, "image: .*object"),
    "correlate empty": (lambda: cross_correlate2d(IMAGE[:0], KERNEL), V, r"image: .*\(0, 6\)"),
    "correlate large": (
        lambda: cross_correlate2d(KERNEL, IMAGE),
        V,
        r"kernel: .*\(2, 3\).*\(5, 6\)",
    ),
    "correlate mode": (lambda: cross_correlate2d(IMAGE, KERNEL, "best"), V, "mode: .*'best'"),
    "convolve rank": (lambda: convolve2d(X, KERNEL), V, r"image: .*\(H, W\).*\(2, 3, 5, 6\)"),
    "convolve bools": (lambda: convolve2d(IMAGE > 0, KERNEL), T, "image: .*bool"),
    "convolve kernel ints": (lambda: convolve2d(IMAGE, INTS), T, "kernel: .*int64"),
    "convolve large": (lambda: convolve2d(KERNEL, IMAGE), V, r"kernel: .*\(2, 3\).*\(5, 6\)"),
    "convolve mode": (lambda: convolve2d(IMAGE, KERNEL, "Full"), V, "mode: .*'Full'"),
    "windows large": (lambda: windows(IMAGE, 7), V, r"window_size: .*\(5, 6\); got \(7, 7\)"),
    "windows wide": (lambda: windows(IMAGE, (1, 7)), V, r"window_size: .*\(5, 6\); got \(1, 7\)"),
    "windows tall": (lambda: windows(IMAGE, (6, 1)), V, r"window_size: .*\(5, 6\); got \(6, 1\)"),
    "windows rank": (lambda: windows(np.ones(3), 1), V, r"x: .*\(\.\.\., H, W\).*\(3,\)"),
    "windows stride": (lambda: windows(IMAGE, 2, stride=0), V, "stride: .*at least 1; got 0"),
    "windows type": (lambda: windows(INTS, 2), T, "x: .*int64"),
    "conv2d rank": (lambda: conv2d(X[0], K, B), V, r"x: .*\(N, C, H, W\).*\(3, 5, 6\)"),
    "conv2d kernels rank": (lambda: conv2d(X, K[0], B), V, r"kernels: .*\(F, C, KH, KW\)"),
    "conv2d channels": (
        lambda: conv2d(X[:, :2], K, B),
        V,
        r"x: expected 3 channels.*\(2, 2, 5, 6\)",
    ),
    "conv2d bias": (lambda: conv2d(X, K, B[:3]), V, r"bias: .*\(4,\).*\(3,\)"),
    "conv2d bias rank": (lambda: conv2d(X, K, np.ones((4, 4))), V, r"bias: .*\(F\).*\(4, 4\)"),
    "conv2d large": (
        lambda: conv2d(X, np.ones((1, 3, 6, 2)), B[:1]),
        V,
        r"kernel_size: .*\(6, 2\)",
    ),
    "conv2d stride": (lambda: conv2d(X, K, B, stride=0), V, "stride: .*at least 1; got 0"),
    "conv2d stride pair": (lambda: conv2d(X, K, B, stride=(1, -1)), V, "stride: .*; got -1"),
    "conv2d stride triple": (
        lambda: conv2d(X, K, B, stride=(1, 1, 1)),
        V,
        r"stride: .*\(1, 1, 1\)",
    ),
    "conv2d stride float": (lambda: conv2d(X, K, B, stride=1.0), T, r"stride: .*integer; got 1.0"),
    "conv2d stride bool": (lambda: conv2d(X, K, B, stride=True), T, "stride: .*integer; got True"),
    "conv2d padding": (lambda: conv2d(X, K, B, padding=-1), V, "padding: .*at least 0; got -1"),
    "conv2d empty": (lambda: conv2d(X[:0], K, B), V, r"x: .*empty.*\(0, 3, 5, 6\)"),
    "conv2d no kernel": (lambda: conv2d(X, K[:0], B[:0]), V, r"kernels: .*empty.*\(0, 3"),
    "conv2d ints": (lambda: conv2d(X.astype(int), K, B), T, r"x: .*int64.*astype\(np.float32\)"),
    "conv2d objects": (lambda: conv2d(X, K.astype(object), B), T, "kernels: .*object"),
    "conv2d bias ints": (lambda: conv2d(X, K, B.astype(int)), T, "bias: .*int64"),
    "kernel gradient x rank": (
        lambda: conv2d_kernel_gradient(X[0], G, (2, 3)),
        V,
        "x: .*N, C, H, W",
    ),
    "kernel gradient rank": (lambda: conv2d_kernel_gradient(X, G[0], (2, 3)), V, "grad_output: "),
    "kernel gradient size": (
        lambda: conv2d_kernel_gradient(X, G, (3, 3)),
        V,
        r"grad_output: expected shape \(2, 4, 3, 4\).*got \(2, 4, 4, 4\)",
    ),
    "kernel gradient batch": (lambda: conv2d_kernel_gradient(X, G[:1], (2, 3)), V, "grad_output: "),
    "kernel gradient stride": (
        lambda: conv2d_kernel_gradient(X, G, (2, 3), stride=-2),
        V,
        "stride: .*; got -2",
    ),
    "kernel gradient large": (
        lambda: conv2d_kernel_gradient(X, G, 9),
        V,
        r"kernel_size: .*\(9, 9\)",
    ),
    "kernel gradient ints": (
        lambda: conv2d_kernel_gradient(X, G.astype(int), (2, 3)),
        T,
        "grad_output: .*int64",
    ),
    "bias gradient rank": (lambda: conv2d_bias_gradient(G[0]), V, r"grad_output: .*\(4, 4, 4\)"),
    "bias gradient ints": (lambda: conv2d_bias_gradient(G.astype(int)), T, "grad_output: .*int64"),
    "input gradient rank": (lambda: conv2d_input_gradient(G[0], K, (5, 6)), V, "grad_output: "),
    "input gradient kernels": (
        lambda: conv2d_input_gradient(G, K[0], (5, 6)),
        V,
        "kernels: .*F, C",
    ),
    "input gradient size": (
        lambda: conv2d_input_gradient(G, K, (6, 6)),
        V,
        r"grad_output: expected shape \(2, 4, 5, 4\).*got \(2, 4, 4, 4\)",
    ),
    "input gradient count": (
        lambda: conv2d_input_gradient(G[:, :3], K, (5, 6)),
        V,
        "grad_output: ",
    ),
    "input gradient float": (lambda: conv2d_input_gradient(G, K, (5.0, 6)), T, "input_size: .*5.0"),
    "input gradient objects": (
        lambda: conv2d_input_gradient(G.astype(object), K, (5, 6)),
        T,
        "grad_output: .*object",
    ),
    "output size": (
        lambda: output_size(3, 5, padding=0),
        V,
        r"kernel_size: .*\(3, 3\); got \(5, 5\)",
    ),
    "output size wide": (lambda: output_size((5, 3), (2, 4)), V, r"kernel_size: .*got \(2, 4\)"),
    "output size tall": (lambda: output_size((3, 5), (4, 2)), V, r"kernel_size: .*got \(4, 2\)"),
    "output size type": (lambda: output_size("3", 5), T, "input_size: .*'3'"),
    "im2col": (lambda: im2col(X, 9), V, r"window_size: .*\(5, 6\); got \(9, 9\)"),
    "col2im": (lambda: col2im(np.ones((1, 4, 4)), 3, 4), V, "kernel_size: "),
    "col2im columns": (lambda: col2im(np.ones((1, 4, 5)), 3, 2), V, r"columns: .*\(1, 4, 5\)"),
    "col2im rank": (lambda: col2im(np.ones((1, 1, 4, 4)), 3, 2), V, r"columns: .*\(1, 1, 4, 4\)"),
    "col2im rows": (lambda: col2im(np.ones((1, 5, 4)), 3, 2), V, r"columns: .*\(1, 5, 4\)"),
    "col2im list": (lambda: col2im([[1.0]], 3, 2), T, "columns: .*list"),
    "im2col rank": (lambda: im2col(np.ones((3, 4, 5)), 2), V, r"x: .*N, C, H, W.*\(3, 4, 5\)"),
    "rotate180 rank": (lambda: rotate180(np.ones(3)), V, r"kernel: .*\(3,\)"),
    "loops mode": (lambda: convolve2d_loops(IMAGE, KERNEL, "Full"), V, "mode: .*'Full'"),
    "loops large": (lambda: convolve2d_loops(KERNEL, IMAGE), V, "kernel: expected at most"),
    "Conv2D channels": (lambda: Conv2D(0, 1, 3, **OPTIONS), V, "in_channels: .*at least 1; got 0"),
    "Conv2D kernels": (lambda: Conv2D(1, -1, 3, **OPTIONS), V, "out_channels: .*got -1"),
    "Conv2D size": (lambda: Conv2D(1, 1, (3, 0), **OPTIONS), V, "kernel_size: .*got 0"),
    "Conv2D size type": (lambda: Conv2D(1, 1, "3", **OPTIONS), T, "kernel_size: .*'3'"),
    "Conv2D stride": (lambda: Conv2D(1, 1, 3, stride=0, **OPTIONS), V, "stride: .*got 0"),
    "Conv2D padding": (lambda: Conv2D(1, 1, 3, padding=-1, **OPTIONS), V, "padding: .*got -1"),
    "Conv2D rng": (lambda: Conv2D(1, 1, 3, rng=0), T, r"rng: .*got 0 .*default_rng"),
    "Conv2D dtype": (
        lambda: Conv2D(1, 1, 3, dtype=int, **OPTIONS),
        T,
        "dtype: .*got <class 'int'>",
    ),
    "Conv2D dtype name": (lambda: Conv2D(1, 1, 3, dtype="so", **OPTIONS), T, "dtype: .*got 'so'"),
    "Conv2D float16": (lambda: Conv2D(1, 1, 3, dtype=np.float16, **OPTIONS), T, "dtype: .*float16"),
    "dense rank": (lambda: dense(np.ones(3), np.ones((3, 2)), np.ones(2)), V, r"x: .*\(3,\)"),
    "dense features": (
        lambda: dense(np.ones((1, 4)), np.ones((3, 2)), np.ones(2)),
        V,
        r"x: expected 3 numbers a sample.*\(1, 4\)",
    ),
    "dense bias": (
        lambda: dense(np.ones((1, 3)), np.ones((3, 2)), np.ones(3)),
        V,
        r"bias: expected shape \(2,\).*got \(3,\)",
    ),
    "dense weights": (
        lambda: dense(np.ones((1, 3)), np.ones(3), np.ones(2)),
        V,
        r"weights: .*\(3,\)",
    ),
    "dense gradient rank": (lambda: dense_weight_gradient(B, G[0, 0]), V, r"x: .*\(4,\)"),
    "dense gradient weights": (lambda: dense_input_gradient(G[0, 0], B), V, r"weights: .*\(4,\)"),
    "dense ints": (lambda: dense(INTS, np.ones((6, 2)), np.ones(2)), T, "x: .*int64"),
    "dense empty": (lambda: dense(IMAGE[:0], np.ones((6, 2)), np.ones(2)), V, r"x: .*\(0, 6\)"),
    "dense weight gradient": (
        lambda: dense_weight_gradient(np.ones((2, 3)), np.ones((3, 3))),
        V,
        r"grad_output: expected 2 rows.*\(3, 3\)",
    ),
    "dense weight gradient type": (
        lambda: dense_weight_gradient(np.ones((2, 3)), np.ones((2, 3), int)),
        T,
        "grad_output: .*int64",
    ),
    "dense bias gradient": (lambda: dense_bias_gradient(np.ones(3)), V, r"grad_output: .*\(3,\)"),
    "dense input gradient": (
        lambda: dense_input_gradient(np.ones((2, 3)), np.ones((4, 2))),
        V,
        r"grad_output: expected shape \(2, 2\).*got \(2, 3\)",
    ),
    "Dense features": (lambda: Dense(0, 1, **OPTIONS), V, "in_features: .*got 0"),
    "Dense outputs": (lambda: Dense(1, 2.5, **OPTIONS), T, "out_features: .*got 2.5"),
    "Dense rng": (lambda: Dense(1, 1, rng=np.random), T, "rng: expected a numpy.random.Generator"),
    "Dense dtype": (lambda: Dense(1, 1, dtype=None, **OPTIONS), T, "dtype: .*got None"),
    "sigmoid ints": (lambda: sigmoid(INTS), T, "z: .*int64"),
    "sigmoid list": (lambda: sigmoid([1.0]), T, "z: .*got list"),
    "sigmoid gradient": (
        lambda: sigmoid_gradient(IMAGE, KERNEL),
        V,
        r"grad_output: .*\(5, 6\).*\(2, 3",
    ),
    "sigmoid gradient ints": (lambda: sigmoid_gradient(INTS, IMAGE), T, "y: .*int64"),
    "tanh gradient": (
        lambda: tanh_gradient(IMAGE, KERNEL),
        V,
        r"grad_output: .*\(5, 6\).*\(2, 3\)",
    ),
    "tanh gradient ints": (lambda: tanh_gradient(INTS, IMAGE), T, "y: .*int64"),
    "relu ints": (lambda: relu(INTS), T, "z: .*int64"),
    "relu gradient": (
        lambda: relu_gradient(IMAGE, KERNEL),
        V,
        r"grad_output: .*\(5, 6\).*\(2, 3\)",
    ),
    "relu gradient ints": (lambda: relu_gradient(INTS, IMAGE), T, "z: .*int64"),
    "Reshape zero": (lambda: Reshape((0, 2)), V, r"shape: .*\(0, 2\)"),
    "bce ints": (lambda: binary_cross_entropy(INTS, IMAGE), T, "p: .*int64"),
    "bce shapes": (lambda: binary_cross_entropy(IMAGE, KERNEL), V, r"t: .*\(5, 6\).*\(2, 3\)"),
    "bce gradient": (lambda: binary_cross_entropy_gradient(IMAGE, KERNEL), V, r"t: .*\(5, 6\)"),
    "bce gradient list": (lambda: binary_cross_entropy_gradient([0.5], IMAGE), T, "p: .*list"),
    "bce logits": (lambda: binary_cross_entropy_from_logits(IMAGE, KERNEL), V, r"t: .*\(2, 3\)"),
    "bce logits ints": (lambda: binary_cross_entropy_from_logits(INTS, INTS), T, "z: .*int64"),
    "bce logits gradient": (
        lambda: binary_cross_entropy_from_logits_gradient(IMAGE, INTS),
        T,
        "t: .*int64",
    ),
    "loss shapes": (lambda: a_loss(np.ones((2, 2)), np.ones(2)), V, r"targets: .*\(2, 2\).*\(2,\)"),
    "loss list": (lambda: a_loss(np.ones(2), [1, 0]), T, "targets: .*got list"),
    "loss ints": (lambda: a_loss(np.ones(2, int), np.ones(2)), T, "predictions: .*int64"),
    "loss words": (lambda: a_loss(np.ones(2), np.array(["a", "b"])), T, "targets: .*<U1"),
    "loss objects": (lambda: a_loss(np.ones(2), np.ones(2, object)), T, "targets: .*object"),
    "loss empty": (lambda: a_loss(np.ones(0), np.ones(0)), V, r"predictions: .*\(0,\)"),
    "loss complex": (lambda: a_loss(np.ones(1) * 1j, np.ones(1)), T, "predictions: .*complex128"),
    "loss above": (
        lambda: a_loss(np.array([1.5]), np.ones(1)),
        V,
        r"predictions: .*1.5 at index \(0",
    ),
    "loss below": (lambda: a_loss(np.array([-1e-9]), np.ones(1)), V, "predictions: .*-1e-09"),
    "loss nan": (lambda: a_loss(NAN, np.ones((1, 2))), V, r"predictions: .*nan at index \(0, 1\)"),
    "loss logit nan": (
        lambda: a_loss(NAN, NAN, from_logits=True),
        V,
        r"predictions: .*nan at index",
    ),
    "loss logit inf": (
        lambda: a_loss(np.array([np.inf, 1.0]), np.ones(2), from_logits=True),
        V,
        r"predictions: .*inf at index \(0,\)",
    ),
    "loss labels": (
        lambda: a_loss(np.ones(2) / 2, np.array([0, 2])),
        V,
        r"targets: .*2 at index \(1,\)",
    ),
    "loss nan labels": (lambda: a_loss(np.ones((1, 2)) / 2, NAN), V, "targets: .*nan"),
    "loss negative label": (lambda: a_loss(np.ones(1) / 2, np.array([-1])), V, "targets: .*-1"),
    "loss option": (lambda: BinaryCrossEntropy(from_logits="yes"), T, "from_logits: .*'yes'"),
    "no layers": (Sequential, V, "layers: .*none"),
    "unknown layer": (lambda: Sequential("conv"), T, "layers: .*'conv'"),
    "layer class": (lambda: Sequential(Sigmoid), T, "layers: .*Sigmoid"),
    "network rng": (lambda: zero_one_network(3), T, "rng: .*got 3"),
    "network dtype": (lambda: zero_one_network(RNG, "int8"), T, "dtype: .*'int8'"),
    "predict batch": (
        lambda: Sequential(Sigmoid()).predict(IMAGE, batch_size=0),
        V,
        "batch_size: .*got 0",
    ),
    "predict empty": (lambda: Sequential(Sigmoid()).predict(IMAGE[:0]), V, r"x: .*\(0, 6\)"),
    "predict list": (lambda: Sequential(Sigmoid()).predict([1.0]), T, "x: .*got list"),
    "optimizer none": (lambda: SGD([], 0.1), V, "parameters: .*none"),
    "optimizer arrays": (lambda: SGD([IMAGE], 0.1), T, "parameters: expected Parameter"),
    "rate zero": (lambda: SGD([Parameter("w", B)], 0), V, "learning_rate: .*above 0; got 0"),
    "rate negative": (lambda: SGD([Parameter("w", B)], -0.1), V, "learning_rate: .*got -0.1"),
    "rate nan": (lambda: SGD([Parameter("w", B)], float("nan")), V, "learning_rate: .*got nan"),
    "rate inf": (lambda: SGD([Parameter("w", B)], float("inf")), V, "learning_rate: .*got inf"),
    "rate word": (lambda: SGD([Parameter("w", B)], "fast"), T, "learning_rate: .*'fast'"),
    "rate bool": (lambda: SGD([Parameter("w", B)], True), T, "learning_rate: .*True"),
    "momentum one": (
        lambda: SGD([Parameter("w", B)], 1, momentum=1),
        V,
        r"momentum: .*\[0, 1\); got 1",
    ),
    "momentum negative": (
        lambda: SGD([Parameter("w", B)], 1, momentum=-1),
        V,
        "momentum: .*got -1",
    ),
    "momentum word": (lambda: SGD([Parameter("w", B)], 1, momentum="x"), T, "momentum: .*'x'"),
    "rate vast": (lambda: SGD([Parameter("w", B)], 10**400), V, "learning_rate: expected a finite"),
    "momentum array": (
        lambda: SGD([Parameter("w", B)], 1, momentum=B),
        T,
        "momentum: expected a number",
    ),
    "parameters twice": (
        lambda: SGD([SHARED, SHARED], 1),
        V,
        "parameters: expected each of them once",
    ),
    "check empty": (lambda: check_layer(Sigmoid(), IMAGE[:0], RNG), V, r"x: .*\(0, 6\)"),
    "check ints": (lambda: check_layer(Sigmoid(), INTS, RNG), T, "x: .*int64"),
    "check nan": (lambda: check_layer(Sigmoid(), NAN, RNG), V, r"x: .*nan at index \(0, 1\)"),
    "check rng": (lambda: check_layer(Sigmoid(), IMAGE, 0), T, "rng: .*got 0"),
    "check loss ints": (
        lambda: check_loss(BinaryCrossEntropy(), INTS, INTS),
        T,
        "predictions: .*int64",
    ),
    "check loss nan": (lambda: check_loss(BinaryCrossEntropy(), NAN, NAN), V, "predictions: .*nan"),
    "fit words": (
        lambda: a_fit(targets=np.array(["a"] * 3)),
        T,
        "targets: expected numbers; got <U1",
    ),
    "fit complex": (lambda: a_fit(targets=np.ones((3, 2)) * 1j), T, "targets: .*complex128"),
    "fit optimizer": (
        lambda: a_fit(optimizer=SGD([SHARED], 1)),
        V,
        "optimizer: .*none of its param",
    ),
    "fit test labels": (lambda: a_fit(test=(np.ones((1, 1, 2, 2)), [0])), T, "labels: .*list"),
    "fit test nan": (lambda: a_fit(test=(np.full((1, 1, 2, 2), np.nan), LABEL)), V, "test: .*nan"),
    "fit list": (lambda: a_fit(images=[1.0]), T, "images: .*got list"),
    "fit ints": (lambda: a_fit(images=np.ones((3, 1, 2, 2), int)), T, "images: .*int64"),
    "fit nan": (
        lambda: a_fit(images=np.full((3, 1, 2, 2), np.nan)),
        V,
        r"images: .*nan at index \(0, 0, 0, 0\) \(12 such",
    ),
    "fit inf": (lambda: a_fit(images=np.full((3, 1, 2, 2), -np.inf)), V, "images: .*-inf"),
    "fit empty": (lambda: a_fit(images=np.ones((0, 1, 2, 2))), V, r"images: .*\(0, 1, 2, 2\)"),
    "fit lengths": (lambda: a_fit(targets=np.array([0, 1])), V, r"targets: expected 3.*\(2,\)"),
    "fit labels": (lambda: a_fit(targets=np.array([0, 1, 2])), V, "labels: .*2"),
    "fit negative labels": (lambda: a_fit(targets=np.array([0, 1, -1])), V, "labels: .*-1"),
    "fit float labels": (lambda: a_fit(targets=np.array([0.0, 1, 1])), V, r"targets: .*\(3, 2\)"),
    "fit bool labels": (lambda: a_fit(targets=np.ones(3, bool)), V, r"targets: .*bool of shape"),
    "fit wide targets": (
        lambda: a_fit(targets=np.ones((3, 3))),
        V,
        r"targets: .*\(3, 2\).*\(3, 3\)",
    ),
    "fit target list": (lambda: a_fit(targets=[0, 1, 1]), T, "targets: .*got list"),
    "fit one-hot range": (lambda: a_fit(targets=np.full((3, 2), 2.0)), V, "targets: .*2.0"),
    "fit epochs": (lambda: a_fit(epochs=0), V, "epochs: .*got 0"),
    "fit batch": (lambda: a_fit(batch_size=0), V, "batch_size: .*got 0"),
    "fit batch float": (lambda: a_fit(batch_size=1.5), T, "batch_size: .*got 1.5"),
    "fit rng": (lambda: a_fit(rng=1), T, "rng: .*got 1"),
    "fit pixels": (
        lambda: a_fit(images=np.ones((3, 1, 2, 3))),
        V,
        r"x: expected 4 numbers.*\(1, 6\)",
    ),
    "positive": (lambda: check_positive("x", None), T, "x: expected a number; got None"),
}


@pytest.mark.parametrize("name", CASES)
def test_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=f"^{pattern}"):
        call()


def test_every_public_function_is_called_wrongly_here():
    """A public name that no case mentions has been forgotten."""
    source = inspect.getsource(inspect.getmodule(test_refused))
    table = source[source.index("CASES = {") : source.index("def test_refused")]
    public = {*cnnbook.layers.__all__, *cnnbook.losses.__all__, "check_layer", "check_loss"}
    forgotten = {name for name in public if not re.search(rf"\b{name}\(", table)}
    # The twins take the arguments of the functions above them; every layer's forward and
    # backward are called wrongly in layers/test_contract.py.
    assert {name for name in forgotten if not name.endswith("_loops")} == {
        *("Layer", "Loss", "ReLU", "Tanh")
    }


@pytest.mark.parametrize(
    "module",
    [checks, correlation, gradient_check, mnist, model, optimizers, pictures, train],
    ids=lambda module: module.__name__,
)
def test_public_docstrings_name_their_parameters(module):
    """Every parameter of a public function stands in its docstring."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if (
            name.startswith("_")
            or name.endswith("_loops")
            or function.__module__ != module.__name__
        ):
            continue
        text = inspect.getdoc(function)
        for parameter in inspect.signature(function).parameters:
            assert parameter in text, f"{name}: {parameter}"
