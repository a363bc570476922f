"""Chapter 10: the bytes of a file, and the images and targets made of them."""

import numpy as np

from book.formulas.binding import ABOUT_SHAPE, Draw, binds
from book.formulas.evaluate import Case
from cnnbook.mnist import ZERO_ONE, load_zero_one, one_hot, parse_idx, read_embedded


@binds("eq-big-endian", parse_idx, blind=ABOUT_SHAPE)
def four_bytes(rng: Draw) -> Case:
    """Four bytes, and how many labels a file has whose header says so."""
    digits = rng.permutation(4)[: 4 - rng.number]  # all different; at most 2^26 labels
    digits = np.concatenate([np.zeros(rng.number, int), digits])
    size = int.from_bytes(bytes(digits.tolist()), "big")
    content = b"\x00\x00\x08\x01" + bytes(digits.tolist()) + bytes(size)
    return Case({"a": digits, "s": parse_idx(content, "labels").shape[0]})


@binds("eq-idx-place", parse_idx)
@binds("eq-idx-length", parse_idx, blind=ABOUT_SHAPE)
def file(rng: Draw) -> Case:
    """A whole file of images that are not square."""
    shape = ((2, 3, 4), (3, 4, 2), (4, 2, 3))[rng.number]
    sizes = b"".join(size.to_bytes(4, "big") for size in shape)
    content = b"\x00\x00\x08\x03" + sizes + rng.integers(0, 256, shape).astype(np.uint8).tobytes()
    images = parse_idx(content, "images").astype(int)
    values = {
        **dict(zip("NHW", images.shape, strict=True)),
        "a": np.frombuffer(content, np.uint8).astype(int),
        "B": images,
        "S": len(content),
    }
    return Case(values)


@binds("eq-scale", load_zero_one)
def scaled(rng: Draw) -> Case:
    """An image of the package, and its bytes."""
    first = 100 * rng.number
    (images, _), _ = load_zero_one()
    values = {
        "N": 2,
        "H": 28,
        "W": 28,
        "X": images[first : first + 2],
        "B": read_embedded(ZERO_ONE)["train_images"][first : first + 2].astype(int),
    }
    return Case(values)


@binds("eq-one-hot", one_hot)
@binds("eq-one-hot-sum", one_hot)
@binds("eq-class-count", one_hot)
@binds("eq-guess", None)
@binds("eq-class-mean", one_hot)
@binds("eq-mean-distance", None)
@binds("eq-linear-rule", None)
@binds(
    "eq-centre",
    None,
    harmless=dict.fromkeys(
        (r"side 2: \sum_{p=0}^{H - 1} -> \sum_{p=0 + 1}^{H - 1}", "side 2: 0 -> 1"),
        "row 0 has the weight 0, above",
    ),
)
def samples(rng: Draw) -> Case:
    """A few random images with labels; some of each class, but not as many."""
    labels = (np.array([0, 1, 1]), np.array([1, 0, 1, 0, 1]), np.array([1, 0, 0, 0]))[rng.number]
    height, width = ((3, 2), (2, 4), (2, 3))[rng.number]
    targets = one_hot(labels, 2, np.float64)
    x = rng.uniform(0, 1, (len(labels), 1, height, width))
    means = np.stack([x[labels == digit, 0].mean(axis=0) for digit in (0, 1)])
    values = {
        "N": len(labels),
        "H": height,
        "W": width,
        "y": labels,
        "X": x,
        "T": targets,
        "m": np.bincount(labels),
        "e": float(np.mean(labels != 1)),
        "M": means,
        "d": np.sum((x - means) ** 2, axis=(2, 3)),
        r"\bar{p}": (x[:, 0].sum(axis=2) @ np.arange(height)) / x.sum(axis=(1, 2, 3)),
    }
    return Case(values, {"k": range(2)})


@binds("eq-mean-least", None)
def pixel(rng: Draw) -> Case:
    """The values of one pixel, and another number."""
    x = rng.standard_normal(3 + rng.number)
    return Case({"N": len(x), "x": x, r"\bar{x}": x.mean(), "a": rng.uniform(1, 2)})
