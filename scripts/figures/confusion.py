"""Which digit is taken for which, and what it would be if errors had no preference."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scripts.figures.common import Data, diverging, prepare, within
from scripts.figures.ten_classes import CLASSES, SEEDS, settings
from scripts.trials.store import results

DRAWS = 200  # tables by chance for each run
TOPS = 5
STRONG = 2.5  # the deepest colour: how many times twice as many as expected
OFF = 1 - np.eye(CLASSES)
Array = np.ndarray[Any, Any]


def without_preference(tables: Array) -> Array:
    """Compute the counts to be expected if errors had no preference, with the sums of a table.

    Off the diagonal they are a_k b_l, on it 0; their rows and columns are scaled in turn until they
    add up to what those of the table do. It is the fit of largest likelihood.

    Parameters
    ----------
    tables : np.ndarray of shape (..., K, K)
        Counts of errors, the diagonal 0.

    Returns
    -------
    np.ndarray of the same shape
        The expected counts.
    """
    expected = np.broadcast_to(OFF, tables.shape)
    for _ in range(100):
        for axis in (-1, -2):
            is_now = expected.sum(axis=axis, keepdims=True)
            expected = expected * tables.sum(axis=axis, keepdims=True) / np.maximum(is_now, 1e-300)
    return expected


def distance(tables: Array) -> Array:
    """Compute Pearson's X^2 of tables from their own fits."""
    expected = without_preference(tables)
    squares = (tables - expected) ** 2 / np.where(expected > 0, expected, 1)
    found: Array = squares.sum(axis=(-1, -2))
    return found


def by_chance(table: Array, rng: np.random.Generator) -> Array:
    """Draw as many errors as a table has from its fit, again and again; measure each."""
    expected = without_preference(table).ravel()
    drawn = rng.multinomial(int(table.sum()), expected / expected.sum(), size=DRAWS)
    return distance(drawn.reshape(DRAWS, *table.shape))


def compute() -> Data:
    """Add up the answers of all runs with softmax, and compare with no preference."""
    found = [result["confusion"] for result in results("ten_classes", settings("softmax"))]
    runs = np.array(found, float)
    counts, tables = runs.sum(axis=0), runs * OFF
    wrong = tables.sum(axis=0)
    expected = without_preference(wrong)
    rng = np.random.default_rng(0)
    chance = np.concatenate([by_chance(table, rng) for table in tables])
    apart = distance(tables)
    images = runs[0].sum(axis=1)
    data: Data = {
        "seeds": SEEDS,
        "held_out": int(images.sum()),
        "total": int(wrong.sum()),
        "digits": images.astype(int).tolist(),
        "row_errors": wrong.sum(axis=1).astype(int).tolist(),
        "column_errors": wrong.sum(axis=0).astype(int).tolist(),
        "misread": (wrong.sum(axis=1) / images / SEEDS).tolist(),
        "chi2": apart.tolist(),
        "chi2_least": apart.min(),
        "chi2_most": apart.max(),
        "freedom": CLASSES**2 - 3 * CLASSES + 1,
        "chance_draws": DRAWS,
        "chance_mean": chance.mean(),
        "chance_most": chance.max(),
        "least_expected": SEEDS,
        "alike": alike(tables),
    }
    for digit in range(CLASSES):
        data[f"counts_{digit}"] = counts[digit].astype(int).tolist()
        data[f"expected_{digit}"] = expected[digit].round().astype(int).tolist()
    return data | tops(tables, expected)


def alike(tables: Array) -> float:
    """Correlate the errors of two runs, cell by cell beside the diagonal; average over pairs."""
    correlations = np.corrcoef(tables[:, OFF > 0])
    return float(correlations[np.triu_indices(len(tables), 1)].mean())


def tops(tables: Array, expected: Array) -> Data:
    """List the cells with most errors, and those with the most against what is expected."""
    counts = tables.sum(axis=0)
    ratios = counts / np.where(expected > 0, expected, 1)
    often = np.where(expected >= SEEDS, ratios, 0)  # one a run, or a ratio says little
    data: Data = {}
    for name, measure in (("ratio", often), ("often", counts)):
        for place, cell in enumerate(np.argsort(-measure, axis=None, kind="stable")[:TOPS], 1):
            digit, answer = divmod(int(cell), CLASSES)
            runs = tables[:, digit, answer]
            entries = {
                "digit": digit,
                "answer": answer,
                "count": int(counts[digit, answer]),
                "expected": expected[digit, answer].round(6),
                "ratio": ratios[digit, answer].round(6),
                "least": int(runs.min()),
                "most": int(runs.max()),
            }
            data |= {f"{name}{place}_{entry}": value for entry, value in entries.items()}
    return data


def draw_margins(axes: Any, data: Data, colours: Mapping[str, str]) -> None:
    """Write the sums of errors at the end of every row and below every column."""
    options: Data = {"ha": "center", "va": "center", "color": colours["faint"], "fontsize": 11.5}
    for i in range(CLASSES):
        axes.text(CLASSES, i, str(data["row_errors"][i]), **options)
        axes.text(i, CLASSES, str(data["column_errors"][i]), **options)
    axes.text(CLASSES, CLASSES, str(data["total"]), **options)


def draw(data: Data, colours: Mapping[str, str]) -> Figure:
    """Draw the counts of errors, each above what is expected, and in colour where it is more."""
    figure, axes = prepare(colours, width=5, height=5.1, rows=1)
    rows = range(CLASSES)
    counts = np.array([data[f"counts_{k}"] for k in rows]) * OFF
    expected = np.array([data[f"expected_{k}"] for k in rows])
    # One is added to both, so that small counts stay pale; letters have to be read on the colours.
    powers = np.clip(np.log2((counts + 1) / (expected + 1)), 0, STRONG)
    axes.imshow(powers, cmap=diverging(colours), vmin=-1.5 * STRONG, vmax=1.5 * STRONG)
    options: Data = {"ha": "center", "color": colours["ink"]}
    for i in rows:
        for j in rows:
            if i != j:
                axes.text(
                    j,
                    i + 0.02,
                    f"{counts[i, j]:.0f}",
                    va="bottom",
                    fontsize=13,
                    weight="bold",
                    **options,
                )
                axes.text(j, i + 0.1, f"{expected[i, j]}", va="top", fontsize=10.5, **options)
    draw_margins(axes, data, colours)
    axes.set_xticks([*rows, CLASSES], [*map(str, rows), "all"])
    axes.set_yticks([*rows, CLASSES], [*map(str, rows), "all"])
    axes.tick_params(length=0)
    axes.set(xlim=(-0.5, CLASSES + 0.5), ylim=(CLASSES + 0.5, -0.5))
    axes.set(xlabel="answer", ylabel="digit", title="errors counted, above those expected")
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return figure


TOP = "digit answer count expected ratio least most"
TOLERANCES = (
    within(0, "seeds held_out total digits row_errors column_errors freedom chance_draws")
    | within(0, "least_expected", *(f"counts_{digit}" for digit in range(CLASSES)))
    | within(1e-5, "misread", *(f"expected_{digit}" for digit in range(CLASSES)))
    | within(1e-4, "chi2 chi2_least chi2_most chance_mean chance_most alike")
    | within(
        1e-5,
        *(f"{n}{i + 1}_{e}" for n in ("ratio", "often") for i in range(TOPS) for e in TOP.split()),
    )
)
