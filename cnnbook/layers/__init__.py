"""The layers of the book, as functions and as thin classes around them."""

from cnnbook.functions import log_softmax, sigmoid, softmax
from cnnbook.layers.activations import (
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
    relu,
    relu_gradient,
    sigmoid_gradient,
    softmax_gradient,
    tanh_gradient,
)
from cnnbook.layers.base import Layer, Parameter
from cnnbook.layers.conv import (
    Conv2D,
    conv2d,
    conv2d_loops,
    conv2d_strided_loops,
)
from cnnbook.layers.conv_gradients import (
    conv2d_bias_gradient,
    conv2d_input_gradient,
    conv2d_input_gradient_loops,
    conv2d_input_gradient_strided_loops,
    conv2d_kernel_gradient,
    conv2d_kernel_gradient_loops,
    conv2d_kernel_gradient_strided_loops,
)
from cnnbook.layers.dense import (
    Dense,
    dense,
    dense_bias_gradient,
    dense_input_gradient,
    dense_weight_gradient,
)
from cnnbook.layers.geometry import output_size
from cnnbook.layers.pooling import (
    MaxPool2D,
    MeanPool2D,
    max_pool2d,
    max_pool2d_input_gradient,
    max_pool2d_input_gradient_loops,
    max_pool2d_loops,
    mean_pool2d,
    mean_pool2d_input_gradient,
)
from cnnbook.layers.reshape import Reshape

__all__ = [
    "Conv2D",
    "Dense",
    "Layer",
    "MaxPool2D",
    "MeanPool2D",
    "Parameter",
    "ReLU",
    "Reshape",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "conv2d",
    "conv2d_bias_gradient",
    "conv2d_input_gradient",
    "conv2d_input_gradient_loops",
    "conv2d_input_gradient_strided_loops",
    "conv2d_kernel_gradient",
    "conv2d_kernel_gradient_loops",
    "conv2d_kernel_gradient_strided_loops",
    "conv2d_loops",
    "conv2d_strided_loops",
    "dense",
    "dense_bias_gradient",
    "dense_input_gradient",
    "dense_weight_gradient",
    "log_softmax",
    "max_pool2d",
    "max_pool2d_input_gradient",
    "max_pool2d_input_gradient_loops",
    "max_pool2d_loops",
    "mean_pool2d",
    "mean_pool2d_input_gradient",
    "output_size",
    "relu",
    "relu_gradient",
    "sigmoid",
    "sigmoid_gradient",
    "softmax",
    "softmax_gradient",
    "tanh_gradient",
]
