import type { Database } from "./sqlite";

/** The layout of a pool's database. `user_version` tells later versions what they find. */
export const schemaVersion = 1;

/** What kinds there are is the record's business, which is checked when it is read. */
function objectsTable(name: string): string {
  return `
CREATE TABLE ${name} (
  uid TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('creating', 'live', 'trashed', 'purging')),
  session TEXT,
  source_uid TEXT,
  provisioned INTEGER NOT NULL CHECK (provisioned >= 0),
  revision INTEGER NOT NULL,
  record TEXT NOT NULL,
  operation TEXT
) STRICT;
`;
}

const objectsExtras = `
-- Names are exclusive; the trash frees them
CREATE UNIQUE INDEX object_names ON objects (name) WHERE phase IN ('creating', 'live');
CREATE INDEX object_sources ON objects (source_uid) WHERE source_uid IS NOT NULL;
CREATE INDEX object_sessions ON objects (session) WHERE session IS NOT NULL;

-- The sum over all objects, kept by the database itself, so that promising room costs the same in a pool of any size
CREATE TRIGGER provisioned_more AFTER INSERT ON objects BEGIN UPDATE pool SET provisioned = provisioned + NEW.provisioned; END;
CREATE TRIGGER provisioned_less AFTER DELETE ON objects BEGIN UPDATE pool SET provisioned = provisioned - OLD.provisioned; END;
CREATE TRIGGER provisioned_other AFTER UPDATE OF provisioned ON objects WHEN NEW.provisioned <> OLD.provisioned
BEGIN UPDATE pool SET provisioned = provisioned + NEW.provisioned - OLD.provisioned; END;
`;

const policiesTable = `
CREATE TABLE policies (
  uid TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
`;

export const schema = `
CREATE TABLE pool (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  identity TEXT NOT NULL,
  record TEXT NOT NULL,
  clock TEXT NOT NULL,
  provisioned INTEGER NOT NULL DEFAULT 0,
  removing TEXT
) STRICT;
${objectsTable("objects")}${objectsExtras}${policiesTable}
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  stack TEXT,
  action TEXT NOT NULL,
  uid TEXT NOT NULL,
  name TEXT NOT NULL,
  before TEXT,
  after TEXT
) STRICT;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_unchanged BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

PRAGMA user_version = ${schemaVersion};
`;

/**
 * Gives a database of an earlier version what has come since. The version number stays, because that version goes on working with
 * it: it looks at no policies, and lists what it does not know as damaged. Only inside a transaction that writes.
 */
export function completeSchema(database: Database): void {
  if (!hasTable(database, "policies")) database.exec(policiesTable);
  if (!isKindLimited(database)) return;
  database.exec(`${objectsTable("objects_next")}
INSERT INTO objects_next SELECT * FROM objects;
DROP TABLE objects;
ALTER TABLE objects_next RENAME TO objects;
${objectsExtras}`);
}

export function hasTable(database: Database, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}

/** Earlier versions had the kinds in the table, and SQLite changes no such condition. */
function isKindLimited(database: Database): boolean {
  const row = database.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'objects'").get() as
    | { sql: string }
    | undefined;
  return row?.sql.includes("kind IN ('volume', 'snapshot')") ?? false;
}
