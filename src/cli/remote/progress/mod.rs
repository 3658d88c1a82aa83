//! Waiting for a run: with a bar on a terminal, else with a line on stderr every ten seconds.

mod wording;

use std::{
    io::IsTerminal,
    process::ExitCode,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::{Api, Error, output::Output};
use crate::cli::FAILED;

/// The interval for asking about the run.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The interval for asking about the source of the run.
const SOURCE_INTERVAL: Duration = Duration::from_secs(1);
/// The interval of lines if there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// The first fields of a run.
pub const FIRST: [&str; 11] = [
    "id",
    "state",
    "why",
    "complete",
    "incomplete_why",
    "scheme",
    "source",
    "trigger",
    "test_mode",
    "started",
    "finished",
];

/// The number of polls after which a run that was just requested must be visible.
const MAX_POLLS: u32 = 60;

/// Waits until a run has ended or is held. The exit code is 0 if it is done and all users were looked at, else 1.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn follow(api: &Api, output: &mut Output<'_>, id: &str) -> Result<ExitCode, Error> {
    wait(api, output, id, 0).await
}

/// Like [`follow`], for a run that was just requested.
///
/// # Errors
/// As [`follow`].
pub async fn follow_new(api: &Api, output: &mut Output<'_>, id: &str) -> Result<ExitCode, Error> {
    wait(api, output, id, MAX_POLLS).await
}

