#!/usr/bin/env node
// builtin.js: Surrogate from Node.js, with its own module node:sqlite.
//
//     node builtin.js EXTENSION DATABASE
//
// EXTENSION is surrogate.so, DATABASE a file that is not there yet. Prints what
// it checks, and ends with status 1 as soon as something is not as expected.
//
// Needs Node.js 22.13 or later, which brings a SQLite of its own.
'use strict';
const assert = require('node:assert/strict');
const {DatabaseSync} = require('node:sqlite');

function check(what, actual, expected) {
  assert.deepEqual(actual, expected, what);
  console.log(`ok: ${what}`);
}

// ---- Connections -----------------------------------------------------------

// A connection with the extension. Every connection has to load it.
function open(database, extension, options = {}) {
  const db = new DatabaseSync(database, {...options, allowExtension: true});
  db.loadExtension(extension);
  db.enableLoadExtension(false);
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
  console.error('usage: builtin.js EXTENSION DATABASE');
  process.exit(2);
}
const [extension, database] = process.argv.slice(2);
const db = open(database, extension);
const other = open(database, extension, {timeout: 60000});
console.log(`Node.js ${process.versions.node},`,
            `SQLite ${process.versions.sqlite}`);

// A sequence.
db.exec("SELECT create_sequence('order_no', 'START WITH 100')");
const next = db.prepare("SELECT nextval('order_no') AS value");
check('nextval() goes on from START WITH',
      [next.get().value, next.get().value], [100, 101]);

// A number beyond 2^53 is an error unless BigInt is asked for.
const rowid = db.prepare('SELECT unique_rowid() AS id');
assert.throws(() => rowid.get(), {code: 'ERR_OUT_OF_RANGE'});
rowid.setReadBigInts(true);
check('setReadBigInts() gives integers of 64 bits',
      rowid.get().id > 2n ** 53n, true);

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
const insert = db.prepare('INSERT INTO users (name) VALUES (?) RETURNING id');
check('RETURNING gives the generated key',
      [insert.get('Alice').id, insert.get('Bob').id], [1, 2]);

db.exec(`CREATE TABLE article (title TEXT,
           id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID`);
const article = db.prepare(`INSERT INTO article (title) VALUES ('On keys')
                            RETURNING id, uuid_str(id) AS text`).get();
check('uuidv7_blob() is a Uint8Array of 16 bytes',
      Buffer.from(article.id).toString('hex'),
      article.text.replaceAll('-', ''));
const find = db.prepare('SELECT title FROM article WHERE id = ?');
check('which finds the row again', find.get(article.id).title, 'On keys');

// Errors.
try {
  db.prepare("SELECT nextval('no_such')").get();
  assert.fail('an exception');
} catch (error) {
  console.log(`${error.name} ${error.code} ${error.errcode}: ${error.message}`);
  check('an error is an exception', [error.errcode, error.message],
        [1, 'relation "no_such" does not exist']);
}
other.exec('BEGIN IMMEDIATE');
assert.throws(() => next.get(), {errcode: 5});
other.exec('ROLLBACK');
check('a statement that was refused can be run again', next.get().value, 102);

// A transaction that fails takes its rows back, but not its numbers.
db.exec('BEGIN IMMEDIATE');
insert.get('Carol');
db.exec('ROLLBACK');
check('what a ROLLBACK took back is not given again', insert.get('Dave').id, 4);

other.close();
db.close();
check('both are closed', [db.isOpen, other.isOpen], [false, false]);
