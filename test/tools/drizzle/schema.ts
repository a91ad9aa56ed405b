import { sql } from "drizzle-orm";
import {
  integer, sqliteTable, sqliteView, text
} from "drizzle-orm/sqlite-core";

export const plain = sqliteTable("plain", {
  id: integer().primaryKey().notNull(),
  name: text().notNull(),
  note: text(),
});

export const t = sqliteTable("t", {
  id: integer().primaryKey().notNull().default(sql`(nextval('t_id_seq'))`),
  name: text().notNull(),
});

export const child = sqliteTable("child", {
  id: integer().primaryKey().notNull(),
  tId: integer("t_id").references(() => t.id),
});

// Only if the file has this view.
export const sequences = sqliteView("sequences", {
  name: text(),
  lastValue: integer("last_value"),
}).existing();
