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
        frame::{Badge, Chip, Choice, Frame, Moment, Pages, Place},
        pages::{
            filters::{Filters, Label},
            source_choices,
        },
    },
    settings::{Contents, SchemeView},
    views::{Cursor, Limit, OpenRun, RunState},
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
    says: String,
    pages: Pages,
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
    cursor: String,
    /// The act that was done just before.
    said: String,
}

/// How many are on one page.
const ON_A_PAGE: usize = Limit::CONSOLE.get();

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
    let Asks { q, source, state, cursor, said } = asked.query()?;
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
    let fitting: Vec<_> = listed.into_iter().filter(fits).collect();
    let (count, begin) = (fitting.len(), begin_of(&fitting, &cursor));
    let shown: Vec<_> = fitting.into_iter().skip(begin).take(ON_A_PAGE).collect();
    let end = begin + shown.len();
    let says = match count {
        count if count == total => format!("Schemes {} to {end} of {total}", begin + 1),
        count => format!("Schemes {} to {end} of {count} that fit the filters; there are {total}", begin + 1),
    };
    let last = shown.last().filter(|_| end < count).map(|last| Cursor::behind(last.id.as_str()));
    let rows = shown.into_iter().map(|listed| Row::new(&asked, listed, &open)).collect();
    let sources = source_choices(&asked);
    let states = STATES.map(|(name, badge)| Choice::new(name, badge.word)).to_vec();
    let all = vec![("q", q.as_str()), ("source", &source), ("state", &state)];
    let labels: [Label<'_>; 3] =
        [("q", "Name or id", &[]), ("source", "Source", &sources), ("state", "State", &states)];
    let filters = Filters { path: "/schemes", all };
    let chips = filters.chips(&labels);
    let older = last.map(|last| filters.address().with("cursor", &String::from(last)).to_string());
    let pages = Pages { first: (begin > 0).then(|| filters.address().to_string()), older };
    let mut frame = asked.frame(Place::Schemes, "Schemes");
    frame.wide = true;
    frame.said = if said == "draft-deleted" { "The draft is thrown away." } else { "" };
    let drafts = DraftRow::all(&asked);
    let no_new = asked.why_not(Permission::ChangeSchemes, About::Anything);
    Answer::html(&Schemes { frame, drafts, no_new, q, source, state, sources, states, chips, rows, says, pages })
}

/// The place at which the page behind `cursor` begins: the first scheme if the one at the cursor is gone.
fn begin_of(fitting: &[SchemeView], cursor: &str) -> usize {
    let Ok(cursor) = Cursor::try_from(cursor.to_owned()) else { return 0 };
    let place = fitting.iter().position(|listed| listed.id.as_str().as_bytes() == cursor.place());
    place.map_or(0, |place| place + 1)
}
