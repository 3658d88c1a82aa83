//! `/runs/{id}`: one run, its numbers and its entries.

use askama::Template;
use serde::Deserialize;

use super::{
    super::{schemes::cause_words, users},
    decide::Decide,
    entries::Entries,
    progress::Progress,
};
use crate::{
    admin::{
        AdminState, FileFormat, Problem, export_entries,
        identity::{About, Permission},
        not_in_views,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Errors, Fact, Frame, Kind, Place},
    },
    domain::{Bulk, Milestone, RunId, StepResult},
    views::{Cursor, Entry, EntryFilter, EntryResult, Limit, Page, Paging, Run, RunKind},
};

#[derive(Template)]
#[template(path = "runs/run.html")]
struct OneRun {
    frame: Frame,
    progress: Progress,
    confirm: Option<Decide>,
    fell_out: Option<FellOut>,
    facts: Vec<Fact>,
    entries: Entries,
    undo: Option<String>,
    compare: Option<String>,
    runs: String,
    runs_word: &'static str,
    /// Picks the users for whom a step has failed.
    pick_failed: Option<String>,
    may_pick: Option<String>,
    related: Vec<(&'static str, String)>,
}

/// How many users a release did nothing to, because the scheme did not select them any more.
struct FellOut {
    says: String,
    entries: String,
    info: Kind,
}

impl FellOut {
    fn new(run: &Run) -> Option<Self> {
        let says = match run.fell_out {
            0 => return None,
            1 => "1 user was not selected any more when this run was released. Nothing was done to them.".to_owned(),
            count => {
                format!(
                    "{count} users were not selected any more when this run was released. Nothing was done to them."
                )
            }
        };
        let held = EntryResult::Step(StepResult::Held).as_str();
        Some(Self { says, entries: format!("{}#entries", address(run).with("result", held)), info: Kind::Info })
    }
}

/// The query of the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asks {
    /// Entries with this result only.
    pub(super) result: String,
    pub(super) cursor: String,
    /// The fragment that polls.
    part: String,
    /// The act that was done just before.
    said: String,
}

/// `GET /runs/{id}`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such run among the sources of whoever asks; [`Problem::BadQuery`] if a filter
/// is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let run = run(&asked).await?;
    super::super::start::note(&asked, Milestone::RunRead);
    if asks.part == "progress" && asked.is_partial() {
        return Answer::html(&Progress::part(&run));
    }
    page(&asked, run, asks, Refused::default()).await
}

/// A refused decision: what is wrong with it, and the number that was typed.
#[derive(Default)]
pub(super) struct Refused {
    pub(super) errors: Errors,
    pub(super) typed: String,
}

