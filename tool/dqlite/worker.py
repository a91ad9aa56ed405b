#!/usr/bin/env python3
"""worker.py: a client that goes on taking numbers while the leader dies.

    worker.py SERVER,... DATABASE NAME [COUNT]
    worker.py --check SERVER,... DATABASE JOURNAL...

Does COUNT pieces of work, or goes on until its standard input is closed.
Three kinds take turns, each a row that has NAME and the piece's number in it:

    insert    INSERT INTO ticket, whose id is DEFAULT (nextval('ticket_id'))
    read      the same in a transaction, and what the id is
    swap      CrateDB's recipe: read the last value of 'mysequence' with its
              token, swap in the next one, INSERT it into mytable

It prints its journal, which begins with "worker NAME", a line for a piece:

    done KIND NUMBER ID        committed, with that id (- for insert)
    unknown KIND NUMBER        cut off: it may or may not be committed
    term TERM                  it was connected again, and that is the term

and never tries a piece again that was cut off: who does has to look first
whether it was done.  --check compares journals with the tables: all that was
done is there, nothing twice, no number twice; it prints what it counted.

THE TERM.  What a client knows of a sequence through a transaction that was
cut off may be of a state that no other node has ever seen, and the same
_seq_no may stand for another state now.  So a client whose connection broke
calls sequences_promote() on the new one before it does anything else, unless
another client has, since the term that it knows.  All tokens from before then
lose.
"""

import contextlib
import random
import select
import sys
import time

import dqlite

SETUP = [
    "INSERT OR IGNORE INTO sequences (name) VALUES ('ticket_id')",
    "INSERT OR IGNORE INTO sequences (name, last_value)"
    " VALUES ('mysequence', 0)",
    # Without PRIMARY KEY, so that a number that came twice would be seen.
    "CREATE TABLE IF NOT EXISTS ticket ("
    " id INT8 NOT NULL ON CONFLICT REPLACE DEFAULT (nextval('ticket_id')),"
    " worker TEXT, number INT, node INT DEFAULT (instance_id()),"
    " row_id INT8 DEFAULT (unique_rowid()), flake INT8 DEFAULT (snowflake()))",
    "CREATE TABLE IF NOT EXISTS mytable (id INT8, worker TEXT, number INT)",
]

READ = """
    SELECT last_value, _seq_no, _primary_term FROM sequences
     WHERE name = 'mysequence'
"""
SWAP = """
    UPDATE sequences SET last_value = ?
     WHERE name = 'mysequence' AND _seq_no = ? AND _primary_term = ?
"""


def pause():
    time.sleep(random.uniform(0.001, 0.02))


