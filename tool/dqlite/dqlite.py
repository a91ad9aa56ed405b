"""dqlite.py: a client of dqlite, in Python without other modules.

    connection = connect(["127.0.0.1:9001", ...], "app")
    connection.execute("INSERT INTO t(v) VALUES (?)", ["x"])   # rows affected
    connection.query("SELECT id FROM t WHERE v = ?", ["x"])    # list of tuples

connect() asks the servers which of them is the leader, and opens a database
there.  A Connection to any one server also manages the cluster: leader(),
servers(), add(), assign(), transfer(), dump().

What an error tells of the request:

    Refused   it was not done: SQLite or dqlite said so
    Unknown   it may have been done, or may yet be: the connection broke before
              the answer, or the leader lost its office.  The connection is
              closed.  Look whether it was done, on a new connection

The wire protocol is at https://dqlite.io/docs/protocol.  A message is a header
(words of 8 bytes, type, schema) and fields, each filled up to 8 bytes.
"""

import socket
import struct
import sys
import time

VERSION = 1
TIMEOUT = 5.0  # seconds that an answer may take
DEADLINE = 30.0  # seconds until there must be a leader

# Requests and responses that are used here.
LEADER, OPEN, EXEC_SQL, QUERY_SQL = 0, 3, 8, 9
ADD, ASSIGN, DUMP, CLUSTER, TRANSFER = 12, 13, 15, 16, 17
FAILURE, SERVER, SERVERS, RESULT, ROWS, FILES = 0, 1, 3, 6, 7, 9
VOTER = 0
ROWS_DONE, ROWS_PART = b"\xff" * 8, b"\xee" * 8

# SQLite's codes.
BUSY, READONLY, IOERR, ABORT = 5, 8, 10, 4
NOT_LEADER = IOERR | 40 << 8  # it has not begun

# The types of values that are not integers.
FLOAT, TEXT, BLOB, NULL, ISO8601 = 2, 3, 4, 5, 10


class Error(Exception):
    """A request was not answered with what was asked for."""


class Refused(Error):
    """The request was not done.  `code` is SQLite's."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Unknown(Error):
    """Nobody knows whether the request was done."""


def pad(data):
    return data + bytes(-len(data) % 8)


def text(value):
    return pad(value.encode() + b"\0")


def parameters(values):
    """The values of a statement's parameters."""
    if not values:
        return b""
    types = bytearray([len(values)])
    body = b""
    for value in values:
        if value is None:
            types.append(NULL)
            body += bytes(8)
        elif isinstance(value, int):
            types.append(1)
            body += struct.pack("<q", value)
        elif isinstance(value, float):
            types.append(FLOAT)
            body += struct.pack("<d", value)
        elif isinstance(value, str):
            types.append(TEXT)
            body += text(value)
        else:
            types.append(BLOB)
            body += struct.pack("<Q", len(value)) + pad(bytes(value))
    return pad(bytes(types)) + body


