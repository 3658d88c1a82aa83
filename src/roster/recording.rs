//! Takes the list of a source's users in, page by page, and puts it in place of the last one at its end.
//!
//! A page is compared with what is kept; only what differs is written. So a list in which nothing has changed costs
//! reading. The ids seen are kept as prints of 16 bytes.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest, Sha256};

use super::{
    Error, Roster,
    row::{COLUMNS, ListedUser, user, with_values},
    standing::{number_of, standing_of},
};
use crate::{
    domain::{SourceId, Timestamp, UserId},
    off_worker::off_worker,
    products::{Completeness, UserPage},
    source::{ListRecorder, RecordedList},
};

impl ListRecorder for Roster {
    fn begin(&self, source: &SourceId, at: Timestamp) -> Box<dyn RecordedList> {
        Box::new(Draft {
            roster: self.clone(),
            list: self.next_list(),
            source: source.clone(),
            begun: at,
            seen: HashSet::new(),
            cut: None,
            is_open: true,
        })
    }
}

/// A list that is being read.
struct Draft {
    roster: Roster,
    /// Its number among those of this process.
    list: i64,
    source: SourceId,
    begun: Timestamp,
    seen: HashSet<u128>,
    /// Why users may be missing, once a page says so.
    cut: Option<String>,
    /// Whether more pages are taken.
    is_open: bool,
}

impl RecordedList for Draft {
    fn page(&mut self, page: &UserPage) {
        if !self.is_open {
            return;
        }
        if let Completeness::NotProved(why) = &page.completeness {
            self.cut = Some(why.clone());
        }
        let taken = off_worker(|| self.take(page));
        let done = match taken {
            Ok(()) if page.next.is_none() => self.end(page.completeness.why()),
            taken => taken,
        };
        if let Err(error) = done {
            self.give_up(&error);
        }
    }
}

impl Drop for Draft {
    /// A list that the product has cut is not read on by everybody. One that was broken off changes nothing.
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        let done = match self.cut.take() {
            Some(why) => self.end(Some(why)),
            None => self.discard(),
        };
        if let Err(error) = done {
            self.give_up(&error);
        }
    }
}

impl Draft {
    fn take(&mut self, page: &UserPage) -> Result<(), Error> {
        let Self { roster, list, source, begun, seen, .. } = self;
        roster.0.database.write(|db| {
            let source = number_of(db, source)?;
            for (id, hints) in &page.users {
                seen.insert(print(id.as_str()));
                let told = ListedUser::of_list(id, hints, *begun);
                if kept(db, source, id)?.as_ref() != Some(&told) {
                    put_draft(db, *list, &told)?;
                }
            }
            Ok(())
        })
    }

    /// Puts the list in place of the last one. `incomplete` says why users may be missing: then those who are not in it
    /// stay, with their age.
    fn end(&mut self, incomplete: Option<String>) -> Result<(), Error> {
        let Self { roster, list, source, begun, seen, .. } = self;
        let (list, begun, is_whole) = (*list, *begun, incomplete.is_none());
        roster.0.database.write(|db| {
            let (source, before) =
                (number_of(db, source)?, standing_of(db, source)?.and_then(|standing| standing.as_of));
            if before.is_none_or(|before| before < begun) {
                let others = Others::look(db, source, begun, seen)?;
                others.apply(db, source, is_whole, before)?;
                take_over(db, source, list, begun)?;
                let incomplete = incomplete.or(lost(db, source, seen)?);
                let sql = "UPDATE sources SET as_of = ?2, incomplete = ?3,
                    users = (SELECT count(*) FROM users WHERE source = ?1) WHERE no = ?1";
                db.prepare_cached(sql)?.execute((source, begun, &incomplete))?;
            }
            discard(db, list)
        })?;
        self.is_open = false;
        Ok(())
    }

    fn discard(&mut self) -> Result<(), Error> {
        self.is_open = false;
        self.roster.0.database.write(|db| discard(db, self.list))
    }

    fn give_up(&mut self, error: &Error) {
        self.is_open = false;
        tracing::warn!(source.id = %self.source, %error, "a list of users can't be kept for the users' pages");
    }
}

