/** A connection of better-sqlite3, node:sqlite, sqlite3 or bun:sqlite. */
export interface Database {
  loadExtension(path: string): unknown;
}

/**
 * The path of the extension for this platform.
 * @throws if the package has none.
 */
export declare function getLoadablePath(): string;

/**
 * Loads the extension into a connection, which must be allowed to load one:
 * `new DatabaseSync(file, { allowExtension: true })` with node:sqlite.
 */
export declare function load(db: Database): void;
