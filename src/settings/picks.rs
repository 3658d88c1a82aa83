//! Picks of users: they are kept for a day after their last change, in bounded number and size.

use std::{collections::HashSet, sync::Arc};

use super::{Error, IfMatch, Settings};
use crate::{
    domain::{Actor, Pick, Setting, SourceId, Timestamp, UserId},
    log::{Record, codec},
};

/// The highest number of picks of one owner.
const MAX_OF_OWNER: usize = 20;
/// The highest number of all picks.
const MAX_PICKS: usize = 100;
/// The highest number of users in all picks together. Every replica has them in memory.
pub(super) const MAX_ALL_USERS: usize = 1_000_000;
/// The highest length of a record with a pick. Kafka takes 4 MiB, with what is around the record.
const MAX_RECORD: usize = 15 * 256 * 1024;
/// The highest length of the words for the base of a pick, in characters.
const MAX_FROM: usize = 500;

/// The content of a new pick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickContent {
    /// The source of all users.
    pub source: SourceId,
    /// The users. One that is in it twice is taken once.
    pub users: Vec<UserId>,
    /// The base of the pick, in words.
    pub from: String,
    /// The list that the users are picked from.
    pub list: PickedFrom,
}

/// The list that users are picked from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PickedFrom {
    /// Its time; none if no list is kept.
    pub as_of: Option<Timestamp>,
    /// The reason why users may be missing.
    pub incomplete: Option<String>,
}

/// A change of a pick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickChange {
    /// These users come behind those that are in it.
    Add {
        /// The users.
        users: Vec<UserId>,
        /// The list that they are picked from; none if somebody named them.
        list: Option<PickedFrom>,
    },
    /// These users leave it.
    Remove(HashSet<UserId>),
}

impl PickChange {
    /// `pick` with the change at `at`; none if that is what it is already.
    fn of(self, pick: &Pick, at: Timestamp) -> Option<Pick> {
        match self {
            Self::Remove(users) => pick.without(&users, at),
            Self::Add { users, list } => {
                let mut changed = pick.with(users, at)?;
                if let Some(PickedFrom { as_of, incomplete }) = list {
                    // The older of two lists, and the reason of one that was not whole, hold for the pick.
                    changed.as_of = changed.as_of.into_iter().chain(as_of).min();
                    changed.incomplete = changed.incomplete.or(incomplete);
                }
                Some(changed)
            }
        }
    }
}

impl Settings {
    /// The picks of `owner`, the latest change first.
    pub fn picks(&self, owner: &Actor) -> Vec<Arc<Pick>> {
        let mut picks: Vec<_> =
            self.state().picks(self.now()).filter(|pick| pick.owner == *owner).map(Arc::clone).collect();
        picks.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
        picks
    }

    /// A pick of `owner`; none if there is none, it is another's, or a day has gone by.
    pub fn pick(&self, id: &str, owner: &Actor) -> Option<Arc<Pick>> {
        let state = self.state();
        let pick = state.picks(self.now()).find(|pick| pick.id == id && pick.owner == *owner);
        pick.map(Arc::clone)
    }

    /// Keeps a new pick of `owner`.
    ///
    /// # Errors
    /// [`Error::PickTooLong`] and [`Error::PickIdsTooLong`] if it has too many users, [`Error::TooManyPicks`] and
    /// [`Error::PicksFull`] if there is as much as is kept, [`Error::Busy`] if another change takes too long,
    /// [`Error::Log`] and [`Error::Unseen`] if it is not known that it is kept, [`Error::NoPick`] if it was deleted in the
    /// same moment.
    pub async fn create_pick(&self, owner: Actor, content: PickContent) -> Result<Arc<Pick>, Error> {
        let PickContent { source, users, from, list: PickedFrom { as_of, incomplete } } = content;
        let mut seen = HashSet::new();
        let users: Arc<[_]> = users.iter().filter(|user| seen.insert(*user)).cloned().collect();
        let _turn = self.turn().await?;
        let now = self.now();
        let (of_owner, all) =
            self.state().picks(now).fold((0, 0), |(own, all), pick| (own + usize::from(pick.owner == owner), all + 1));
        if of_owner >= MAX_OF_OWNER || all >= MAX_PICKS {
            return Err(Error::TooManyPicks);
        }
        let id = hex::encode(rand::random::<[u8; 16]>());
        let from = from.chars().take(MAX_FROM).collect();
        let pick = Pick { id, owner, source, users, from, as_of, incomplete, created: now, at: now, revision: 1 };
        self.keep_pick(pick).await
    }

    /// Adds users to a pick of `owner`, or removes some, and keeps it for another day. A change that changes nothing
    /// leaves it as it is.
    ///
    /// # Errors
    /// As [`Settings::create_pick`]; [`Error::NoPick`] if `owner` has no such pick, [`Error::StalePick`] if `if_match`
    /// does not allow its state.
    pub async fn change_pick(
        &self,
        id: &str,
        owner: &Actor,
        if_match: &IfMatch,
        change: PickChange,
    ) -> Result<Arc<Pick>, Error> {
        let _turn = self.turn().await?;
        let before = self.changeable_pick(id, owner, if_match)?;
        match change.of(&before, self.now()) {
            Some(changed) => self.keep_pick(changed).await,
            None => Ok(before),
        }
    }

    /// Deletes a pick of `owner`.
    ///
    /// # Errors
    /// [`Error::NoPick`] if `owner` has no such pick, [`Error::StalePick`] if `if_match` does not allow its state,
    /// [`Error::Busy`] if another change takes too long, [`Error::Log`] and [`Error::Unseen`] if it is not known that it
    /// is deleted.
    pub async fn delete_pick(&self, id: &str, owner: &Actor, if_match: &IfMatch) -> Result<(), Error> {
        let _turn = self.turn().await?;
        self.changeable_pick(id, owner, if_match)?;
        self.append_record(Record { key: Pick::key_of(id), payload: bytes::Bytes::new() }).await
    }

    async fn keep_pick(&self, pick: Pick) -> Result<Arc<Pick>, Error> {
        if pick.users.len() > Pick::MAX_USERS {
            return Err(Error::PickTooLong(Pick::MAX_USERS));
        }
        let of_others: usize = {
            let state = self.state();
            state.picks(self.now()).filter(|other| other.id != pick.id).map(|other| other.users.len()).sum()
        };
        if of_others + pick.users.len() > MAX_ALL_USERS {
            return Err(Error::PicksFull(MAX_ALL_USERS));
        }
        let length: usize = pick.users.iter().map(|user| user.as_str().len()).sum();
        let (id, owner) = (pick.id.clone(), pick.owner.clone());
        let setting = Setting::Pick(pick);
        let payload = codec::encode(&setting);
        if length > Pick::MAX_BYTES || payload.len() > MAX_RECORD {
            return Err(Error::PickIdsTooLong);
        }
        self.append_record(Record { key: setting.key(), payload }).await?;
        self.pick(&id, &owner).ok_or(Error::NoPick(id))
    }

    fn changeable_pick(&self, id: &str, owner: &Actor, if_match: &IfMatch) -> Result<Arc<Pick>, Error> {
        let pick = self.pick(id, owner).ok_or_else(|| Error::NoPick(id.to_owned()))?;
        if if_match.allows(&pick.tag()) { Ok(pick) } else { Err(Error::StalePick) }
    }
}
