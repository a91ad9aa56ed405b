/*
** Clauses of the dialects that say where data is placed, and nothing of what
** it is: how they are spelled.  They are dropped, and named in a comment.
**
** A pattern is a list of
**
**   word     that word          #    an integer
**   a|b      one of these       %    a name, a string or a number
**   =        this character     ()   parentheses with whatever is in them
**   [ ... ]  may be missing
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3

#include "ddl_int.h"

/*
** The token behind the group that `open` opens; 0 if it is no parenthesis or
** is not closed.
*/
int ddl_clause_group_end(const Ddl *ddl, int open) {
  int depth = 0;
  if (!ddl_text_is_other(ddl, open, '(')) return 0;
  do {
    depth += token_depth(&ddl->tokens[open++]);
  } while (depth > 0 && open < ddl->n_token);
  return depth == 0 ? open : 0;
}

/* True if a token is one of the words of n bytes, with | between them. */
static int ddl_clause_is_one_of(const Ddl *ddl, int token, const char *words,
                                size_t n) {
  const Token *t = &ddl->tokens[token];
  size_t start = 0;
  if (t->type != TOKEN_NAME) return 0;
  for (size_t i = 0; i <= n; i++) {
    if (i < n && words[i] != '|') continue;
    if (i - start == t->n &&
        sqlite3_strnicmp(words + start, t->z, (int)t->n) == 0)
      return 1;
    start = i + 1;
  }
  return 0;
}

/* The token behind the one that matches an item of a pattern; 0 if none. */
static int ddl_clause_match_item(const Ddl *ddl, int at, const char *item,
                                 size_t n) {
  const Token *t;
  if (at >= ddl->n_token) return 0;
  t = &ddl->tokens[at];
  switch (*item) {
    case '(': return ddl_clause_group_end(ddl, at);
    case '#': return t->type == TOKEN_INTEGER ? at + 1 : 0;
    case '=': return ddl_text_is_other(ddl, at, '=') ? at + 1 : 0;
    case '%':
      return t->type != TOKEN_OTHER && t->type != TOKEN_ILLEGAL ? at + 1 : 0;
  }
  return ddl_clause_is_one_of(ddl, at, item, n) ? at + 1 : 0;
}

/* The token behind what matches a pattern from there on; 0 if nothing does. */
int ddl_clause_match(const Ddl *ddl, int from, const char *pattern) {
  int at = from;
  int before = 0; /* the optional part that is open */
  const char *z = pattern;

  while (*z) {
    size_t n = strcspn(z, " ");
    if (*z == '[') {
      before = at;
      z++;
      n--;
    }
    if (*z != ']') {
      int is_last = n > 1 && z[n - 1] == ']';
      int next = ddl_clause_match_item(ddl, at, z, n - (size_t)is_last);
      if (next == 0) {
        if (before == 0) return 0;
        at = before;
        z += strcspn(z, "]");
        n = 1;
        before = 0;
      } else {
        at = next;
        if (is_last) before = 0;
      }
    }
    z += n;
    while (*z == ' ')
      z++;
  }
  return at;
}

/* The same, of the first of some patterns that matches. */
int ddl_clause_match_any(const Ddl *ddl, int from,
                         const char *const *patterns) {
  int end = 0;
  for (; *patterns && end == 0; patterns++) {
    end = ddl_clause_match(ddl, from, *patterns);
  }
  return end;
}

/* Drop what matches one of the patterns: true if something does. */
static int ddl_clause_drop_any(Ddl *ddl, const char *const *patterns) {
  int end = ddl_clause_match_any(ddl, ddl->at, patterns);
  if (end == 0) return 0;
  ddl_text_drop(ddl, ddl->at, end);
  ddl->at = end;
  return 1;
}

/* Drop a clause of a column: true if there was one. */
int ddl_clause_column(Ddl *ddl) {
  static const char *const patterns[] = {
      "comment %",
      "family %",                        /* CockroachDB, YDB */
      "create [if not exists] family %", /* CockroachDB */
      "index off",                       /* CrateDB */
      "index using plain",
      "storage with ()",
      "storage plain|external|extended|main|default", /* PostgreSQL */
      "compression %",
      "character set %", /* MySQL */
      "charset %",
      0};
  return ddl_clause_drop_any(ddl, patterns);
}

/* Drop what follows a key or an index: true if there was something. */
int ddl_clause_key(Ddl *ddl) {
  static const char *const patterns[] = {
      "using hash with bucket_count = #", /* CockroachDB */
      "using hash [with ()]",
      "using index tablespace %", /* PostgreSQL */
      "using btree|bitmap|hash|ngrambf",
      "storing|include|covering|cover ()",
      "with ()",
      "comment %",
      0};
  return ddl_clause_drop_any(ddl, patterns);
}

/* PARTITION BY what, {, what} [(partitions)] [PARTITIONS n]; 0 if it is none. */
static int ddl_clause_match_partition(const Ddl *ddl, int at) {
  int next = ddl_clause_match(ddl, at, "partition by");
  while (next) {
    at = ddl_clause_match(ddl, next, "()");
    if (at == 0) at = ddl_clause_match(ddl, next, "% [()]");
    if (at == 0 || !ddl_text_is_other(ddl, at, ',')) break;
    next = at + 1;
  }
  return next && at ? ddl_clause_match(ddl, at, "[()] [partitions #]") : 0;
}

