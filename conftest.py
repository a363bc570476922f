"""What every executed example may assume: NumPy under its usual name."""

from typing import Any

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _numpy_as_np(doctest_namespace: dict[str, Any]) -> None:
    doctest_namespace["np"] = np
