#!/usr/bin/env node
// both.js: Surrogate from Node.js, with better-sqlite3 and node:sqlite in one
// program.
//
//     node both.js EXTENSION DATABASE
//
// EXTENSION is surrogate.so, DATABASE a file that is not there yet; more files
// are made beside it. Prints what it checks, and ends with status 1 as soon as
// something is not as expected.
//
// Needs better-sqlite3 from npm, and Node.js 22.13 or later. Each brings a SQLite
// of its own, and a file of the extension belongs to the first that loads it.
'use strict';
const assert = require('node:assert/strict');
const {copyFileSync} = require('node:fs');
const {dirname, extname, join} = require('node:path');
const {DatabaseSync} = require('node:sqlite');
const Database = require('better-sqlite3');

function check(what, actual, expected) {
  assert.deepEqual(actual, expected, what);
  console.log(`ok: ${what}`);
}

// ---- Connections -----------------------------------------------------------

function openBetter(database, extension) {
  const db = new Database(database);
  db.loadExtension(extension);
  return db;
}

function openBuiltin(database, extension) {
  const db = new DatabaseSync(database, {allowExtension: true});
  db.loadExtension(extension);
  return db;
}

// A copy of the extension, for the other SQLite.
function copyExtension(extension, folder) {
  const copy = join(folder, `surrogate2${extname(extension)}`);
  copyFileSync(extension, copy);
  return copy;
}

// ---- What is shown ---------------------------------------------------------

if (process.argv.length !== 4) {
  console.error('usage: both.js EXTENSION DATABASE');
  process.exit(2);
}
const [extension, database] = process.argv.slice(2);
const better = openBetter(database, extension);
const version = better.prepare('SELECT sqlite_version()').pluck().get();
console.log(`Node.js ${process.versions.node},`,
            `SQLite ${version} and ${process.versions.sqlite}`);

// The file is better-sqlite3's.
let message = 'loaded';
try {
  openBuiltin(':memory:', extension);
} catch (error) {
  ({message} = error);
}
console.log(message);
check('the other SQLite is refused, with a message', message.includes(
  `surrogate is in use by another SQLite in this process (${version}, this is ` +
  process.versions.sqlite), true);

const setUp = "SELECT create_sequence('order_no', 'START WITH 100')";
const next = "SELECT nextval('order_no') AS value";
better.exec(setUp);
check('the first goes on', better.prepare(next).get().value, 100);

// A copy is node:sqlite's, with a database file that the other does not open.
const copy = copyExtension(extension, dirname(database));
const builtin = openBuiltin(`${database}-builtin`, copy);
builtin.exec(setUp);
check('the second works with a copy of the extension',
      [builtin.prepare(next).get().value, builtin.prepare(next).get().value],
      [100, 101]);
check('and the first as before', better.prepare(next).get().value, 101);

const ids = 'SELECT uuid_extract_version(uuidv7()) AS version';
check('both make ids', [better.prepare(ids).get().version,
                        builtin.prepare(ids).get().version], [7, 7]);

// More connections, each with the file that is its SQLite's.
const more = [openBetter(':memory:', extension), openBuiltin(':memory:', copy)];
check('each loads its file again',
      more.map((db) => db.prepare(ids).get().version), [7, 7]);
for (const db of [better, builtin, ...more]) db.close();
check('all are closed', [better.open, builtin.isOpen], [false, false]);
