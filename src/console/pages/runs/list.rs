//! `/runs`: the list, with its filters in the address.

use askama::Template;
use serde::Deserialize;

use super::{
    super::{
        filters::{Filters, time},
        parsed,
        schemes::cause_words,
        source_choices,
    },
    one::named_first,
};
use crate::{
    admin::{
        AdminState, FileFormat, Problem, export_runs,
        identity::{About, Permission},
        named, sees_scheme,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Badge, Chip, Choice, Frame, Kind, Moment, Pages, Place, counted, users},
    },
    domain::{Bulk, StepResult},
    views::{Counts, Cursor, EntryResult, Filter, Limit, Paging, Run, RunKind, RunState},
};

#[derive(Template)]
#[template(path = "runs/page.html")]
struct Runs {
    frame: Frame,
    chosen: Asks,
    schemes: Vec<Choice>,
    sources: Vec<Choice>,
    states: Vec<Choice>,
    results: Vec<Choice>,
    kinds: Vec<Choice>,
    modes: Vec<Choice>,
    /// The result of a deletion that was just done.
    deleted: Option<String>,
    list: List,
}

/// The part that a filter changes.
#[derive(Template)]
#[template(path = "runs/list.html")]
struct List {
    chips: Vec<Chip>,
    rows: Vec<Row>,
    pages: Pages,
    says: String,
    csv: String,
    json: String,
    folded: String,
    delete: String,
    may_delete: Option<String>,
}

struct Row {
    path: String,
    started: Moment,
    scheme: Option<String>,
    name: String,
    source: String,
    about: String,
    kind: Kind,
    state: &'static str,
    test: bool,
    test_kind: Kind,
    counts: Counts,
}

/// The filters in the address. An empty one is none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asks {
    pub(super) q: String,
    pub(super) scheme: String,
    pub(super) source: String,
    pub(super) state: String,
    pub(super) result: String,
    pub(super) kind: String,
    pub(super) mode: String,
    pub(super) user: String,
    pub(super) by: String,
    pub(super) since: String,
    pub(super) until: String,
    pub(super) cursor: String,
    /// After a deletion: the number of runs that are gone, and of those that stayed.
    deleted: String,
    left: String,
}

pub(super) const STATES: [RunState; 5] =
    [RunState::Held, RunState::Running, RunState::Failed, RunState::Done, RunState::Cancelled];

/// The kinds of runs with their words.
pub(super) const KINDS: [(RunKind, &str); 5] = [
    (RunKind::Scheme, "Of one event"),
    (RunKind::Sweep, "Of a schedule"),
    (RunKind::Manual, "By hand"),
    (RunKind::Bulk, "Bulk action"),
    (RunKind::Undo, "Undo"),
];

pub(super) fn state_of(text: &str) -> Option<RunState> {
    STATES.into_iter().find(|state| state.as_str() == text)
}

pub(super) fn kind_of(text: &str) -> Option<RunKind> {
    KINDS.into_iter().map(|(kind, _)| kind).find(|kind| kind.as_str() == text)
}

/// Whether a run was to change nothing, by the word of the API.
pub(super) fn test_mode_of(text: &str) -> Option<bool> {
    ["active", "test"].into_iter().position(|word| word == text).map(|place| place == 1)
}

pub(super) fn kind_choices() -> Vec<Choice> {
    KINDS.map(|(kind, word)| Choice::new(kind.as_str(), word)).to_vec()
}

pub(super) fn mode_choices() -> Vec<Choice> {
    vec![Choice::new("active", "Changes"), Choice::new("test", "Test mode")]
}

pub(super) fn state_choices() -> Vec<Choice> {
    STATES.map(|state| Choice::new(state.as_str(), Badge::from(state).word)).to_vec()
}

