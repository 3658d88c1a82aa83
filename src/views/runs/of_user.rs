//! The entries about one user, of all runs.

use rusqlite::{OptionalExtension as _, ToSql, types::ToSqlOutput};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, Runs, entries::kept, entry::Entry};
use crate::{
    domain::{RunId, SchemeId, SourceId, Timestamp},
    views::{
        keys::{first_part, newest_first, part, time_and_id},
        page::{Cursor, KeptTo, Page, Paging},
    },
};

/// The lasting ids of a user: in each source another one may have the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users(pub Vec<String>);

impl ToSql for Users {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(serde_json::json!(self.0).to_string()))
    }
}

/// An entry, with the run that it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UserEntry {
    /// The run.
    pub run: RunId,
    /// The scheme.
    pub scheme: SchemeId,
    /// The version of the scheme at that time.
    pub scheme_version: String,
    /// The source.
    pub source: SourceId,
    /// The result of the step.
    #[serde(flatten)]
    pub entry: Entry,
}

const LIST: &str = "
    SELECT entries.*, runs.id AS run_id, runs.scheme, runs.scheme_version, runs.source
    FROM entries INDEXED BY entries_by_user JOIN runs ON runs.no = entries.run
    WHERE NOT EXISTS (SELECT 1 FROM runs_removed WHERE run = runs.no) AND entries.user IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR runs.source = ?2)
        AND (?7 IS NULL OR runs.source IN (SELECT value FROM json_each(?7)))
        AND (?3 IS NULL OR entries.at <= ?3 AND (entries.at < ?3 OR (entries.run, entries.place) < (?4, ?5)))
    ORDER BY entries.at DESC, entries.run DESC, entries.place DESC LIMIT ?6";

/// The place of an entry in the list: its time, the number of its run, and its place there.
type Spot = (Timestamp, i64, String);

impl Runs<'_> {
    /// The entries about `users`, in `source` if one is given, in the sources of `kept_to` alone, the newest first.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn entries_of(
        self,
        users: &Users,
        source: Option<&SourceId>,
        kept_to: Option<&KeptTo>,
        paging: &Paging,
    ) -> Result<Page<UserEntry>, Error> {
        let place = paging.cursor.as_ref().and_then(|cursor| read(cursor.place()));
        let (at, run, step) = match place {
            Some((at, run, step)) => (Some(at), run, step),
            None => (None, 0, String::new()),
        };
        let most = paging.limit.get();
        let mut statement = self.0.prepare_cached(LIST)?;
        let rows = statement.query_map((users, source, at, run, step, most + 1, kept_to), |row| {
            let entry = kept(row)?.entry;
            let spot: Spot = (entry.at, row.get("run")?, row.get("place")?);
            let (run, scheme, source) = (row.get("run_id")?, row.get("scheme")?, row.get("source")?);
            Ok((UserEntry { run, scheme, scheme_version: row.get("scheme_version")?, source, entry }, spot))
        })?;
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        let has_more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| has_more).map(|(_, spot)| write(spot));
        Ok(Page { items: rows.into_iter().map(|(entry, _)| entry).collect(), next })
    }

    /// The lasting ids that `user` may mean in `sources`: the text itself, and whoever had it as a login name last.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn called(self, sources: &[SourceId], user: &str) -> Result<Users, Error> {
        let mut users = vec![user.to_owned()];
        let mut statement = self.0.prepare_cached("SELECT id FROM user_names WHERE source = ?1 AND name = ?2")?;
        for source in sources {
            let named: Option<String> =
                statement.query_row((source, user.to_lowercase()), |row| row.get(0)).optional()?;
            users.extend(named.filter(|id| !users.contains(id)));
        }
        Ok(Users(users))
    }
}

fn write((at, run, place): &Spot) -> Cursor {
    Cursor::behind(newest_first(
        *at,
        &String::from_utf8_lossy(&[part(&run.to_string()), place.clone().into_bytes()].concat()),
    ))
}

fn read(cursor: &[u8]) -> Option<Spot> {
    let (at, rest) = time_and_id(cursor)?;
    let (run, place) = first_part(rest)?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).ok();
    Some((at, text(run)?.parse().ok()?, text(place)?))
}
