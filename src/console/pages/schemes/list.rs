//! `/schemes`: what usher does with whom, and when.

use askama::Template;
use serde::Deserialize;

use super::{STATES, sees, states, trigger_words, wizard::drafts::DraftRow};
use crate::{
    admin::{
        Problem,
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        frame::{Badge, Chip, Choice, Frame, Moment, Place},
        pages::{
            filters::{Filters, Label},
            source_choices,
        },
    },
    settings::{Contents, SchemeView},
    views::{OpenRun, RunState},
};

#[derive(Template)]
#[template(path = "schemes/list.html")]
struct Schemes {
    frame: Frame,
    q: String,
    source: String,
    state: String,
    sources: Vec<Choice>,
    states: Vec<Choice>,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    total: usize,
    drafts: Vec<DraftRow>,
    no_new: Option<String>,
}

struct Row {
    id: String,
    name: String,
    source: String,
    trigger: String,
    states: Vec<Badge>,
    why: Vec<String>,
    provisioned: bool,
    runs_held: usize,
    changed_by: Option<String>,
    changed: Option<Moment>,
}

/// The filters in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    q: String,
    source: String,
    state: String,
    /// The act that was done just before.
    said: String,
}

impl Row {
    fn new(asked: &Asked, listed: SchemeView, open: &[OpenRun]) -> Self {
        let names = states(&listed);
        let badge = |name: &&str| STATES.iter().find(|(other, _)| other == name).map(|(_, badge)| badge.clone());
        let runs_held = open.iter().filter(|run| run.state == RunState::Held && run.scheme == listed.id).count();
        let mut why: Vec<_> = listed.paused.iter().map(|pause| format!("paused by {}", pause.by)).collect();
        let (name, source, trigger) = match &listed.contents {
            Contents::Readable(scheme) => {
                (scheme.name.clone(), scheme.source.to_string(), trigger_words(&scheme.trigger))
            }
            Contents::Broken { why: broken, .. } => {
                why.push(broken.clone());
                (listed.id.to_string(), "Not known".to_owned(), "Not known".to_owned())
            }
        };
        why.extend(listed.warnings);
        let (changed_by, changed) =
            listed.changed.map_or((None, None), |(by, at)| (Some(by.to_string()), Some(asked.moment(at))));
        Self {
            id: listed.id.to_string(),
            name,
            source,
            trigger,
            states: names.iter().filter_map(badge).collect(),
            why,
            provisioned: listed.provisioned,
            runs_held,
            changed_by,
            changed,
        }
    }
}

/// `GET /schemes`.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let Asks { q, source, state, said } = asked.query()?;
    let (listed, open) = asked
        .read(|state| {
            let open = state.views().open_runs().map_err(|error| Problem::internal(&error))?;
            Ok((state.settings().list(), open))
        })
        .await?;
    let listed: Vec<_> = listed.into_iter().filter(|listed| sees(&asked, listed)).collect();
    let total = listed.len();
    let needle = q.to_lowercase();
    let fits = |listed: &SchemeView| {
        let (name, of) = match &listed.contents {
            Contents::Readable(scheme) => (scheme.name.to_lowercase(), scheme.source.as_str()),
            Contents::Broken { .. } => (String::new(), ""),
        };
        (source.is_empty() || source == of)
            && (state.is_empty() || states(listed).contains(&state.as_str()))
            && (needle.is_empty() || name.contains(&needle) || listed.id.as_str().contains(&needle))
    };
    let rows = listed.into_iter().filter(fits).map(|listed| Row::new(&asked, listed, &open)).collect();
    let sources = source_choices(&asked);
    let states = STATES.map(|(name, badge)| Choice::new(name, badge.word)).to_vec();
    let all = vec![("q", q.as_str()), ("source", &source), ("state", &state)];
    let labels: [Label<'_>; 3] =
        [("q", "Name or id", &[]), ("source", "Source", &sources), ("state", "State", &states)];
    let chips = Filters { path: "/schemes", all }.chips(&labels);
    let mut frame = asked.frame(Place::Schemes, "Schemes");
    frame.wide = true;
    frame.said = if said == "draft-deleted" { "The draft is thrown away." } else { "" };
    let drafts = DraftRow::all(&asked);
    let no_new = asked.why_not(Permission::ChangeSchemes, About::Anything);
    Answer::html(&Schemes { frame, drafts, no_new, q, source, state, sources, states, chips, rows, total })
}
