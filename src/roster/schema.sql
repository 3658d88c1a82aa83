-- The tables of the roster. Times are milliseconds since 1970. Raise VERSION (database.rs) with each change.

-- The last list of each source that came to its end.
CREATE TABLE sources (
    no         INTEGER PRIMARY KEY,
    source     TEXT    NOT NULL UNIQUE,
    as_of      INTEGER, -- when the list was begun; none: there was none
    users      INTEGER NOT NULL DEFAULT 0,
    incomplete TEXT -- why users may be missing; none: the list is whole
) STRICT;

-- The users of the sources.
CREATE TABLE users (
    source          INTEGER NOT NULL, -- sources.no
    id              TEXT    NOT NULL,
    as_of           INTEGER, -- none: that of the list
    name            TEXT,
    display_name    TEXT,
    email           TEXT,
    status          TEXT,
    account_type    TEXT,
    directory       TEXT,
    created         INTEGER,
    last_login      INTEGER,
    logins_late     INTEGER NOT NULL,
    domain          TEXT,
    searched        TEXT    NOT NULL, -- what a search looks at, without case and diacritics
    by_name         TEXT    NOT NULL, -- for sorting
    by_display_name TEXT    NOT NULL,
    by_email        TEXT    NOT NULL,
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_name ON users (source, by_name, id);
CREATE INDEX users_by_display_name ON users (source, by_display_name, id);
CREATE INDEX users_by_email ON users (source, by_email, id);

-- What lists that are being read will change in `users`, once they have come to their end.
CREATE TABLE drafts (
    list            INTEGER NOT NULL,
    id              TEXT    NOT NULL,
    name            TEXT,
    display_name    TEXT,
    email           TEXT,
    status          TEXT,
    account_type    TEXT,
    directory       TEXT,
    created         INTEGER,
    last_login      INTEGER,
    logins_late     INTEGER NOT NULL,
    domain          TEXT,
    searched        TEXT    NOT NULL,
    by_name         TEXT    NOT NULL,
    by_display_name TEXT    NOT NULL,
    by_email        TEXT    NOT NULL,
    PRIMARY KEY (list, id)
) STRICT, WITHOUT ROWID;
