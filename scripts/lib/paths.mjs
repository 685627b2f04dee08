// Where things are: the clone, and how its paths are shown to a reader.
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the clone. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A path inside the clone. */
export const inRoot = (...parts) => join(root, ...parts);

/** A path for messages: relative to the clone where it lies inside, `~/…` in the home folder, else as it is. */
export function shown(path) {
  const fromRoot = relative(root, path);
  if (fromRoot === "") return ".";
  if (!fromRoot.startsWith("..") && !isAbsolute(fromRoot)) return fromRoot;
  const fromHome = relative(homedir(), path);
  return fromHome.startsWith("..") || isAbsolute(fromHome) ? path : `~${sep}${fromHome}`;
}

/** The user's cache folder by the custom of the system; `XDG_CACHE_HOME` counts everywhere. */
export function userCache() {
  if (process.env.XDG_CACHE_HOME) return process.env.XDG_CACHE_HOME;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  if (process.platform === "win32") return process.env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local");
  return join(homedir(), ".cache");
}
