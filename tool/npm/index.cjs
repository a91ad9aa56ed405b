// Where the extension for this platform is, and how a connection loads it.
"use strict";

const { existsSync, readdirSync } = require("node:fs");
const { join } = require("node:path");

const SUFFIXES = { darwin: ".dylib", win32: ".dll" };

function getLoadablePath() {
  const lib = join(__dirname, "lib");
  const platform = `${process.platform}-${process.arch}`;
  const suffix = SUFFIXES[process.platform] ?? ".so";
  const path = join(lib, platform, "surrogate" + suffix);
  if (!existsSync(path)) {
    throw new Error(
      `surrogate: this package has no extension for ${platform}, only for ` +
        readdirSync(lib).join(", "),
    );
  }
  return path;
}

function load(db) {
  db.loadExtension(getLoadablePath());
}

module.exports = { getLoadablePath, load };
