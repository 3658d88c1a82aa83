//! Making, changing and deleting stored sources.

use std::sync::Arc;

use tracing::info;

use super::{
    super::{Error, IfMatch, Settings, error::Wrong},
    SourceView, TAKEN_FOR, not_known, opened,
};
use crate::{
    config::{KeptParts, Source, read_source_keeping},
    domain::{Actor, Pausable, SealedSecret, Setting, SourceContent, SourceId, StoredSource},
    sealed::Place,
    secret::Secret,
};

/// The highest length of a source without its secrets, in bytes.
pub const MAX_SOURCE_BYTES: usize = 256 * 1024;

impl Settings {
    /// The source that `text` describes, as one that may be stored under an id that is free.
    ///
    /// # Errors
    /// [`Error::InvalidSource`] with all problems of the text; [`Error::SourceExists`] if the id is taken,
    /// [`Error::SourceGone`] if it is that of a source that was deleted a while ago; [`Error::NoSecretsKey`] if usher has
    /// no key for its secrets.
    pub fn check_new_source(&self, text: &str) -> Result<Source, Error> {
        let source = read(text, &KeptParts::new())?;
        self.free_source(&source.id)?;
        Ok(source)
    }

    /// The source that `text` describes, as one that may be stored in place of the one with this id. The text may name
    /// the secrets of that one.
    ///
    /// # Errors
    /// [`Error::ProvisionedSource`] if the source is in the configuration file, [`Error::NoSource`] if there is none with
    /// this id, [`Error::StaleSource`] if `if_match` does not allow its state; [`Error::InvalidSource`] with all problems
    /// of the text, or if it is another source.
    pub fn check_source_change(&self, id: &SourceId, text: &str, if_match: &IfMatch) -> Result<Source, Error> {
        let (before, parts) = self.changeable_source(id, if_match)?;
        let source = read(text, &parts)?;
        same_source(&source, id, &before, &parts)?;
        Ok(source)
    }

    /// Stores a source that [`Settings::check_new_source`] has passed.
    ///
    /// # Errors
    /// As there; [`Error::Busy`] if another change takes too long, [`Error::Log`] and [`Error::Unseen`] if it is not known
    /// that it is stored.
    pub async fn create_source(&self, source: Source, paused: bool, by: Actor) -> Result<SourceView, Error> {
        let _turn = self.turn().await?;
        self.free_source(&source.id)?;
        let revision = self.state().source_entry(&source.id).map_or(0, |entry| entry.stored.revision) + 1;
        // First: it must not run for a moment before it is paused.
        self.set_pause(Pausable::Source(source.id.clone()), paused, by.clone()).await?;
        self.store_source(source, &KeptParts::new(), &[], revision, by).await
    }

    /// Stores a source that [`Settings::check_source_change`] has passed.
    ///
    /// # Errors
    /// As [`Settings::create_source`], and those of the check.
    pub async fn replace_source(&self, source: Source, if_match: &IfMatch, by: Actor) -> Result<SourceView, Error> {
        let _turn = self.turn().await?;
        let (before, parts) = self.changeable_source(&source.id, if_match)?;
        same_source(&source, &source.id, &before, &parts)?;
        let secrets = before.content.as_ref().map_or(&[][..], |content| &content.secrets);
        self.store_source(source, &parts, secrets, before.revision + 1, by).await
    }

