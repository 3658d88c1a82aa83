//! `/runs`: the list, with its filters in the address.

use askama::Template;
use chrono::{NaiveDate, TimeZone};
use serde::Deserialize;

use super::super::{parsed, schemes::cause_words, source_choices, word_of};
use crate::{
    admin::{AdminState, Problem, sees_scheme},
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Badge, Chip, Choice, Frame, Kind, Moment, Pages, Place, users},
    },
    domain::{StepResult, Timestamp},
    views::{Counts, Cursor, EntryResult, Filter, Limit, Paging, Run, RunState},
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
}

struct Row {
    path: String,
    started: Moment,
    scheme: String,
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
struct Asks {
    scheme: String,
    source: String,
    state: String,
    result: String,
    since: String,
    cursor: String,
}

const STATES: [RunState; 5] =
    [RunState::Held, RunState::Running, RunState::Failed, RunState::Done, RunState::Cancelled];

impl Asks {
    fn filter(&self, asked: &Asked) -> Result<Filter, Problem> {
        let state = |text: &str| STATES.into_iter().find(|state| state.as_str() == text);
        Ok(Filter {
            scheme: parsed("scheme", &self.scheme, |text| text.parse().ok())?,
            source: parsed("source", &self.source, |text| text.parse().ok())?,
            result: parsed("result", &self.result, |text| EntryResult::all().find(|result| result.as_str() == text))?,
            state: parsed("state", &self.state, state)?,
            since: parsed("since", &self.since, |text| since(asked, text))?,
            kept_to: asked.kept_to(),
            ..Filter::default()
        })
    }

    /// The address with all filters but `left_out`, on the first page.
    fn address(&self, left_out: &str) -> Address {
        let all = [
            ("scheme", &self.scheme),
            ("source", &self.source),
            ("state", &self.state),
            ("result", &self.result),
            ("since", &self.since),
        ];
        let kept = all.into_iter().filter(|(name, _)| *name != left_out);
        kept.fold(Address::new("/runs"), |address, (name, value)| address.with(name, value))
    }

    fn chips(&self, page: &[(&'static str, &'static str, &[Choice])]) -> Vec<Chip> {
        let value = |name: &str| match name {
            "scheme" => &self.scheme,
            "source" => &self.source,
            "state" => &self.state,
            "result" => &self.result,
            _ => &self.since,
        };
        let on = page.iter().filter(|(name, ..)| !value(name).is_empty());
        on.map(|(name, label, choices)| Chip {
            name: label,
            value: word_of(choices, value(name)),
            without: self.address(name).to_string(),
        })
        .collect()
    }
}

/// A time, or the begin of a day in the zone of the console.
pub(in crate::console::pages) fn since(asked: &Asked, text: &str) -> Option<Timestamp> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let begin = asked.zone().from_local_datetime(&day.and_hms_opt(0, 0, 0)?).earliest()?;
        return Some(Timestamp::from_millis(begin.timestamp_millis()));
    }
    text.parse().ok()
}

impl Row {
    fn new(asked: &Asked, run: Run) -> Self {
        let badge = Badge::from(run.state);
        let about = match (&run.user_name, &run.user) {
            (Some(name), _) | (None, Some(name)) => format!("{name}: {}", cause_words(&run.trigger)),
            (None, None) => format!("{} selected: {}", users(run.counts.selected), cause_words(&run.trigger)),
        };
        Self {
            path: Address::of("/runs", &run.id).to_string(),
            started: asked.moment(run.started),
            scheme: run.scheme.to_string(),
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

/// `GET /runs`: the whole page, or the list alone.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let chosen: Asks = asked.query()?;
    let filter = chosen.filter(&asked)?;
    let cursor = parsed("cursor", &chosen.cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let paging = Paging { limit: Limit::default(), cursor };
    let caller = asked.principal().clone();
    let (page, mut schemes) = asked
        .read(move |state| {
            let page = state.views().runs(&filter, &paging).map_err(|error| Problem::internal(&error))?;
            let seen = state.settings().list().into_iter().filter(|listed| sees_scheme(&caller, listed));
            let schemes = seen.map(|listed| listed.id).collect::<Vec<_>>();
            Ok((page, schemes))
        })
        .await?;
    let here = chosen.address("");
    let older = page.next.map(|next| here.clone().with("cursor", &String::from(next)).to_string());
    let pages = Pages { first: (!chosen.cursor.is_empty()).then(|| here.to_string()), older };
    let rows: Vec<_> = page.items.into_iter().map(|run| Row::new(&asked, run)).collect();
    let states = STATES.map(|state| Choice::new(state.as_str(), Badge::from(state).word)).to_vec();
    let results: Vec<_> = EntryResult::all().map(|result| Choice::new(result.as_str(), result_word(result))).collect();
    let sources = source_choices(&asked);
    let chips = chosen.chips(&[
        ("scheme", "Scheme", &[]),
        ("source", "Source", &sources),
        ("state", "State", &states),
        ("result", "With a result", &results),
        ("since", "Since", &[]),
    ]);
    let says = match rows.len() {
        1 => "1 run is shown".to_owned(),
        count => format!("{count} runs are shown"),
    };
    let list = List { chips, rows, pages, says };
    if asked.is_partial() {
        return Answer::html(&list);
    }
    schemes.sort();
    let schemes = schemes.iter().map(|id| Choice::new(id, id)).collect();
    let mut frame = asked.frame(Place::Runs, "Runs");
    frame.wide = true;
    Answer::html(&Runs { frame, chosen, schemes, sources, states, results, list })
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