impl Asks {
    /// The filter; the user is named apart from it.
    fn filter(&self, asked: &Asked) -> Result<(Filter, Option<String>), Problem> {
        let filled = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let filter = Filter {
            scheme: parsed("scheme", &self.scheme, |text| text.parse().ok())?,
            source: parsed("source", &self.source, |text| text.parse().ok())?,
            result: parsed("result", &self.result, |text| EntryResult::all().find(|result| result.as_str() == text))?,
            state: parsed("state", &self.state, state_of)?,
            kind: parsed("kind", &self.kind, kind_of)?,
            test_mode: parsed("mode", &self.mode, test_mode_of)?,
            since: parsed("since", &self.since, |text| time(asked, text))?,
            until: parsed("until", &self.until, |text| time(asked, text))?,
            by: filled(&self.by),
            text: filled(&self.q).map(|text| text.to_lowercase()),
            ..Filter::default()
        };
        Ok((filter, filled(&self.user)))
    }

    fn filters(&self) -> Filters<'_> {
        let all = vec![
            ("q", self.q.as_str()),
            ("scheme", &self.scheme),
            ("source", &self.source),
            ("state", &self.state),
            ("result", &self.result),
            ("kind", &self.kind),
            ("mode", &self.mode),
            ("user", &self.user),
            ("by", &self.by),
            ("since", &self.since),
            ("until", &self.until),
        ];
        Filters { path: "/runs", all }
    }

    /// The page that deletes the runs of these filters: of those alone that can be deleted by.
    fn deletion(&self) -> Address {
        let all = [
            ("scheme", &self.scheme),
            ("source", &self.source),
            ("state", &self.state),
            ("kind", &self.kind),
            ("mode", &self.mode),
            ("before", &self.until),
        ];
        all.into_iter().fold(Address::new("/runs/delete"), |address, (name, value)| address.with(name, value))
    }

    /// The result of a deletion, in words.
    fn deleted(&self) -> Option<String> {
        let (deleted, left): (u64, u64) = (self.deleted.parse().ok()?, self.left.parse().unwrap_or_default());
        let stayed = match left {
            0 => String::new(),
            left => format!(" {left} stayed: they are held, have not ended, or are being undone."),
        };
        Some(format!("Removed from the run log: {}.{stayed}", counted(deleted, "run")))
    }
}

impl Row {
    fn new(asked: &Asked, run: Run) -> Self {
        let badge = Badge::from(run.state);
        let about = match (&run.user_name, &run.user) {
            _ if run.kind == RunKind::Undo => undo_words(&run),
            (Some(name), _) | (None, Some(name)) => format!("{name}: {}", cause_words(&run.trigger)),
            (None, None) => format!("{} selected: {}", users(run.counts.selected), cause_words(&run.trigger)),
        };
        Self {
            path: Address::of("/runs", &run.id).to_string(),
            started: asked.moment(run.started),
            scheme: (!Bulk::is_id(&run.scheme)).then(|| Address::of("/schemes", &run.scheme).to_string()),
            name: named_first(&run),
            source: run.source.to_string(),
            about,
            kind: badge.kind,
            state: badge.word,
            test: run.test_mode,
            test_kind: Kind::Test,
            counts: run.counts,
        }
    }
}

/// The words of the results that can be filtered by.
pub(super) fn result_word(result: EntryResult) -> &'static str {
    match result {
        EntryResult::Step(StepResult::Tested) => "Recorded in test mode",
        EntryResult::Step(result) => Badge::from(result).word,
        EntryResult::Unknown => "Not known",
    }
}

fn undo_words(run: &Run) -> String {
    let of = run.undo_of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
    let by = run.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    format!("Undo{of}{by}")
}

