-- Format 3: the addresses that stand in the rules of an audit entry, to find it by them.
--
-- An index, not history: derived from the changes when the entry is written, and not part of the hash chain. Entries that are
-- older than this format have none.
CREATE TABLE audit_address (
    bits INTEGER NOT NULL CHECK (bits IN (32, 128)),    -- of an address: IPv4 or IPv6
    address BLOB NOT NULL CHECK (length(address) * 8 = bits),   -- the first of the prefix
    prefix INTEGER NOT NULL CHECK (prefix BETWEEN 0 AND bits),
    seq INTEGER NOT NULL,
    PRIMARY KEY (bits, address, prefix, seq)
) STRICT, WITHOUT ROWID;
