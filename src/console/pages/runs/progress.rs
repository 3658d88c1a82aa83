//! The numbers of a run, and how far it has come. The fragment polls itself until the run has ended; then it has the whole page
//! read once more, as entries, facts and what can be done are other ones by then.

use askama::Template;

use super::one::address;
use crate::{
    console::frame::{Badge, Kind, Number, users},
    domain::StepResult,
    views::{Run, RunState},
};

/// See the module.
#[derive(Template)]
#[template(path = "runs/progress.html")]
pub(super) struct Progress {
    path: String,
    polls: bool,
    /// Whether the page around it is of before the end.
    is_new: bool,
    kind: Kind,
    state: &'static str,
    test: bool,
    test_kind: Kind,
    why: Option<String>,
    progress: Option<Decided>,
    numbers: Vec<Number>,
    says: String,
}

struct Decided {
    decided: u64,
    total: u64,
    words: String,
}

impl Progress {
    /// For a page that was there before.
    pub(super) fn part(run: &Run) -> Self {
        let progress = Self::new(run);
        Self { is_new: !progress.polls, ..progress }
    }

    pub(super) fn new(run: &Run) -> Self {
        let badge = Badge::from(run.state);
        let path = address(run);
        let number = |result: StepResult| {
            let class = match result {
                StepResult::Failed if run.counts.failed > 0 => "danger",
                StepResult::Tested => "test",
                _ => "",
            };
            let path = path.clone().with("result", result.as_str());
            Number {
                class,
                value: run.counts.of(result),
                word: Badge::from(result).word,
                path: format!("{path}#entries"),
            }
        };
        let progress = run.progress.as_ref().filter(|_| !run.state.is_final());
        let progress = progress.and_then(|progress| {
            let (decided, total) = (progress.decided, progress.total?);
            Some(Decided { decided, total: total.max(1), words: format!("{decided} of {} decided", users(total)) })
        });
        let says = match &progress {
            Some(progress) => format!("{}: {}", badge.word, progress.words),
            None => badge.word.to_owned(),
        };
        Self {
            path: path.to_string(),
            polls: run.state == RunState::Running,
            is_new: false,
            kind: badge.kind,
            state: badge.word,
            test: run.test_mode,
            test_kind: Kind::Test,
            why: run.why.as_deref().map(crate::console::asked::sentence),
            progress,
            numbers: StepResult::ALL.map(number).into(),
            says,
        }
    }
}
