//! The register of the sources that this process works with. Whoever asks by the id of a source sees it from the moment
//! on that it is put in, until it is taken out.

use std::sync::Arc;

use super::References;
use crate::{
    config::{Protect, Source},
    domain::{MassCreation, SourceId},
    live::Live,
    source::Connection,
};

/// The values of a source's configuration that the engine takes as they are at the moment.
#[derive(Clone)]
pub struct LiveSource {
    /// The users and groups that no scheme touches.
    pub protect: Live<Protect>,
    /// The number of users that may be created at once before some steps are held.
    pub mass_creation: Live<Option<MassCreation>>,
    /// Whether it has webhooks.
    pub has_webhooks: Live<bool>,
}

impl From<&Source> for LiveSource {
    fn from(source: &Source) -> Self {
        Self {
            protect: source.protect.clone().into(),
            mass_creation: source.mass_creation.into(),
            has_webhooks: source.webhook.is_set_up().into(),
        }
    }
}

impl LiveSource {
    /// Takes the values of `source` from now on.
    pub fn replace(&self, source: &Source) {
        self.protect.replace(source.protect.clone());
        self.mass_creation.replace(source.mass_creation);
        self.has_webhooks.replace(source.webhook.is_set_up());
    }
}

/// One source that this process works with.
pub struct RunningSource {
    /// Its client, and whether it may be called.
    pub connection: Arc<Connection>,
    /// The look-ups of the names in `protect` and in its schemes.
    pub references: Arc<References>,
    /// The parts of its configuration that may change.
    pub live: LiveSource,
}

impl RunningSource {
    /// The id.
    pub fn id(&self) -> &SourceId {
        &self.connection.source
    }
}

/// See the module. Cheap to clone; all clones are one. The sources are in the order in which they were put in.
#[derive(Clone)]
pub struct Register(Live<Vec<Arc<RunningSource>>>);

impl Default for Register {
    fn default() -> Self {
        Self(Live::new(Vec::new()))
    }
}

impl Register {
    /// The sources of this moment. A returned value does not change.
    pub fn all(&self) -> Arc<Vec<Arc<RunningSource>>> {
        self.0.get()
    }

    /// The source `id`.
    pub fn get(&self, id: &SourceId) -> Option<Arc<RunningSource>> {
        self.0.get().iter().find(|running| running.id() == id).map(Arc::clone)
    }

    /// Whether the source `id` is there.
    pub fn has(&self, id: &SourceId) -> bool {
        self.0.get().iter().any(|running| running.id() == id)
    }

    /// Puts `source` in, in place of one with its id.
    pub fn put(&self, source: Arc<RunningSource>) {
        self.0.change(|sources| {
            let others = sources.iter().filter(|running| running.id() != source.id());
            others.cloned().chain([Arc::clone(&source)]).collect()
        });
    }

    /// Takes the source `id` out; none if it is not there.
    pub fn take(&self, id: &SourceId) -> Option<Arc<RunningSource>> {
        let taken = self.get(id)?;
        self.0.change(|sources| sources.iter().filter(|running| running.id() != id).cloned().collect());
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::{Stub, running};

    #[tokio::test]
    async fn a_source_is_found_from_being_put_in_until_it_is_taken_out() {
        let register = Register::default();
        let (acme, code): (SourceId, SourceId) = ("acme".parse().expect("an id"), "code".parse().expect("an id"));
        assert!(!register.has(&acme) && register.take(&acme).is_none());
        let clone = register.clone();
        for id in [&acme, &code] {
            register.put(running(id.clone(), Arc::new(Stub::default())));
        }
        let before = clone.all();
        let again = running(acme.clone(), Arc::new(Stub::default()));
        register.put(Arc::clone(&again));
        assert!(clone.get(&acme).is_some_and(|found| Arc::ptr_eq(&found, &again)), "the later one counts");
        assert_eq!(clone.all().len(), 2);
        assert!(register.take(&code).is_some() && !clone.has(&code) && clone.has(&acme));
        assert_eq!(before.len(), 2, "a snapshot does not change");
    }
}