/// The whole page; with the form as it was sent if it was refused.
pub(super) async fn page(asked: &Asked, run: Run, asks: Asks, refused: Refused) -> Result<Answer, Problem> {
    let result = result_of(&asks.result)?;
    let cursor = super::super::parsed("cursor", &asks.cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let filter = EntryFilter { result, ..EntryFilter::default() };
    let (id, paging) = (run.id.clone(), Paging { limit: Limit::CONSOLE, cursor });
    let read = move |state: &AdminState| {
        let found = state.views().entries(&id, &filter, &paging).map_err(|error| Problem::internal(&error))?;
        Ok(found.unwrap_or(Page::<Entry> { items: Vec::new(), next: None }))
    };
    let entries = Entries::new(&run, &asks, asked.read(read).await?, asked);
    let mut frame = asked.frame(Place::Runs, title(&run));
    frame.wide = true;
    frame.refused = !refused.errors.is_empty();
    frame.said = match asks.said.as_str() {
        "released" => "The run is released. It goes on now.",
        "cancelled" => "The run is cancelled. What was done stays done.",
        _ => "",
    };
    let status = if frame.refused { 422 } else { 200 };
    let page = OneRun {
        progress: Progress::new(&run),
        confirm: Decide::new(asked, &run, refused),
        fell_out: FellOut::new(&run),
        facts: facts(asked, &run),
        undo: (run.state.is_final() && run.counts.changed > 0).then(|| address(&run).segment("undo").to_string()),
        compare: (run.sweep.is_some() && run.kind != RunKind::Undo).then(|| address(&run).segment("diff").to_string()),
        runs: match Bulk::is_id(&run.scheme) {
            true => Address::new("/runs").with("kind", RunKind::Bulk.as_str()),
            false => Address::new("/runs").with("scheme", run.scheme.as_str()),
        }
        .to_string(),
        runs_word: if Bulk::is_id(&run.scheme) { "All bulk actions" } else { "Runs of this scheme" },
        pick_failed: (run.counts.failed > 0).then(|| address(&run).segment("pick").to_string()),
        may_pick: asked.why_not(Permission::Bulk, About::Source(&run.source)),
        related: related(&run),
        frame,
        entries,
    };
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    Answer::with_status(status, &page)
}

/// The run that the path names.
pub(in crate::console::pages) async fn run(asked: &Asked) -> Result<Run, Problem> {
    let wanted = RunId::new(asked.id());
    let read = move |state: &AdminState| state.views().run(&wanted).map_err(|error| Problem::internal(&error));
    let found = asked.read(read).await?.filter(|run| asked.principal().sees(&run.source));
    found.ok_or_else(|| not_in_views(asked.state(), "run", asked.id()))
}

/// `GET /runs/{id}/entries.csv`: the entries with the wanted result, as a file.
///
/// # Errors
/// As [`show`]; [`Problem::Unavailable`] if too many files are being written.
pub(in crate::console) async fn csv(asked: Asked) -> Result<Answer, Problem> {
    export(asked, FileFormat::Csv).await
}

/// `GET /runs/{id}/entries.json`: the same in JSON.
///
/// # Errors
/// As [`csv`].
pub(in crate::console) async fn json(asked: Asked) -> Result<Answer, Problem> {
    export(asked, FileFormat::Json).await
}

async fn export(asked: Asked, format: FileFormat) -> Result<Answer, Problem> {
    let (asks, run): (Asks, _) = (asked.query()?, run(&asked).await?);
    let filter = EntryFilter { result: result_of(&asks.result)?, ..EntryFilter::default() };
    export_entries(asked.state(), asked.principal(), format, run.id, (filter, None)).await.map(Answer::Stream)
}

fn result_of(text: &str) -> Result<Option<EntryResult>, Problem> {
    super::super::parsed("result", text, |text| EntryResult::all().find(|result| result.as_str() == text))
}

/// The name of the run's page.
pub(super) fn title(run: &Run) -> String {
    let title = if run.kind == RunKind::Undo { format!("undo of a {}", of(run)) } else { of(run) };
    let mut letters = title.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The same where a line begins.
pub(in crate::console::pages) fn named_first(run: &Run) -> String {
    let name = named(run);
    match name.strip_prefix("bulk action").filter(|_| Bulk::is_id(&run.scheme)) {
        Some(rest) => format!("Bulk action{rest}"),
        None => name,
    }
}

/// A run within a sentence.
pub(super) fn of(run: &Run) -> String {
    if Bulk::is_id(&run.scheme) { named(run) } else { format!("run of {}", run.scheme) }
}

/// The name of what the run is of: a bulk action has nobody but the person who asked for it. An undo is by another one.
pub(in crate::console::pages) fn named(run: &Run) -> String {
    match (Bulk::is_id(&run.scheme), run.kind, &run.by) {
        (false, ..) => run.scheme.to_string(),
        (true, RunKind::Bulk, Some(by)) => format!("bulk action by {by}"),
        (true, ..) => "bulk action".to_owned(),
    }
}

/// The pages of what the run is about.
fn related(run: &Run) -> Vec<(&'static str, String)> {
    let of = |run| Address::of("/runs", run).to_string();
    let user = run.user.as_ref().map(|user| users::address(&run.source, user).to_string());
    let all = [
        ("The user", user),
        ("The scheme", (!Bulk::is_id(&run.scheme)).then(|| Address::of("/schemes", &run.scheme).to_string())),
        ("The run that it undoes", run.undo_of.as_ref().map(of)),
        ("The run that undoes it", run.undone_by.as_ref().map(of)),
    ];
    all.into_iter().filter_map(|(word, path)| Some((word, path?))).collect()
}

/// The page of a run.
pub(super) fn address(run: &Run) -> Address {
    Address::of("/runs", &run.id)
}

fn facts(asked: &Asked, run: &Run) -> Vec<Fact> {
    let text = |name, value: String| Fact { name, value, at: None };
    let time = |name, at| Fact { name, value: String::new(), at: Some(asked.moment(at)) };
    let order = |name, order: &crate::views::Order| Fact {
        name,
        value: format!("by {}, ", order.by),
        at: Some(asked.moment(order.at)),
    };
    let complete = match (run.complete, &run.incomplete_why) {
        (Some(true), _) => "yes".to_owned(),
        (Some(false), why) => format!("no: {}", why.as_deref().unwrap_or("the list of users is not whole")),
        (None, _) => "not known yet: the list is being read".to_owned(),
    };
    let about = run.user.clone().map(|user| match &run.user_name {
        Some(name) if *name != user => format!("{name} ({user})"),
        _ => user,
    });
    let facts = [
        Some(text("Id", run.id.to_string())),
        match Bulk::is_id(&run.scheme) {
            true => Some(text("Bulk action", run.scheme.to_string())),
            false => Some(text("Scheme", format!("{} at version {}", run.scheme, run.scheme_version))),
        },
        Some(text("Source", run.source.to_string())),
        about.map(|about| text("User", about)),
        Some(text("Set off by", cause_words(&run.trigger).to_owned())),
        run.by.clone().map(|by| text("Asked by", by)),
        run.reason.clone().map(|reason| text("Reason", reason)),
        Some(text("Actions", run.actions.to_string())),
        Some(time("Started", run.started)),
        run.held_since.map(|at| time("Held since", at)),
        run.finished.map(|at| time("Finished", at)),
        run.released.as_ref().map(|by| order("Released", by)),
        run.cancelled.as_ref().map(|by| order("Cancelled", by)),
        run.sweep.is_some().then(|| text("All users seen", complete)),
        run.sweep.is_some().then(|| text("Users seen", run.counts.seen.to_string())),
        Some(text("Users selected", run.counts.selected.to_string())),
        run.sweep.is_some().then(|| text("Would be changed", run.counts.would_change.to_string())),
        run.sweep.is_some().then(|| text("Protected", run.counts.protected.to_string())),
        run.sweep.is_some().then(|| text("Not known", run.counts.unknown.to_string())),
    ];
    facts.into_iter().flatten().collect()
}
