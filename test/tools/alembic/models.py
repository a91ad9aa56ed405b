"""The tables of the program, but not those of the sequences."""
from sqlalchemy import (BigInteger, Column, ForeignKey, Integer, MetaData,
                        Table, Text)

metadata = MetaData()
Table(
    "plain", metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("note", Text),
)
Table(
    "t", metadata,
    Column("id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
)
Table(
    "child", metadata,
    Column("id", Integer, primary_key=True),
    Column("t_id", BigInteger, ForeignKey("t.id")),
)
