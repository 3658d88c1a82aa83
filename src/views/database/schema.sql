-- The tables of the views. Times are milliseconds since 1970. Raise VERSION (mod.rs) with each change.

-- The log that all of it comes from.
CREATE TABLE log (identity TEXT NOT NULL) STRICT;

-- How far each partition of each stream is in the tables. Written with them.
CREATE TABLE checkpoints (
    stream    TEXT    NOT NULL,
    partition INTEGER NOT NULL,
    next      INTEGER NOT NULL,
    PRIMARY KEY (stream, partition)
) STRICT, WITHOUT ROWID;

-- What one event, or one sweep, set off in one scheme.
CREATE TABLE runs (
    no             INTEGER PRIMARY KEY,
    id             TEXT    NOT NULL UNIQUE,
    trigger        TEXT    NOT NULL,
    scheme         TEXT    NOT NULL,
    scheme_version TEXT    NOT NULL,
    source         TEXT    NOT NULL,
    user           TEXT,
    user_name      TEXT,
    event          TEXT,
    via            TEXT,
    sweep          TEXT,
    test_mode      INTEGER NOT NULL,
    state          TEXT    NOT NULL,
    why            TEXT,
    started        INTEGER NOT NULL,
    held_since     INTEGER,
    finished       INTEGER,
    seen           INTEGER NOT NULL,
    selected       INTEGER NOT NULL,
    would_change   INTEGER NOT NULL,
    already_so     INTEGER NOT NULL,
    protected      INTEGER NOT NULL,
    unknown        INTEGER NOT NULL,
    changed        INTEGER NOT NULL,
    unchanged      INTEGER NOT NULL,
    tested         INTEGER NOT NULL,
    held           INTEGER NOT NULL,
    failed         INTEGER NOT NULL,
    estimate       TEXT, -- JSON
    actions        TEXT    NOT NULL, -- JSON: a list of words
    planned        INTEGER, -- none until the decision has been read
    last_ended     INTEGER,
    part           TEXT, -- JSON: what a run of a sweep has more
    latest         INTEGER NOT NULL, -- when the latest of what is known of it happened
    kind           TEXT    NOT NULL, -- scheme: of one event; sweep, manual, undo
    undo_of        TEXT -- the run that it undoes
) STRICT;
CREATE INDEX runs_by_time ON runs (started DESC, id);
CREATE INDEX runs_by_scheme ON runs (scheme, started DESC, id);
CREATE INDEX runs_by_source ON runs (source, started DESC, id);
CREATE INDEX runs_by_state ON runs (state, started DESC, id);
CREATE INDEX runs_with_failed ON runs (started DESC, id) WHERE failed > 0;
CREATE INDEX runs_with_held ON runs (started DESC, id) WHERE held > 0;
CREATE INDEX runs_with_unknown ON runs (started DESC, id) WHERE unknown > 0;
CREATE INDEX runs_open ON runs (id) WHERE sweep IS NOT NULL AND state IN ('running', 'held');
CREATE INDEX runs_by_sweep ON runs (sweep) WHERE sweep IS NOT NULL;
CREATE INDEX runs_by_latest ON runs (latest);
CREATE INDEX runs_by_kind ON runs (kind, started DESC, id);
CREATE INDEX runs_asked ON runs (started DESC, id) WHERE kind IN ('manual', 'undo');
CREATE INDEX runs_by_undo ON runs (undo_of, started DESC) WHERE undo_of IS NOT NULL;

-- Runs in the order of the list of groups: those of events by the hour and the scheme, each other one by itself.
CREATE TABLE run_groups (
    hour      INTEGER NOT NULL, -- its begin
    scheme    TEXT    NOT NULL,
    source    TEXT    NOT NULL,
    run       TEXT    NOT NULL, -- '': runs of events
    runs      INTEGER NOT NULL,
    running   INTEGER NOT NULL,
    changed   INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    tested    INTEGER NOT NULL,
    held      INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    PRIMARY KEY (hour DESC, scheme, source, run)
) STRICT, WITHOUT ROWID;

