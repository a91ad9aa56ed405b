"""Datasette loads the extension into each connection that it opens."""

from datasette import hookimpl

from . import _prepare_connection


@hookimpl
def prepare_connection(conn):
    _prepare_connection(conn)
