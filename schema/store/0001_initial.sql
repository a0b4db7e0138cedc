-- Format 1 of the rule store. A released migration is never edited; a change is the next number.
--
-- Version numbers and object ids are counted from 1. Times are microseconds since 1970-01-01 UTC.
-- A column that may be NULL says what NULL means.

-- One row: what the store is and where it stands.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    uuid BLOB NOT NULL CHECK (length(uuid) = 16),
    next_object_id INTEGER NOT NULL CHECK (next_object_id > 0),
    boot_id TEXT,               -- boot in which the kernel was last seen; NULL: never seen
    generation INTEGER          -- nf_tables generation seen then; NULL: never seen
) STRICT;

INSERT INTO meta (id, uuid, next_object_id) VALUES (1, randomblob(16), 1);

-- Every ruleset there ever was. At most the last one is pending.
CREATE TABLE version (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    state TEXT NOT NULL CHECK (state IN ('pending', 'committed')),
    time INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    process TEXT NOT NULL,
    message TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('edit', 'rollback', 'recovery', 'foreign')),
    rolled_back_to INTEGER,     -- NULL: not a rollback; 0: to the empty ruleset
    change_count INTEGER NOT NULL
) STRICT;

-- One row for each content that an object had, from the version `born` up to, not including, `died`.
CREATE TABLE object (
    row INTEGER PRIMARY KEY,
    id INTEGER NOT NULL CHECK (id > 0),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 7),
    parent INTEGER,             -- object id; NULL: a table
    family INTEGER NOT NULL,    -- 0: not a table
    name TEXT NOT NULL,         -- '': a rule or an element
    order_key BLOB,             -- NULL: not a rule
    element_key BLOB,           -- NULL: not an element
    body BLOB NOT NULL,
    born INTEGER NOT NULL CHECK (born > 0),
    died INTEGER CHECK (died > born)    -- NULL: alive
) STRICT;

-- The live row of an object: read to load the head, searched when an object changes.
CREATE UNIQUE INDEX object_live ON object (id) WHERE died IS NULL;
-- All rows of an object: its history.
CREATE UNIQUE INDEX object_history ON object (id, born);
-- What a version added and what it took away: diff, and the ruleset at an older version.
CREATE INDEX object_born ON object (born);
CREATE INDEX object_died ON object (died) WHERE died IS NOT NULL;

-- Where the live objects are in the kernel.
CREATE TABLE kernel_handle (
    id INTEGER PRIMARY KEY,
    handle INTEGER NOT NULL     -- the 64 bits of the kernel's handle
) STRICT;

-- Transactions that are being edited, and the netlink messages they consist of.
CREATE TABLE candidate (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    base INTEGER NOT NULL,
    created INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    message TEXT,               -- NULL: none given yet
    operation_count INTEGER NOT NULL DEFAULT 0,
    operation_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE candidate_operation (
    candidate INTEGER NOT NULL REFERENCES candidate (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL CHECK (seq > 0),
    message BLOB NOT NULL,
    PRIMARY KEY (candidate, seq)
) STRICT, WITHOUT ROWID;

-- Every attempt to change something, in order, as a hash chain.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY CHECK (seq > 0),
    time INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    process TEXT NOT NULL,
    login_uid INTEGER,          -- NULL: not known
    peer TEXT,                  -- where the client was connected from; NULL: not known
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    version INTEGER,            -- NULL: the attempt made no version
    generation INTEGER,         -- nf_tables generation it was planned on; NULL: none
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    request BLOB,               -- what was asked for, kept of an attempt that failed
    change_count INTEGER NOT NULL,
    changes_digest BLOB,        -- SHA-256 over the version and its changes; NULL: made no version
    withdraws INTEGER,          -- seq of the entry whose version came to nothing; NULL: none
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- Each filter pages newest first along an index; the row id (seq) is the last column of each.
CREATE INDEX audit_time ON audit (time);
CREATE INDEX audit_uid ON audit (uid, time);
CREATE INDEX audit_action ON audit (action, time);
CREATE INDEX audit_outcome ON audit (outcome, time);
CREATE INDEX audit_version ON audit (version) WHERE version IS NOT NULL;
CREATE UNIQUE INDEX audit_withdraws ON audit (withdraws) WHERE withdraws IS NOT NULL;

-- The tables and chains that an entry touched; each is there for its table and family as well.
CREATE TABLE audit_scope (
    family INTEGER NOT NULL,
    table_name TEXT NOT NULL,   -- '': the family
    chain_name TEXT NOT NULL,   -- '': the table
    time INTEGER NOT NULL,      -- the entry's
    seq INTEGER NOT NULL,
    PRIMARY KEY (family, table_name, chain_name, time, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_scope_seq ON audit_scope (seq);
