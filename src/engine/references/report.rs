//! The results of look-ups, for people.

use super::References;
use crate::domain::{Mention, MentionedAt, SchemeId};

/// The results for some names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceReport {
    /// Whether all of them have been looked up since usher started.
    pub checked: bool,
    /// The names that match nothing.
    pub unresolved: Vec<Unresolved>,
}

/// A name that the product does not have, or does not report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Which scheme names it; none: the source itself.
    pub scheme: Option<SchemeId>,
    /// Under which key.
    pub at: MentionedAt,
    /// As it is written.
    pub name: String,
    /// Why it can't be relied on.
    pub why: String,
    /// The name that was probably meant.
    pub suggestion: Option<String>,
}

impl References {
    /// The results for `protect` and the enabled schemes.
    pub fn standing(&self) -> ReferenceReport {
        let mentions = self.mentions();
        self.standing_of(mentions.enabled())
    }

    /// The results for one scheme.
    pub fn standing_of_scheme(&self, scheme: &SchemeId) -> ReferenceReport {
        let mentions = self.mentions();
        self.standing_of(mentions.of_scheme(scheme).map(|mention| (Some(scheme), mention)))
    }

    /// Whether a step of `scheme` that takes something away would be held for a missing protective name.
    pub fn is_in_doubt(&self, scheme: &SchemeId) -> bool {
        self.mentions().protective(scheme).any(|mention| self.findings.doubt(&mention.reference()).is_some())
    }

    fn standing_of<'m>(&self, mentions: impl Iterator<Item = (Option<&'m SchemeId>, &'m Mention)>) -> ReferenceReport {
        let mut standing = ReferenceReport { checked: true, unresolved: Vec::new() };
        for (scheme, mention) in mentions {
            let reference = mention.reference();
            standing.checked &= !self.findings.is_unknown(&reference);
            let Some(missing) = self.findings.doubt(&reference) else { continue };
            standing.unresolved.push(Unresolved {
                scheme: scheme.cloned(),
                at: mention.at,
                name: mention.name.clone(),
                why: missing.why,
                suggestion: missing.suggestion,
            });
        }
        standing
    }
}
