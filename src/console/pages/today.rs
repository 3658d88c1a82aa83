//! `/`: what waits for a person, the last 24 hours, the sources.

use std::time::Duration;

use askama::Template;

use super::{sources::list::Table, start::Checklist};
use crate::{
    admin::{AdminState, Problem, SourceNow, SourceState, sources_now},
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Frame, Kind, Moment, Number, Place},
    },
    domain::{Milestone, SourceId, Timestamp},
    views::{Filter, KeptTo, LetterFilter, LetterState, Limit, Page, Paging, Run, RunState, Totals},
};

const DAY: Duration = Duration::from_hours(24);

#[derive(Template)]
#[template(path = "today.html")]
struct Today {
    frame: Frame,
    /// The number of steps of the beginning that are done; none once the list was dismissed.
    begun: Option<usize>,
    inbox: Vec<Item>,
    numbers: [Number; 5],
    note: Option<&'static str>,
    sources: Table,
}

/// Something that waits for a person.
struct Item {
    kind: Kind,
    word: &'static str,
    text: String,
    since: Option<Moment>,
    path: String,
    act: &'static str,
}

/// The data that is read for the page.
struct Found {
    held: Page<Run>,
    letters: usize,
    more_letters: bool,
    kept_back: usize,
    totals: Totals,
    sources: Vec<SourceNow>,
}

impl Found {
    /// Reads it, for the sources in `only` if some are given; waits for the disk.
    fn read(
        state: &AdminState,
        since: Timestamp,
        only: Option<&[SourceId]>,
        kept_to: Option<KeptTo>,
    ) -> Result<Self, Problem> {
        let failed = |error| Problem::internal(&error);
        let views = state.views();
        let seen = |source: &SourceId| only.is_none_or(|only| only.contains(source));
        let first = Paging { limit: Limit::MAX, cursor: None };
        let filter = Filter { state: Some(RunState::Held), kept_to: kept_to.clone(), ..Filter::default() };
        let held = views.runs(&filter, &first).map_err(failed)?;
        let filter = LetterFilter { state: Some(LetterState::Open), kept_to, ..LetterFilter::default() };
        let letters = views.dead_letters(&filter, &first).map_err(failed)?;
        let kept_back = letters.items.iter().filter(|letter| letter.held).count();
        let totals = views.totals(since, only).map_err(failed)?;
        let rows = state.sources().iter().filter(|source| seen(source.id())).cloned().collect();
        let sources = sources_now(state, rows)?;
        let more_letters = letters.next.is_some();
        Ok(Self { held, letters: letters.items.len() - kept_back, more_letters, kept_back, totals, sources })
    }
}

/// `GET /`.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let since = asked.now().minus(DAY);
    let (only, kept_to) = (asked.only_sources(), asked.kept_to());
    let found = asked.read(move |state| Found::read(state, since, only.as_deref(), kept_to)).await?;
    let inbox = inbox(&asked, &found);
    let numbers = numbers(&found.totals, since);
    let note = found.totals.cut.then_some("There are more runs than these; the latest 20,000 were added up.");
    let sources = Table::new(&asked, found.sources);
    let begun = match asked.state().settings().milestone(Milestone::Dismissed) {
        Some(_) => None,
        None => Some(Checklist::read(&asked).await?.done),
    };
    Answer::html(&Today { frame: asked.frame(Place::Today, "Today"), begun, inbox, numbers, note, sources })
}

fn numbers(totals: &Totals, since: Timestamp) -> [Number; 5] {
    let runs = Address::new("/runs").with("since", &since.to_string());
    let with = |result: &str| runs.clone().with("result", result).to_string();
    let number = |class, value, word, path| Number { class, value, word, path };
    let failed = if totals.failed > 0 { "danger" } else { "" };
    [
        number("", totals.runs, "runs", runs.to_string()),
        number("", totals.changed, "steps done", with("changed")),
        number("test", totals.tested, "steps in test mode", with("tested")),
        number("", totals.held, "steps held", with("held")),
        number(failed, totals.failed, "steps failed", with("failed")),
    ]
}

