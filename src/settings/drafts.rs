//! Drafts of schemes: they are kept for a week after their last change, in bounded number and size.

use std::sync::Arc;

use super::{Error, IfMatch, Settings};
use crate::{
    domain::{Actor, BasedOn, Draft, Setting},
    log::Record,
};

/// The highest length of a draft, as JSON, in bytes. Every replica has all drafts in memory.
pub const MAX_DRAFT_BYTES: usize = 512 * 1024;
/// The highest number of drafts of one owner.
const MAX_OF_OWNER: usize = 20;
/// The highest number of all drafts.
const MAX_DRAFTS: usize = 100;

/// The content of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftContent {
    /// The scheme as it was sent, as JSON.
    pub text: String,
    /// The scheme that it is to replace.
    pub based_on: Option<BasedOn>,
    /// The step at which its author is.
    pub step: u8,
}

impl DraftContent {
    /// Refuses what is too long to be kept.
    fn check(&self) -> Result<(), Error> {
        if self.text.len() > MAX_DRAFT_BYTES { Err(Error::DraftTooLong(MAX_DRAFT_BYTES)) } else { Ok(()) }
    }
}

impl Settings {
    /// The drafts of `owner`, the latest change first.
    pub fn drafts(&self, owner: &Actor) -> Vec<Arc<Draft>> {
        let mut drafts: Vec<_> =
            self.state().drafts(self.now()).filter(|draft| draft.owner == *owner).map(Arc::clone).collect();
        drafts.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
        drafts
    }

    /// A draft of `owner`; none if there is none, it is another's, or a week has gone by.
    pub fn draft(&self, id: &str, owner: &Actor) -> Option<Arc<Draft>> {
        let state = self.state();
        let draft = state.drafts(self.now()).find(|draft| draft.id == id && draft.owner == *owner);
        draft.map(Arc::clone)
    }

    /// Keeps a new draft of `owner`.
    ///
    /// # Errors
    /// [`Error::DraftTooLong`] if it is too long, [`Error::TooManyDrafts`] if there are as many as are kept,
    /// [`Error::Busy`] if another change takes too long, [`Error::Log`] and [`Error::Unseen`] if it is not known that it
    /// is kept, [`Error::NoDraft`] if it was deleted in the same moment.
    pub async fn create_draft(&self, owner: Actor, content: DraftContent) -> Result<Arc<Draft>, Error> {
        content.check()?;
        let _turn = self.turn().await?;
        let now = self.now();
        let (of_owner, all) = self
            .state()
            .drafts(now)
            .fold((0, 0), |(own, all), draft| (own + usize::from(draft.owner == owner), all + 1));
        if of_owner >= MAX_OF_OWNER || all >= MAX_DRAFTS {
            return Err(Error::TooManyDrafts);
        }
        let DraftContent { text, based_on, step } = content;
        let id = hex::encode(rand::random::<[u8; 16]>());
        self.keep(Draft { id, owner, text, based_on, step, created: now, at: now, revision: 1 }).await
    }

    /// Keeps `content` in place of that of a draft of `owner`, for another week.
    ///
    /// # Errors
    /// As [`Settings::create_draft`]; [`Error::NoDraft`] if `owner` has no such draft, [`Error::StaleDraft`] if
    /// `if_match` does not allow its state.
    pub async fn replace_draft(
        &self,
        id: &str,
        owner: &Actor,
        if_match: &IfMatch,
        content: DraftContent,
    ) -> Result<Arc<Draft>, Error> {
        content.check()?;
        let _turn = self.turn().await?;
        let before = self.changeable_draft(id, owner, if_match)?;
        let DraftContent { text, based_on, step } = content;
        let (at, revision) = (self.now(), before.revision + 1);
        self.keep(Draft { text, based_on, step, at, revision, ..Draft::clone(&before) }).await
    }

    /// Deletes a draft of `owner`.
    ///
    /// # Errors
    /// As [`Settings::replace_draft`], except for those about the content.
    pub async fn delete_draft(&self, id: &str, owner: &Actor, if_match: &IfMatch) -> Result<(), Error> {
        let _turn = self.turn().await?;
        self.changeable_draft(id, owner, if_match)?;
        self.append_record(Record { key: Draft::key_of(id), payload: bytes::Bytes::new() }).await
    }

    async fn keep(&self, draft: Draft) -> Result<Arc<Draft>, Error> {
        let (id, owner) = (draft.id.clone(), draft.owner.clone());
        self.append(&Setting::Draft(draft)).await?;
        self.draft(&id, &owner).ok_or(Error::NoDraft(id))
    }

    fn changeable_draft(&self, id: &str, owner: &Actor, if_match: &IfMatch) -> Result<Arc<Draft>, Error> {
        let draft = self.draft(id, owner).ok_or_else(|| Error::NoDraft(id.to_owned()))?;
        if if_match.allows(&draft.tag()) { Ok(draft) } else { Err(Error::StaleDraft) }
    }
}
