//! Decisions by user, found by lasting id or by login name.

mod outlived;
mod row;

use serde::{Deserialize, Serialize};

pub use row::{DecisionRow, NoActionRow, PlannedStep, ReasonRow, VerdictRow};

use super::{
    Error,
    keys::{newest_first, part},
    page::{Cursor, Page, Paging, page, take},
};
use crate::{
    domain::{Decision, EventKind, SourceId, Timestamp, UserId, UserRef},
    store::Store,
};

/// The rows of decisions, and who was last seen under which login name.
#[derive(Debug, Clone)]
pub(super) struct Decisions {
    rows: sled::Tree,
    names: sled::Tree,
}

/// Who was seen under a name. Names can be changed and given to others: the latest sighting counts.
#[derive(Serialize, Deserialize)]
struct Sighting {
    id: UserId,
    at: Timestamp,
}

impl Decisions {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self { rows: store.tree("view-decisions")?, names: store.tree("view-user-names")? })
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 2] {
        [&self.rows, &self.names]
    }

    /// Adds a decision. Of two on one event, the first counts: it is the one that was carried out.
    /// Of sightings only those are shown of which there is something to tell: the others are many.
    pub(super) fn apply(&self, decision: &Decision) -> Result<(), Error> {
        if decision.kind == EventKind::Sighted && decision.verdicts.is_empty() {
            return Ok(());
        }
        self.note_name(decision)?;
        let place = newest_first(decision.accepted, decision.event.as_str());
        let key = [of_user(&decision.source, &decision.user), place].concat();
        let row = serde_json::to_vec(&DecisionRow::from(decision))?;
        if decision.redrive.is_some() {
            return self.replace(&key, row, decision.decided);
        }
        // The error is a row that is there already.
        let _was_there = self.rows.compare_and_swap(key, None as Option<&[u8]>, Some(row))?;
        Ok(())
    }

    /// Puts the decision on an event that was taken up again in the place of the one before it.
    fn replace(&self, key: &[u8], row: Vec<u8>, decided: Timestamp) -> Result<(), Error> {
        if let Some(earlier) = self.rows.get(key)?
            && serde_json::from_slice::<DecisionRow>(&earlier)?.decided > decided
        {
            return Ok(());
        }
        self.rows.insert(key, row)?;
        Ok(())
    }

    /// Decisions about a user in any of `sources`, newest first; see [`list`](Self::list).
    pub(super) fn list_all(
        &self,
        sources: &[SourceId],
        user: &str,
        paging: &Paging,
    ) -> Result<Page<DecisionRow>, Error> {
        // A cursor is a place in time and holds in every source, so the pages of all can be laid over one another.
        let place = |row: &DecisionRow| newest_first(row.accepted, row.event.as_str());
        let pages = sources.iter().map(|source| self.list(source, user, paging)).collect::<Result<Vec<_>, _>>()?;
        let mut more = pages.iter().any(|page| page.next.is_some());
        let mut items: Vec<_> = pages.into_iter().flat_map(|page| page.items).collect();
        items.sort_by_cached_key(place);
        more |= items.len() > paging.limit.get();
        items.truncate(paging.limit.get());
        let next = items.last().filter(|_| more).map(|last| Cursor::behind(place(last)));
        Ok(Page { items, next })
    }

    /// Decisions about the user whose lasting id `user` is; else about the one last seen under this login name;
    /// else those on deliveries that knew no more than the name.
    fn list(&self, source: &SourceId, user: &str, paging: &Paging) -> Result<Page<DecisionRow>, Error> {
        let by_id = of_user(source, &UserRef::Id(UserId::new(user)));
        let prefix = if self.rows.scan_prefix(&by_id).next().transpose()?.is_some() {
            by_id
        } else {
            let known = self.names.get(of_name(source, user))?;
            let sighting = known.map(|row| serde_json::from_slice::<Sighting>(&row)).transpose()?;
            let user = sighting.map_or_else(|| UserRef::Name(user.to_owned()), |seen| UserRef::Id(seen.id));
            of_user(source, &user)
        };
        page(&self.rows, &prefix, paging, take)
    }

    fn note_name(&self, decision: &Decision) -> Result<(), Error> {
        let (UserRef::Id(id), Some(name)) = (&decision.user, &decision.user_name) else { return Ok(()) };
        let key = of_name(&decision.source, name);
        let sighting = Sighting { id: id.clone(), at: decision.accepted };
        if let Some(known) = self.names.get(&key)?
            && serde_json::from_slice::<Sighting>(&known)?.at > sighting.at
        {
            return Ok(());
        }
        self.names.insert(key, serde_json::to_vec(&sighting)?)?;
        Ok(())
    }
}

/// What the keys of a user's rows begin with. Products compare login names without regard to case.
fn of_user(source: &SourceId, user: &UserRef) -> Vec<u8> {
    match user {
        UserRef::Id(id) => part(&format!("{source}/id/{id}")),
        UserRef::Name(name) => of_name(source, name),
    }
}

fn of_name(source: &SourceId, name: &str) -> Vec<u8> {
    part(&format!("{source}/name/{}", name.to_lowercase()))
}

#[cfg(test)]
mod tests;