/// The kept users whose age changes at the end of a list, or who go.
#[derive(Default)]
struct Others {
    /// Not in the list, and not known of a later time.
    missing: Vec<String>,
    /// In the list, and known of an earlier time of their own.
    renewed: Vec<String>,
}

impl Others {
    fn look(db: &Connection, source: i64, begun: Timestamp, seen: &HashSet<u128>) -> Result<Self, Error> {
        let mut others = Self::default();
        let mut statement = db.prepare_cached("SELECT id, as_of FROM users WHERE source = ?1")?;
        let mut rows = statement.query([source])?;
        while let Some(row) = rows.next()? {
            let (id, as_of): (String, Option<Timestamp>) = (row.get(0)?, row.get(1)?);
            match (seen.contains(&print(&id)), as_of) {
                (false, as_of) if as_of.is_none_or(|as_of| as_of < begun) => others.missing.push(id),
                (true, Some(as_of)) if as_of < begun => others.renewed.push(id),
                _ => {}
            }
        }
        Ok(others)
    }

    /// Removes those who are missing from a whole list. Otherwise they stay, as known at the time of the last list,
    /// `before`.
    fn apply(self, db: &Connection, source: i64, is_whole: bool, before: Option<Timestamp>) -> Result<(), Error> {
        for id in &self.missing {
            if is_whole {
                db.prepare_cached("DELETE FROM users WHERE source = ?1 AND id = ?2")?.execute((source, id))?;
            } else if let Some(aged) = before {
                let sql = "UPDATE users SET as_of = ?3 WHERE source = ?1 AND id = ?2 AND as_of IS NULL";
                db.prepare_cached(sql)?.execute((source, id, aged))?;
            }
        }
        for id in &self.renewed {
            let sql = "UPDATE users SET as_of = NULL WHERE source = ?1 AND id = ?2";
            db.prepare_cached(sql)?.execute((source, id))?;
        }
        Ok(())
    }
}

/// Why the kept list is not whole although the product's was; none if everybody in it is kept. A user who was kept already
/// is not written again while the list is read, and leaves meanwhile if the last list becomes too old.
fn lost(db: &Connection, source: i64, seen: &HashSet<u128>) -> Result<Option<String>, Error> {
    let mut statement = db.prepare_cached("SELECT id FROM users WHERE source = ?1")?;
    let mut rows = statement.query([source])?;
    let mut kept = 0;
    while let Some(row) = rows.next()? {
        kept += usize::from(seen.contains(&print(&row.get::<_, String>(0)?)));
    }
    let missing = seen.len().saturating_sub(kept);
    let why = || format!("{missing} users left the list of before while this one was read; refresh it");
    Ok((missing > 0).then(why))
}

/// The kept user with this id.
pub(super) fn kept(db: &Connection, source: i64, id: &UserId) -> Result<Option<ListedUser>, Error> {
    let mut statement = db.prepare_cached("SELECT * FROM users WHERE source = ?1 AND id = ?2")?;
    Ok(statement.query_row((source, id.as_str()), user).optional()?)
}

fn put_draft(db: &Connection, list: i64, told: &ListedUser) -> Result<(), Error> {
    let sql = format!(
        "INSERT OR REPLACE INTO drafts (list, {COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
    );
    with_values(told, &[&list], |values| Ok(db.prepare_cached(&sql)?.execute(values).map(drop)?))
}

/// Writes what the list has changed. A user who was read after the list was begun stays as read.
fn take_over(db: &Connection, source: i64, list: i64, begun: Timestamp) -> Result<(), Error> {
    let sql = format!(
        "INSERT OR REPLACE INTO users (source, as_of, {COLUMNS})
         SELECT ?1, NULL, {COLUMNS} FROM drafts WHERE list = ?2
            AND NOT EXISTS (SELECT 1 FROM users WHERE source = ?1 AND users.id = drafts.id AND users.as_of >= ?3)"
    );
    db.prepare_cached(&sql)?.execute((source, list, begun))?;
    Ok(())
}

fn discard(db: &Connection, list: i64) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM drafts WHERE list = ?1")?.execute([list])?;
    Ok(())
}

/// Stands for an id.
fn print(id: &str) -> u128 {
    let mut first = [0; 16];
    first.copy_from_slice(&Sha256::digest(id)[..16]);
    u128::from_be_bytes(first)
}
