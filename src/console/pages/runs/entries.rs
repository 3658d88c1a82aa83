//! The results of a run's steps.

use std::time::Duration;

use askama::Template;

use super::{
    list::result_word,
    one::{Asks, address},
};
use crate::{
    console::{
        Asked,
        frame::{Badge, Kind, Moment, length},
    },
    domain::StepResult,
    views::{Entry, EntryResult, Page, Run},
};

/// See the module.
#[derive(Template)]
#[template(path = "runs/entries.html")]
pub(super) struct Entries {
    choices: Vec<ByResult>,
    rows: Vec<Row>,
    empty: &'static str,
    more: Option<String>,
}

/// A link to the entries of one result.
struct ByResult {
    path: String,
    word: &'static str,
    is_here: bool,
}

struct Row {
    user: String,
    name: String,
    action: String,
    target: String,
    kind: Kind,
    result: &'static str,
    reason: String,
    error: Option<String>,
    before: Option<String>,
    at: Moment,
    took: String,
}

impl Entries {
    pub(super) fn new(run: &Run, asks: &Asks, page: Page<Entry>, asked: &Asked) -> Self {
        let here = address(run).with("result", &asks.result);
        let more = page.next.map(|next| format!("{}#entries", here.with("cursor", &String::from(next))));
        let all = ByResult { path: format!("{}#entries", address(run)), word: "All", is_here: asks.result.is_empty() };
        let of = |result: EntryResult| ByResult {
            path: format!("{}#entries", address(run).with("result", result.as_str())),
            word: result_word(result),
            is_here: asks.result == result.as_str(),
        };
        let empty = match (run.state.is_final(), asks.result.is_empty()) {
            (_, false) => "No step of this run ended so.",
            (true, true) => "No step was to be done.",
            (false, true) => "A step has an entry when it has ended.",
        };
        let choices = std::iter::once(all).chain(EntryResult::all().map(of)).collect();
        Self { choices, rows: page.items.into_iter().map(|entry| Row::new(entry, asked)).collect(), empty, more }
    }
}

impl Row {
    fn new(entry: Entry, asked: &Asked) -> Self {
        let result = StepResult::ALL.into_iter().find(|result| result.as_str() == entry.result);
        let badge = result.map_or(Badge::new(Kind::Off, "Not known"), Badge::from);
        Self {
            name: entry.user_name.unwrap_or_else(|| entry.user.clone()),
            user: entry.user,
            action: entry.action.replace('_', " "),
            target: entry.target,
            kind: badge.kind,
            result: badge.word,
            reason: entry.reason,
            error: entry.error,
            before: entry.before,
            at: asked.moment(entry.at),
            took: length(Duration::from_millis(entry.duration_ms)),
        }
    }
}
