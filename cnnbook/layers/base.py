"""What a layer is, and what a parameter is."""

import numpy as np

from cnnbook.checks import Array, check_real


class Parameter:
    """An array that learns: its value, and the gradient of the loss with respect to it.

    Parameters
    ----------
    name : str
        What the formulas call it: ``"kernels"``, ``"weights"``, ``"bias"``.
    value : np.ndarray
        The numbers, float32 or float64.

    Attributes
    ----------
    gradient : np.ndarray
        Same shape and dtype as ``value``. A layer's ``backward`` adds to it; the optimiser sets
        it back to zero. It must add, because a parameter used twice receives two contributions.

    Raises
    ------
    TypeError
        If ``value`` is not a NumPy array of float32 or float64.
    ValueError
        If it is empty.

    Notes
    -----
    A gradient of zero is not stored: the first contribution takes its place, and only later ones
    are added. That spares two passes over every parameter at each step, which is a sixth of the
    time of a step with a single sample.

    Examples
    --------
    >>> bias = Parameter("bias", np.ones(2))
    >>> bias
    Parameter('bias', shape=(2,), dtype=float64)
    >>> bias.gradient
    array([0., 0.])
    """

    def __init__(self, name: str, value: Array) -> None:
        check_real("value", value)
        self.name = name
        self.value = value
        self._gradient: Array | None = None  # None stands for zero

    @property
    def gradient(self) -> Array:
        """The gradient, to be read and added to."""
        if self._gradient is None:
            self._gradient = np.zeros_like(self.value)
        return self._gradient

    @gradient.setter
    def gradient(self, gradient: Array) -> None:
        """Replace it."""
        self._gradient = gradient

    def accumulate(self, contribution: Array) -> None:
        """Add to the gradient.

        Parameters
        ----------
        contribution : np.ndarray of the same shape
            A fresh array that nobody else will write to: it may become the gradient itself.

        Raises
        ------
        ValueError
            If the shape is another one.

        Examples
        --------
        >>> weights = Parameter("weights", np.ones(2, np.float32))
        >>> for _ in range(2):
        ...     weights.accumulate(np.array([1.0, 2.0]))
        >>> weights.gradient
        array([2., 4.], dtype=float32)
        """
        if contribution.shape != self.value.shape:
            raise ValueError(
                f"contribution: expected shape {self.value.shape}, "
                f"as {self.name} has; got {contribution.shape}"
            )
        if (
            self._gradient is None
            and contribution.dtype == self.value.dtype
        ):
            self._gradient = contribution
        else:
            self.gradient += contribution

    def zero_gradient(self) -> None:
        """Forget all contributions."""
        self._gradient = None

    def __repr__(self) -> str:
        shape, dtype = self.value.shape, self.value.dtype
        return f"Parameter({self.name!r}, shape={shape}, dtype={dtype})"


# Layer, Loss and Optimizer are base classes, and none of them is
# abstract: what all layers share stands here once, and a reader's
# layer can be tried forward before it has a backward.
class Layer:
    """One step of a network: ``forward`` computes, ``backward`` carries gradients back.

    A layer remembers from its last ``forward`` only what its own ``backward`` needs. Both compute
    in the dtype that they are given, float32 or float64; ``forward`` also takes complex128, for
    the complex step of chapter 9.
    """

    def forward(self, x: Array) -> Array:
        """Compute the layer's output.

        What ``backward`` needs is kept, not copied: `Dense` and `ReLU` keep their input, `Sigmoid`,
        `Tanh` and `Softmax` their output, `MaxPool2D` both. `Conv2D` keeps the columns of its
        windows, a copy; `MeanPool2D` and `Reshape` keep shapes alone, and what `Reshape` returns
        are views where memory allows. Between ``forward`` and ``backward``, write neither to
        ``x``, nor to the output, nor to the parameters, or the gradients are wrong without a word.

        Parameters
        ----------
        x : np.ndarray of shape (N, ...)
            One sample per entry of the first axis. It is not written to.

        Returns
        -------
        np.ndarray of shape (N, ...)
            The output.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no forward"
        )

    def backward(self, grad_output: Array) -> Array:
        """Turn the gradient with respect to the output into the one with respect to the input.

        On the way, add this batch's contribution to the gradient of each parameter.

        Parameters
        ----------
        grad_output : np.ndarray
            dL/dY, of the shape of the last ``forward``'s output. It is not written to.

        Returns
        -------
        np.ndarray
            dL/dX, of the shape of the last ``forward``'s input.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no backward"
        )

    def accumulate_gradients(self, grad_output: Array) -> None:
        """Do ``backward`` without its result: all that the first layer of a network needs.

        Nothing stands before the first layer, so nobody asks for the gradient with respect to
        its input. A layer whose input gradient costs something overrides this method.

        Parameters
        ----------
        grad_output : np.ndarray
            dL/dY, as for ``backward``.
        """
        self.backward(grad_output)

    def parameters(self) -> list[Parameter]:
        """List the layer's parameters; most layers have none.

        Returns
        -------
        list of Parameter
            The parameters themselves, not copies.
        """
        return []

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
