//! The schemes, arranged so that those to be asked are found at once.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::domain::{EventKind, GroupName, Scheme, SchemeId, SchemeRef, SourceId, TriggerKind, Truth};

use super::{Compiled, Subject, index::Index, predicate::Predicate};

/// A scheme with the version of its content.
#[derive(Debug, Clone)]
pub struct VersionedScheme {
    /// The content.
    pub scheme: Scheme,
    /// Its id and version.
    pub reference: SchemeRef,
}

/// The enabled schemes, by source, in the administrator's order.
#[derive(Debug, Clone, Default)]
pub struct Schemes {
    sources: HashMap<SourceId, OfSource>,
}

/// A scheme ready to be asked.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) versioned: VersionedScheme,
    pub(super) compiled: Arc<Compiled>,
    /// The number in the administrator's order.
    pub(super) place: usize,
}

#[derive(Debug, Clone, Default)]
struct OfSource {
    by_id: HashMap<SchemeId, Arc<Ready>>,
    on_create: Indexed,
    on_login: Indexed,
    looks_at_activity: bool,
}

/// Schemes that wait for the same thing, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Indexed {
    pub(super) schemes: Vec<Arc<Ready>>,
    /// The predicates of the schemes, in the same order: they are asked without a look at the schemes themselves.
    predicates: Vec<Predicate>,
    index: Index,
}

impl Schemes {
    /// Arranges `schemes`; those that are not enabled are left out. Of two with the same id in one source a sweep asks
    /// the later one.
    pub fn new(schemes: impl IntoIterator<Item = VersionedScheme>) -> Self {
        Self::after(&Self::default(), schemes)
    }

    /// Like [`Schemes::new`]. A scheme with the same content as in `before` is not compiled again.
    pub fn after(before: &Self, schemes: impl IntoIterator<Item = VersionedScheme>) -> Self {
        let mut sources: HashMap<SourceId, OfSource> = HashMap::new();
        let enabled = schemes.into_iter().filter(|versioned| versioned.scheme.enabled);
        for (place, versioned) in enabled.enumerate() {
            let own = sources.entry(versioned.scheme.source.clone()).or_default();
            let trigger = versioned.scheme.trigger.kind();
            let compiled = before.compiled(&versioned).unwrap_or_else(|| Arc::new(Compiled::new(&versioned.scheme)));
            let ready = Arc::new(Ready { compiled, versioned, place });
            own.looks_at_activity |= ready.versioned.scheme.looks_at_activity();
            own.by_id.insert(ready.versioned.reference.id.clone(), Arc::clone(&ready));
            match trigger {
                TriggerKind::OnCreate => own.on_create.schemes.push(ready),
                TriggerKind::OnLogin => own.on_login.schemes.push(ready),
                TriggerKind::Schedule | TriggerKind::Manual => {}
            }
        }
        for indexed in sources.values_mut().flat_map(|own| [&mut own.on_create, &mut own.on_login]) {
            indexed.arrange();
        }
        Self { sources }
    }

    fn compiled(&self, versioned: &VersionedScheme) -> Option<Arc<Compiled>> {
        let own = self.sources.get(&versioned.scheme.source)?;
        let ready = own.by_id.get(&versioned.reference.id)?;
        (ready.versioned.reference == versioned.reference).then(|| Arc::clone(&ready.compiled))
    }

    /// Calls `found` for each scheme of `source` that waits for such an event and does not say no to the user, in the
    /// administrator's order, with its answer: true, or unknown.
    pub fn matching<'a>(
        &'a self,
        source: &SourceId,
        kind: EventKind,
        subject: &Subject<'_>,
        mut found: impl FnMut(&'a VersionedScheme, Truth),
    ) {
        let waiting = self.waiting_for(source, kind);
        waiting.into_iter().for_each(|waiting| {
            waiting.ask(subject, |ready, truth| found(&ready.versioned, truth));
        });
    }

    /// Whether any scheme of `source` may use the activity of users.
    pub fn look_at_activity(&self, source: &SourceId) -> bool {
        self.sources.get(source).is_some_and(|own| own.looks_at_activity)
    }

    /// Whether any scheme of `source` waits for users to be created.
    pub fn wait_for_creations(&self, source: &SourceId) -> bool {
        self.sources.get(source).is_some_and(|own| !own.on_create.schemes.is_empty())
    }

    /// Whether `source` has an enabled scheme of this id.
    pub fn knows(&self, source: &SourceId, id: &SchemeId) -> bool {
        self.sources.get(source).is_some_and(|own| own.by_id.contains_key(id))
    }

    /// Whether the scheme exists, is enabled, and has the content of `reference`.
    pub fn has(&self, reference: &SchemeRef) -> bool {
        self.sources
            .values()
            .filter_map(|own| own.by_id.get(&reference.id))
            .any(|ready| ready.versioned.reference == *reference)
    }

    /// The only users whom the scheme may select, by name or lasting id; none if it may select others too, or no longer
    /// has the content of `reference`.
    pub fn only_users(&self, source: &SourceId, reference: &SchemeRef) -> Option<Vec<String>> {
        let ready = self.sources.get(source)?.by_id.get(&reference.id)?;
        let versioned = Some(&ready.versioned).filter(|versioned| versioned.reference == *reference)?;
        Some(versioned.scheme.select.only_users()?.into_iter().map(str::to_owned).collect())
    }

    /// The schemes of `source` that wait for such an event; none for events that no scheme can wait for.
    pub(super) fn waiting_for(&self, source: &SourceId, kind: EventKind) -> Option<&Indexed> {
        let own = self.sources.get(source)?;
        match kind {
            EventKind::Created => Some(&own.on_create),
            EventKind::LoggedIn => Some(&own.on_login),
            EventKind::Updated | EventKind::Removed | EventKind::Sighted | EventKind::Undo => None,
        }
    }

    /// The groups of whose members the answers of these schemes of `source` may depend.
    pub fn groups_of_interest(&self, source: &SourceId, ids: &[SchemeId]) -> BTreeSet<GroupName> {
        let named = self.named(source, ids).into_iter();
        named.flat_map(|ready| ready.versioned.scheme.groups_of_interest()).cloned().collect()
    }

    /// The schemes of `source` with these ids, in the administrator's order.
    pub(super) fn named(&self, source: &SourceId, ids: &[SchemeId]) -> Vec<&Ready> {
        let own = self.sources.get(source);
        let mut named: Vec<_> =
            ids.iter().filter_map(|id| own.and_then(|own| own.by_id.get(id))).map(AsRef::as_ref).collect();
        named.sort_unstable_by_key(|ready| ready.place);
        named.dedup_by_key(|ready| ready.place);
        named
    }
}

impl Indexed {
    /// Makes the index and the predicates of the schemes.
    fn arrange(&mut self) {
        self.index = Index::new(self.schemes.iter().map(|ready| &ready.versioned.scheme));
        let number = |group: &GroupName| self.index.group(group);
        self.predicates = self.schemes.iter().map(|ready| ready.compiled.predicate.numbered(&number)).collect();
    }

    /// Calls `found` for each scheme that does not say no, in order.
    pub(super) fn ask<'a>(&'a self, subject: &Subject<'_>, mut found: impl FnMut(&'a Ready, Truth)) {
        let mut places = Vec::with_capacity(64);
        let own = self.index.find(subject.facts, &mut places);
        for place in places {
            let place = place as usize;
            match self.predicates[place].truth(subject, own.as_ref()) {
                Truth::False => {}
                truth => found(&self.schemes[place], truth),
            }
        }
    }
}
