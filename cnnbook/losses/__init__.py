"""What a network is asked to make small."""

from cnnbook.losses.base import Loss
from cnnbook.losses.binary_cross_entropy import (
    BinaryCrossEntropy,
    binary_cross_entropy,
    binary_cross_entropy_from_logits,
    binary_cross_entropy_from_logits_gradient,
    binary_cross_entropy_gradient,
)

__all__ = [
    "BinaryCrossEntropy",
    "Loss",
    "binary_cross_entropy",
    "binary_cross_entropy_from_logits",
    "binary_cross_entropy_from_logits_gradient",
    "binary_cross_entropy_gradient",
]
