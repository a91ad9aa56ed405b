#!/usr/bin/env ruby
# client.rb: Surrogate from Ruby.
#
#     ruby client.rb EXTENSION DATABASE
#
# EXTENSION is surrogate.so, DATABASE a file that is not there yet. Prints what
# it checks, and ends with status 1 as soon as something is not as expected.
#
# Needs the gem sqlite3 (Debian: ruby-sqlite3).
require "sqlite3"

def check(holds, what)
  puts "#{holds ? 'ok' : 'NOT OK'}: #{what}"
  exit 1 unless holds
end

# ---- Connections -----------------------------------------------------------

# A connection with the extension. Every connection has to load it. It waits for
# locks for a minute or so. busy_timeout would let no other thread of Ruby run
# meanwhile, not even the one that has the lock.
def open_database(database, extension)
  db = SQLite3::Database.new(database)
  db.busy_handler { |count| sleep(0.001) && count < 60_000 }
  db.enable_load_extension(true)
  db.load_extension(extension)
  db.enable_load_extension(false)
  db
end

# ---- Compare-and-swap ------------------------------------------------------

# The last value of a sequence, and the token that it was read with.
def read_token(db, name)
  db.get_first_row(<<~SQL, [name])
    SELECT last_value, _seq_no, _primary_term FROM sequences WHERE name = ?
  SQL
end

# The next value if nobody has written since the token was read, or nil.
def swap(db, name, token)
  last_value, seq_no, primary_term = token
  rows = db.execute(<<~SQL, [last_value + 1, name, seq_no, primary_term])
    UPDATE sequences SET last_value = ?
     WHERE name = ? AND _seq_no = ? AND _primary_term = ?
    RETURNING last_value
  SQL
  rows.flatten.first
end

# ---- What is shown ---------------------------------------------------------

abort "usage: client.rb EXTENSION DATABASE" unless ARGV.size == 2
extension, database = ARGV
db = open_database(database, extension)
other = open_database(database, extension)
puts "Ruby #{RUBY_VERSION}, sqlite3 #{SQLite3::VERSION}, " \
     "SQLite #{db.get_first_value("SELECT sqlite_version()")}"

# A sequence.
db.execute("SELECT create_sequence('order_no', 'START WITH 100')")
values = Array.new(3) { db.get_first_value("SELECT nextval('order_no')") }
check(values == [100, 101, 102], "nextval() goes on from START WITH")
db.execute("UPDATE sequences SET last_value = 200 WHERE name = 'order_no'")
check(db.changes == 1, "changes is that of the virtual table")

# Two clients want the next value. The view has RETURNING.
db.execute("SELECT sequences_create_view()")
db.execute("INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)")
token = read_token(db, "ticket")
check(swap(other, "ticket", read_token(other, "ticket")) == 1,
      "the first to swap wins")
check(swap(db, "ticket", token).nil?, "a swap with an old token loses")
check(swap(db, "ticket", read_token(db, "ticket")) == 2,
      "and wins after reading the token again")

# Generated keys.
db.execute(<<~SQL)
  SELECT create_table('CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT)')
SQL
ids = db.prepare("INSERT INTO users (name) VALUES (?) RETURNING id") do |insert|
  %w[Alice Bob].map { |name| insert.execute!(name).first.first }
end
check(ids == [1, 2], "RETURNING gives the generated key")

db.execute(<<~SQL)
  CREATE TABLE article (title TEXT,
    id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID
SQL
id, text = db.get_first_row(<<~SQL)
  INSERT INTO article (title) VALUES ('On keys') RETURNING id, uuid_str(id)
SQL
check(id.unpack1("H*") == text.delete("-") && text[14] == "7",
      "uuidv7_blob() is a binary string of 16 bytes, of version 7")
# SQLite3::Blob binds it as a blob: a String would be text.
title = db.get_first_value("SELECT title FROM article WHERE id = ?",
                           [SQLite3::Blob.new(id)])
check(title == "On keys", "which finds the row again")

# Errors.
begin
  db.execute("SELECT nextval('no_such')")
  check(false, "an exception")
rescue SQLite3::SQLException => e
  puts "#{e.class}: #{e.message}"
  check(e.message == 'relation "no_such" does not exist',
        "an error is an exception")
end
db.busy_timeout = 0 # no handler
other.execute("BEGIN IMMEDIATE")
begin
  db.execute("SELECT nextval('order_no')")
  check(false, "an exception")
rescue SQLite3::BusyException
  check(true, "a lock is a BusyException")
end
other.execute("ROLLBACK")

# A transaction that fails takes its rows back, but not its numbers.
begin
  db.transaction(:immediate) do
    db.execute("INSERT INTO users (name) VALUES ('Carol')")
    db.execute("INSERT INTO users (id) VALUES (1)")
  end
rescue SQLite3::ConstraintException => e
  puts "#{e.class}: #{e.message}"
end
id = db.get_first_value(<<~SQL)
  INSERT INTO users (name) VALUES ('Dave') RETURNING id
SQL
check(id == 4, "what a ROLLBACK took back is not given again")

other.close
db.close

# A connection for each thread: nobody gets a number of somebody else.
threads = Array.new(4) do
  Thread.new do
    own = open_database(database, extension)
    ids = Array.new(25) do
      own.get_first_value("INSERT INTO users (id) VALUES (NULL) RETURNING id")
    end
    own.close
    ids
  end
end
check(threads.flat_map(&:value).uniq.size == 100, "four threads get 100 numbers")
