"""The images that choices are made by and errors are counted on: the last 10,000 for training.

They are no part of the package, and `cnnbook.mnist.load_digits` has none of them. The test set is
left alone, so that it can be asked once.
"""

from pathlib import Path

from cnnbook.known_files import KnownFile
from cnnbook.mnist import Samples, as_samples, read_together

DATA = Path(__file__).with_name("data")
COUNT = 10_000
HELD_OUT = KnownFile(
    "held-out-idx3-idx1-ubyte",
    7_850_024,
    "f3df4de4e95379073062f8ab2487c2d9801aec631969847e349bfb27542bf19c",
)
REMEDY = "python -m scripts.build_data makes it again"


def load_held_out() -> Samples:
    """Load the last 10,000 training images of MNIST.

    Returns
    -------
    (np.ndarray of shape (10000, 1, 28, 28), np.ndarray of shape (10000,))
        Images, float32 in [0, 1], and their digits, int64, in the order of MNIST.

    Raises
    ------
    DamagedFileError
        If the file is not, byte for byte, the one that was built.
    FileNotFoundError
        If it is missing.
    """
    return as_samples(*read_together(DATA / f"{HELD_OUT.name}.gz", HELD_OUT, REMEDY))
