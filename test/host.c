/*
** A program for Windows that hosts the extension, for windows.test: what the
** sqlite3 shell and raw_threads of fault.c are to the other tests.
**
**   host.exe EXTENSION DATABASE ?THREADS? <SQL
**
** Runs the statements of its standard input, and prints each row as a line,
** values parted by |, NULL as NULL, and each error as "Error: MESSAGE", after
** which it goes on.  With THREADS that many threads do so at once, each on a
** connection of its own; what they print is not mixed.  The exit status is 1
** if something failed that is no statement, such as loading the extension.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "sqlite3.h"

#define THREADS_MAX 16
#define WAIT_MS     60000 /* for another's lock */

static const char *extension, *database;
static char *script;

typedef struct Client {
  HANDLE thread;
  sqlite3_str *output;
  int failed;
} Client;

static void print_row(sqlite3_str *output, sqlite3_stmt *stmt) {
  for (int i = 0; i < sqlite3_column_count(stmt); i++) {
    const char *text = (const char *)sqlite3_column_text(stmt, i);
    sqlite3_str_appendf(output, "%s%s", i ? "|" : "", text ? text : "NULL");
  }
  sqlite3_str_appendchar(output, 1, '\n');
}

/* Run all statements.  Stops at one that cannot be read. */
static void run_script(sqlite3 *db, sqlite3_str *output) {
  const char *tail = script;
  while (*tail) {
    sqlite3_stmt *stmt;
    int rc = sqlite3_prepare_v2(db, tail, -1, &stmt, &tail);
    while (rc == SQLITE_OK && stmt && sqlite3_step(stmt) == SQLITE_ROW)
      print_row(output, stmt);
    if (sqlite3_finalize(stmt) != SQLITE_OK || rc != SQLITE_OK)
      sqlite3_str_appendf(output, "Error: %s\n", sqlite3_errmsg(db));
  }
}

static DWORD WINAPI run_client(void *argument) {
  Client *client = argument;
  char *message = 0;
  sqlite3 *db;
  client->failed = 1;
  if (sqlite3_open(database, &db) != SQLITE_OK ||
      sqlite3_busy_timeout(db, WAIT_MS) != SQLITE_OK ||
      sqlite3_enable_load_extension(db, 1) != SQLITE_OK ||
      sqlite3_load_extension(db, extension, 0, &message) != SQLITE_OK) {
    sqlite3_str_appendf(client->output, "%s\n",
                        message ? message : sqlite3_errmsg(db));
  } else {
    run_script(db, client->output);
    client->failed = 0;
  }
  sqlite3_free(message);
  if (sqlite3_close(db) != SQLITE_OK) client->failed = 1;
  return 0;
}

/* All of the standard input, with a zero byte behind it. */
static char *read_input(void) {
  size_t n = 0, size = 1 << 16;
  char *text = malloc(size + 1);
  while (text) {
    n += fread(text + n, 1, size - n, stdin);
    if (n < size) break;
    text = realloc(text, (size *= 2) + 1);
  }
  if (text) text[n] = 0;
  return text;
}

int main(int argc, char **argv) {
  Client clients[THREADS_MAX];
  int n = argc == 4 ? atoi(argv[3]) : 1;
  int failed = 0;
  if (argc < 3 || argc > 4 || n < 1 || n > THREADS_MAX) {
    fprintf(stderr, "usage: host EXTENSION DATABASE ?THREADS? <SQL\n");
    return 1;
  }
  extension = argv[1];
  database = argv[2];
  script = read_input();
  if (script == 0) return 1;
  for (int i = 0; i < n; i++) {
    clients[i].output = sqlite3_str_new(0);
    clients[i].thread = CreateThread(0, 0, run_client, &clients[i], 0, 0);
    if (clients[i].thread == 0) return 1;
  }
  for (int i = 0; i < n; i++) {
    char *text;
    WaitForSingleObject(clients[i].thread, INFINITE);
    CloseHandle(clients[i].thread);
    text = sqlite3_str_finish(clients[i].output);
    fputs(text ? text : "", stdout);
    sqlite3_free(text);
    failed |= clients[i].failed;
  }
  free(script);
  return failed;
}
