// drizzle-kit leaves the sequences alone.
module.exports = {
  dialect: "sqlite",
  dbCredentials: { url: "shop.db" },
  schema: "./schema.ts",
  out: "./drizzle",
  tablesFilter: ["!surrogate_*"],
};
