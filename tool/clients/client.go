// client.go: Surrogate from Go.
//
//	go run -tags libsqlite3 client.go EXTENSION DATABASE
//
// EXTENSION is surrogate.so, DATABASE a file that is not there yet. Prints what
// it checks, and ends with status 1 as soon as something is not as expected.
//
// Needs github.com/mattn/go-sqlite3 (Debian: golang-github-mattn-go-sqlite3-dev,
// with GO111MODULE=off and GOPATH=/usr/share/gocode). Without the tag libsqlite3
// it brings a SQLite of its own; it loads extensions with either.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"sync"

	"github.com/mattn/go-sqlite3"
)

func check(holds bool, what string) {
	if !holds {
		log.Fatal("NOT OK: ", what)
	}
	fmt.Println("ok:", what)
}

func require(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// ---- Connections -----------------------------------------------------------

// openDatabase returns a pool whose connections, all of them, load the
// extension.
func openDatabase(extension, database, options string) *sql.DB {
	driver := "surrogate" + options
	sql.Register(driver, &sqlite3.SQLiteDriver{Extensions: []string{extension}})
	db, err := sql.Open(driver, "file:"+database+options)
	require(err)
	return db
}

// queryInt returns the integer of a statement that returns one row.
func queryInt(db *sql.DB, query string, arguments ...any) (value int64, err error) {
	err = db.QueryRow(query, arguments...).Scan(&value)
	return value, err
}

// ---- Compare-and-swap ------------------------------------------------------

type token struct{ lastValue, seqNo, primaryTerm int64 }

func readToken(db *sql.DB, name string) (t token) {
	require(db.QueryRow(`SELECT last_value, _seq_no, _primary_term
		FROM sequences WHERE name = ?`, name).Scan(
		&t.lastValue, &t.seqNo, &t.primaryTerm))
	return t
}

// swap stores the next value and returns it, or sql.ErrNoRows if somebody has
// written since the token was read.
func swap(db *sql.DB, name string, t token) (int64, error) {
	return queryInt(db, `UPDATE sequences SET last_value = ?
		WHERE name = ? AND _seq_no = ? AND _primary_term = ?
		RETURNING last_value`, t.lastValue+1, name, t.seqNo, t.primaryTerm)
}

// ---- What is shown ---------------------------------------------------------

func showSequence(db *sql.DB) {
	_, err := db.Exec("SELECT create_sequence('order_no', 'START WITH 100')")
	require(err)
	next, err := db.Prepare("SELECT nextval('order_no')")
	require(err)
	defer next.Close()
	for want := int64(100); want < 103; want++ {
		var value int64
		require(next.QueryRow().Scan(&value))
		if value != want {
			check(false, fmt.Sprint("nextval() is ", value))
		}
	}
	check(true, "nextval() goes on from START WITH")
	result, err := db.Exec("UPDATE sequences SET last_value = 200 WHERE name = 'order_no'")
	require(err)
	n, err := result.RowsAffected()
	require(err)
	check(n == 1, "RowsAffected is that of the virtual table")
}

func showSwap(db, other *sql.DB) {
	_, err := db.Exec("INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)")
	require(err)
	old := readToken(db, "ticket")
	value, err := swap(other, "ticket", readToken(other, "ticket"))
	check(err == nil && value == 1, "the first to swap wins")
	_, err = swap(db, "ticket", old)
	check(errors.Is(err, sql.ErrNoRows), "a swap with an old token loses")
	value, err = swap(db, "ticket", readToken(db, "ticket"))
	check(err == nil && value == 2, "and wins after reading the token again")
}

const insertUser = "INSERT INTO users (name) VALUES (?) RETURNING id"

func showGeneratedKeys(db *sql.DB) {
	_, err := db.Exec(`SELECT create_table('CREATE TABLE users (
		id SERIAL PRIMARY KEY, name TEXT)')`)
	require(err)
	alice, err := queryInt(db, insertUser, "Alice")
	require(err)
	bob, err := queryInt(db, insertUser, "Bob")
	require(err)
	// Not LastInsertId(): that is the rowid, which such a table has not.
	check(alice == 1 && bob == 2, "RETURNING gives the generated key")

	_, err = db.Exec(`CREATE TABLE article (title TEXT,
		id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID`)
	require(err)
	var id []byte
	var title string
	require(db.QueryRow(`INSERT INTO article (title) VALUES ('On keys')
		RETURNING id`).Scan(&id))
	check(len(id) == 16 && id[6]>>4 == 7, "uuidv7_blob() is 16 bytes of version 7")
	require(db.QueryRow("SELECT title FROM article WHERE id = ?", id).Scan(&title))
	check(title == "On keys", "which find the row again")
}

func showErrors(db, other *sql.DB) {
	_, err := queryInt(db, "SELECT nextval('no_such')")
	var failed sqlite3.Error
	check(errors.As(err, &failed) && failed.Code == sqlite3.ErrError &&
		err.Error() == `relation "no_such" does not exist`,
		fmt.Sprintf("an error is a %T: %v", err, err))

	// One connection for a transaction: a pool would take any.
	ctx := context.Background()
	connection, err := other.Conn(ctx)
	require(err)
	defer connection.Close()
	_, err = connection.ExecContext(ctx, "BEGIN IMMEDIATE")
	require(err)
	_, err = queryInt(db, "SELECT nextval('order_no')")
	check(errors.As(err, &failed) && failed.Code == sqlite3.ErrBusy,
		fmt.Sprint("a lock is ErrBusy: ", err))
	_, err = connection.ExecContext(ctx, "ROLLBACK")
	require(err)
}

func showTransaction(db *sql.DB) {
	tx, err := db.Begin()
	require(err)
	_, err = tx.Exec(insertUser, "Carol")
	require(err)
	require(tx.Rollback())
	dave, err := queryInt(db, insertUser, "Dave")
	require(err)
	check(dave == 4, "what a ROLLBACK took back is not given again")
}

// showGoroutines has the pool open as many connections as it likes.
func showGoroutines(db *sql.DB) {
	var mutex sync.Mutex
	var group sync.WaitGroup
	seen := map[int64]bool{}
	for i := 0; i < 4; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := 0; j < 25; j++ {
				id, err := queryInt(db, insertUser, "goroutine")
				require(err)
				mutex.Lock()
				seen[id] = true
				mutex.Unlock()
			}
		}()
	}
	group.Wait()
	check(len(seen) == 100, "four goroutines get 100 numbers")
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: client EXTENSION DATABASE")
	}
	db := openDatabase(os.Args[1], os.Args[2], "?_busy_timeout=0")
	other := openDatabase(os.Args[1], os.Args[2], "?_busy_timeout=60000")
	version, _, _ := sqlite3.Version()
	fmt.Printf("%s, SQLite %s\n", runtime.Version(), version)

	showSequence(db)
	_, err := db.Exec("SELECT sequences_create_view()") // for RETURNING
	require(err)
	showSwap(db, other)
	showGeneratedKeys(db)
	showErrors(db, other)
	showTransaction(db)
	showGoroutines(other)
	require(other.Close())
	require(db.Close())
}
