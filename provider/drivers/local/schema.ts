/** The layout of a pool's database. `user_version` tells later versions what they find. */
export const schemaVersion = 1;

export const schema = `
CREATE TABLE pool (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  identity TEXT NOT NULL,
  record TEXT NOT NULL,
  clock TEXT NOT NULL,
  provisioned INTEGER NOT NULL DEFAULT 0,
  removing TEXT
) STRICT;

CREATE TABLE objects (
  uid TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('volume', 'snapshot')),
  name TEXT NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('creating', 'live', 'trashed', 'purging')),
  session TEXT,
  source_uid TEXT,
  provisioned INTEGER NOT NULL CHECK (provisioned >= 0),
  revision INTEGER NOT NULL,
  record TEXT NOT NULL,
  operation TEXT
) STRICT;

-- Names are exclusive; the trash frees them
CREATE UNIQUE INDEX object_names ON objects (name) WHERE phase IN ('creating', 'live');
CREATE INDEX object_sources ON objects (source_uid) WHERE source_uid IS NOT NULL;
CREATE INDEX object_sessions ON objects (session) WHERE session IS NOT NULL;

-- The sum over all objects, kept by the database itself, so that promising room costs the same in a pool of any size
CREATE TRIGGER provisioned_more AFTER INSERT ON objects BEGIN UPDATE pool SET provisioned = provisioned + NEW.provisioned; END;
CREATE TRIGGER provisioned_less AFTER DELETE ON objects BEGIN UPDATE pool SET provisioned = provisioned - OLD.provisioned; END;
CREATE TRIGGER provisioned_other AFTER UPDATE OF provisioned ON objects WHEN NEW.provisioned <> OLD.provisioned
BEGIN UPDATE pool SET provisioned = provisioned + NEW.provisioned - OLD.provisioned; END;

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
