import { sqliteTable, AnySQLiteColumn, text, integer, numeric, foreignKey, sqliteView } from "drizzle-orm/sqlite-core"
  import { sql } from "drizzle-orm"

export const surrogateSettings = sqliteTable("surrogate_settings", {
	name: text().primaryKey().notNull(),
	value: integer().notNull(),
});

export const surrogateValues = sqliteTable("surrogate_values", {
	id: integer().primaryKey().notNull(),
	lastValue: integer("last_value").notNull(),
	isCalled: numeric("is_called").notNull(),
	setting: integer().notNull(),
	seqNo: integer("_seq_no").notNull(),
});

export const surrogateSequences = sqliteTable("surrogate_sequences", {
	name: text().primaryKey().notNull(),
	dataType: text("data_type").notNull(),
	startValue: integer("start_value").notNull(),
	minValue: integer("min_value").notNull(),
	maxValue: integer("max_value").notNull(),
	incrementBy: integer("increment_by").notNull(),
	cycle: numeric().notNull(),
	cacheSize: integer("cache_size").notNull(),
	mode: text().notNull(),
	ownedBy: text("owned_by"),
	isLinked: numeric("is_linked").notNull(),
	id: integer().notNull(),
});

export const plain = sqliteTable("plain", {
	id: integer().primaryKey().notNull(),
	name: text().notNull(),
	note: text(),
});

export const t = sqliteTable("t", {
	id: integer().default(sql`(nextval('t_id_seq'))`).primaryKey().notNull(),
	name: text().notNull(),
});

export const child = sqliteTable("child", {
	id: integer().primaryKey().notNull(),
	tId: integer("t_id").references(() => t.id),
});

export const sequences = sqliteView("sequences", {
	name: text(),
	lastValue: integer("last_value"),
	dataType: text("data_type"),
	startValue: integer("start_value"),
	minValue: integer("min_value"),
	maxValue: integer("max_value"),
	incrementBy: integer("increment_by"),
	cycle: numeric(),
	cacheSize: integer("cache_size"),
	mode: text(),
	ownedBy: text("owned_by"),
	seqNo: integer("_seq_no"),
	primaryTerm: integer("_primary_term"),
}).as(sql`SELECT s.name AS name, (SELECT v.last_value WHERE v.is_called) AS last_value, s.data_type AS data_type, s.start_value AS start_value, s.min_value AS min_value, s.max_value AS max_value, s.increment_by AS increment_by, s.cycle AS cycle, s.cache_size AS cache_size, s.mode AS mode, s.owned_by AS owned_by, v._seq_no AS _seq_no, (SELECT value FROM surrogate_settings WHERE name = 'primary_term') AS _primary_term FROM surrogate_sequences AS s JOIN surrogate_values AS v ON v.id = s.id`);
