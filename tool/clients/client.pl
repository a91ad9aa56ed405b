#!/usr/bin/env perl
# client.pl: Surrogate from Perl.
#
#     perl client.pl EXTENSION DATABASE
#
# EXTENSION is surrogate.so, DATABASE a file that is not there yet. Prints what
# it checks, and ends with status 1 as soon as something is not as expected.
#
# Needs DBI and DBD::SQLite (Debian: libdbd-sqlite3-perl).
use strict;
use warnings;
use DBI qw(:sql_types);

sub check {
    my ($holds, $what) = @_;
    print $holds ? "ok" : "NOT OK", ": $what\n";
    exit 1 unless $holds;
}

# ---- Connections -----------------------------------------------------------

die "usage: client.pl EXTENSION DATABASE\n" unless @ARGV == 2;
my ($extension, $database) = @ARGV;

# A connection with the extension. Every connection has to load it.
sub open_database {
    my $dbh = DBI->connect("dbi:SQLite:dbname=$database", "", "",
        {RaiseError => 1, PrintError => 0, AutoCommit => 1});
    $dbh->sqlite_enable_load_extension(1);
    $dbh->sqlite_load_extension($extension);
    $dbh->sqlite_enable_load_extension(0);
    return $dbh;
}

# ---- Compare-and-swap ------------------------------------------------------

# The last value of a sequence, and the token that it was read with.
sub read_token {
    my ($dbh, $name) = @_;
    return $dbh->selectrow_hashref(
        "SELECT last_value, _seq_no, _primary_term FROM sequences
          WHERE name = ?", undef, $name);
}

# The next value if nobody has written since the token was read, or undef.
sub swap {
    my ($dbh, $name, $token) = @_;
    my ($value) = $dbh->selectrow_array(
        "UPDATE sequences SET last_value = ?
          WHERE name = ? AND _seq_no = ? AND _primary_term = ?
        RETURNING last_value", undef,
        $token->{last_value} + 1, $name, @$token{qw(_seq_no _primary_term)});
    return $value;
}

# ---- What is shown ---------------------------------------------------------

my $dbh = open_database();
my $other = open_database();
printf "Perl %vd, DBD::SQLite %s, SQLite %s\n", $^V, $DBD::SQLite::VERSION,
    $dbh->{sqlite_version};

# A sequence.
$dbh->selectrow_array("SELECT create_sequence('order_no', 'START WITH 100')");
my $next = $dbh->prepare("SELECT nextval('order_no')");
my @values = map { $dbh->selectrow_array($next) } 1 .. 3;
check("@values" eq "100 101 102", "nextval() goes on from START WITH");
check($dbh->do("UPDATE sequences SET last_value = 200
      WHERE name = 'order_no'") == 1, "do() has the virtual table's count");

# Two clients want the next value. The view has RETURNING.
$dbh->selectrow_array("SELECT sequences_create_view()");
$dbh->do("INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)");
my $token = read_token($dbh, "ticket");
check(swap($other, "ticket", read_token($other, "ticket")) == 1,
    "the first to swap wins");
check(!defined swap($dbh, "ticket", $token), "a swap with an old token loses");
check(swap($dbh, "ticket", read_token($dbh, "ticket")) == 2,
    "and wins after reading the token again");

# Generated keys.
$dbh->selectrow_array(
    "SELECT create_table('CREATE TABLE users (
       id SERIAL PRIMARY KEY, name TEXT)')");
my $insert = $dbh->prepare("INSERT INTO users (name) VALUES (?) RETURNING id");
my @ids = map { $dbh->selectrow_array($insert, undef, $_) } qw(Alice Bob);
check("@ids" eq "1 2", "RETURNING gives the generated key");

$dbh->do("CREATE TABLE article (title TEXT,
      id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID");
my ($id, $text) = $dbh->selectrow_array("INSERT INTO article (title)
      VALUES ('On keys') RETURNING id, uuid_str(id)");
check(unpack("H*", $id) eq $text =~ tr/-//dr && $text =~ /^.{14}7/,
    "uuidv7_blob() is a string of 16 bytes, of version 7");
my $find = $dbh->prepare("SELECT title FROM article WHERE id = ?");
$find->bind_param(1, $id, SQL_BLOB);    # without the type it would be text
check($dbh->selectrow_array($find) eq "On keys", "which finds the row again");

# Errors.
check(!eval { $dbh->selectrow_array("SELECT nextval('no_such')") },
    "an error dies");
print "error ", $dbh->err, ": ", $dbh->errstr, "\n";
check($dbh->errstr eq 'relation "no_such" does not exist', "with its message");
$dbh->sqlite_busy_timeout(0);
$other->do("BEGIN IMMEDIATE");
check(!eval { $dbh->selectrow_array($next) } && $dbh->err == 5,
    "a lock is error 5, SQLITE_BUSY");
$other->do("ROLLBACK");

# A transaction that fails takes its rows back, but not its numbers.
$dbh->begin_work;
$dbh->do("INSERT INTO users (name) VALUES ('Carol')");
$dbh->rollback;
check($dbh->selectrow_array($insert, undef, "Dave") == 4,
    "what a ROLLBACK took back is not given again");

# Statements that are still there do not keep it open.
check($other->disconnect && $dbh->disconnect, "both can be disconnected");
