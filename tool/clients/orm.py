#!/usr/bin/env python3
"""orm.py: Surrogate from SQLAlchemy, with declarative models.

    orm.py EXTENSION DATABASE

EXTENSION is surrogate.so, DATABASE a file that is not there yet.  Prints what
it checks, and ends with status 1 as soon as something is not as expected.

Needs SQLAlchemy.  Version 2 reads keys that the database has made by itself,
through RETURNING.  Version 1.4, Debian 12's, has no RETURNING for SQLite: there
a model names the function, which is called before the INSERT.  CrateDB's recipe
for sequences is in tool/recipe.py.
"""

import sys
import uuid

import sqlalchemy
from sqlalchemy import (
    BigInteger, Column, FetchedValue, String, event, func, select, text,
)
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.orm.exc import StaleDataError

HAS_RETURNING = not sqlalchemy.__version__.startswith("1.")


def check(holds, what):
    print("ok:" if holds else "NOT OK:", what)
    if not holds:
        sys.exit(1)


# ---- Connections ------------------------------------------------------------


def open_database(database, extension):
    """An engine whose connections, all of its pool, have the extension."""
    engine = sqlalchemy.create_engine(
        "sqlite:///" + database, connect_args={"timeout": 60}
    )

    @event.listens_for(engine, "connect")
    def load_extension(connection, _record):
        connection.enable_load_extension(True)
        connection.load_extension(extension)
        connection.enable_load_extension(False)

    return engine


# ---- Models -----------------------------------------------------------------

Base = declarative_base()


def generated(function):
    """What a column needs besides its server_default, in version 1.4."""
    return {} if HAS_RETURNING else {"default": function}


class Article(Base):
    """A table that SQLAlchemy makes, whose key is a UUID from the database."""

    __tablename__ = "article"

    id = Column(String, primary_key=True, server_default=text("(uuidv7())"),
                **generated(func.uuidv7()))
    title = Column(String)


class User(Base):
    """A table that create_table() makes: its key is a SERIAL."""

    __tablename__ = "users"

    id = Column(BigInteger, primary_key=True, server_default=FetchedValue(),
                **generated(func.nextval("users_id_seq")))
    name = Column(String)


class Sequence(Base):
    """A row of the table of sequences, with _seq_no as SQLAlchemy's version
    counter: an UPDATE is a compare-and-swap, and StaleDataError says it lost.

    It counts rows, so it needs the table, not the view, and no RETURNING.
    """

    __tablename__ = "sequences"
    __table_args__ = {"implicit_returning": False}

    name = Column(String, primary_key=True)
    last_value = Column(BigInteger)
    seq_no = Column("_seq_no", BigInteger, server_default=FetchedValue(),
                    server_onupdate=FetchedValue())

    __mapper_args__ = {"version_id_col": seq_no, "version_id_generator": False}


USERS = "CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT UNIQUE)"


def create_tables(engine):
    with engine.begin() as connection:
        connection.execute(select(func.create_table(USERS)))
        # It finds the tables of the others there, and makes that of Article.
        Base.metadata.create_all(connection)


# ---- What is shown ----------------------------------------------------------


def show_swap(engine):
    with Session(engine) as session:
        session.add(Sequence(name="ticket", last_value=0))
        session.commit()

    def take(session):
        sequence = session.get(Sequence, "ticket")
        sequence.last_value += 1
        return sequence.last_value

    with Session(engine) as session, Session(engine) as other:
        take(session)
        take(other)
        other.commit()
        try:
            session.commit()
            check(False, "an exception")
        except StaleDataError as error:
            print(f"sqlalchemy.orm.exc.StaleDataError: {error}")
            check(True, "the second to swap loses")
        session.rollback()
        check(take(session) == 2, "reads again")
        session.commit()
        check(session.execute(select(func.nextval("ticket"))).scalar_one() == 3,
              "and wins, and nextval() goes on from there")


def show_uuid_key(engine):
    with Session(engine) as session:
        article = Article(title="On keys")
        session.add(article)
        session.commit()
        key = uuid.UUID(article.id)
        check(key.version == 7, "a model has its uuidv7() after the INSERT")
        check(session.get(Article, str(key)).title == "On keys",
              "and is found by it")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO article (title) VALUES ('SQL')"))
        keys = connection.execute(select(Article.id)).scalars().all()
        check(len({uuid.UUID(key) for key in keys}) == 2,
              "an INSERT without SQLAlchemy gets one, too")


def show_serial_key(engine):
    with Session(engine) as session:
        users = [User(name="Alice"), User(name="Bob"), User(name="Carol")]
        session.add_all(users)
        session.commit()
        check([user.id for user in users] == [1, 2, 3],
              "models have the keys of their rows after the INSERT")


def show_returning(engine):
    """RETURNING as SQL, in any version: an INSERT whose rows are models."""
    insert = text("INSERT INTO users (name) VALUES (:name) RETURNING id, name")
    with Session(engine) as session:
        dave = session.execute(
            select(User).from_statement(insert.columns(User.id, User.name)),
            {"name": "Dave"},
        ).scalar_one()
        session.commit()
        check((dave.id, dave.name) == (4, "Dave"),
              "RETURNING gives a model with its key")


def show_errors(engine):
    with Session(engine) as session:
        try:
            session.execute(select(func.nextval("no_such")))
            check(False, "an exception")
        except sqlalchemy.exc.OperationalError as error:
            print(f"sqlalchemy.exc.OperationalError: {error.orig}")
            check(str(error.orig) == 'relation "no_such" does not exist',
                  "an error is an exception")
    with Session(engine) as session:
        session.add(User(name="Alice"))
        try:
            session.commit()
            check(False, "an exception")
        except sqlalchemy.exc.IntegrityError as error:
            print(f"sqlalchemy.exc.IntegrityError: {error.orig}")
            session.rollback()
        erin = User(name="Erin")
        session.add(erin)
        session.commit()
        check(erin.id == 6, "what a ROLLBACK took back is not given again")


def show_pool(engine):
    """A connection of the pool is one session for currval(), as long as it is
    held; whoever gets it next sees what was left."""
    with engine.connect() as connection:
        first = connection.execute(select(func.nextval("users_id_seq")))
        last = connection.execute(select(func.currval("users_id_seq")))
        check(first.scalar_one() == last.scalar_one() == 7,
              "currval() is the session's")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: orm.py EXTENSION DATABASE")
    extension, database = sys.argv[1:]
    engine = open_database(database, extension)
    with engine.connect() as connection:
        version = connection.execute(select(func.sqlite_version()))
        print(f"SQLAlchemy {sqlalchemy.__version__},"
              f" SQLite {version.scalar_one()}")
    create_tables(engine)
    show_swap(engine)
    show_uuid_key(engine)
    show_serial_key(engine)
    show_returning(engine)
    show_errors(engine)
    show_pool(engine)
    engine.dispose()


if __name__ == "__main__":
    main()
