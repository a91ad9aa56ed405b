export { type Database, getLoadablePath, load } from "./index.cjs";
