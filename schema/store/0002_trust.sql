-- Format 2: versions that wait for their confirmation, tags, summaries, pruning.

-- `kind` has no list of words any more: the code checks it, and a new kind needs no new table.
CREATE TABLE version_2 (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    state TEXT NOT NULL CHECK (state IN ('pending', 'committed')),
    time INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    process TEXT NOT NULL,
    message TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind <> ''),
    rolled_back_to INTEGER,     -- NULL: not a rollback; 0: to the empty ruleset
    reverts INTEGER,            -- version that it undoes because nobody confirmed it; NULL: none
    change_count INTEGER NOT NULL,
    summary TEXT NOT NULL       -- what was changed, in one line; '': not known (format 1)
) STRICT;

INSERT INTO version_2
    SELECT id, state, time, uid, gid, pid, process, message, kind, rolled_back_to, NULL, change_count, ''
    FROM version;
DROP TABLE version;
ALTER TABLE version_2 RENAME TO version;

-- Versions that are undone unless somebody confirms them in time.
CREATE TABLE confirmation (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    fallback INTEGER NOT NULL CHECK (fallback BETWEEN 0 AND version - 1),   -- what is brought back
    seconds INTEGER NOT NULL CHECK (seconds > 0),   -- how long it may take
    deadline INTEGER NOT NULL,                      -- by the time of day
    boot_id TEXT NOT NULL,
    boot_deadline INTEGER NOT NULL,                 -- by the clock of that boot (CLOCK_BOOTTIME), microseconds
    state TEXT NOT NULL CHECK (state IN ('open', 'confirmed', 'reverted')),
    settled_by INTEGER                              -- version that undid it; NULL: none
) STRICT;

-- At most one waits.
CREATE UNIQUE INDEX confirmation_open ON confirmation (state) WHERE state = 'open';
CREATE INDEX confirmation_settled ON confirmation (settled_by) WHERE settled_by IS NOT NULL;

-- Names of versions.
CREATE TABLE tag (
    name TEXT PRIMARY KEY CHECK (name <> ''),
    version INTEGER NOT NULL CHECK (version > 0),
    time INTEGER NOT NULL,
    uid INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tag_version ON tag (version);

-- Versions before the horizon cannot be read any more, but for those that are kept.
ALTER TABLE meta ADD COLUMN horizon INTEGER NOT NULL DEFAULT 0 CHECK (horizon >= 0);

CREATE TABLE kept_version (
    version INTEGER PRIMARY KEY CHECK (version > 0)     -- it was tagged when the horizon went past it
) STRICT;
