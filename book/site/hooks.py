"""MkDocs loads this file anew for every build; what must outlast a build is in `serving`."""

from book.site.serving import on_config, on_pre_build, on_startup

__all__ = ["on_config", "on_pre_build", "on_startup"]
