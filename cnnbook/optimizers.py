"""Chapters 11 and 17: how a gradient becomes a step."""

from collections.abc import Iterable

import numpy as np

from cnnbook.checks import (
    Array,
    check_flag,
    check_not_negative,
    check_positive,
)
from cnnbook.layers import Parameter


class Optimizer:
    """What turns gradients into a step: parameters, a learning rate, and a way to go.

    Parameters
    ----------
    parameters : iterable of Parameter
        What to update; ``model.parameters()``.
    learning_rate : float
        Above 0. It may be set anew between steps.

    Raises
    ------
    TypeError
        If an argument is of the wrong type.
    ValueError
        If the rate is out of range, or there is no parameter, or one of them twice.
    """

    def __init__(
        self, parameters: Iterable[Parameter], learning_rate: float
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate = check_positive(
            "learning_rate", learning_rate
        )
        if not self.parameters:
            raise ValueError(
                "parameters: expected at least one; got none"
            )
        for parameter in self.parameters:
            if not isinstance(parameter, Parameter):
                raise TypeError(
                    f"parameters: expected Parameter objects; "
                    f"got {parameter!r}"
                )
        if len(set(map(id, self.parameters))) < len(self.parameters):
            raise ValueError(
                "parameters: expected each of them once; "
                "got one of them twice"
            )

    def step(self) -> None:
        """Move every parameter. The gradients stay as they are."""
        raise NotImplementedError(f"{type(self).__name__} has no step")

    def zero_gradients(self) -> None:
        """Set every gradient to zero."""
        for parameter in self.parameters:
            parameter.zero_gradient()


class SGD(Optimizer):
    """Gradient descent on minibatches, with momentum and weight decay if wanted.

    Without them a step is w <- w - eta g, @eq-step. With momentum mu it is
    v <- mu v + g, w <- w - eta v, and by Nesterov's rule w <- w - eta (g + mu v), with the new v.
    Weight decay delta comes first: g <- g + delta w. All of it is what PyTorch's SGD [1]_ does
    with ``dampening=0``.

    Parameters
    ----------
    parameters : iterable of Parameter
        What to update; ``model.parameters()``.
    learning_rate : float
        eta, above 0.
    momentum : float
        mu, in [0, 1).
    nesterov : bool
        Whether to go where the velocity leads next; needs momentum.
    weight_decay : float
        delta, 0 or above. It pulls every parameter towards 0, biases too.

    Attributes
    ----------
    velocities : list of np.ndarray
        One v per parameter; an empty list without momentum. Whoever goes on with a training later
        keeps them with the parameters.

    Raises
    ------
    TypeError
        If an argument is of the wrong type.
    ValueError
        If a number is out of range, or there is no parameter, or Nesterov's rule is wanted
        without momentum.

    References
    ----------
    .. [1] https://pytorch.org/docs/stable/generated/torch.optim.SGD.html

    Examples
    --------
    >>> w = Parameter("weights", np.array([1.0, 2.0]))
    >>> optimizer = SGD([w], learning_rate=0.5)
    >>> w.gradient += np.array([4.0, -2.0])
    >>> optimizer.step()
    >>> w.value
    array([-1.,  3.])
    >>> optimizer.zero_gradients()
    >>> w.gradient
    array([0., 0.])

    With momentum a step also goes on in the direction of the steps before it:

    >>> w = Parameter("weights", np.array([1.0]))
    >>> optimizer = SGD([w], learning_rate=0.5, momentum=0.5)
    >>> for _ in range(3):
    ...     optimizer.zero_gradients()
    ...     w.gradient += 1.0
    ...     optimizer.step()
    ...     print(w.value, optimizer.velocities)
    [0.5] [array([1.])]
    [-0.25] [array([1.5])]
    [-1.125] [array([1.75])]

    Decay shrinks a parameter that has no gradient:

    >>> w = Parameter("weights", np.array([8.0]))
    >>> SGD([w], learning_rate=0.5, weight_decay=0.25).step()
    >>> w.value, w.gradient
    (array([7.]), array([0.]))
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: float,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, learning_rate)
        self.momentum = check_not_negative("momentum", momentum)
        if self.momentum >= 1:
            raise ValueError(
                f"momentum: expected a number in [0, 1); got {momentum}"
            )
        self.nesterov = check_flag("nesterov", nesterov)
        if nesterov and not self.momentum:
            raise ValueError(
                "nesterov: expected momentum above 0 with it; got 0"
            )
        self.weight_decay = check_not_negative(
            "weight_decay", weight_decay
        )
        self.velocities: list[Array] = []
        if self.momentum:
            self.velocities = [
                np.zeros_like(p.value) for p in self.parameters
            ]

    def step(self) -> None:
        """Move every parameter against its gradient. The gradients stay as they are."""
        pairs = zip(self.parameters, self._directions(), strict=True)
        for parameter, direction in pairs:
            # @eq-step
            parameter.value -= self.learning_rate * direction

    def _directions(self) -> Iterable[Array]:
        """Give each parameter's gradient, or what decay and momentum make of it."""
        gradients = [self._decayed(p) for p in self.parameters]
        if not self.momentum:
            return gradients
        for velocity, g in zip(self.velocities, gradients, strict=True):
            velocity *= self.momentum
            velocity += g
        if not self.nesterov:
            return self.velocities
        pairs = zip(self.velocities, gradients, strict=True)
        return [g + self.momentum * v for v, g in pairs]

    def _decayed(self, parameter: Parameter) -> Array:
        """Add the share of the parameter to its gradient, which stays as it is."""
        if not self.weight_decay:
            return parameter.gradient
        return parameter.gradient + self.weight_decay * parameter.value


class Adam(Optimizer):
    """Steps whose length does not depend on the size of the gradient, with decoupled decay.

    It keeps two running means for every number of every parameter: of its gradient,
    m <- b1 m + (1 - b1) g, and of the square of that, s <- b2 s + (1 - b2) g^2. Both begin at 0.
    After t steps each is divided by the sum of the weights that it has given so far,
    p = m / (1 - b1^t) and q = s / (1 - b2^t), and the step is
    w <- w - eta p / (sqrt(q) + epsilon). Decay comes before, apart from the gradient:
    w <- w - eta delta w. It is PyTorch's AdamW [3]_, and without decay its Adam.

    Parameters
    ----------
    parameters : iterable of Parameter
        What to update; ``model.parameters()``.
    learning_rate : float
        eta, above 0: about how far a step goes. After a long quiet it can be three times as far.
    betas : (float, float)
        b1 and b2, in [0, 1): how much of each mean is kept.
    epsilon : float
        Above 0: what is added to a root, so that no gradient at all gives no step.
    weight_decay : float
        delta, 0 or above. It pulls every parameter towards 0, biases too.

    Attributes
    ----------
    means, squares : list of np.ndarray
        One m and one s per parameter.
    steps : int
        t, how many steps have been made.

    Raises
    ------
    TypeError
        If an argument is of the wrong type.
    ValueError
        If a number is out of range, or there is no parameter.

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015,
       https://doi.org/10.48550/arXiv.1412.6980.
    .. [2] I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019,
       https://doi.org/10.48550/arXiv.1711.05101.
    .. [3] https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html

    Examples
    --------
    The first step is as long as the rate, for a large gradient as for a small one:

    >>> w = Parameter("weights", np.array([1.0, 2.0]))
    >>> optimizer = Adam([w], learning_rate=0.5)
    >>> w.gradient += np.array([1000.0, -0.001])
    >>> optimizer.step()
    >>> w.value.round(3)
    array([0.5, 2.5])
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        learning_rate: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, learning_rate)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise TypeError(
                f"betas: expected two numbers; got {betas!r}"
            )
        for beta in betas:
            if check_not_negative("betas", beta) >= 1:
                raise ValueError(
                    f"betas: expected numbers in [0, 1); got {betas}"
                )
        self.betas = float(betas[0]), float(betas[1])
        self.epsilon = check_positive("epsilon", epsilon)
        self.weight_decay = check_not_negative(
            "weight_decay", weight_decay
        )
        self.means = [np.zeros_like(p.value) for p in self.parameters]
        self.squares = [np.zeros_like(p.value) for p in self.parameters]
        self.steps = 0

    def step(self) -> None:
        """Move every parameter. The gradients stay as they are."""
        self.steps += 1
        b1, b2 = self.betas
        held = self.parameters, self.means, self.squares
        for parameter, m, s in zip(*held, strict=True):
            w, g = parameter.value, parameter.gradient
            w -= self.learning_rate * self.weight_decay * w
            m *= b1
            m += (1 - b1) * g
            s *= b2
            s += (1 - b2) * g**2
            p = m / (1 - b1**self.steps)
            q = s / (1 - b2**self.steps)
            w -= self.learning_rate * p / (np.sqrt(q) + self.epsilon)