    /// Deletes a stored source, unless `needed_by` says what needs it still. That is asked in turn with all other
    /// changes.
    ///
    /// # Errors
    /// [`Error::SourceNeeded`] with what needs it; [`Error::ProvisionedSource`], [`Error::NoSource`] and
    /// [`Error::StaleSource`] as [`Settings::check_source_change`]; [`Error::Busy`], [`Error::Log`] and [`Error::Unseen`]
    /// as [`Settings::create_source`].
    pub async fn delete_source<F: Future<Output = Vec<String>>>(
        &self,
        id: &SourceId,
        if_match: &IfMatch,
        needed_by: impl FnOnce() -> F,
        by: Actor,
    ) -> Result<(), Error> {
        let _turn = self.turn().await?;
        let (before, _) = self.stored_to_change(id, if_match)?;
        let needed = needed_by().await;
        if !needed.is_empty() {
            return Err(Error::SourceNeeded(needed));
        }
        let deleted = StoredSource {
            id: id.clone(),
            revision: before.revision + 1,
            content: None,
            by: by.clone(),
            at: self.now(),
        };
        self.append(&Setting::Source(deleted)).await?;
        info!(source.id = %id, %by, "source deleted");
        self.set_pause(Pausable::Source(id.clone()), false, by).await
    }

    /// Seals the secrets of `source`, and stores it. Those that were `sealed` before stay as they are.
    async fn store_source(
        &self,
        mut source: Source,
        before: &KeptParts,
        sealed: &[SealedSecret],
        revision: u64,
        by: Actor,
    ) -> Result<SourceView, Error> {
        let key = self.state().secrets_key().ok_or(Error::NoSecretsKey)?;
        let (parts, base_url, at) = (source.name_secrets(before), source.base_url.to_string(), self.now());
        let seal = |(name, secret): (String, Secret)| {
            let is_same = before.get(&name).is_some_and(|kept| *kept == secret);
            if let Some(kept) = sealed.iter().find(|kept| kept.name == name && is_same) {
                return Ok(kept.clone());
            }
            let place = Place { source: source.id.as_str(), base_url: &base_url, field: &name };
            Ok::<_, Error>(SealedSecret { sealed: key.seal(&secret, place)?, name, at })
        };
        let secrets = parts.into_iter().map(seal).collect::<Result<Vec<_>, _>>()?;
        let text = source.as_yaml().map_err(|error| Error::InvalidSource(vec![Wrong::whole(error.to_string())]))?;
        let length = text.len() + secrets.iter().map(|secret| secret.sealed.len()).sum::<usize>();
        if length > MAX_SOURCE_BYTES {
            let message = format!("the source is {length} bytes long; {MAX_SOURCE_BYTES} is the most");
            return Err(Error::InvalidSource(vec![Wrong::whole(message)]));
        }
        let id = source.id.clone();
        info!(source.id = %id, %by, revision, "source stored");
        let content = Some(SourceContent { text, base_url, secrets });
        self.append(&Setting::Source(StoredSource { id: id.clone(), revision, content, by, at })).await?;
        self.stored_source(&id).ok_or(Error::NoSource(id)) // another replica may have deleted it in this very moment
    }

    /// Refuses an id that is taken.
    fn free_source(&self, id: &SourceId) -> Result<(), Error> {
        let state = self.state();
        if state.secrets_key().is_none() {
            return Err(Error::NoSecretsKey);
        }
        if state.is_file_source(id) {
            return Err(Error::SourceExists(id.clone()));
        }
        match state.source_entry(id).map(|entry| &entry.stored) {
            Some(stored) if !stored.is_deleted() => Err(Error::SourceExists(id.clone())),
            Some(stored) if stored.at.until(self.now()) <= TAKEN_FOR => Err(Error::SourceGone(id.clone())),
            Some(_) | None => Ok(()),
        }
    }

    /// A stored source that the caller may change, also one that can't be used.
    fn stored_to_change(
        &self,
        id: &SourceId,
        if_match: &IfMatch,
    ) -> Result<(Arc<StoredSource>, Option<KeptParts>), Error> {
        let state = self.state();
        if state.is_file_source(id) {
            return Err(Error::ProvisionedSource(id.clone()));
        }
        let entry = state.source_entry(id).filter(|entry| !entry.stored.is_deleted());
        let stored = &entry.ok_or_else(|| Error::NoSource(id.clone()))?.stored;
        if !if_match.allows(&stored.tag()) {
            return Err(Error::StaleSource);
        }
        let key = state.secrets_key();
        let parts = stored.content.as_ref().and_then(|content| opened(id, content, key.as_deref()).ok());
        Ok((Arc::clone(stored), parts))
    }