-- Which runs are removed from the run log. On a log that is read anew, they come before or after the runs.
CREATE TABLE run_deletions (
    id       TEXT    PRIMARY KEY,
    at       INTEGER NOT NULL,
    deletion TEXT    NOT NULL -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX run_deletions_by_time ON run_deletions (at);

-- The numbers of runs that are removed, and whose rows are still to go. They are shown nowhere.
CREATE TABLE runs_removed (run INTEGER PRIMARY KEY) STRICT;

-- For each source, when the latest of its removed runs was at work: an undo of an earlier run does not know their steps.
CREATE TABLE removed_until (
    source TEXT    PRIMARY KEY,
    latest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What became of each step of a run.
CREATE TABLE entries (
    run         INTEGER NOT NULL, -- runs.no
    user        TEXT    NOT NULL,
    place       TEXT    NOT NULL, -- the step's place in the scheme
    user_name   TEXT,
    action      TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    result      TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    before      TEXT,
    at          INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    error       TEXT,
    step        TEXT    NOT NULL,
    released    INTEGER NOT NULL,
    redriven    INTEGER,
    after       TEXT, -- the state after a change
    attempts    INTEGER NOT NULL,
    operation   TEXT, -- of the last call for the change
    status      INTEGER, -- of its answer
    PRIMARY KEY (run, user, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_by_user ON entries (user, at DESC, run, place);
CREATE INDEX entries_by_result ON entries (run, result, user, place);

-- Who was not selected any more when a held run was released. Their held steps may be read later.
CREATE TABLE fell_out (
    run    INTEGER NOT NULL, -- runs.no
    user   TEXT    NOT NULL,
    reason TEXT    NOT NULL,
    PRIMARY KEY (run, user)
) STRICT, WITHOUT ROWID;

-- What is kept of a sweep beside its runs.
CREATE TABLE sweeps (
    no         INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL UNIQUE,
    plan       TEXT, -- JSON; none until its start has been read
    has_failed INTEGER NOT NULL DEFAULT 0,
    listed     INTEGER NOT NULL DEFAULT 0,
    decided    INTEGER NOT NULL DEFAULT 0,
    read       INTEGER NOT NULL DEFAULT 0,
    total      INTEGER,
    pages      INTEGER NOT NULL DEFAULT 0,
    at         INTEGER,
    incomplete TEXT
) STRICT;

-- Who is counted: in a sweep itself (scheme '') or in the release of one of its runs.
CREATE TABLE sweep_marks (
    sweep    INTEGER NOT NULL, -- sweeps.no
    released TEXT    NOT NULL,
    sighting TEXT    NOT NULL,
    PRIMARY KEY (sweep, released, sighting)
) STRICT, WITHOUT ROWID;

-- What the last lists and sweeps cost.
CREATE TABLE list_costs (source TEXT PRIMARY KEY, users INTEGER NOT NULL, pages INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE read_costs (scheme TEXT PRIMARY KEY, reads INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Who asked for runs, and who said what about them.
CREATE TABLE run_orders (
    run          TEXT PRIMARY KEY,
    asked_by     TEXT,
    asked_at     INTEGER,
    released_by  TEXT,
    released_at  INTEGER,
    cancelled_by TEXT,
    cancelled_at INTEGER,
    reason       TEXT, -- of who asked for it
    latest       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX run_orders_by_latest ON run_orders (latest);

CREATE TABLE newcomer_orders (
    source   TEXT PRIMARY KEY,
    released INTEGER NOT NULL,
    users    INTEGER NOT NULL,
    by       TEXT    NOT NULL,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Decisions by user: `id/` or `name/` (in lower case) stands before whom they are about.
CREATE TABLE decisions (
    no       INTEGER PRIMARY KEY,
    source   TEXT    NOT NULL,
    user     TEXT    NOT NULL,
    accepted INTEGER NOT NULL,
    event    TEXT    NOT NULL,
    decided  INTEGER NOT NULL,
    row      TEXT    NOT NULL -- JSON, as the API shows it
) STRICT;
CREATE UNIQUE INDEX decisions_by_user ON decisions (source, user, accepted DESC, event);
CREATE INDEX decisions_by_age ON decisions (decided);

-- Who was last seen under which login name (in lower case).
CREATE TABLE user_names (
    source TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    id     TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (source, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_names_by_age ON user_names (at);

-- What was given up.
CREATE TABLE dead_letters (
    no        INTEGER PRIMARY KEY,
    id        TEXT    NOT NULL UNIQUE,
    at        INTEGER NOT NULL,
    source    TEXT    NOT NULL,
    stage     TEXT    NOT NULL,
    held      INTEGER NOT NULL,
    user      TEXT    NOT NULL,
    user_name TEXT, -- in lower case
    reason    TEXT    NOT NULL, -- in lower case
    state     TEXT    NOT NULL,
    record    BLOB    NOT NULL, -- as it stands in the log
    problem   TEXT    NOT NULL -- names the group of letters with the same step and reason
) STRICT;
CREATE INDEX dead_letters_by_problem ON dead_letters (state, problem, at DESC, id);
CREATE INDEX dead_letters_by_time ON dead_letters (at DESC, id);
CREATE INDEX dead_letters_by_state ON dead_letters (state, at DESC, id);
CREATE INDEX dead_letters_by_source ON dead_letters (source, at DESC, id);

-- What was said about dead letters, also of those that are not read yet.
CREATE TABLE dead_letter_statuses (
    letter TEXT    PRIMARY KEY,
    latest INTEGER NOT NULL,
    status TEXT    NOT NULL -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letter_statuses_by_latest ON dead_letter_statuses (latest);

-- What usher has seen of each user.
CREATE TABLE users (
    key            TEXT    PRIMARY KEY, -- as records are keyed
    source         TEXT    NOT NULL,
    first_seen     INTEGER NOT NULL,
    created        INTEGER,
    created_until  INTEGER,
    removed        INTEGER,
    last_login     INTEGER,
    logins         INTEGER NOT NULL,
    in_baseline    INTEGER NOT NULL,
    as_of          INTEGER,
    given_up_since INTEGER,
    given_up_last  INTEGER
) STRICT, WITHOUT ROWID;

-- In which stretch of time each source told of logins. It goes further back than the log: it is kept when the rest is
-- built anew.
CREATE TABLE heard (
    source   TEXT PRIMARY KEY,
    since    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    is_first INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When users were created of whom a webhook or a feed told.
CREATE TABLE creations (
    source TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    event  TEXT    NOT NULL,
    PRIMARY KEY (source, at, event)
) STRICT, WITHOUT ROWID;

-- How the comparison of users stands, and the last whole list of each source.
CREATE TABLE comparisons (source TEXT PRIMARY KEY, at INTEGER NOT NULL, comparison TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE user_lists (source TEXT PRIMARY KEY, at INTEGER NOT NULL, list TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Until when the schedule of each scheme has been dealt with.
CREATE TABLE schedules (
    scheme   TEXT PRIMARY KEY,
    schedule TEXT    NOT NULL,
    until    INTEGER NOT NULL,
    asked    INTEGER
) STRICT, WITHOUT ROWID;

-- What administrators did, in the order of the log.
CREATE TABLE admin_actions (
    no      INTEGER PRIMARY KEY, -- in the order of the log
    place   TEXT    NOT NULL, -- the same, the newest first
    id      TEXT    NOT NULL UNIQUE,
    at      INTEGER NOT NULL,
    by      TEXT,
    role    TEXT,
    via     TEXT    NOT NULL,
    sender  TEXT, -- an address
    action  TEXT    NOT NULL,
    object  TEXT    NOT NULL,
    source  TEXT,
    before  TEXT,
    after   TEXT,
    reason  TEXT,
    run     TEXT,
    result  TEXT    NOT NULL,
    key     TEXT, -- the digest of the key of a request that may be repeated
    request TEXT  -- the digest of what was asked with it
) STRICT;
CREATE INDEX admin_actions_by_time ON admin_actions (at DESC, place);
CREATE INDEX admin_actions_by_key ON admin_actions (key, no) WHERE key IS NOT NULL;