class Client:
    """A connection to the leader, made anew when it breaks."""

    def __init__(self, servers, database):
        self.servers = servers
        self.database = database
        self.connection = None
        self.term = None  # the last that was seen

    def connect(self):
        """Have a connection.  True if it is another one than the last."""
        if self.connection:
            return False
        self.connection = dqlite.connect(self.servers, self.database)
        return True

    def disconnect(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    @contextlib.contextmanager
    def transaction(self):
        """BEGIN IMMEDIATE, and COMMIT or ROLLBACK."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except dqlite.Refused:
            # A COMMIT that was refused is not committed: nor may it be later.
            with contextlib.suppress(dqlite.Refused):
                self.connection.execute("ROLLBACK")
            raise

    def execute(self, sql, values=()):
        return self.patiently(self.connection.execute, sql, values)

    def query(self, sql, values=()):
        return self.patiently(self.connection.query, sql, values)

    def patiently(self, run, sql, values):
        """Run a statement, again while others write: dqlite does not wait."""
        while True:
            try:
                return run(sql, values)
            except dqlite.Refused as error:
                if error.code & 255 != dqlite.BUSY:
                    raise
            pause()

    def read_term(self):
        return self.query("SELECT max(_primary_term) FROM sequences")[0][0]

    def begin_term(self):
        """Let tokens from before this connection lose."""
        with self.transaction():
            term = self.read_term()
            if term == self.term:
                term = self.query("SELECT sequences_promote()")[0][0]
        self.term = term

    def set_up(self):
        for statement in SETUP:
            self.execute(statement)
        self.term = self.read_term()

    # ---- What a worker does

    def insert(self, worker, number):
        self.execute("INSERT INTO ticket (worker, number) VALUES (?, ?)",
                     [worker, number])
        return "-"

    def read(self, worker, number):
        with self.transaction():
            self.insert(worker, number)
            return self.query("SELECT currval('ticket_id')")[0][0]

    def swap(self, worker, number):
        while True:
            token = self.read_token()
            if self.swap_in(token[0] + 1, token):
                break
            pause()
        self.execute("INSERT INTO mytable VALUES (?, ?, ?)",
                     [token[0] + 1, worker, number])
        return token[0] + 1

    def read_token(self):
        token = self.query(READ)[0]
        self.term = token[2]
        return token

    def swap_in(self, value, token):
        """True if the swap has won."""
        return self.execute(SWAP, [value, token[1], token[2]]) == 1


def is_at_end(stream):
    is_ready = select.select([stream], [], [], 0)[0]
    return bool(is_ready) and not stream.readline()


def is_cut_off(error):
    return isinstance(error, dqlite.Unknown) or error.code == dqlite.NOT_LEADER


def work(servers, database, name, count):
    client = Client(servers, database)
    kinds = ["insert", "read", "swap"]
    number = 0
    while count is None and not is_at_end(sys.stdin) or number < (count or 0):
        kind = None
        try:
            if client.connect():
                if client.term is None:
                    client.set_up()
                else:
                    client.begin_term()
                    print("term", client.term, flush=True)
            number += 1
            kind = kinds[number % 3]
            made = getattr(client, kind)(name, number)
            print("done", kind, number, made, flush=True)
        except dqlite.Error as error:
            if not is_cut_off(error):
                raise
            client.disconnect()
            if kind:
                print("unknown", kind, number, flush=True)
        pause()  # dqlite has no queue: leave others a chance


def check(servers, database, journals):
    connection = dqlite.connect(servers, database)
    rows = {
        table: connection.query(f"SELECT id, worker, number FROM {table}")
        for table in ("ticket", "mytable")
    }
    found = {(worker, number): id for table in rows.values()
             for id, worker, number in table}
    done = unknown = 0
    wrong = []
    for table, content in rows.items():
        if len({row[0] for row in content}) < len(content):
            wrong.append(f"a number stands twice in {table}")
    if len(found) < sum(map(len, rows.values())):
        wrong.append("a row stands twice")
    for journal in journals:
        with open(journal, encoding="utf-8") as lines:
            name = lines.readline().split()[1]
            for line in lines:
                what, *words = line.split()
                unknown += what == "unknown"
                if what != "done":
                    continue
                done += 1
                id = found.get((name, int(words[1])))
                if id is None or words[2] not in ("-", str(id)):
                    wrong.append(f"{journal}: {line.strip()}: it is {id}")
    term = connection.query("SELECT max(_primary_term) FROM sequences")[0][0]
    print(f"{done} done, {unknown} unknown, {len(found)} rows, term {term}")
    if wrong:
        sys.exit("\n".join(wrong))


def main(arguments):
    try:
        if arguments[:1] == ["--check"] and len(arguments) > 3:
            check(arguments[1].split(","), arguments[2], arguments[3:])
        elif len(arguments) in (3, 4) and arguments[0] != "--check":
            servers, database, name, *count = arguments
            print("worker", name, flush=True)
            work(servers.split(","), database, name,
                 int(count[0]) if count else None)
        else:
            sys.exit("usage: worker.py SERVER,... DATABASE NAME [COUNT]\n"
                     "       worker.py --check SERVER,... DATABASE JOURNAL...")
    except dqlite.Error as error:
        sys.exit(f"worker.py: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
