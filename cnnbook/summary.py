"""Chapter 9: a network as a table."""

from collections.abc import Sequence

import numpy as np

from cnnbook.layers import Layer


def layer_table(
    layers: Sequence[Layer], x: np.ndarray | None = None
) -> str:
    """Describe layers in a table, one row a layer, and a total.

    Parameters
    ----------
    layers : sequence of Layer
        The layers, first to last.
    x : np.ndarray of shape (N, ...), optional
        A batch to send through the layers. If it is given, the table shows the shape that every
        layer makes of a sample.

    Returns
    -------
    str
        The rows, with the number of parameters in each and their total.
    """
    rows = []
    for layer in layers:
        count = sum(p.value.size for p in layer.parameters())
        shape = ""
        if x is not None:
            x = layer.forward(x)
            shape = str(x.shape[1:])
        rows.append((repr(layer), shape, count))
    total = sum(count for _, _, count in rows)
    heading = "" if x is None else "output shape"
    return _aligned(
        [
            ("layer", heading, "parameters"),
            *((name, shape, f"{n:,}") for name, shape, n in rows),
            ("total", "", f"{total:,}"),
        ]
    )


def _aligned(rows: Sequence[tuple[str, str, str]]) -> str:
    """Write rows below each other: the first column to the left, the others to the right."""
    a, b, c = (
        max(map(len, column)) for column in zip(*rows, strict=True)
    )
    return "\n".join(
        f"{left:<{a}}  {middle:>{b}}  {right:>{c}}"
        for left, middle, right in rows
    )
