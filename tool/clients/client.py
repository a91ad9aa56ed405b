#!/usr/bin/env python3
"""client.py: Surrogate from Python's sqlite3 module.

    client.py EXTENSION DATABASE

EXTENSION is surrogate.so, DATABASE a file that is not there yet.  Prints what
it checks, and ends with status 1 as soon as something is not as expected.

Needs a Python whose sqlite3 module can load extensions and has SQLite 3.35 or
later, as Debian's has.  One that was built without
--enable-loadable-sqlite-extensions has no Connection.enable_load_extension.
"""

import concurrent.futures
import sqlite3
import sys
import uuid


def check(holds, what):
    print("ok:" if holds else "NOT OK:", what)
    if not holds:
        sys.exit(1)


# ---- Connections ------------------------------------------------------------


def connect(database, extension, timeout=60):
    """A connection with the extension.  Every connection has to load it."""
    # isolation_level=None: autocommit, and BEGIN where a program says so.  The
    # default begins a transaction before INSERT and UPDATE, and keeps it open.
    db = sqlite3.connect(database, timeout=timeout, isolation_level=None)
    db.enable_load_extension(True)
    db.load_extension(extension)
    db.enable_load_extension(False)
    return db


# ---- Compare-and-swap -------------------------------------------------------


def read_token(db, name):
    """The last value of a sequence, and the token that it was read with."""
    return db.execute(
        "SELECT last_value, _seq_no, _primary_term FROM sequences"
        " WHERE name = ?",
        (name,),
    ).fetchone()


def swap(db, name, token):
    """The next value, if nobody has written since the token was read."""
    last_value, seq_no, primary_term = token
    rows = db.execute(
        "UPDATE sequences SET last_value = ?"
        " WHERE name = ? AND _seq_no = ? AND _primary_term = ?"
        " RETURNING last_value",
        (last_value + 1, name, seq_no, primary_term),
    ).fetchall()  # all of them: a statement ends with its last row
    return rows[0][0] if rows else None


# ---- What is shown ----------------------------------------------------------


def show_sequence(db):
    db.execute("SELECT create_sequence('order_no', 'START WITH 100')")
    values = [
        db.execute("SELECT nextval('order_no')").fetchone()[0]
        for _ in range(3)
    ]
    check(values == [100, 101, 102], "nextval() goes on from START WITH")
    swapped = db.execute(
        "UPDATE sequences SET last_value = 200 WHERE name = 'order_no'"
    )
    check(swapped.rowcount == 1, "rowcount is that of the virtual table")


def show_swap(db, other):
    db.execute("INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)")
    token = read_token(db, "ticket")
    check(swap(other, "ticket", read_token(other, "ticket")) == 1,
          "the first to swap wins")
    check(swap(db, "ticket", token) is None, "a swap with an old token loses")
    check(swap(db, "ticket", read_token(db, "ticket")) == 2,
          "and wins after reading the token again")


def show_generated_key(db):
    db.execute(
        "SELECT create_table('CREATE TABLE users ("
        "  id SERIAL PRIMARY KEY, name TEXT)')"
    )
    insert = "INSERT INTO users (name) VALUES (?) RETURNING id"
    alice = db.execute(insert, ("Alice",)).fetchone()[0]
    bob = db.execute(insert, ("Bob",)).fetchone()[0]
    check((alice, bob) == (1, 2), "RETURNING gives the generated key")
    # executemany() returns no rows.  The keys are there all the same.
    insert = "INSERT INTO users (name) VALUES (?)"
    db.executemany(insert, [("Carol",), ("Dave",)])
    ids = [row[0] for row in db.execute("SELECT id FROM users")]
    check(ids == [1, 2, 3, 4], "executemany() gives each row its key")


def show_blob_key(db):
    db.execute(
        "CREATE TABLE article (title TEXT,"
        " id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID"
    )
    blob, text = db.execute(
        "INSERT INTO article (title) VALUES ('On keys')"
        " RETURNING id, uuid_str(id)"
    ).fetchone()
    key = uuid.UUID(bytes=blob)
    check(key.version == 7 and str(key) == text,
          "uuidv7_blob() is the bytes of a uuid.UUID")
    found = db.execute("SELECT title FROM article WHERE id = ?", (key.bytes,))
    check(found.fetchone() == ("On keys",), "which finds the row again")


def show_errors(db, other):
    try:
        db.execute("SELECT nextval('no_such')")
        check(False, "an exception")
    except sqlite3.OperationalError as error:
        print(f"sqlite3.OperationalError: {error}")
        check(str(error) == 'relation "no_such" does not exist',
              "an error is an exception")
    other.execute("BEGIN IMMEDIATE")
    try:
        db.execute("SELECT nextval('order_no')")
        check(False, "an exception")
    except sqlite3.OperationalError as error:
        check(str(error) == "database is locked", "as is a lock")
    other.execute("ROLLBACK")


def show_transaction(db):
    try:
        with db:  # commits, or rolls back and lets the exception out
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO users (name) VALUES ('Eve')")
            db.execute("INSERT INTO users (id) VALUES (1)")
    except sqlite3.IntegrityError as error:
        print(f"sqlite3.IntegrityError: {error}")
    row = db.execute("INSERT INTO users (name) VALUES ('Fay') RETURNING id")
    check(row.fetchone() == (6,),
          "what a ROLLBACK took back is not given again")


def show_threads(database, extension):
    """A connection for each thread: nobody gets a number of somebody else."""

    def work(_):
        db = connect(database, extension)
        insert = "INSERT INTO users (name) VALUES ('thread') RETURNING id"
        ids = [db.execute(insert).fetchone()[0] for _ in range(50)]
        db.close()
        return ids

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        ids = [value for ids in pool.map(work, range(4)) for value in ids]
    check(len(set(ids)) == 200, "four threads get 200 numbers")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: client.py EXTENSION DATABASE")
    extension, database = sys.argv[1:]
    db = connect(database, extension, timeout=0)
    other = connect(database, extension)
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {version}, SQLite {sqlite3.sqlite_version}")

    show_sequence(db)
    db.execute("SELECT sequences_create_view()")  # for RETURNING
    show_swap(db, other)
    show_generated_key(db)
    show_blob_key(db)
    show_errors(db, other)
    show_transaction(db)
    show_threads(database, extension)
    # The module keeps statements for later; closing ends them.
    other.close()
    db.close()


if __name__ == "__main__":
    main()
