#!/usr/bin/env python3
"""recipe.py: CrateDB's sequence-table recipe, as a program on SQLite.

    recipe.py [--table] FILE EXTENSION FIELD1...

Inserts a row into mytable(id, field1) of the database FILE for each FIELD1,
with an id from the sequence 'mysequence', and prints the id.  EXTENSION is
surrogate.so.  What is missing in the database is made first.

An id is obtained as CrateDB's documentation has it: read the last value with
its token (_seq_no, _primary_term), add one, and swap the new value in if the
token is still the same.  If another client was faster, sleep and begin again,
at most 5 times; after that the program ends with status 1.  It has inserted
nothing for that FIELD1 then, and may be run again.

There are two ways to learn who won.  On the view `sequences` the UPDATE has
RETURNING, and no row comes back to the loser.  With --table no view is made:
then `sequences` is the extension's table, and the rowcount of the UPDATE is 1
or 0.

Needs SQLAlchemy (Debian: python3-sqlalchemy), 1.4 or later.
"""

import argparse
import sys
import time

import sqlalchemy
from sqlalchemy import event, text

SEQUENCE = "mysequence"
ATTEMPTS = 5
DELAY = 0.1  # seconds, doubled after each attempt

MAKE_VIEW = """
    SELECT create_table('
      CREATE TABLE IF NOT EXISTS sequences (
        name TEXT PRIMARY KEY,
        last_value BIGINT
      ) CLUSTERED INTO 1 SHARDS')
"""

MAKE_SEQUENCE = """
    INSERT INTO sequences (name, last_value)
    SELECT :name, 0
     WHERE NOT EXISTS (SELECT * FROM sequences WHERE name = :name)
"""

MAKE_TABLE = """
    CREATE TABLE IF NOT EXISTS mytable (id BIGINT PRIMARY KEY, field1 TEXT)
"""

READ = """
    SELECT last_value, _seq_no, _primary_term
      FROM sequences
     WHERE name = :name
"""

SWAP = """
    UPDATE sequences
       SET last_value = :new_value
     WHERE name = :name
       AND _seq_no = :seq_no
       AND _primary_term = :primary_term
"""

INSERT = "INSERT INTO mytable (id, field1) VALUES (:id, :field1)"


class Exhausted(Exception):
    """Every attempt to swap was lost."""


def open_database(file, extension):
    """An engine whose connections have the extension.

    AUTOCOMMIT: each statement is a transaction of its own, as in CrateDB,
    which has no others.  The read must not share a transaction with the swap:
    a transaction that has read a state of the file which somebody has changed
    since cannot write any more (SQLITE_BUSY at once, no timeout helps), where
    a swap of its own waits for its turn and then wins or loses.  Without
    AUTOCOMMIT, Python's driver would begin a transaction before the UPDATE
    and leave the commit to us; to put swap and INSERT into one transaction,
    begin it after the read, with BEGIN IMMEDIATE.
    """
    engine = sqlalchemy.create_engine(
        "sqlite:///" + file,
        isolation_level="AUTOCOMMIT",
        # How long a statement waits for another process that is writing.
        connect_args={"timeout": 60},
    )

    @event.listens_for(engine, "connect")
    def load_extension(connection, _record):
        connection.enable_load_extension(True)
        connection.load_extension(extension)
        connection.enable_load_extension(False)

    return engine


def make_what_is_missing(connection, on_table):
    """Each statement waits for others that make the same at the same time."""
    if not on_table:
        connection.execute(text(MAKE_VIEW))
    connection.execute(text(MAKE_SEQUENCE), {"name": SEQUENCE})
    connection.execute(text(MAKE_TABLE))


def read_token(connection):
    """The last value of the sequence, and the token that it was read with."""
    return connection.execute(text(READ), {"name": SEQUENCE}).one()


def swap(connection, on_table, new_value, token):
    """True if the new value was stored, False if somebody was faster."""
    arguments = {
        "new_value": new_value,
        "name": SEQUENCE,
        "seq_no": token._seq_no,
        "primary_term": token._primary_term,
    }
    if on_table:
        return connection.execute(text(SWAP), arguments).rowcount == 1
    update = text(SWAP + "RETURNING last_value")
    return connection.execute(update, arguments).first() is not None


def next_value(connection, on_table):
    """The next value of the sequence, or the exception Exhausted."""
    for attempt in range(ATTEMPTS):
        token = read_token(connection)
        new_value = token.last_value + 1
        if swap(connection, on_table, new_value, token):
            return new_value
        if attempt + 1 < ATTEMPTS:
            time.sleep(DELAY * 2**attempt)
    raise Exhausted(
        f"no value of {SEQUENCE!r} after {ATTEMPTS} attempts:"
        " other clients were faster each time"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--table", action="store_true",
                        help="swap on the table, without a view")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("extension", metavar="EXTENSION")
    parser.add_argument("field1", metavar="FIELD1", nargs="+")
    args = parser.parse_args()

    engine = open_database(args.file, args.extension)
    with engine.connect() as connection:
        make_what_is_missing(connection, args.table)
        for field1 in args.field1:
            try:
                new_id = next_value(connection, args.table)
            except Exhausted as error:
                sys.exit(f"recipe.py: {error}")
            connection.execute(text(INSERT), {"id": new_id, "field1": field1})
            print(new_id, flush=True)


if __name__ == "__main__":
    main()
