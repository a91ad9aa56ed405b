/*
** The types of the dialects, and what SQLite must be told instead.
**
** SQLite takes any name for a type, and derives from it what it does with
** values (https://www.sqlite.org/datatype3.html, 3.1): a text that looks like
** a number becomes one in a column of INTEGER, REAL or NUMERIC affinity.  Where
** that would change values, as those of UUID or JSON, another name is written.
** What has the right affinity keeps its name.
**
** A name that is not in the table is taken for that of a type only if SQLite
** gives it TEXT or BLOB affinity, which keep every text as it is.
**
** Pure: nothing here calls SQLite.
*/
#include "ddl_int.h"

#define CAST_TEXT   DDL_CAST_TEXT
#define CAST_NUMBER DDL_CAST_NUMBER
#define INT_TYPE(n) ((n) | DDL_IDENTITY | CAST_NUMBER)

static const DdlType ddl_types_known[] = {
    /* Whole numbers: INTEGER affinity. */
    {"int", 0, "INT", INT_TYPE(4)},
    {"integer", 0, "INTEGER", INT_TYPE(4)},
    {"int4", 0, "INTEGER", INT_TYPE(4)},
    {"smallint", 0, "INTEGER", INT_TYPE(2)},
    {"int2", 0, "INTEGER", INT_TYPE(2)},
    {"bigint", 0, "INTEGER", INT_TYPE(8)},
    {"int8", 0, "INTEGER", INT_TYPE(8)},
    {"tinyint", 0, "INTEGER", CAST_NUMBER},
    {"mediumint", 0, "INTEGER", CAST_NUMBER},
    {"int64", 0, "INTEGER", CAST_NUMBER}, /* CockroachDB, YDB */
    {"int32", 0, "INTEGER", CAST_NUMBER},
    {"int16", 0, "INTEGER", CAST_NUMBER},
    {"uint64", 0, "INTEGER", CAST_NUMBER},
    {"uint32", 0, "INTEGER", CAST_NUMBER},
    {"uint16", 0, "INTEGER", CAST_NUMBER},
    {"uint8", 0, "INTEGER", CAST_NUMBER},
    {"largeint", 0, "INTEGER", CAST_NUMBER}, /* StarRocks */
    {"big int", 0, "INTEGER", CAST_NUMBER},
    {"long", "BIGINT", "INTEGER", CAST_NUMBER}, /* CrateDB */
    {"short", "SMALLINT", "INTEGER", CAST_NUMBER},
    {"byte", "TINYINT", "INTEGER", CAST_NUMBER},
    {"oid", "BIGINT", "INTEGER", CAST_NUMBER},
    {"smallserial", 0, "INTEGER", DDL_SERIAL | 2},
    {"serial2", 0, "INTEGER", DDL_SERIAL | 2},
    {"serial", 0, "INTEGER", DDL_SERIAL | 4},
    {"serial4", 0, "INTEGER", DDL_SERIAL | 4},
    {"bigserial", 0, "INTEGER", DDL_SERIAL | 8},
    {"serial8", 0, "INTEGER", DDL_SERIAL | 8},

    /* Text: TEXT affinity. */
    {"text", 0, "TEXT", CAST_TEXT},
    {"varchar", 0, "TEXT", CAST_TEXT},
    {"character varying", 0, "TEXT", CAST_TEXT},
    {"char", 0, "TEXT", CAST_TEXT},
    {"character", 0, "TEXT", CAST_TEXT},
    {"bpchar", 0, "TEXT", CAST_TEXT},
    {"clob", 0, "TEXT", 0},
    {"tinytext", 0, "TEXT", 0},
    {"mediumtext", 0, "TEXT", 0},
    {"longtext", 0, "TEXT", 0},
    {"nchar", 0, "TEXT", 0},
    {"nvarchar", 0, "TEXT", 0},
    {"citext", "TEXT", "TEXT", CAST_TEXT | DDL_NOCASE},
    {"string", "TEXT", "TEXT", CAST_TEXT}, /* CockroachDB, CrateDB, YDB */
    {"utf8", "TEXT", "TEXT", CAST_TEXT},   /* YDB */
    {"name", "TEXT", "TEXT", CAST_TEXT},
    {"uuid", "TEXT", "TEXT", CAST_TEXT},
    {"json", "TEXT", "TEXT", CAST_TEXT},
    {"jsonb", "TEXT", "TEXT", CAST_TEXT},
    {"jsondocument", "TEXT", "TEXT", 0}, /* YDB */
    {"yson", "TEXT", "TEXT", 0},
    {"dynumber", "TEXT", "TEXT", 0},
    {"object", "TEXT", "TEXT", 0}, /* CrateDB */
    {"ip", "TEXT", "TEXT", 0},
    {"geo_point", "TEXT", "TEXT", 0},
    {"geo_shape", "TEXT", "TEXT", 0},
    {"xml", "TEXT", "TEXT", 0},
    {"inet", "TEXT", "TEXT", CAST_TEXT},
    {"cidr", "TEXT", "TEXT", CAST_TEXT},
    {"macaddr", "TEXT", "TEXT", CAST_TEXT},
    {"macaddr8", "TEXT", "TEXT", CAST_TEXT},
    {"bit", "TEXT", "TEXT", 0},
    {"bit varying", "TEXT", "TEXT", 0},
    {"varbit", "TEXT", "TEXT", 0},
    {"interval", "TEXT", "TEXT", 0},
    {"interval64", "TEXT", "TEXT", 0},
    {"point", "TEXT", "TEXT", 0},
    {"tsvector", "TEXT", "TEXT", 0},
    {"tsquery", "TEXT", "TEXT", 0},
    {"hstore", "TEXT", "TEXT", 0},
    {"ltree", "TEXT", "TEXT", 0},
    {"regclass", "TEXT", "TEXT", CAST_TEXT},

    /* Bytes: BLOB affinity. */
    {"blob", 0, "BLOB", 0},
    {"tinyblob", 0, "BLOB", 0},
    {"mediumblob", 0, "BLOB", 0},
    {"longblob", 0, "BLOB", 0},
    {"bytea", "BLOB", "BLOB", 0},
    {"bytes", "BLOB", "BLOB", 0},
    {"binary", "BLOB", "BLOB", 0},
    {"varbinary", "BLOB", "BLOB", 0},

    /* Floating point: REAL affinity. */
    {"real", 0, "REAL", CAST_NUMBER},
    {"float", 0, "REAL", CAST_NUMBER},
    {"float4", 0, "REAL", CAST_NUMBER},
    {"float8", 0, "REAL", CAST_NUMBER},
    {"double", 0, "REAL", CAST_NUMBER},
    {"double precision", 0, "REAL", CAST_NUMBER},

    /* NUMERIC affinity: ANY of a STRICT table changes even less. */
    {"numeric", 0, "ANY", CAST_NUMBER},
    {"decimal", 0, "ANY", CAST_NUMBER},
    {"dec", 0, "ANY", CAST_NUMBER},
    {"decimal32", 0, "ANY", CAST_NUMBER}, /* StarRocks */
    {"decimal64", 0, "ANY", CAST_NUMBER},
    {"decimal128", 0, "ANY", CAST_NUMBER},
    {"decimal256", 0, "ANY", CAST_NUMBER},
    {"number", 0, "ANY", CAST_NUMBER},
    {"money", 0, "ANY", 0},
    {"any", 0, "ANY", 0},
    {"boolean", 0, "INTEGER", 0},
    {"bool", "BOOLEAN", "INTEGER", 0},
    {"date", 0, "ANY", CAST_TEXT},
    {"date32", 0, "ANY", 0}, /* YDB */
    {"datetime", 0, "ANY", 0},
    {"datetime64", 0, "ANY", 0},
    {"time", 0, "ANY", CAST_TEXT},
    {"time without time zone", "TIME", "ANY", CAST_TEXT},
    {"timetz", 0, "ANY", CAST_TEXT},
    {"time with time zone", "TIMETZ", "ANY", CAST_TEXT},
    {"timestamp", 0, "ANY", CAST_TEXT},
    {"timestamp64", 0, "ANY", 0},
    {"timestamp without time zone", "TIMESTAMP", "ANY", CAST_TEXT},
    {"timestamptz", 0, "ANY", CAST_TEXT},
    {"timestamp with time zone", "TIMESTAMPTZ", "ANY", CAST_TEXT},
    {"tzdate", 0, "ANY", 0},
    {"tzdatetime", 0, "ANY", 0},
    {"tztimestamp", 0, "ANY", 0},
    {"year", 0, "ANY", 0},
};

/* The type of that name, which is in lower case; or NULL. */
const DdlType *ddl_types_find(const char *name) {
  for (size_t i = 0; i < sizeof ddl_types_known / sizeof *ddl_types_known;
       i++) {
    if (strcmp(ddl_types_known[i].name, name) == 0) return &ddl_types_known[i];
  }
  return 0;
}

/*
** True if a name, in lower case, that is not in the table is one to which
** SQLite gives TEXT or BLOB affinity, by SQLite's rules in SQLite's order.
*/
int ddl_types_is_kept(const char *name) {
  if (strstr(name, "int")) return 0;
  return strstr(name, "char") || strstr(name, "clob") || strstr(name, "text") ||
         strstr(name, "blob");
}
