/*
 * Client.java: Surrogate from Java.
 *
 *     java -cp /usr/share/java/sqlite-jdbc.jar Client.java EXTENSION DATABASE
 *
 * EXTENSION is surrogate.so, DATABASE a file that is not there yet. Prints what
 * it checks, and ends with status 1 as soon as something is not as expected.
 *
 * Needs Xerial's JDBC driver (Debian: libxerial-sqlite-jdbc-java).
 */

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

class Client {
  static void check(boolean holds, String what) {
    System.out.println((holds ? "ok: " : "NOT OK: ") + what);
    if (!holds) System.exit(1);
  }

  // ---- Connections --------------------------------------------------------

  static String extension;
  static String database;

  /** A connection with the extension. Every connection has to load it. */
  static Connection open(int busyTimeout) throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.enableLoadExtension(true);
    config.setBusyTimeout(busyTimeout);
    SQLiteConnection db =
        (SQLiteConnection) config.createConnection("jdbc:sqlite:" + database);
    try (PreparedStatement load = db.prepareStatement("SELECT load_extension(?)")) {
      load.setString(1, extension);
      load.execute();
    }
    db.getDatabase().enable_load_extension(false);
    return db;
  }

  static void execute(Connection db, String sql) throws SQLException {
    try (Statement statement = db.createStatement()) {
      statement.execute(sql);
    }
  }

  static long queryLong(Connection db, String sql) throws SQLException {
    try (Statement statement = db.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  // ---- Compare-and-swap ---------------------------------------------------

  record Token(long lastValue, long seqNo, long primaryTerm) {}

  static Token readToken(Connection db, String name) throws SQLException {
    try (PreparedStatement read = db.prepareStatement(
        "SELECT last_value, _seq_no, _primary_term FROM sequences WHERE name = ?")) {
      read.setString(1, name);
      try (ResultSet row = read.executeQuery()) {
        row.next();
        return new Token(row.getLong(1), row.getLong(2), row.getLong(3));
      }
    }
  }

  /**
   * Stores the next value, if nobody has written since the token was read. It is
   * the virtual table that executeUpdate() counts the rows of.
   */
  static boolean swap(Connection db, String name, Token token) throws SQLException {
    try (PreparedStatement swap = db.prepareStatement(
        "UPDATE sequences SET last_value = ?"
            + " WHERE name = ? AND _seq_no = ? AND _primary_term = ?")) {
      swap.setLong(1, token.lastValue() + 1);
      swap.setString(2, name);
      swap.setLong(3, token.seqNo());
      swap.setLong(4, token.primaryTerm());
      return swap.executeUpdate() == 1;
    }
  }

  // ---- Generated keys -----------------------------------------------------

  /**
   * Inserts a user, and returns the key. INSERT ... RETURNING is a query to JDBC;
   * getGeneratedKeys() would ask for the rowid, which such a table has not.
   */
  static long insertUser(PreparedStatement insert, String name) throws SQLException {
    insert.setString(1, name);
    try (ResultSet row = insert.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  static final String INSERT_USER = "INSERT INTO users (name) VALUES (?) RETURNING id";

  // ---- What is shown ------------------------------------------------------

  static void showSequence(Connection db) throws SQLException {
    queryLong(db, "SELECT create_sequence('order_no', 'START WITH 100')");
    try (PreparedStatement next = db.prepareStatement("SELECT nextval('order_no')")) {
      List<Long> values = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        try (ResultSet row = next.executeQuery()) {
          row.next();
          values.add(row.getLong(1));
        }
      }
      check(values.equals(List.of(100L, 101L, 102L)), "nextval() goes on from START WITH");
    }
  }

  static void showSwap(Connection db, Connection other) throws SQLException {
    execute(db, "INSERT INTO sequences (name, last_value) VALUES ('ticket', 0)");
    Token token = readToken(db, "ticket");
    check(swap(other, "ticket", readToken(other, "ticket")), "the first to swap wins");
    check(!swap(db, "ticket", token), "a swap with an old token loses");
    check(swap(db, "ticket", readToken(db, "ticket"))
        && readToken(db, "ticket").lastValue() == 2, "and wins after reading the token again");
  }

  static void showGeneratedKeys(Connection db) throws SQLException {
    execute(db, "SELECT create_table('CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT)')");
    try (PreparedStatement insert = db.prepareStatement(INSERT_USER)) {
      check(insertUser(insert, "Alice") == 1 && insertUser(insert, "Bob") == 2,
          "RETURNING gives the generated key");
    }
    execute(db, "CREATE TABLE article (title TEXT,"
        + " id BLOB PRIMARY KEY DEFAULT (uuidv7_blob())) WITHOUT ROWID");
    try (Statement statement = db.createStatement();
        ResultSet row = statement.executeQuery("INSERT INTO article (title)"
            + " VALUES ('On keys') RETURNING id, uuid_str(id)")) {
      row.next();
      ByteBuffer bytes = ByteBuffer.wrap(row.getBytes(1));
      UUID id = new UUID(bytes.getLong(), bytes.getLong());
      check(id.version() == 7 && id.toString().equals(row.getString(2)),
          "uuidv7_blob() is the bytes of a UUID");
    }
  }

  static void showErrors(Connection db, Connection other) throws SQLException {
    try {
      queryLong(db, "SELECT nextval('no_such')");
      check(false, "an exception");
    } catch (SQLiteException error) {
      System.out.println(error);
      check(error.getMessage().contains("relation \"no_such\" does not exist")
          && error.getResultCode() == SQLiteErrorCode.SQLITE_ERROR, "an error is an exception");
    }
    execute(other, "BEGIN IMMEDIATE");
    try {
      queryLong(db, "SELECT nextval('order_no')");
      check(false, "an exception");
    } catch (SQLiteException error) {
      check(error.getResultCode() == SQLiteErrorCode.SQLITE_BUSY, "a lock is SQLITE_BUSY");
    }
    execute(other, "ROLLBACK");
  }

  static void showTransaction(Connection db) throws SQLException {
    try (PreparedStatement insert = db.prepareStatement(INSERT_USER)) {
      db.setAutoCommit(false);
      insertUser(insert, "Carol");
      db.rollback();
      db.setAutoCommit(true);
      check(insertUser(insert, "Dave") == 4, "what a ROLLBACK took back is not given again");
    }
  }

  /** A connection for each thread: nobody gets a number of somebody else. */
  static void showThreads() throws Exception {
    Callable<List<Long>> work = () -> {
      List<Long> ids = new ArrayList<>();
      try (Connection db = open(60_000);
          PreparedStatement insert = db.prepareStatement(INSERT_USER)) {
        for (int i = 0; i < 25; i++) ids.add(insertUser(insert, "thread"));
      }
      return ids;
    };
    ExecutorService pool = Executors.newFixedThreadPool(4);
    Set<Long> ids = new HashSet<>();
    for (Future<List<Long>> result : pool.invokeAll(List.of(work, work, work, work))) {
      ids.addAll(result.get());
    }
    pool.shutdown();
    check(ids.size() == 100, "four threads get 100 numbers");
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 2) {
      System.err.println("usage: Client.java EXTENSION DATABASE");
      System.exit(2);
    }
    extension = arguments[0];
    database = arguments[1];
    try (Connection db = open(0); Connection other = open(60_000)) {
      System.out.println("Java " + Runtime.version().feature() + ", sqlite-jdbc "
          + db.getMetaData().getDriverVersion() + ", SQLite "
          + db.getMetaData().getDatabaseProductVersion());
      showSequence(db);
      showSwap(db, other);
      showGeneratedKeys(db);
      showErrors(db, other);
      showTransaction(db);
      showThreads();
    }
  }
}
