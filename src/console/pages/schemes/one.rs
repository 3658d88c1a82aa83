//! `/schemes/{id}`: one scheme, its state and its runs.

use std::time::Duration;

use askama::Template;
use serde::Deserialize;

use super::{STATES, act::Acts, address, explain::Explained, read::Reading, scheme, states};
use crate::{
    admin::{AdminState, ConflictRow, Problem, conflicts_of, in_words, unresolved_names},
    config::as_yaml,
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        frame::{Badge, Errors, Fact, Frame, Moment, Place, users},
    },
    domain::Timestamp,
    settings::{Contents, SchemeView},
    views::{Filter, Limit, Paging, Run},
};

/// The time that counts as lately.
const LATELY: Duration = Duration::from_hours(30 * 24);

#[derive(Template)]
#[template(path = "schemes/one.html")]
struct OneScheme {
    frame: Frame,
    provisioned: bool,
    states: Vec<Badge>,
    sentence: Option<String>,
    broken: Option<String>,
    paused: Option<(String, Moment)>,
    warnings: Vec<String>,
    conflicts: Vec<Conflict>,
    reading: Option<Reading>,
    last: Option<Last>,
    facts: Vec<Fact>,
    runs: String,
    history: String,
    yaml: String,
    explained: Explained,
    acts: Acts,
    errors: Errors,
}

/// Another scheme that this one undoes, or is undone by.
struct Conflict {
    why: String,
    witness: String,
    other: String,
    path: String,
}

/// The latest run.
struct Last {
    path: String,
    at: Moment,
    badge: Badge,
    words: String,
}

/// The data that is read for the page.
struct Found {
    last: Option<Run>,
    selected: u64,
    more: bool,
    warnings: Vec<String>,
    conflicts: Vec<ConflictRow>,
    sentence: Option<String>,
    yaml: String,
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// The user to be explained.
    user: String,
    /// The fragment that is asked for.
    part: String,
    /// The act that was done just before.
    said: String,
}

impl Found {
    /// Reads it; waits for the disk.
    fn read(state: &AdminState, listed: &SchemeView, since: Timestamp) -> Result<Self, Problem> {
        let failed = |error| Problem::internal(&error);
        let runs = |filter, limit| state.views().runs(&filter, &Paging { limit, cursor: None }).map_err(failed);
        let of_scheme = Filter { scheme: Some(listed.id.clone()), ..Filter::default() };
        let last = runs(of_scheme.clone(), Limit::ONE)?.items.into_iter().next();
        let lately = runs(Filter { since: Some(since), ..of_scheme }, Limit::MAX)?;
        let selected = lately.items.iter().map(|run| run.counts.selected).sum();
        let mut warnings = listed.warnings.clone();
        let (mut conflicts, mut sentence) = (Vec::new(), None);
        let yaml = match &listed.contents {
            Contents::Readable(scheme) => {
                warnings.extend(unresolved_names(state, &listed.id, scheme));
                if scheme.enabled {
                    conflicts = conflicts_of(state.settings(), scheme).rows;
                }
                sentence = Some(in_words(state, scheme));
                as_yaml(scheme).map_err(|error| Problem::internal(&error))?
            }
            Contents::Broken { text, .. } => text.clone(),
        };
        Ok(Self { last, selected, more: lately.next.is_some(), warnings, conflicts, sentence, yaml })
    }
}

impl Conflict {
    fn new(listed: &SchemeView, row: ConflictRow) -> Self {
        let [first, second] = row.schemes;
        let other = if first == listed.id { second } else { first };
        Self {
            why: sentence(&row.why),
            witness: row.witness.text,
            path: address(&other).to_string(),
            other: other.to_string(),
        }
    }
}

impl Last {
    fn new(asked: &Asked, run: &Run) -> Self {
        let counts = &run.counts;
        let (done, word) =
            if run.test_mode { (counts.tested, "recorded in test mode") } else { (counts.changed, "changed") };
        let words = format!(
            "{} selected; steps: {done} {word}, {} failed, {} held",
            users(counts.selected),
            counts.failed,
            counts.held
        );
        Self {
            path: Address::of("/runs", &run.id).to_string(),
            at: asked.moment(run.started),
            badge: run.state.into(),
            words,
        }
    }
}

