//! The schemes, arranged so that those to be asked are found at once.

use std::{collections::HashMap, sync::Arc};

use crate::domain::{Event, EventKind, Scheme, SchemeRef, SourceId, TriggerKind};

use super::plan::Waiting;

/// A scheme with the version of what it says.
#[derive(Debug, Clone)]
pub struct VersionedScheme {
    /// What it says.
    pub scheme: Scheme,
    /// Its id and version.
    pub reference: SchemeRef,
}

/// The enabled schemes, found by source and trigger, in the administrator's order.
#[derive(Debug, Clone, Default)]
pub struct Schemes {
    by_trigger: HashMap<(SourceId, TriggerKind), Vec<Arc<VersionedScheme>>>,
    by_source: HashMap<SourceId, Vec<Arc<VersionedScheme>>>,
}

impl Schemes {
    /// Arranges `schemes`; those that are not enabled are left out.
    pub fn new(schemes: impl IntoIterator<Item = VersionedScheme>) -> Self {
        let mut arranged = Self::default();
        for versioned in schemes.into_iter().filter(|versioned| versioned.scheme.enabled) {
            let (source, trigger) = (versioned.scheme.source.clone(), versioned.scheme.trigger.kind());
            let versioned = Arc::new(versioned);
            arranged.by_trigger.entry((source.clone(), trigger)).or_default().push(Arc::clone(&versioned));
            arranged.by_source.entry(source).or_default().push(versioned);
        }
        arranged
    }

    /// The schemes to be asked about `event`.
    pub(super) fn asked(&self, event: &Event, waiting: Waiting<'_>) -> Vec<&VersionedScheme> {
        match waiting {
            Waiting::ForEvent => {
                let trigger = match event.kind {
                    EventKind::Created => TriggerKind::OnCreate,
                    EventKind::LoggedIn => TriggerKind::OnLogin,
                    EventKind::Updated | EventKind::Removed | EventKind::Sighted => return Vec::new(),
                };
                let waiting = self.by_trigger.get(&(event.source.clone(), trigger));
                waiting.into_iter().flatten().map(AsRef::as_ref).collect()
            }
            Waiting::ForSweep { schemes, .. } => {
                let own = self.by_source.get(&event.source).into_iter().flatten().map(AsRef::as_ref);
                own.filter(|versioned| schemes.contains(&versioned.reference.id)).collect()
            }
        }
    }
}