/// `looks` is how often the run may not be there at first.
async fn wait(api: &Api, output: &mut Output<'_>, id: &str, mut looks: u32) -> Result<ExitCode, Error> {
    let mut shown = Shown::new();
    loop {
        let run = match api.get_with("state", &["runs", id], &[]).await {
            Err(error) if error.is_not_found() && looks > 0 => {
                looks -= 1;
                Value::Null
            }
            run => run?,
        };
        let state = run["state"].as_str().unwrap_or("waiting");
        if matches!(state, "done" | "failed" | "held" | "cancelled") {
            shown.bar.finish_and_clear();
            return ended(output, id, state, &run);
        }
        shown.source(api, output, &run).await?;
        shown.run(output, state, &run)?;
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Waits for the end of a preview that takes longer than an answer may; `answer` is its first state. Returns the
/// result.
///
/// # Errors
/// [`Error::Declined`] if the preview failed, or if usher no longer knows it; those of [`Api::get`].
pub async fn follow_preview(api: &Api, output: &mut Output<'_>, answer: Value) -> Result<Value, Error> {
    let Some(id) = answer["id"].as_str().map(str::to_owned).filter(|_| answer["state"] == "running") else {
        return Ok(answer);
    };
    let shown = Shown::new();
    output
        .note("this takes a while; nothing is changed meanwhile, and it ends some minutes after this command does")?;
    let (mut now, mut last_line) = (answer, Instant::now());
    while now["state"] == "running" {
        let count = |key: &str| now[key].as_u64().unwrap_or(0);
        let line = format!("{} users looked at, {} would be selected", count("seen"), count("selected"));
        shown.bar.set_message(line.clone());
        shown.bar.tick();
        if !shown.is_terminal && last_line.elapsed() >= LINE_INTERVAL {
            last_line = Instant::now();
            output.note(&line)?;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        now = api.get_with("state", &["previews", &id], &[]).await?;
    }
    shown.bar.finish_and_clear();
    match now["why"].as_str().filter(|_| now["state"] == "failed") {
        Some(why) => Err(Error::Refused { status: 503, detail: why.to_owned() }),
        None => Ok(now),
    }
}

fn ended(output: &mut Output<'_>, id: &str, state: &str, run: &Value) -> Result<ExitCode, Error> {
    output.one(run, &FIRST)?;
    if state == "held" {
        output.note("the run is held until you say what becomes of it")?;
        output.note(&format!("  whom it is about:  usher runs show {id}"))?;
        output.note(&format!("  let it go on:      usher runs release {id}"))?;
        output.note(&format!("  drop it:           usher runs cancel {id}"))?;
    }
    let is_complete = run["complete"] != Value::Bool(false);
    if state == "done" && !is_complete {
        let why = run["incomplete_why"].as_str().unwrap_or("nobody can tell why");
        output.note(&format!("done, not complete: users may be missing from the source's list: {why}"))?;
    }
    Ok(if state == "done" && is_complete { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// The state of `run`, if it is one, as lists show it: that it is done is not all there is to say where users may be
/// missing.
pub fn with_completeness(run: &mut Value) {
    if run["state"].is_null() {
        return;
    }
    if run["state"] == "done" && run["complete"] == false {
        run["shown_state"] = "done, not complete".into();
    } else {
        run["shown_state"] = run["state"].clone();
    }
}

/// The state that was shown last.
struct Shown {
    bar: ProgressBar,
    is_terminal: bool,
    /// Since when the run is watched, and how many users were decided then.
    since: Option<(Instant, u64)>,
    last_line: Instant,
    last_asked: Option<Instant>,
    /// The obstacle in the source.
    trouble: Option<String>,
}

impl Shown {
    fn new() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let last_line = Instant::now();
        Self { bar: bar(is_terminal), is_terminal, since: None, last_line, last_asked: None, trouble: None }
    }

    /// Reports when the product of the run is away, and when it is back. An error of this question does not end the
    /// wait.
    async fn source(&mut self, api: &Api, output: &mut Output<'_>, run: &Value) -> Result<(), Error> {
        let Some(source) = run["source"].as_str() else { return Ok(()) };
        if self.last_asked.is_some_and(|asked| asked.elapsed() < SOURCE_INTERVAL) {
            return Ok(());
        }
        self.last_asked = Some(Instant::now());
        let Ok(told) = api.get(&["sources", source]).await else { return Ok(()) };
        let trouble = wording::trouble(&told);
        if trouble == self.trouble {
            return Ok(());
        }
        let line = match &trouble {
            Some(trouble) => format!("{source} {trouble}; the run waits, and goes on by itself"),
            None => format!("{source} answers again"),
        };
        self.trouble = trouble;
        self.bar.suspend(|| output.note(&line))
    }

    fn run(&mut self, output: &mut Output<'_>, state: &str, run: &Value) -> Result<(), Error> {
        let count = |path: &str| run.pointer(path).and_then(Value::as_u64);
        let decided = count("/progress/decided").or(count("/counts/seen")).unwrap_or(0);
        let (began, before) = *self.since.get_or_insert((Instant::now(), decided));
        let left = wording::total(run).and_then(|total| wording::left(total, decided, before, began.elapsed()));
        let line = wording::line(state, run, left);
        if let Some(users) = wording::total(run) {
            self.bar.set_length(users.max(decided));
        }
        self.bar.set_message(line.clone());
        self.bar.set_position(decided);
        self.bar.tick();
        if !self.is_terminal && self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            output.note(&line)?;
        }
        Ok(())
    }
}

fn bar(is_terminal: bool) -> ProgressBar {
    let bar = ProgressBar::no_length();
    if !is_terminal {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    // The template is a constant, so a bar without it is only plainer.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_bar} {pos}/{len}\n  {msg}") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use actix_web::{HttpRequest, HttpResponse};
    use serde_json::json;

    use super::*;
    use crate::cli::remote::{Format, testing::answered_by};

    static POLLS_OF_RUN: AtomicUsize = AtomicUsize::new(0);

    /// A usher whose run takes four looks, and whose source is away at first.
    async fn usher(request: HttpRequest) -> HttpResponse {
        if request.path().ends_with("/sources/acme") {
            let away = POLLS_OF_RUN.load(SeqCst) < 3;
            let state = if away { "unreachable" } else { "running" };
            return HttpResponse::Ok()
                .json(json!({ "id": "acme", "state": state, "why": away.then_some("nobody answers") }));
        }
        let state = if POLLS_OF_RUN.fetch_add(1, SeqCst) < 5 { "running" } else { "done" };
        HttpResponse::Ok().json(json!({ "id": "r", "state": state, "source": "acme", "counts": { "selected": 1 } }))
    }

    #[tokio::test]
    async fn whoever_waits_is_told_at_once_that_the_product_is_away_and_when_it_is_back() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output { format: Format::Table, out: &mut out, err: &mut err };
        let code = answered_by(usher, async |api| follow(api, &mut output, "r").await.expect("it ends")).await;
        let told = String::from_utf8(err).expect("text");
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(
            lines,
            ["acme does not answer: nobody answers; the run waits, and goes on by itself", "acme answers again"]
        );
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS));
    }

    #[tokio::test]
    async fn a_run_that_is_done_without_everybody_is_not_told_as_done() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output { format: Format::Table, out: &mut out, err: &mut err };
        let mut run = json!({ "id": "r", "state": "done", "complete": false, "incomplete_why": "it ends early" });
        let code = ended(&mut output, "r", "done", &run).expect("written");
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(FAILED)));
        let said = String::from_utf8(err).expect("text");
        assert!(said.contains("done, not complete") && said.contains("it ends early"), "{said}");
        with_completeness(&mut run);
        assert_eq!(run["shown_state"], "done, not complete");
    }
}