    /// A stored source that the caller may change, with the secrets that usher keeps for it. Where these can't be
    /// opened, there are none: all of them have to be written anew.
    fn changeable_source(&self, id: &SourceId, if_match: &IfMatch) -> Result<(Arc<StoredSource>, KeptParts), Error> {
        let (stored, parts) = self.stored_to_change(id, if_match)?;
        Ok((stored, parts.unwrap_or_default()))
    }
}

fn read(text: &str, parts: &KeptParts) -> Result<Source, Error> {
    read_source_keeping(text, parts)
        .map_err(|problems| Error::InvalidSource(problems.iter().map(Wrong::from).collect()))
}

/// Refuses what would be another source: events and memory of the earlier one would be taken for its. Refuses another way
/// to the product with the credentials that usher keeps, too: whoever may change a source must not have them sent to a
/// proxy, or by an authority, of their own.
fn same_source(source: &Source, id: &SourceId, before: &StoredSource, parts: &KeptParts) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::InvalidSource(vec![Wrong::whole(message)]));
    if source.id != *id {
        return refuse(format!("`id`: this is `{}`, and the path says `{id}`; write the same in both", source.id));
    }
    let Some(content) = &before.content else { return Ok(()) };
    // What can't be opened has to be written anew.
    let parts = not_known(content).into_iter().chain(parts.clone()).collect();
    let Ok(before) = read_source_keeping(&content.text, &parts) else { return Ok(()) };
    let changed = [
        ("product", source.product != before.product),
        ("base_url", source.base_url != before.base_url),
        ("organization", source.organization != before.organization),
    ];
    if let Some((key, _)) = changed.iter().find(|(_, is_changed)| *is_changed) {
        return refuse(format!("`{key}` can't be changed: that is another source; make one with an id of its own"));
    }
    let of_proxy = |source: &Source| Some(source.transport.proxy.as_ref()?.credentials.as_ref()?.password.clone());
    let is_kept = source.auth.secret() == before.auth.secret()
        || of_proxy(source).is_some_and(|password| of_proxy(&before) == Some(password));
    if source.transport != before.transport && is_kept {
        return refuse(
            "`proxy` or `ca` was changed, and usher would send the credentials that it keeps another way: write those in \
             `auth` and in `proxy` anew, `{ value: \"...\" }`"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn credentials_that_usher_keeps_are_not_sent_another_way() {
        let kept = KeptParts::from([("auth.bearer".to_owned(), Secret::new("the-token"))]);
        let text = |auth: &str, rest: &str| {
            format!(
                "id: acme\nproduct: jira-dc\nbase_url: \"https://jira.example\"\nauth: {{ bearer: {{ {auth} }} }}\n{rest}"
            )
        };
        let sealed = "sealed: auth.bearer";
        let base_url = "https://jira.example/".to_owned();
        let content = SourceContent { text: text(sealed, ""), base_url, secrets: Vec::new() };
        let (id, at): (SourceId, _) = ("acme".parse().expect("an id"), Timestamp::from_millis(0));
        let before = StoredSource { id: id.clone(), revision: 1, content: Some(content), by: Actor::default(), at };
        let allowed = |auth: &str, rest: &str| {
            let source = read(&text(auth, rest), &kept).expect("a source");
            same_source(&source, &id, &before, &kept).is_ok()
        };
        let proxy = "proxy: \"http://proxy.example:3128\"\n";
        assert!(allowed(sealed, "") && allowed(sealed, "name: Another\n"));
        assert!(!allowed(sealed, proxy));
        assert!(allowed("value: another", proxy), "new ones may go there");
    }
}
