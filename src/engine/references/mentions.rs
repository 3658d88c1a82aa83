//! The names in schemes and sources, with their places. Pure.

use std::collections::{BTreeMap, HashSet};

use tokio::sync::watch;

use crate::{
    config::Protect,
    domain::{Mention, MentionedAt, Reference, Scheme, SchemeId, SourceId},
};

/// Knows the schemes as they are written, those of the file and the stored ones.
pub trait WrittenSchemes: Send + Sync + 'static {
    /// All schemes of `source`, also disabled ones.
    fn schemes_of(&self, source: &SourceId) -> Vec<Scheme>;

    /// Changes whenever a scheme may have changed.
    fn schemes_changed(&self) -> watch::Receiver<u64>;
}

/// The names in one scheme.
struct OfScheme {
    enabled: bool,
    mentions: Vec<Mention>,
}

/// All names of a source.
pub(super) struct Mentions {
    protect: Vec<Mention>,
    schemes: BTreeMap<SchemeId, OfScheme>,
    /// The names under `exempt.users` of all schemes, each once.
    pub(super) exempt_users: Vec<String>,
}

/// The names that an administrator wrote in `protect`. Groups that usher assumes may be missing: then they have no
/// members.
pub(super) fn of_source(protect: &Protect) -> Vec<Mention> {
    let users = protect.users.iter().map(|name| Mention { at: MentionedAt::ProtectUsers, name: name.clone() });
    let groups = protect.admin_groups.iter().filter(|_| !protect.assumed_admin_groups);
    let groups = groups.map(|group| Mention { at: MentionedAt::ProtectAdminGroups, name: group.to_string() });
    users.chain(groups).collect()
}

impl Mentions {
    pub(super) fn of(protect: &[Mention], schemes: Vec<Scheme>) -> Self {
        let of_scheme = |scheme: Scheme| {
            let (enabled, mentions) = (scheme.enabled, scheme.mentions());
            (scheme.id, OfScheme { enabled, mentions })
        };
        let schemes: BTreeMap<_, _> = schemes.into_iter().map(of_scheme).collect();
        let all = schemes.values().flat_map(|scheme| &scheme.mentions);
        let exempt = all.filter(|mention| mention.at == MentionedAt::ExemptUsers).map(|mention| mention.name.clone());
        let mut exempt_users: Vec<_> = exempt.collect();
        exempt_users.sort_unstable();
        exempt_users.dedup();
        Self { protect: protect.to_vec(), schemes, exempt_users }
    }

    /// The names that protect users from steps of `scheme`.
    pub(super) fn protective(&self, scheme: &SchemeId) -> impl Iterator<Item = &Mention> {
        self.protect.iter().chain(self.of_scheme(scheme)).filter(|mention| mention.at.is_protective())
    }

    /// The names in `scheme`.
    pub(super) fn of_scheme(&self, scheme: &SchemeId) -> impl Iterator<Item = &Mention> {
        self.schemes.get(scheme).into_iter().flat_map(|scheme| &scheme.mentions)
    }

    /// The names in the source itself and in enabled schemes, each with its scheme.
    pub(super) fn enabled(&self) -> impl Iterator<Item = (Option<&SchemeId>, &Mention)> {
        let of_source = self.protect.iter().map(|mention| (None, mention));
        let schemes = self.schemes.iter().filter(|(_, scheme)| scheme.enabled);
        of_source.chain(schemes.flat_map(|(id, scheme)| scheme.mentions.iter().map(move |mention| (Some(id), mention))))
    }

    /// All that is named; what protects users first.
    pub(super) fn references(&self) -> Vec<Reference> {
        let all = || self.protect.iter().chain(self.schemes.values().flat_map(|scheme| &scheme.mentions));
        let (first, then) = (all().filter(|one| one.at.is_protective()), all().filter(|one| !one.at.is_protective()));
        let mut seen = HashSet::new();
        first.chain(then).map(Mention::reference).filter(|reference| seen.insert(reference.clone())).collect()
    }
}