class Reader:
    """The fields of a message, one after the other."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, size):
        start = self.at
        self.at += size + -size % 8
        return self.data[start : start + size]

    def number(self, form="<Q"):
        return struct.unpack(form, self.take(8))[0]

    def text(self):
        end = self.data.index(b"\0", self.at)
        return self.take(end + 1 - self.at)[:-1].decode()

    def value(self, kind):
        if kind in (TEXT, ISO8601):
            return self.text()
        if kind == BLOB:
            return self.take(self.number())
        if kind == FLOAT:
            return self.number("<d")
        number = self.number("<q")
        return None if kind == NULL else number

    def row(self, columns):
        kinds = self.take((columns + 1) // 2)
        return tuple(
            self.value(kinds[i // 2] >> (i % 2 * 4) & 15)
            for i in range(columns)
        )


def failure(reader):
    """The code and the message of an error.

    An error of a query comes from dqlite 1.11 behind the beginning of a
    result: the number of the columns and their names.
    """
    code = reader.number()
    message = reader.text()
    if reader.at < len(reader.data):
        for _ in range(code - 1):
            reader.text()
        code = reader.number()
        message = reader.text()
    return code, message


class Connection:
    """A connection to one server."""

    def __init__(self, address, timeout=TIMEOUT):
        host, port = address.rsplit(":", 1)
        self.address = address
        self.socket = socket.create_connection((host, int(port)), timeout)
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.sendall(struct.pack("<Q", VERSION))
        except OSError:
            self.socket.close()
            raise

    def close(self):
        self.socket.close()

    # ---- Messages

    def send(self, kind, body, schema=0):
        header = struct.pack("<IBBH", len(body) // 8, kind, schema, 0)
        self.socket.sendall(header + body)

    def read(self, size):
        data = bytearray()
        while len(data) < size:
            part = self.socket.recv(min(size - len(data), 1 << 20))
            if not part:
                raise ConnectionError("the server closed the connection")
            data += part
        return bytes(data)

    def receive(self):
        words, kind = struct.unpack("<IBxxx", self.read(8))
        reader = Reader(self.read(words * 8))
        if kind == FAILURE:
            code, message = failure(reader)
            if code & 255 in (IOERR, ABORT) and code != NOT_LEADER:
                raise OSError(message)
            raise Refused(code, message)
        return kind, reader

    def request(self, kind, body, *wanted):
        try:
            self.send(kind, body)
            return self.answer(*wanted)
        except (OSError, ValueError, struct.error) as error:
            self.close()
            raise Unknown(f"{self.address}: {error}") from error

    def answer(self, *wanted):
        kind, reader = self.receive()
        if wanted and kind not in wanted:
            raise OSError(f"a response of type {kind} was not expected")
        return reader

    # ---- SQL

    def open(self, database):
        self.request(OPEN, text(database) + bytes(8) + text(""))

    def execute(self, sql, values=()):
        """Run a statement that returns no rows; the number it affected."""
        body = bytes(8) + text(sql) + parameters(values)
        reader = self.request(EXEC_SQL, body, RESULT)
        reader.number()  # last_insert_rowid()
        return reader.number()

    def query(self, sql, values=()):
        """Run a statement that returns rows: a list of tuples.

        Outside a transaction that must be a SELECT.  dqlite 1.11 does not
        replicate what another one, such as INSERT ... RETURNING, writes.
        """
        body = bytes(8) + text(sql) + parameters(values)
        reader = self.request(QUERY_SQL, body, ROWS)
        rows = []
        try:
            while True:
                columns = reader.number()
                for _ in range(columns):
                    reader.text()  # its name
                while reader.data[reader.at : reader.at + 8] not in (
                    ROWS_DONE,
                    ROWS_PART,
                ):
                    rows.append(reader.row(columns))
                if reader.take(8) == ROWS_DONE:
                    return rows
                reader = self.answer(ROWS)
        except (OSError, ValueError, struct.error) as error:
            self.close()
            raise Unknown(f"{self.address}: {error}") from error

    # ---- The cluster

    def leader(self):
        """The address of the leader, or "" if the server knows of none."""
        reader = self.request(LEADER, bytes(8), SERVER)
        reader.number()
        return reader.text()

    def servers(self):
        """{id: (address, role)}; role 0 is a voter."""
        reader = self.request(CLUSTER, struct.pack("<Q", 1), SERVERS)
        return {
            reader.number(): (reader.text(), reader.number())
            for _ in range(reader.number())
        }

    def add(self, node, address):
        """Add a server, which has no role yet.  On the leader."""
        self.request(ADD, struct.pack("<Q", node) + text(address))

    def assign(self, node, role=VOTER):
        """Give a server a role.  On the leader."""
        self.request(ASSIGN, struct.pack("<QQ", node, role))

    def transfer(self, node):
        """Let another voter become the leader.  On the leader."""
        self.request(TRANSFER, struct.pack("<Q", node))

    def dump(self, database):
        """{name: bytes}: the database and its WAL, as this server has them."""
        reader = self.request(DUMP, text(database), FILES)
        return {
            reader.text(): reader.take(reader.number())
            for _ in range(reader.number())
        }


def retry(action, deadline=DEADLINE):
    """Run action() until it succeeds or the deadline has passed."""
    end = time.monotonic() + deadline
    while True:
        try:
            return action()
        except (OSError, Error):
            if time.monotonic() > end:
                raise
        time.sleep(0.02)


def find_leader(servers):
    """A connection to the leader: one that says of itself that it is it."""
    for address in servers:
        try:
            connection = Connection(address)
        except OSError:
            continue
        try:
            leader = connection.leader()
            if leader == address:
                return connection
            connection.close()
            if not leader:
                continue
            connection = Connection(leader)
            if connection.leader() == leader:
                return connection
            connection.close()
        except (OSError, Error):
            connection.close()
    raise Unknown("no leader among " + ", ".join(servers))


def connect(servers, database, deadline=DEADLINE):
    """A connection to a database on the leader, as soon as there is one."""

    def attempt():
        connection = find_leader(servers)
        try:
            connection.open(database)
            connection.query("SELECT 1")  # it is still the leader
        except Error:
            connection.close()
            raise
        return connection

    return retry(attempt, deadline)


def main(arguments):
    """dqlite.py SERVER,... DATABASE SQL: run it, and print a SELECT's rows."""
    if len(arguments) != 3:
        sys.exit("usage: dqlite.py SERVER,... DATABASE SQL")
    servers, database, sql = arguments
    try:
        connection = connect(servers.split(","), database)
        if sql.lstrip()[:6].upper() != "SELECT":
            connection.execute(sql)
            return
        for row in connection.query(sql):
            print("|".join("NULL" if v is None else str(v) for v in row))
    except Error as error:
        sys.exit(f"dqlite.py: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
