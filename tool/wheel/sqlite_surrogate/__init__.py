"""Surrogate keys for SQLite: an extension, and how a connection loads it.

    import sqlite3
    import sqlite_surrogate

    connection = sqlite3.connect("shop.db")
    connection.enable_load_extension(True)
    sqlite_surrogate.load(connection)
    connection.enable_load_extension(False)
"""

import os
import sys

from ._version import VERSION as __version__

__all__ = ["__version__", "loadable_path", "load"]

_SUFFIXES = {"win32": ".dll", "cygwin": ".dll", "darwin": ".dylib"}


def loadable_path() -> str:
    """The path of the extension."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "surrogate" + _SUFFIXES.get(sys.platform, ".so"))


def load(connection) -> None:
    """Load the extension into a connection of sqlite3, or of APSW.

    It must be allowed to load extensions, by enable_load_extension(True).
    """
    connection.load_extension(loadable_path())


def _prepare_connection(connection) -> None:
    """What both plugins do."""
    connection.enable_load_extension(True)
    try:
        load(connection)
    finally:
        connection.enable_load_extension(False)
