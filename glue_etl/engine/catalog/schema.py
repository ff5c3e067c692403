"""The tables of the catalog's and of the secrets' SQLite files.

A document is the JSON that the API speaks; beside it stand only the columns that are searched. Times are seconds since
1970.
"""

from __future__ import annotations

__all__ = ["CATALOG", "SECRETS"]

# A partition's values are a JSON array: the index over them is all that a search reads.
CATALOG = """
CREATE TABLE databases (
    name     TEXT PRIMARY KEY,
    created  REAL NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE tables (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    database TEXT NOT NULL REFERENCES databases (name) ON DELETE CASCADE,
    name     TEXT NOT NULL,
    version  INTEGER NOT NULL,
    created  REAL NOT NULL,
    UNIQUE (database, name)
);

CREATE TABLE versions (
    table_id INTEGER NOT NULL REFERENCES tables (id) ON DELETE CASCADE,
    version  INTEGER NOT NULL,
    updated  REAL NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (table_id, version)
) WITHOUT ROWID;

CREATE TABLE partitions (
    id       INTEGER PRIMARY KEY,
    table_id INTEGER NOT NULL REFERENCES tables (id) ON DELETE CASCADE,
    vals     TEXT NOT NULL,
    created  REAL NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (table_id, vals)
);

CREATE TABLE connections (
    name     TEXT PRIMARY KEY,
    created  REAL NOT NULL,
    updated  REAL NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;
"""

SECRETS = """
CREATE TABLE secrets (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    arn         TEXT NOT NULL UNIQUE,
    description TEXT,
    created     REAL NOT NULL,
    changed     REAL NOT NULL,
    deleted     REAL
);

CREATE TABLE secret_versions (
    secret_id INTEGER NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    version   TEXT NOT NULL,
    stages    TEXT NOT NULL,
    created   REAL NOT NULL,
    text      TEXT,
    bytes     BLOB,
    PRIMARY KEY (secret_id, version)
);
"""
