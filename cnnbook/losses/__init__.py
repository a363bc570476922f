"""What a network is asked to make small."""

from cnnbook.losses.base import Loss
from cnnbook.losses.binary_cross_entropy import (
    BinaryCrossEntropy,
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    binary_cross_entropy_from_logits_gradient,
    binary_cross_entropy_gradient,
)
from cnnbook.losses.categorical_cross_entropy import (
    CategoricalCrossEntropy,
    categorical_cross_entropy,
    categorical_cross_entropy_from_logits,
    categorical_cross_entropy_from_logits_gradient,
    categorical_cross_entropy_gradient,
)

__all__ = [
    "BinaryCrossEntropy",
    "CategoricalCrossEntropy",
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_from_logits",
    "binary_cross_entropy_from_logits_gradient",
    "binary_cross_entropy_gradient",
    "categorical_cross_entropy",
    "categorical_cross_entropy_from_logits",
    "categorical_cross_entropy_from_logits_gradient",
    "categorical_cross_entropy_gradient",
]
