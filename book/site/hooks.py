"""What MkDocs does beyond converting pages.

Before each build it packs the code that pages run. `mkdocs serve` watches the source, and keeps
unchanged pages.

MkDocs loads this file anew for every build; what must outlast a build is in `serving`.
"""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

from book.site import packing, serving


def on_startup(command: str, **_: Any) -> None:
    """Begin with no page known when serving."""
    serving.kept = serving.KeptPages() if command == "serve" else None


def on_config(config: MkDocsConfig) -> None:
    """When serving, bring in what is known of the pages."""
    if serving.kept is not None:
        config.plugins["kept-pages"] = serving.kept
        folder = Path(config.config_file_path).parent
        config.watch.extend(str(folder / name) for name in serving.WATCHED)


def on_pre_build(**_: Any) -> None:
    """Let the pages run the code as it stands, if they run at all."""
    packing.refresh()
