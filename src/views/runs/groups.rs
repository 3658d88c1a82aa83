//! Runs folded for a list: those of single events into one line an hour for each scheme and source.
//!
//! The lines are kept up to date with each run, because an hour may have more runs than can be added up for an answer.

use rusqlite::{Connection, ToSql, params_from_iter};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, Runs,
    row::{Row, RunKind, RunState},
};
use crate::{
    domain::{RunId, SchemeId, SourceId, Timestamp},
    views::{
        keys::{first_part, part},
        page::{Cursor, KeptTo, Page, Paging},
    },
};

const HOUR: i64 = 3_600_000;

/// A line of the folded list: the runs of events of one scheme and hour, or one other run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunGroup {
    /// The hour in which they started: its begin.
    pub hour: Timestamp,
    /// The scheme.
    pub scheme: SchemeId,
    /// The source.
    pub source: SourceId,
    /// The run, if it is not of an event; then it is the only one.
    pub run: Option<RunId>,
    /// The number of runs.
    pub runs: u64,
    /// The number of those that have not ended.
    pub running: u64,
    /// Steps that changed something.
    pub changed: u64,
    /// Steps that found it so already.
    pub unchanged: u64,
    /// Steps recorded, not done.
    pub tested: u64,
    /// Steps kept back.
    pub held: u64,
    /// Steps given up.
    pub failed: u64,
}

/// A filter of groups. A part that is none matches all.
#[derive(Debug, Clone, Default)]
pub struct GroupFilter {
    /// The scheme.
    pub scheme: Option<SchemeId>,
    /// The source.
    pub source: Option<SourceId>,
    /// The earliest hour, by a time in it.
    pub since: Option<Timestamp>,
    /// The latest hour, by a time in it.
    pub until: Option<Timestamp>,
    /// Of these sources alone.
    pub kept_to: Option<KeptTo>,
}

/// The table of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Groups<'c>(pub(super) &'c Connection);

/// The line of a run, and what the run adds to it.
type Line<'r> = ((i64, &'r str, &'r str, &'r str), [i64; 7]);

const ADD: &str = "
    INSERT INTO run_groups (hour, scheme, source, run, runs, running, changed, unchanged, tested, held, failed)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (hour, scheme, source, run) DO UPDATE SET
        runs = runs + excluded.runs, running = running + excluded.running, changed = changed + excluded.changed,
        unchanged = unchanged + excluded.unchanged, tested = tested + excluded.tested, held = held + excluded.held,
        failed = failed + excluded.failed";
const EMPTY: &str = "DELETE FROM run_groups WHERE hour = ?1 AND scheme = ?2 AND source = ?3 AND run = ?4 AND runs <= 0";

impl Groups<'_> {
    /// Takes a run out of its line and puts it into another one: `earlier` is what it was, `now` what it is.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn moved(self, earlier: Option<&Row>, now: Option<&Row>) -> Result<(), Error> {
        match (earlier.map(line), now.map(line)) {
            (Some((before, less)), Some((after, more))) if before == after => {
                let difference: [i64; 7] = std::array::from_fn(|place| more[place] - less[place]);
                if difference == [0; 7] { Ok(()) } else { self.add((after, difference)) }
            }
            (before, after) => {
                if let Some((place, numbers)) = before {
                    self.add((place, numbers.map(|number| -number)))?;
                    self.0.prepare_cached(EMPTY)?.execute(place)?;
                }
                after.map_or(Ok(()), |after| self.add(after))
            }
        }
    }

    fn add(self, ((hour, scheme, source, run), numbers): Line<'_>) -> Result<(), Error> {
        let [runs, running, changed, unchanged, tested, held, failed] = numbers;
        let values = (hour, scheme, source, run, runs, running, changed, unchanged, tested, held, failed);
        self.0.prepare_cached(ADD)?.execute(values)?;
        Ok(())
    }
}

fn line(row: &Row) -> Line<'_> {
    let run = &row.run;
    let hour = run.started.as_millis().div_euclid(HOUR) * HOUR;
    let own = if run.kind == RunKind::Scheme { "" } else { run.id.as_str() };
    let counts = &run.counts;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let open = i64::from(matches!(run.state, RunState::Running | RunState::Held));
    let steps = [counts.changed, counts.unchanged, counts.tested, counts.held, counts.failed].map(number);
    let [changed, unchanged, tested, held, failed] = steps;
    ((hour, run.scheme.as_str(), run.source.as_str(), own), [1, open, changed, unchanged, tested, held, failed])
}