/// `GET /schemes/{id}`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such scheme among the sources of whoever asks; [`Problem::BadQuery`] if a
/// parameter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let listed = scheme(&asked)?;
    let explained = Explained::new(&asked, &listed, asks.user.trim()).await;
    if asks.part == "why" && asked.is_partial() {
        return Answer::html(&explained);
    }
    let said = match asks.said.as_str() {
        "created" => "The scheme is stored. Its runs say what it does to each user, and why.",
        "stored" => "The change is stored.",
        "paused" => "The scheme is paused.",
        "resumed" => "The scheme is resumed. It is asked from now on.",
        "enabled" => "The scheme is on.",
        "disabled" => "The scheme is off.",
        "test" => "Test mode is on. Nothing is changed by this scheme.",
        "live" => "Test mode is off. The scheme changes users from now on.",
        "back" => "The earlier version is stored as a new one.",
        _ => "",
    };
    page(&asked, listed, explained, said, Errors::default()).await
}

/// The whole page; with what is wrong if something was refused.
pub(super) async fn page(
    asked: &Asked,
    listed: SchemeView,
    explained: Explained,
    said: &'static str,
    errors: Errors,
) -> Result<Answer, Problem> {
    let (since, wanted) = (asked.now().minus(LATELY), listed.clone());
    let found = asked.read(move |state| Found::read(state, &wanted, since)).await?;
    let (name, reading, broken) = match &listed.contents {
        Contents::Readable(scheme) => (scheme.name.clone(), Some(Reading::new(asked, scheme)), None),
        Contents::Broken { why, .. } => (listed.id.to_string(), None, Some(why.clone())),
    };
    let badge = |name: &&str| STATES.iter().find(|(other, _)| other == name).map(|(_, badge)| badge.clone());
    let mut frame = asked.frame(Place::Schemes, name);
    frame.said = said;
    frame.refused = !errors.is_empty();
    let status = if frame.refused { 412 } else { 200 };
    let path = address(&listed.id);
    let page = OneScheme {
        provisioned: listed.provisioned,
        states: states(&listed).iter().filter_map(badge).collect(),
        sentence: found.sentence,
        broken,
        paused: listed.paused.as_ref().map(|pause| (pause.by.to_string(), asked.moment(pause.at))),
        warnings: found.warnings.iter().map(|warning| sentence(warning)).collect(),
        conflicts: found.conflicts.into_iter().map(|row| Conflict::new(&listed, row)).collect(),
        reading,
        last: found.last.as_ref().map(|run| Last::new(asked, run)),
        facts: facts(asked, &listed, found.selected, found.more),
        runs: Address::new("/runs").with("scheme", listed.id.as_str()).to_string(),
        history: path.segment("history").to_string(),
        yaml: found.yaml,
        explained,
        acts: Acts::new(asked, &listed),
        errors,
        frame,
    };
    Answer::with_status(actix_web::http::StatusCode::from_u16(status).unwrap_or_default(), &page)
}

fn facts(asked: &Asked, listed: &SchemeView, selected: u64, more: bool) -> Vec<Fact> {
    let text = |name, value: String| Fact { name, value, at: None };
    let source = match &listed.contents {
        Contents::Readable(scheme) => {
            let sources = asked.state().sources();
            let row = sources.iter().find(|row| *row.id() == scheme.source);
            row.map_or_else(|| scheme.source.to_string(), |row| format!("{} ({})", row.name(), scheme.source))
        }
        Contents::Broken { .. } => "not known".to_owned(),
    };
    let more = if more { " or more" } else { "" };
    let changed = match (&listed.changed, listed.provisioned) {
        (Some((by, at)), _) => Fact { name: "Last changed", value: format!("by {by}, "), at: Some(asked.moment(*at)) },
        (None, true) => text("Last changed", "in the configuration file, which has no history here".to_owned()),
        (None, false) => text("Last changed", "not known".to_owned()),
    };
    vec![
        text("Id", listed.id.to_string()),
        text("Source", source),
        text("Selected lately", format!("{selected}{more} times in the last 30 days, as far as runs are kept")),
        changed,
        text("Version", listed.version.clone()),
    ]
}
