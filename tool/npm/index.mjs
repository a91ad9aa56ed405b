import surrogate from "./index.cjs";

export const { getLoadablePath, load } = surrogate;
