//! The things that need a source still, for those who delete it.

use std::fmt;

use serde_json::Value;

use crate::{
    admin::{
        AdminState, Problem,
        api::{dead_letters::count_held, request::work::in_turn, runs::open::open_runs},
    },
    domain::{RunId, SourceId},
    settings::Contents,
    views::{OpenRun, RunState},
};

/// The number of things that are named.
const MAX_NAMED: usize = 20;

/// Something that needs a source. `Display` says it in words, with the id by which it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// A scheme.
    Scheme(String),
    /// A run of a sweep that is running, or waits for an administrator.
    Run {
        /// Its id.
        id: RunId,
        /// The scheme, which may be deleted already.
        scheme: String,
        /// Running or held.
        state: RunState,
    },
    /// Steps of events that wait for an administrator, because many users were created at once.
    HeldSteps {
        /// The source.
        source: SourceId,
        /// The number of them.
        count: usize,
        /// Whether there are more.
        more: bool,
    },
    /// Runs and steps, as long as they can't be read.
    NotRead,
    /// So many more things.
    More(usize),
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(id) => write!(f, "the scheme `{id}`"),
            Self::Run { id, scheme, state } => write!(f, "the {} run `{id}` of `{scheme}`", state.as_str()),
            Self::HeldSteps { source, count, more } => {
                let (over, noun) = (if *more { "more than " } else { "" }, if *count == 1 { "step" } else { "steps" });
                write!(
                    f,
                    "{over}{count} held {noun} on users who were created at once (release or dismiss them: \
                     `sources/{source}/newcomers`)"
                )
            }
            Self::NotRead => f.write_str("its runs and held steps, which can't be read now"),
            Self::More(count) => write!(f, "{count} more"),
        }
    }
}

/// The things that need the source still: schemes, runs that are held or running, and held steps of events.
pub(crate) async fn needed_by(state: &AdminState, id: &SourceId) -> Vec<Need> {
    let of_it = |contents: &Contents| match contents {
        Contents::Readable(scheme) => scheme.source == *id,
        // All schemes of a source that can't be used are broken.
        Contents::Broken { text, .. } => {
            serde_json::from_str::<Value>(text).is_ok_and(|scheme| scheme["source"] == id.as_str())
        }
    };
    let schemes = state.settings.list().into_iter().filter(|listed| of_it(&listed.contents));
    let mut needed: Vec<_> = schemes.map(|listed| Need::Scheme(listed.id.to_string())).collect();
    match in_turn(|| in_views(state, id)).await {
        Ok(of_views) => needed.extend(of_views),
        Err(_) => needed.push(Need::NotRead),
    }
    shortened(needed)
}

fn in_views(state: &AdminState, id: &SourceId) -> Result<Vec<Need>, Problem> {
    let (count, more) = count_held(&state.views, id).map_err(|error| Problem::internal(&error))?;
    let steps = (count > 0).then(|| Need::HeldSteps { source: id.clone(), count, more });
    let open = open_runs(state)?;
    let runs = open.into_iter().filter(|run| run.source == *id);
    let run = |OpenRun { sweep, scheme, state, .. }| Need::Run {
        id: RunId::of_sweep(&sweep, &scheme),
        scheme: scheme.to_string(),
        state,
    };
    Ok(steps.into_iter().chain(runs.map(run)).collect())
}

/// The first of them, and the number of the others.
fn shortened(mut needed: Vec<Need>) -> Vec<Need> {
    if needed.len() > MAX_NAMED {
        let more = needed.len() - MAX_NAMED;
        needed.truncate(MAX_NAMED);
        needed.push(Need::More(more));
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_need_says_where_it_is_found_and_many_are_shortened() {
        let source: SourceId = "globex".parse().expect("an id");
        let held = |count, more| Need::HeldSteps { source: source.clone(), count, more }.to_string();
        assert_eq!(
            held(1, false),
            "1 held step on users who were created at once (release or dismiss them: `sources/globex/newcomers`)"
        );
        assert!(held(1_000, true).starts_with("more than 1000 held steps "), "{}", held(1_000, true));
        let scheme = |number: usize| Need::Scheme(format!("s{number}"));
        let (all, few) = (shortened((0..25).map(scheme).collect()), shortened((0..20).map(scheme).collect()));
        assert_eq!((all.len(), all.last().map(ToString::to_string)), (21, Some("5 more".to_owned())));
        assert_eq!((few.len(), few.last()), (20, Some(&scheme(19))));
    }
}
