//! The last check of each source's connection that somebody asked for in this process's console. It is in memory: after a
//! restart, and in another process, one checks anew.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use askama::Template;

use crate::{
    console::{
        Asked,
        frame::{Badge, Kind, Moment},
    },
    domain::{Actor, SourceId, Timestamp},
    source::checks::{Check, CheckResult, Checks, What},
};

/// See the module. It holds one check for each source at most.
#[derive(Default)]
pub(in crate::console) struct LastChecks(Mutex<HashMap<SourceId, LastCheck>>);

#[derive(Clone)]
struct LastCheck {
    checks: Checks,
    at: Timestamp,
    by: Actor,
}

impl LastChecks {
    /// Keeps the check of `source` that `by` has asked for.
    pub(in crate::console::pages) fn keep(&self, source: SourceId, checks: Checks, at: Timestamp, by: Actor) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner); // a map is never half changed
        all.insert(source, LastCheck { checks, at, by });
    }

    /// Whether the product accepted the credentials at the last check.
    pub(in crate::console) fn passed(&self, source: &SourceId) -> bool {
        let accepted = |check: &Check| check.what() == What::Credentials && check.result() == CheckResult::Pass;
        self.of(source).is_some_and(|last| last.checks.each().any(accepted))
    }

    fn of(&self, source: &SourceId) -> Option<LastCheck> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(source).cloned()
    }
}

/// A check as a page shows it.
#[derive(Template)]
#[template(path = "sources/checks.html")]
pub(in crate::console::pages) struct Checked {
    summary: String,
    by: String,
    at: Moment,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    result: Badge,
    why: String,
    remedy: String,
}

impl Checked {
    /// The last check of `source`; none if this process knows of none.
    pub(super) fn of(asked: &Asked, source: &SourceId) -> Option<Self> {
        let LastCheck { checks, at, by } = asked.console().checks.of(source)?;
        Some(Self::new(asked, &checks, at, &by))
    }

    /// `checks` as they are shown, which `by` asked for.
    pub(in crate::console::pages) fn new(asked: &Asked, checks: &Checks, at: Timestamp, by: &Actor) -> Self {
        let rows: Vec<Row> = checks.each().map(Row::from).collect();
        let failed = checks.each().filter(|check| check.result() == CheckResult::Fail).count();
        let summary = match (failed, rows.len()) {
            (0, _) => "No check failed.".to_owned(),
            (failed, all) => format!("{failed} of {all} checks failed."),
        };
        Self { summary, by: by.to_string(), at: asked.moment(at), rows }
    }
}

impl From<&Check> for Row {
    fn from(check: &Check) -> Self {
        let result = match check.result() {
            CheckResult::Pass => Badge::new(Kind::Done, "Pass"),
            CheckResult::Fail => Badge::new(Kind::Danger, "Fail"),
            CheckResult::NotTold => Badge::new(Kind::Off, "Not told"),
        };
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self { name: check.what().title(), result, why: text(check.why()), remedy: text(check.remedy()) }
    }
}
