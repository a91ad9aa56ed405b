#!/usr/bin/env node
// client.js: Surrogate from Node.js, with better-sqlite3.
//
//     node client.js EXTENSION DATABASE
//
// EXTENSION is surrogate.so, DATABASE a file that is not there yet. Prints what
// it checks, and ends with status 1 as soon as something is not as expected.
//
// Needs better-sqlite3 from npm, which brings a SQLite of its own.
'use strict';
const assert = require('node:assert/strict');
const Database = require('better-sqlite3');

function check(what, actual, expected) {
  assert.deepEqual(actual, expected, what);
  console.log(`ok: ${what}`);
}

// ---- Connections -----------------------------------------------------------

// A connection with the extension. Every connection has to load it.
function open(database, extension, options) {
  const db = new Database(database, options);
  db.loadExtension(extension);
  return db;
}

// ---- Compare-and-swap ------------------------------------------------------

// The last value of a sequence, and the token that it was read with.
function readToken(db, name) {
  return db.prepare(`SELECT last_value, _seq_no, _primary_term FROM sequences
                      WHERE name = ?`).get(name);
}

// The next value if nobody has written since the token was read, or undefined.
function swap(db, name, token) {
  const row = db.prepare(`
    UPDATE sequences SET last_value = @last_value + 1
     WHERE name = @name
       AND _seq_no = @_seq_no AND _primary_term = @_primary_term
    RETURNING last_value`).get({name, ...token});
  return row?.last_value;
}

// ---- What is shown ---------------------------------------------------------

if (process.argv.length !== 4) {
  console.error('usage: client.js EXTENSION DATABASE');
  process.exit(2);
}
const [extension, database] = process.argv.slice(2);
const db = open(database, extension, {timeout: 0});
const other = open(database, extension);
const {version} = require('better-sqlite3/package.json');
console.log(`Node.js ${process.versions.node}, better-sqlite3 ${version},`,
            `SQLite ${db.prepare('SELECT sqlite_version()').pluck().get()}`);

// A sequence. pluck() gives the first column in place of the row.
db.exec("SELECT create_sequence('order_no', 'START WITH 100')");
const next = db.prepare("SELECT nextval('order_no')").pluck();
check('nextval() goes on from START WITH',
      [next.get(), next.get(), next.get()], [100, 101, 102]);
const reset = db.prepare(`UPDATE sequences SET last_value = 200
                           WHERE name = 'order_no'`).run();
check("run() has the virtual table's changes", reset.changes, 1);

// Numbers beyond 2^53 are not exact in JavaScript: ask for BigInt.
db.exec("SELECT create_sequence('big', 'START WITH 9007199254740993')");
const big = db.prepare("SELECT nextval('big'), unique_rowid()")
  .safeIntegers().raw().get();
check('safeIntegers() gives integers of 64 bits', big[0], 9007199254740993n);
check('which unique_rowid() needs', big[1] > 2n ** 53n, true);

// Two clients want the next value. The view has RETURNING.
db.exec('SELECT sequences_create_view()');
db.exec("INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)");
const token = readToken(db, 'ticket');
check('the first to swap wins',
      swap(other, 'ticket', readToken(other, 'ticket')), 1);
check('a swap with an old token loses', swap(db, 'ticket', token), undefined);
check('and wins after reading the token again',
      swap(db, 'ticket', readToken(db, 'ticket')), 2);

// Generated keys. Not lastInsertRowid: such a table has no rowid.
db.exec(`SELECT create_table('CREATE TABLE users (
           id SERIAL PRIMARY KEY, name TEXT)')`);
const insert = db.prepare('INSERT INTO users (name) VALUES (?) RETURNING id')
  .pluck();
check('RETURNING gives the generated key',
      [insert.get('Alice'), insert.get('Bob')], [1, 2]);

db.exec(`CREATE TABLE article (title TEXT,
           id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID`);
const article = db.prepare(`INSERT INTO article (title) VALUES ('On keys')
                            RETURNING id, uuid_str(id) AS text`).get();
check('uuidv7_blob() is a Buffer of 16 bytes',
      article.id.toString('hex'), article.text.replaceAll('-', ''));
check('of version 7', article.text[14], '7');
check('which finds the row again',
      db.prepare('SELECT title FROM article WHERE id = ?').pluck()
        .get(article.id), 'On keys');

// A digest: Node.js has an OpenSSL in it, which takes the place of the system's.
// The vector is RFC 9562's.
check('uuidv5() is the same with the OpenSSL of Node.js',
      db.prepare("SELECT uuidv5(?, 'www.example.com')").pluck()
        .get('6ba7b810-9dad-11d1-80b4-00c04fd430c8'),
      '2ed6657d-e927-568b-95e1-2665a8aea6a2');

// Errors.
try {
  db.prepare("SELECT nextval('no_such')").get();
  assert.fail('an exception');
} catch (error) {
  console.log(`${error.name} ${error.code}: ${error.message}`);
  check('an error is an exception', [error.code, error.message],
        ['SQLITE_ERROR', 'relation "no_such" does not exist']);
}
other.exec('BEGIN IMMEDIATE');
assert.throws(() => next.get(), {code: 'SQLITE_BUSY'});
other.exec('ROLLBACK');
check('a statement that was refused can be run again', next.get(), 201);

// A transaction that fails takes its rows back, but not its numbers.
const fail = db.transaction(() => {
  insert.get('Carol');
  db.exec('INSERT INTO users (id) VALUES (1)');
});
assert.throws(fail.immediate, {code: 'SQLITE_CONSTRAINT_PRIMARYKEY'});
check('what a ROLLBACK took back is not given again', insert.get('Dave'), 4);

// The cursor of iterate() is open meanwhile; afterwards both can be closed.
const names = db.prepare('SELECT name FROM users ORDER BY id').pluck();
check('rows are in the order of the key', [...names.iterate()],
      ['Alice', 'Bob', 'Dave']);
other.close();
db.close();
check('both are closed', [db.open, other.open], [false, false]);
