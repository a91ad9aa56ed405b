<?php
# client.php: Surrogate from PHP.
#
#     php -d sqlite3.extension_dir=FOLDER client.php FOLDER/NAME DATABASE
#
# FOLDER/NAME is surrogate.so, DATABASE a file that is not there yet. Prints
# what it checks, and ends with status 1 as soon as something is not as it has
# to be.
#
# Needs the extension sqlite3 (Debian: php-sqlite3), and in php.ini the folder
# that extensions of SQLite may be loaded from: sqlite3.extension_dir. PDO can
# load them since PHP 8.4, by Pdo\Sqlite::loadExtension().

function check(bool $holds, string $what): void {
    echo $holds ? "ok" : "NOT OK", ": $what\n";
    if (!$holds) {
        exit(1);
    }
}

# ---- Connections -----------------------------------------------------------

# A connection with the extension. Every connection has to load it, by its name
# in sqlite3.extension_dir.
function open_database(string $database, string $extension): SQLite3 {
    $db = new SQLite3($database);
    $db->enableExceptions(true);
    $db->enableExtendedResultCodes(true);
    $db->busyTimeout(60000);
    $db->loadExtension(basename($extension));
    return $db;
}

# ---- Compare-and-swap ------------------------------------------------------

# The last value of a sequence, and the token that it was read with.
function read_token(SQLite3 $db, string $name): array {
    $read = $db->prepare("SELECT last_value, _seq_no, _primary_term
                            FROM sequences WHERE name = :name");
    $read->bindValue(":name", $name);
    return $read->execute()->fetchArray(SQLITE3_ASSOC);
}

# The next value if nobody has written since the token was read, or null.
function swap(SQLite3 $db, string $name, array $token): ?int {
    $swap = $db->prepare("UPDATE sequences SET last_value = :value
                           WHERE name = :name AND _seq_no = :seq_no
                             AND _primary_term = :primary_term");
    $swap->bindValue(":value", $token["last_value"] + 1);
    $swap->bindValue(":name", $name);
    $swap->bindValue(":seq_no", $token["_seq_no"]);
    $swap->bindValue(":primary_term", $token["_primary_term"]);
    $swap->execute();
    return $db->changes() === 1 ? $token["last_value"] + 1 : null;
}

# ---- Statements that return rows -------------------------------------------

# query() and execute() run a statement up to its first row, and fetchArray()
# begins again: an INSERT ... RETURNING inserts twice, nextval() skips a value.
# So a value that is generated is read with querySingle(), which runs it once,
# or after the INSERT, with lastval().
function insert_user(SQLite3 $db, string $name): int {
    $insert = $db->prepare("INSERT INTO users (name) VALUES (:name)");
    $insert->bindValue(":name", $name);
    $insert->execute();
    return $db->querySingle("SELECT lastval()");
}

# ---- What is shown ---------------------------------------------------------

if ($argc !== 3) {
    fwrite(STDERR, "usage: client.php EXTENSION DATABASE\n");
    exit(2);
}
[, $extension, $database] = $argv;
$db = open_database($database, $extension);
$other = open_database($database, $extension);
echo "PHP ", PHP_VERSION, ", SQLite ",
    SQLite3::version()["versionString"], "\n";

# A sequence; its values are beyond what a float can hold exactly.
$db->querySingle("SELECT create_sequence('order_no',
                                         'START WITH 9007199254740993')");
$values = [$db->querySingle("SELECT nextval('order_no')"),
           $db->querySingle("SELECT nextval('order_no')")];
check($values === [9007199254740993, 9007199254740994],
      "nextval() goes on from START WITH, with integers of 64 bits");

# Two clients want the next value.
$db->exec("INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)");
$token = read_token($db, "ticket");
check(swap($other, "ticket", read_token($other, "ticket")) === 1,
      "the first to swap wins");
check(swap($db, "ticket", $token) === null, "a swap with an old token loses");
check(swap($db, "ticket", read_token($db, "ticket")) === 2,
      "and wins after reading the token again");

# Generated keys.
$db->querySingle("SELECT create_table('CREATE TABLE users (
                    id SERIAL PRIMARY KEY, name TEXT)')");
check([insert_user($db, "Alice"), insert_user($db, "Bob")] === [1, 2],
      "lastval() is the generated key");
$id = $db->querySingle("INSERT INTO users (name) VALUES ('Carol')
                        RETURNING id");
check($id === 3, "and so is what RETURNING gives to querySingle()");

$db->exec("CREATE TABLE article (title TEXT,
             id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID");
$row = $db->querySingle("INSERT INTO article (title) VALUES ('On keys')
                         RETURNING id, uuid_str(id) AS text", true);
check(bin2hex($row["id"]) === str_replace("-", "", $row["text"])
          && $row["text"][14] === "7",
      "uuidv7_blob() is a string of 16 bytes, of version 7");
$find = $db->prepare("SELECT title FROM article WHERE id = :id");
$find->bindValue(":id", $row["id"], SQLITE3_BLOB);  # else it would be text
check($find->execute()->fetchArray()["title"] === "On keys",
      "which finds the row again");

# Errors.
try {
    $db->querySingle("SELECT nextval('no_such')");
    check(false, "an exception");
} catch (Exception $error) {
    echo get_class($error), ": ", $error->getMessage(), "\n";
    check($db->lastErrorMsg() === 'relation "no_such" does not exist',
          "an error is an exception");
}
$db->busyTimeout(0);
$other->exec("BEGIN IMMEDIATE");
try {
    $db->querySingle("SELECT nextval('order_no')");
    check(false, "an exception");
} catch (Exception $error) {
    check($db->lastErrorCode() === 5, "a lock is error 5, SQLITE_BUSY");
}
$other->exec("ROLLBACK");

# A transaction that fails takes its rows back, but not its numbers.
$db->exec("BEGIN IMMEDIATE");
insert_user($db, "Dave");
$db->exec("ROLLBACK");
check(insert_user($db, "Erin") === 5,
      "what a ROLLBACK took back is not given again");

check($other->close() && $db->close(), "both can be closed");
