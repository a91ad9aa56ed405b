"""What SQLAlchemy reads of a database file.

    python3 reflect.py FILE

Prints each table and view with its columns, keys, CHECKs and rows.
"""
import sys

import sqlalchemy

engine = sqlalchemy.create_engine("sqlite:///" + sys.argv[1])
inspector = sqlalchemy.inspect(engine)
metadata = sqlalchemy.MetaData()
metadata.reflect(engine, views=True)


def column_text(column):
    text = f"  {column['name']} {column['type']}"
    if not column["nullable"]:
        text += " NOT NULL"
    if column["default"] is not None:
        text += f" DEFAULT {column['default']}"
    return text


with engine.connect() as connection:
    for name in sorted(metadata.tables):
        print(name)
        for column in inspector.get_columns(name):
            print(column_text(column))
        key = inspector.get_pk_constraint(name)["constrained_columns"]
        if key:
            print("  key", *key)
        for foreign in inspector.get_foreign_keys(name):
            print("  references", foreign["referred_table"])
        if name not in inspector.get_view_names():
            for check in inspector.get_check_constraints(name):
                print("  check", check["name"], check["sqltext"])
        rows = connection.execute(metadata.tables[name].select()).fetchall()
        print("  rows", len(rows))
