"""The addresses in the package's metadata: they come from the environment that builds it.

No file of the project names an address. ``CNNBOOK_REPOSITORY`` is where the source is to be had,
``CNNBOOK_SITE_URL`` where the book is; where one is not set, the metadata do without.
"""

import os
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Addresses(MetadataHookInterface):
    """Fill in ``project.urls``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add what is known to the metadata."""
        source, book = (os.environ.get(f"CNNBOOK_{n}", "") for n in ("REPOSITORY", "SITE_URL"))
        urls = {"Homepage": book, "Source": source, "Issues": source and f"{source}/issues"}
        metadata["urls"] = {name: url for name, url in urls.items() if url}
