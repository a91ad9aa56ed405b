// Prisma leaves the sequences alone.
import { defineConfig } from "prisma/config";
import { PrismaBetterSQLite3 } from "@prisma/adapter-better-sqlite3";

export default defineConfig({
  schema: "schema.prisma",
  engine: "js",
  adapter: async () => new PrismaBetterSQLite3({ url: "file:./shop.db" }),
  experimental: { adapter: true, externalTables: true },
  tables: {
    external: [
      "surrogate_sequences",
      "surrogate_settings",
      "surrogate_values",
    ],
  },
});
