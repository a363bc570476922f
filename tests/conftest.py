"""Settings that all tests share: hypothesis draws the same examples on every machine."""

import os

from hypothesis import settings

# No deadline: a busy machine is no failure. Derandomised: the same examples in every run; a
# search for new ones is `CNNBOOK_EXPLORE=1 pytest`.
settings.register_profile("cnnbook", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("explore" if os.environ.get("CNNBOOK_EXPLORE") else "cnnbook")
