/*
** What may write to a database that dqlite replicates.
**
** dqlite (Canonical's SQLite on Raft) has a VFS of its own, which takes the
** pages of a write transaction from the WAL and gives them to the other nodes.
** It looks for them when a statement that was sent to be executed has ended.
** A SELECT is sent as a query, so that what a function writes in it is not
** found: dqlite 1.11 loses it, or stops the node at the next write; later ones
** leave the connection hanging.
**
** Therefore a function of ours that writes refuses to, on such a database,
** unless a write transaction is open: that of the INSERT, UPDATE or DELETE that
** calls the function, or one that BEGIN IMMEDIATE began.  In BEGIN alone a first
** SELECT would make it a write transaction only by what the function writes.
**
** Knows nothing of sequences.
*/
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#include <string.h>

#include "base.h"

/* What the names of dqlite's VFS begin with: each node numbers its own. */
#define VFS_PREFIX "dqlite"

/* The error, behind the name of the function. */
const char replicated_message[] =
    "dqlite loses what a function writes in a SELECT: begin a transaction with"
    " BEGIN IMMEDIATE, or call it in an INSERT";

/* True if a schema is on dqlite's VFS. */
int replicated_has_vfs(sqlite3 *db, const char *schema) {
  sqlite3_vfs *vfs = 0;
  sqlite3_file_control(db, schema, SQLITE_FCNTL_VFS_POINTER, &vfs);
  return vfs && vfs->zName &&
         strncmp(vfs->zName, VFS_PREFIX, strlen(VFS_PREFIX)) == 0;
}

/*
** True if what a function wrote to a schema now would not be replicated.  The
** schema temp has the VFS of main, and is nobody's but the connection's.
*/
int replicated_refuses(sqlite3 *db, const char *schema) {
  return sqlite3_txn_state(db, schema) != SQLITE_TXN_WRITE &&
         replicated_has_vfs(db, schema) && sqlite3_stricmp(schema, "temp") != 0;
}
