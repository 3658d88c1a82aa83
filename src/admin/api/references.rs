//! The names in schemes and `protect`, and whether the product has them.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::AdminState,
    config::{CheckedScheme, Named},
    domain::{Pausable, Reference, ReferenceKind, SchemeId},
    engine::{ReferenceFinding as Finding, ReferenceReport, Unresolved},
    settings::Wrong,
};

use super::Problem;

/// The number of missing names in one answer.
const MAX_TOLD: usize = 100;

/// The results of the look-ups of names.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ReferencesRow {
    /// Whether each has been looked up since usher started.
    checked: bool,
    /// The names that the product does not have, or does not report.
    unresolved: Vec<UnresolvedRow>,
}

/// A name that can't be relied on.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct UnresolvedRow {
    /// Which scheme names it; null: the source's own `protect`.
    scheme: Option<SchemeId>,
    /// The key that contains it.
    r#where: &'static str,
    kind: ReferenceKind,
    name: String,
    why: String,
    /// The name that was probably meant.
    suggestion: Option<String>,
    /// Whether steps that take something away are held until it is corrected.
    holds: bool,
}

impl From<ReferenceReport> for ReferencesRow {
    fn from(ReferenceReport { checked, unresolved }: ReferenceReport) -> Self {
        Self { checked, unresolved: unresolved.into_iter().map(UnresolvedRow::from).collect() }
    }
}

impl From<Unresolved> for UnresolvedRow {
    fn from(Unresolved { scheme, at, name, why, suggestion }: Unresolved) -> Self {
        let (kind, holds) = (at.kind(), at.is_protective());
        Self { scheme, r#where: at.as_str(), kind, name, why, suggestion, holds }
    }
}

/// The warnings about the names in `checked`; none if all exist. It is an error if some do not exist, unless the scheme
/// is disabled and so has no effect. An unknown name is no reason for an error.
///
/// # Errors
/// [`Problem::InvalidScheme`] if the scheme is enabled and the product does not have all the names.
pub(super) async fn look_up(state: &AdminState, checked: &CheckedScheme) -> Result<Vec<Wrong>, Problem> {
    let source = &checked.scheme.source;
    if state.settings.pause_of(&Pausable::Source(source.clone())).is_some() {
        return Ok(vec![not_looked_up(&format!("{source} is paused, and nothing is called there"))]);
    }
    let Some(references) = state.references(source) else { return Ok(Vec::new()) };
    let names = checked.names.iter().map(|named| named.mention.reference()).collect();
    let found = match references.look_up_now(names).await {
        Some(Ok(found)) => found,
        Some(Err(error)) => return Ok(vec![not_looked_up(&format!("{source} does not tell: {error}"))]),
        None => return Ok(vec![not_looked_up(&format!("{source} took too long to answer"))]),
    };
    let found: HashMap<_, _> = found.into_iter().collect();
    let wrong = checked.names.iter().filter_map(|named| wrong(named, &found, source.as_str()));
    let wrong: Vec<_> = wrong.take(MAX_TOLD).collect();
    match (wrong.is_empty(), checked.scheme.enabled) {
        (true, _) => Ok(Vec::new()),
        (false, true) => Err(Problem::InvalidScheme(wrong)),
        (false, false) => Ok(wrong),
    }
}

fn wrong(named: &Named, found: &HashMap<Reference, Finding>, source: &str) -> Option<Wrong> {
    let reference = named.mention.reference();
    let Finding::Missing(missing) = found.get(&reference)? else { return None };
    let (kind, name, at) = (reference.kind, reference.shown(), named.mention.at);
    let instead = match &missing.suggestion {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "create it in the product first, or take it out".to_owned(),
    };
    let message = match kind {
        ReferenceKind::Group | ReferenceKind::Application => {
            format!("`{at}`: there is no {kind} `{name}` in {source}; {instead}")
        }
        ReferenceKind::User => format!("`{at}`: `{name}` in {source}: {}; {instead}", missing.why),
    };
    Some(Wrong::at(&named.place, message))
}

fn not_looked_up(why: &str) -> Wrong {
    Wrong::whole(format!("whether what the scheme names is there was not looked up: {why}"))
}