/// `GET /runs`: the whole page, or the list alone.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let chosen: Asks = asked.query()?;
    let (filter, user) = chosen.filter(&asked)?;
    let cursor = parsed("cursor", &chosen.cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let paging = Paging { limit: Limit::CONSOLE, cursor };
    let caller = asked.principal().clone();
    let read = move |state: &AdminState| {
        let internal = |error| Problem::internal(&error);
        let filter = named(state, &caller, filter, user.as_deref()).map_err(internal)?;
        let page = state.views().runs(&filter, &paging).map_err(internal)?;
        let seen = state.settings().list().into_iter().filter(|listed| sees_scheme(&caller, listed));
        let schemes = seen.map(|listed| listed.id).collect::<Vec<_>>();
        Ok((page, schemes))
    };
    let (page, mut schemes) = asked.read(read).await?;
    let rows: Vec<_> = page.items.into_iter().map(|run| Row::new(&asked, run)).collect();
    let results: Vec<_> = EntryResult::all().map(|result| Choice::new(result.as_str(), result_word(result))).collect();
    let list = list(&asked, &chosen, rows, page.next, &results);
    if asked.is_partial() {
        return Answer::html(&list);
    }
    schemes.sort();
    let schemes = schemes.iter().map(|id| Choice::new(id, id)).collect();
    let mut frame = asked.frame(Place::Runs, "Runs");
    frame.wide = true;
    let (sources, states, deleted) = (source_choices(&asked), state_choices(), chosen.deleted());
    let (kinds, modes) = (kind_choices(), mode_choices());
    Answer::html(&Runs { frame, chosen, schemes, sources, states, results, kinds, modes, deleted, list })
}

fn list(asked: &Asked, chosen: &Asks, rows: Vec<Row>, next: Option<Cursor>, results: &[Choice]) -> List {
    let filters = chosen.filters();
    let older = next.map(|next| filters.address().with("cursor", &String::from(next)).to_string());
    let pages = Pages { first: (!chosen.cursor.is_empty()).then(|| filters.address().to_string()), older };
    let chips = filters.chips(&[
        ("q", "Text", &[]),
        ("scheme", "Scheme", &[]),
        ("source", "Source", &source_choices(asked)),
        ("state", "State", &state_choices()),
        ("result", "With a result", results),
        ("kind", "Kind", &kind_choices()),
        ("mode", "Mode", &mode_choices()),
        ("user", "User", &[]),
        ("by", "Asked by", &[]),
        ("since", "Since", &[]),
        ("until", "Until", &[]),
    ]);
    let says = match rows.len() {
        1 => "1 run is shown".to_owned(),
        count => format!("{count} runs are shown"),
    };
    let folded =
        [("scheme", &chosen.scheme), ("source", &chosen.source), ("since", &chosen.since), ("until", &chosen.until)];
    let folded = folded.into_iter().fold(Address::new("/runs/folded"), |to, (name, value)| to.with(name, value));
    List {
        chips,
        rows,
        pages,
        says,
        csv: filters.at("/runs.csv").to_string(),
        json: filters.at("/runs.json").to_string(),
        folded: folded.to_string(),
        delete: chosen.deletion().to_string(),
        may_delete: asked.why_not(Permission::DeleteLogs, About::Anything),
    }
}

/// `GET /runs.csv`: the runs that the filters let through, as a file.
///
/// # Errors
/// As [`show`]; [`Problem::Unavailable`] if too many files are being written.
pub(in crate::console) async fn csv(asked: Asked) -> Result<Answer, Problem> {
    export(asked, FileFormat::Csv).await
}

/// `GET /runs.json`: the same in JSON.
///
/// # Errors
/// As [`csv`].
pub(in crate::console) async fn json(asked: Asked) -> Result<Answer, Problem> {
    export(asked, FileFormat::Json).await
}

async fn export(asked: Asked, format: FileFormat) -> Result<Answer, Problem> {
    let chosen: Asks = asked.query()?;
    let (filter, user) = chosen.filter(&asked)?;
    export_runs(asked.state(), asked.principal(), format, filter, user).await.map(Answer::Stream)
}

/// `GET /runs/latest`: the newest run.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read.
pub(in crate::console) async fn latest(asked: Asked) -> Result<Answer, Problem> {
    let filter = Filter { kept_to: asked.kept_to(), ..Filter::default() };
    let read = move |state: &AdminState| {
        let first = Paging { limit: Limit::ONE, cursor: None };
        state.views().runs(&filter, &first).map_err(|error| Problem::internal(&error))
    };
    let newest = asked.read(read).await?.items.into_iter().next();
    Ok(Answer::see(newest.map_or_else(|| Address::new("/runs"), |run| Address::of("/runs", &run.id))))
}