static int ddl_clause_trailing_clause(Ddl *ddl) {
  static const char *const patterns[] = {
      "distributed by hash () [buckets %]", /* StarRocks */
      "distributed by random [buckets %]",
      "order by ()",
      "properties ()",
      "duplicate key ()",
      "partitioned by ()", /* CrateDB */
      "with ()",
      "without oids", /* PostgreSQL */
      "tablespace %",
      "using heap",
      "on commit preserve rows",
      "locality global", /* CockroachDB */
      "locality regional by row [as %]",
      "locality regional [by table] in primary region",
      "locality regional [by table] in %",
      "locality regional [by table]",
      "engine [=] %", /* StarRocks, MySQL */
      "comment [=] %",
      "[default] charset [=] %",
      "[default] character set [=] %",
      "[default] collate [=] %",
      "row_format [=] %",
      0};
  int end = ddl_clause_match(ddl, ddl->at, "clustered [by ()] [into # shards]");
  if (end > ddl->at + 1) {
    ddl->is_clustered = 1;
  } else {
    end = ddl_clause_match_partition(ddl, ddl->at);
  }
  if (end > ddl->at + 1) {
    ddl_text_drop(ddl, ddl->at, end);
    ddl->at = end;
    return 1;
  }
  return ddl_clause_drop_any(ddl, patterns);
}

/*
** A key of StarRocks behind the parenthesis: it goes to where SQLite has it.
*/
static int ddl_clause_trailing_key(Ddl *ddl) {
  int is_primary = ddl_clause_match(ddl, ddl->at, "primary key ()") != 0;
  int end = ddl_clause_match(ddl, ddl->at, "primary|unique key ()");
  int open = ddl->at + 2;

  if (ddl_text_is(ddl, ddl->at, "aggregate")) {
    ddl_text_fail(ddl, ddl->at,
                  "AGGREGATE KEY is not supported: SQLite does not merge rows");
    return 1;
  }
  if (end == 0) return 0;
  for (int i = open + 1; i < end; i += 2) {
    if (!ddl_text_is_name(ddl, i) ||
        !(ddl_text_is_other(ddl, i + 1, ',') || i + 2 == end)) {
      ddl_text_syntax_error(ddl, i);
      return 1;
    }
  }
  if (is_primary) {
    if (ddl_text_key_is_new(ddl, ddl->at) != SQLITE_OK) return 1;
    ddl->key = open;
    ddl->key_end = end;
  }
  ddl_text_insert(ddl, ddl->close - 1, ", %s %.*s",
                  is_primary ? "PRIMARY KEY" : "UNIQUE",
                  (int)(ddl->tokens[end - 1].z + 1 - ddl->tokens[open].z),
                  ddl->tokens[open].z);
  ddl->n_constraint++;
  ddl_text_delete(ddl, ddl->at, end);
  ddl->at = end;
  return 1;
}

/* STRICT and WITHOUT ROWID, which are SQLite's. */
static int ddl_clause_table_option(Ddl *ddl) {
  if (ddl_clause_match(ddl, ddl->at, "without rowid")) {
    ddl->without_rowid = ddl->at;
    ddl->at += 2;
  } else if (ddl_text_is(ddl, ddl->at, "strict")) {
    ddl->is_strict = ddl->at++;
  } else {
    return 0;
  }
  if (ddl_text_is_other(ddl, ddl->at, ',')) {
    int next = ++ddl->at;
    if (!ddl_text_is(ddl, next, "strict") &&
        !ddl_clause_match(ddl, next, "without rowid"))
      ddl_text_syntax_error(ddl, next);
  }
  return 1;
}

/* All that follows the parentheses of the table. */
int ddl_clause_trailing(Ddl *ddl) {
  while (ddl->rc == SQLITE_OK && ddl->at < ddl->n_token) {
    int end;
    if (ddl_clause_table_option(ddl) || ddl_clause_trailing_key(ddl) ||
        ddl_clause_trailing_clause(ddl)) {
      continue;
    }
    end = ddl_clause_match(ddl, ddl->at, "auto_increment [=] #");
    if (end) { /* MySQL's first value */
      ddl->next_value = end - 1;
      ddl_text_delete(ddl, ddl->at, end);
      ddl->at = end;
    } else if (ddl_text_is(ddl, ddl->at, "inherits")) {
      ddl_text_fail(ddl, ddl->at, "INHERITS is not supported");
    } else if (ddl_text_is(ddl, ddl->at, "as") ||
               ddl_text_is(ddl, ddl->at, "select")) {
      ddl_text_fail(ddl, ddl->at, "CREATE TABLE AS is not supported");
    } else if (ddl_clause_match(ddl, ddl->at, "on commit")) {
      ddl_text_fail(ddl, ddl->at,
                    "ON COMMIT is not supported: SQLite keeps the rows");
    } else {
      ddl_text_syntax_error(ddl, ddl->at);
    }
  }
  return ddl->rc;
}
