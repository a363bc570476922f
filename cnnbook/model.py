"""Chapters 9 and 11: a stack of layers, and the book's network."""

import json
import os
from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from cnnbook.checks import (
    Array,
    check_axes,
    check_count,
    check_dtype,
    check_real,
    check_rng,
)
from cnnbook.files import write_arrays
from cnnbook.layers import (
    Conv2D,
    Dense,
    Layer,
    MaxPool2D,
    Parameter,
    ReLU,
    Reshape,
    Sigmoid,
)
from cnnbook.summary import layer_table
from cnnbook.weights import read_weights


class Sequential(Layer):
    """Layers one after another, which together are a layer again.

    Parameters
    ----------
    *layers : Layer
        The layers, first to last.

    Raises
    ------
    TypeError
        If an argument is not a layer.
    ValueError
        If there is none, or one stands in two places, where it would forget the first input.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential(Dense(3, 2, rng=rng), Sigmoid(), Dense(2, 1, rng=rng))
    >>> model.forward(np.zeros((5, 3), np.float32)).shape
    (5, 1)
    """

    def __init__(self, *layers: Layer) -> None:
        if not layers:
            raise ValueError(
                "layers: expected at least one layer; got none"
            )
        for layer in layers:
            if not isinstance(layer, Layer):
                raise TypeError(
                    f"layers: expected layers; got {layer!r}"
                )
        self.layers = layers
        leaves = self.leaves()
        if len(set(map(id, leaves))) < len(leaves):
            raise ValueError(
                "layers: expected every layer once; "
                "got one of them twice"
            )

    def forward(self, x: Array) -> Array:
        r"""Send a batch through every layer in turn.

        Parameters
        ----------
        x : np.ndarray of shape (N, ...)
            A batch, in the shape that the first layer takes.

        Returns
        -------
        np.ndarray of shape (N, ...)
            The last layer's output.

        Examples
        --------
        >>> model = Sequential(Sigmoid(), Reshape((3,)))
        >>> try:
        ...     model.forward(np.zeros((2, 4)))
        ... except ValueError as error:
        ...     print(error, error.__notes__, sep="\n")
        x: expected samples that fit into shape (3,); got shape (2, 4), 4 numbers a sample
        ['in layer 1 of the network, Reshape((3,))']
        """
        for index, layer in enumerate(self.layers):
            try:
                x = layer.forward(x)
            except (TypeError, ValueError) as error:
                error.add_note(
                    f"in layer {index} of the network, {layer!r}"
                )
                raise
        return x

    def backward(self, grad_output: Array) -> Array:
        """Send the gradient back through every layer, last to first: @eq-backward-step.

        Parameters
        ----------
        grad_output : np.ndarray
            The gradient of the loss with respect to the network's output.

        Returns
        -------
        np.ndarray
            The gradient with respect to the network's input.

        Examples
        --------
        >>> model = Sequential(Sigmoid())
        >>> y = model.forward(np.zeros((1, 2)))
        >>> model.backward(np.ones((1, 2)))
        array([[0.25, 0.25]])
        """
        for layer in reversed(self.layers):
            grad_output = layer.backward(grad_output)
        return grad_output

    def accumulate_gradients(self, grad_output: Array) -> None:
        """Do ``backward`` without its result, and spare the first layer the work.

        Training does not ask for the gradient with respect to the network's input.

        Parameters
        ----------
        grad_output : np.ndarray
            As for ``backward``.
        """
        first, *others = self.layers
        for layer in reversed(others):
            grad_output = layer.backward(grad_output)
        first.accumulate_gradients(grad_output)

    def parameters(self) -> list[Parameter]:
        """List the parameters of all layers, first to last.

        Returns
        -------
        list of Parameter
            The parameters themselves, not copies.
        """
        return [
            parameter
            for layer in self.layers
            for parameter in layer.parameters()
        ]

    @property
    def dtype(self) -> np.dtype[np.floating] | None:
        """The dtype of the parameters, float32 or float64; None if there are none."""
        values = [parameter.value for parameter in self.parameters()]
        return values[0].dtype if values else None

    def leaves(self) -> list[Layer]:
        """List the layers; of a stack within this one, its layers.

        Returns
        -------
        list of Layer
            First to last; none of them is a `Sequential`.

        Examples
        --------
        >>> Sequential(Sequential(Reshape((4,)), Sigmoid()), Reshape((2, 2))).leaves()
        [Reshape((4,)), Sigmoid(), Reshape((2, 2))]
        """
        found: list[Layer] = []
        for layer in self.layers:
            if isinstance(layer, Sequential):
                found += layer.leaves()
            else:
                found.append(layer)
        return found

    def predict(self, x: Array, batch_size: int = 256) -> Array:
        """Compute the outputs for any number of samples, a batch at a time.

        Parameters
        ----------
        x : np.ndarray of shape (N, ...)
            The samples.
        batch_size : int
            How many are held in memory between layers at once.

        Returns
        -------
        np.ndarray of shape (N, ...)
            The outputs in the order of the samples.

        Raises
        ------
        TypeError
            If ``x`` is not of float32 or float64, or ``batch_size`` not an integer.
        ValueError
            If there is no sample, or ``batch_size`` is below 1.
        """
        batch_size = check_count("batch_size", batch_size)
        check_axes("x: N ...", x)
        check_real("x", x)
        starts = range(0, len(x), batch_size)
        outputs = [self.forward(x[i : i + batch_size]) for i in starts]
        return np.concatenate(outputs)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the parameters to one ``.npz`` file, whole or not at all.

        Parameters
        ----------
        path : path-like
            The file, conventionally ``*.npz``. An older file of that name is replaced.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> model = Sequential(Dense(2, 3, rng=np.random.default_rng(0)), Sigmoid())
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "model.npz"
        ...     model.save(path)
        ...     other = Sequential(Dense(2, 3, rng=np.random.default_rng(1)), Sigmoid()).load(path)
        >>> x = np.ones((1, 2), np.float32)
        >>> np.array_equal(model.forward(x), other.forward(x))
        True
        >>> sorted(model.arrays())
        ['0.bias', '0.weights', 'architecture']
        """
        write_arrays(path, self.arrays())

    def arrays(self) -> dict[str, Array]:
        """List what `save` writes.

        Returns
        -------
        dict of str to np.ndarray
            The values of the parameters by layer and name, such as ``"3.weights"``, and under
            ``"architecture"`` a description of the layers. The parameters are not copied.
        """
        layers = self.leaves()
        arrays = {
            f"{index}.{parameter.name}": parameter.value
            for index, layer in enumerate(layers)
            for parameter in layer.parameters()
        }
        architecture = json.dumps([repr(layer) for layer in layers])
        return {"architecture": np.array(architecture), **arrays}

    def load(self, path: str | os.PathLike[str]) -> Self:
        """Read parameters that `save` wrote into this network, without pickle.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        Sequential
            This network, so that ``zero_one_network(rng).load(path)`` is one expression.

        Raises
        ------
        OSError
            If the file cannot be read.
        DamagedFileError
            If it is damaged, or was not written by `save`.
        ValueError
            If it holds the parameters of another network, or of another dtype.
        """
        read_weights(path, into=self.arrays())
        return self

    def summary(
        self, input_shape: tuple[int, ...] | None = None
    ) -> str:
        """Describe the network in a table.

        Parameters
        ----------
        input_shape : tuple of int, optional
            The shape of one sample. If given, a blank sample is sent through the layers, and the
            table shows every layer's output shape; a ``backward`` then needs a new ``forward``.

        Returns
        -------
        str
            One line a layer, with its number of parameters, and their total.

        Examples
        --------
        >>> print(zero_one_network(np.random.default_rng(0)).summary((1, 28, 28)))
        layer                 output shape  parameters
        Conv2D(1, 5, (3, 3))   (5, 26, 26)          50
        Sigmoid()              (5, 26, 26)           0
        Reshape((3380,))           (3380,)           0
        Dense(3380, 100)            (100,)     338,100
        Sigmoid()                   (100,)           0
        Dense(100, 2)                 (2,)         202
        Sigmoid()                     (2,)           0
        total                                  338,352
        >>> model = Sequential(Reshape((4,)), Dense(4, 2, rng=np.random.default_rng(0)))
        >>> print(model.summary())
        layer            parameters
        Reshape((4,))             0
        Dense(4, 2)              10
        total                    10
        >>> model
        Sequential(Reshape((4,)), Dense(4, 2))
        """
        x = None
        if input_shape is not None:
            x = np.zeros((1, *input_shape), self.dtype or np.float32)
        return layer_table(self.leaves(), x)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"


def zero_one_network(
    rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> Sequential:
    """Build the book's first network, which tells a 0 from a 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the 338,352 parameters.
    dtype : numpy.float32 or numpy.float64
        Their dtype: float32 to train, float64 to check.

    Returns
    -------
    Sequential
        Takes images of shape (N, 1, 28, 28) with values in [0, 1] and returns two independent
        probabilities each, "this is a 0" and "this is a 1".

    Raises
    ------
    TypeError
        If ``rng`` is not a generator, or ``dtype`` another type.

    Examples
    --------
    >>> model = zero_one_network(np.random.default_rng(0))
    >>> model.forward(np.zeros((1, 1, 28, 28), np.float32)).shape
    (1, 2)
    >>> model = zero_one_network(np.random.default_rng(0), np.float64)
    >>> {parameter.value.dtype.name for parameter in model.parameters()}
    {'float64'}
    """
    check_rng(rng)
    dtype = check_dtype(dtype)
    return Sequential(
        Conv2D(1, 5, 3, rng=rng, dtype=dtype),
        Sigmoid(),
        Reshape((5 * 26 * 26,)),
        Dense(5 * 26 * 26, 100, rng=rng, dtype=dtype),
        Sigmoid(),
        Dense(100, 2, rng=rng, dtype=dtype),
        Sigmoid(),
    )


def digit_network(
    rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> Sequential:
    """Build the book's second network, which tells ten digits apart.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the 206,922 parameters.
    dtype : numpy.float32 or numpy.float64
        Their dtype: float32 to train, float64 to check.

    Returns
    -------
    Sequential
        Takes images of shape (N, 1, 28, 28) with values in [0, 1] and returns ten logits each,
        for `CategoricalCrossEntropy` with ``from_logits=True``.

    Raises
    ------
    TypeError
        If ``rng`` is not a generator, or ``dtype`` another type.

    Examples
    --------
    >>> model = digit_network(np.random.default_rng(0))
    >>> model.forward(np.zeros((1, 1, 28, 28), np.float32)).shape
    (1, 10)
    >>> sum(parameter.value.size for parameter in model.parameters())
    206922
    """
    check_rng(rng)
    dtype = check_dtype(dtype)
    return Sequential(
        Conv2D(1, 16, 3, padding=1, rng=rng, dtype=dtype),
        ReLU(),
        MaxPool2D(2),
        Conv2D(16, 32, 3, padding=1, rng=rng, dtype=dtype),
        ReLU(),
        MaxPool2D(2),
        Reshape((32 * 7 * 7,)),
        Dense(32 * 7 * 7, 128, rng=rng, dtype=dtype),
        ReLU(),
        Dense(128, 10, rng=rng, dtype=dtype),
    )
