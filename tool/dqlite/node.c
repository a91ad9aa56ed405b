/*
** node.c: a dqlite node whose databases have Surrogate.
**
**   dqlite-node ID ADDRESS FOLDER EXTENSION
**
** ID is the number of the node in its cluster, from 1; it is the instance id of
** unique_rowid() and snowflake() as well.  ADDRESS is host:port, for clients and
** for the other nodes.  FOLDER is where the node keeps its log; it must exist.
** EXTENSION is surrogate.so.  Prints "ready" and runs until SIGTERM or SIGINT.
**
** dqlite opens its SQLite connections itself and lets no client load an
** extension.  So the extension is registered for every connection of the
** process, before there is a node: sqlite3_auto_extension().
**
** A new node is a cluster of its own if its ID is 1, else it waits to be added
** to one: cluster.py does that.
*/
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dqlite.h>
#include <sqlite3.h>

#define ENTRY_POINT "sqlite3_surrogate_init"
#define INSTANCE_ID "SURROGATE_INSTANCE_ID" /* in the environment */
#define INSTANCES   1024                    /* that a snowflake() tells apart */

/*
** One-way network latency: a node stands for election when it has heard nothing
** of the leader for 5 to 10 times as long.
*/
#define LATENCY_MS 20

static int fail(const char *what, const char *why) {
  fprintf(stderr, "dqlite-node: %s: %s\n", what, why);
  return 1;
}

/* Let every connection of this process have the extension. */
static int register_extension(const char *file) {
  void *library = dlopen(file, RTLD_NOW);
  void (*init)(void) = 0;
  void *symbol;
  if (library == 0) return fail("cannot load the extension", dlerror());
  symbol = dlsym(library, ENTRY_POINT);
  if (symbol == 0) return fail("no extension", dlerror());
  memcpy(&init, &symbol, sizeof init);
  if (sqlite3_auto_extension(init) != SQLITE_OK) {
    return fail(file, "cannot register it");
  }
  return 0;
}

static int run(unsigned long long id, const char *address, const char *folder,
               const sigset_t *signals) {
  dqlite_node *node = 0;
  int which;
  int rc = dqlite_node_create(id, address, folder, &node);
  if (rc == 0) rc = dqlite_node_set_bind_address(node, address);
  if (rc == 0) rc = dqlite_node_set_network_latency_ms(node, LATENCY_MS);
  if (rc == 0) rc = dqlite_node_start(node);
  if (rc != 0) {
    return fail("cannot start", node ? dqlite_node_errmsg(node) : "no memory");
  }
  puts("ready");
  fflush(stdout);
  sigwait(signals, &which);
  rc = dqlite_node_stop(node);
  dqlite_node_destroy(node);
  return rc ? fail("cannot stop", "dqlite reports an error") : 0;
}

int main(int argc, char **argv) {
  unsigned long long id = 0;
  char *end = 0;
  sigset_t signals;

  if (argc == 5) id = strtoull(argv[1], &end, 10);
  if (id == 0 || *end || id >= INSTANCES) {
    fputs("usage: dqlite-node ID ADDRESS FOLDER EXTENSION\n"
          "ID is a number from 1 to 1023.\n",
          stderr);
    return 2;
  }
  /* The threads of dqlite inherit that: one of them must not get the signal. */
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, 0);
  signal(SIGPIPE, SIG_IGN); /* another node or a client has died */

  if (setenv(INSTANCE_ID, argv[1], 1) != 0) return fail("setenv", "no memory");
  if (register_extension(argv[4]) != 0) return 1;
  return run(id, argv[2], argv[3], &signals);
}
