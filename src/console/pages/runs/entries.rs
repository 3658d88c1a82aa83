//! The results of a run's steps.

use std::time::Duration;

use askama::Template;
use sha2::{Digest, Sha256};

use super::{
    super::users,
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
    csv: String,
    json: String,
}

/// A link to the entries of one result.
struct ByResult {
    path: String,
    word: &'static str,
    is_here: bool,
}

struct Row {
    /// The id in the page of the link to its details: whoever closes them comes back to it.
    anchor: String,
    details: String,
    user_path: String,
    user: String,
    name: String,
    action: String,
    target: String,
    kind: Kind,
    result: &'static str,
    reason: String,
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
        let file =
            |kind: &str| address(run).segment(format!("entries.{kind}")).with("result", &asks.result).to_string();
        let rows = page.items.into_iter().map(|entry| Row::new(run, asks, entry, asked)).collect();
        Self { choices, rows, empty, more, csv: file("csv"), json: file("json") }
    }
}

impl Row {
    fn new(run: &Run, asks: &Asks, entry: Entry, asked: &Asked) -> Self {
        let details = address(run).segment("entry").with("user", &entry.user).with("action", &entry.action);
        let details = details.with("target", &entry.target).with("result", &asks.result).with("cursor", &asks.cursor);
        let result = StepResult::ALL.into_iter().find(|result| result.as_str() == entry.result);
        let badge = result.map_or(Badge::new(Kind::Off, "Not known"), Badge::from);
        Self {
            anchor: anchor(&entry),
            details: details.to_string(),
            user_path: users::address(&run.source, &entry.user).to_string(),
            name: entry.user_name.unwrap_or_else(|| entry.user.clone()),
            user: entry.user,
            action: entry.action.replace('_', " "),
            target: entry.target,
            kind: badge.kind,
            result: badge.word,
            reason: entry.reason,
            before: entry.before,
            at: asked.moment(entry.at),
            took: length(Duration::from_millis(entry.duration_ms)),
        }
    }
}

/// The id of an entry in a page: the same for the same user, action and target.
pub(super) fn anchor(entry: &Entry) -> String {
    let mut hash = Sha256::new();
    for part in [&entry.user, &entry.action, &entry.target] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    format!("entry-{}", hex::encode(&hash.finalize()[..6]))
}