fn inbox(asked: &Asked, found: &Found) -> Vec<Item> {
    let mut items: Vec<_> = found.held.items.iter().map(|run| held(asked, run)).collect();
    if found.held.next.is_some() {
        let (text, path) = ("More runs than these are held.".to_owned(), "/runs?state=held".to_owned());
        items.push(Item { kind: Kind::Held, word: "Held", text, since: None, path, act: "Look at them" });
    }
    for now in &found.sources {
        items.extend(of_source(asked, now));
    }
    if found.kept_back > 0 {
        let text = match found.kept_back {
            1 if !found.more_letters => "1 step is kept back, because many users were created at once.".to_owned(),
            count => format!(
                "{count}{} steps are kept back, because many users were created at once.",
                or_more(found.more_letters)
            ),
        };
        let path = "/dead-letters?state=open".to_owned();
        items.push(Item { kind: Kind::Held, word: "Kept back", text, since: None, path, act: "Look at them" });
    }
    if found.letters > 0 {
        let text = match found.letters {
            1 if !found.more_letters => "1 event or step was given up.".to_owned(),
            count => format!("{count}{} events and steps were given up.", or_more(found.more_letters)),
        };
        let path = "/dead-letters?state=open".to_owned();
        items.push(Item { kind: Kind::Danger, word: "Given up", text, since: None, path, act: "Look at them" });
    }
    items
}

/// Said behind a number that counts the first page alone.
const fn or_more(are_there: bool) -> &'static str {
    if are_there { " or more" } else { "" }
}

fn held(asked: &Asked, run: &Run) -> Item {
    let why = run.why.as_deref().unwrap_or("it waits for an administrator");
    let text = format!("{} in {}: {why}.", super::runs::one::named_first(run), run.source);
    let since = run.held_since.map(|at| asked.moment(at));
    let path = Address::of("/runs", &run.id).to_string();
    Item { kind: Kind::Held, word: "Held run", text, since, path, act: "Decide" }
}

/// The trouble of one source, its newcomers, and its ending key.
fn of_source(asked: &Asked, now: &SourceNow) -> Vec<Item> {
    let (name, path) = (now.source.name(), "/sources".to_owned());
    let item = |kind, word, text, since| Item { kind, word, text, since, path: path.clone(), act: "Look" };
    let mut items = Vec::new();
    let since = now.since.map(|at| asked.moment(at));
    let why = now.why.as_deref().map(|why| format!(" {}", crate::console::asked::sentence(why))).unwrap_or_default();
    match now.state {
        Some(SourceState::Halted) => {
            let text = format!("{name} refuses usher's credentials; its events wait.{why}");
            items.push(item(Kind::Danger, "Halted", text, since));
        }
        Some(SourceState::Unreachable) => {
            let text = format!("{name} does not answer; usher goes on trying.{why}");
            items.push(item(Kind::Warn, "Unreachable", text, since));
        }
        Some(SourceState::Broken) => {
            let text = format!("{name} can't be used as it is stored, and does not work.{why}");
            items.push(item(Kind::Danger, "Broken", text, since));
        }
        Some(SourceState::Running) | None => {}
    }
    if now.reconciliation.held > 0 {
        let text = match now.reconciliation.held {
            1 => format!("1 newcomer of {name} waits: nobody told usher that they were created."),
            held => format!("{held} newcomers of {name} wait: nobody told usher that they were created."),
        };
        let path = Address::of("/sources", now.source.id()).segment("newcomers").to_string();
        items.push(Item { kind: Kind::Held, word: "Newcomers", text, since: None, path, act: "Decide" });
    }
    if let Some(ending) = super::sources::ending(now, asked.now()).filter(|ending| ending.is_near) {
        items.push(item(ending.kind, "Ending key", format!("The credentials of {name}: {}.", ending.text), None));
    }
    items
}
