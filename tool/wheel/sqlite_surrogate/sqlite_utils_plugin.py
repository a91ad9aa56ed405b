"""sqlite-utils (3.34 and later) loads the extension into each connection."""

from sqlite_utils import hookimpl

from . import _prepare_connection


@hookimpl
def prepare_connection(conn):
    _prepare_connection(conn)