impl Runs<'_> {
    /// The page of the groups that `filter` lets through, the newest hour first; within an hour by scheme.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn groups(self, filter: &GroupFilter, paging: &Paging) -> Result<Page<RunGroup>, Error> {
        let place = paging.cursor.as_ref().and_then(|cursor| Place::read(cursor.place()));
        let more = paging.limit.get() + 1;
        let (sql, values) = select(filter, place.as_ref(), &more);
        let mut statement = self.0.prepare_cached(&sql)?;
        let found = statement.query_map(params_from_iter(values), group)?;
        let mut items = found.collect::<Result<Vec<_>, _>>()?;
        let has_more = items.len() == more;
        items.truncate(paging.limit.get());
        let next = items.last().filter(|_| has_more).map(|last| Place::of(last).write());
        Ok(Page { items, next })
    }
}

/// The statement for a page, and the value of each `?` in it.
fn select<'a>(filter: &'a GroupFilter, place: Option<&'a Place>, more: &'a usize) -> (String, Vec<&'a dyn ToSql>) {
    let (mut wanted, mut values): (Vec<&str>, Vec<&dyn ToSql>) = (vec!["runs > 0"], Vec::new());
    let GroupFilter { scheme, source, since, until, kept_to } = filter;
    if let Some(since) = since {
        wanted.push("hour > ? - 3600000");
        values.push(since);
    }
    if let Some(until) = until {
        wanted.push("hour <= ?");
        values.push(until);
    }
    if let Some(scheme) = scheme {
        wanted.push("scheme = ?");
        values.push(scheme);
    }
    if let Some(source) = source {
        wanted.push("source = ?");
        values.push(source);
    }
    if let Some(kept_to) = kept_to {
        wanted.push("source IN (SELECT value FROM json_each(?))");
        values.push(kept_to);
    }
    if let Some(Place { hour, rest }) = place {
        wanted.push("hour <= ? AND (hour < ? OR (scheme, source, run) > (?, ?, ?))");
        values.extend([hour as &dyn ToSql, hour, &rest[0], &rest[1], &rest[2]]);
    }
    values.push(more);
    let wanted = wanted.join(" AND ");
    (format!("SELECT * FROM run_groups WHERE {wanted} ORDER BY hour DESC, scheme, source, run LIMIT ?"), values)
}

/// The place of a line in the list.
struct Place {
    hour: i64,
    rest: [String; 3],
}

impl Place {
    fn of(group: &RunGroup) -> Self {
        let run = group.run.as_ref().map_or("", RunId::as_str);
        let rest = [group.scheme.as_str(), group.source.as_str(), run].map(str::to_owned);
        Self { hour: group.hour.as_millis(), rest }
    }

    fn write(&self) -> Cursor {
        let [scheme, source, run] = &self.rest;
        Cursor::behind([part(&self.hour.to_string()), part(scheme), part(source), part(run)].concat())
    }

    fn read(cursor: &[u8]) -> Option<Self> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).ok();
        let (hour, cursor) = first_part(cursor)?;
        let (scheme, cursor) = first_part(cursor)?;
        let (source, cursor) = first_part(cursor)?;
        let (run, _) = first_part(cursor)?;
        Some(Self { hour: text(hour)?.parse().ok()?, rest: [text(scheme)?, text(source)?, text(run)?] })
    }
}

fn group(row: &rusqlite::Row<'_>) -> rusqlite::Result<RunGroup> {
    let run: String = row.get("run")?;
    Ok(RunGroup {
        hour: row.get("hour")?,
        scheme: row.get("scheme")?,
        source: row.get("source")?,
        run: (!run.is_empty()).then(|| RunId::new(run)),
        runs: row.get("runs")?,
        running: row.get("running")?,
        changed: row.get("changed")?,
        unchanged: row.get("unchanged")?,
        tested: row.get("tested")?,
        held: row.get("held")?,
        failed: row.get("failed")?,
    })
}
