//! Waiting for a run, with a bar on a terminal.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::{Api, Error, output::Output};
use crate::cli::FAILED;

/// How often the run is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// What is told first of a run.
pub const FIRST: [&str; 9] = ["id", "state", "why", "scheme", "source", "trigger", "test_mode", "started", "finished"];

/// A run that was only just asked for is there after so many looks at the latest.
const LOOKS: u32 = 60;

/// Waits until a run has ended or is held; 0 where it is done, else 1.
pub async fn follow(api: &Api, output: &mut Output<'_>, id: &str) -> Result<ExitCode, Error> {
    wait(api, output, id, 0).await
}

/// As [`follow`], for a run that was only just asked for.
pub async fn follow_new(api: &Api, output: &mut Output<'_>, id: &str) -> Result<ExitCode, Error> {
    wait(api, output, id, LOOKS).await
}

/// `looks` is how often the run may not be there at first.
async fn wait(api: &Api, output: &mut Output<'_>, id: &str, mut looks: u32) -> Result<ExitCode, Error> {
    let bar = bar();
    loop {
        let run = match api.get(&["runs", id], &[]).await {
            Err(error) if error.is_not_found() && looks > 0 => {
                looks -= 1;
                Value::Null
            }
            run => run?,
        };
        let state = run["state"].as_str().unwrap_or("waiting");
        if matches!(state, "done" | "failed" | "held" | "cancelled") {
            bar.finish_and_clear();
            return ended(output, id, state, &run);
        }
        show(&bar, state, &run);
        tokio::time::sleep(EVERY).await;
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
    Ok(if state == "done" { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    // The template is a constant, so a bar without it is only plainer.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, state: &str, run: &Value) {
    let count = |path: &str| run.pointer(path).and_then(Value::as_u64);
    bar.set_message(format!("{state}, {} selected", count("/counts/selected").unwrap_or(0)));
    // Until all are listed the bar is about those who are.
    if let Some(users) = count("/progress/total").or(count("/progress/listed")) {
        bar.set_length(users);
    }
    bar.set_position(count("/progress/decided").or(count("/counts/seen")).unwrap_or(0));
    bar.tick();
}
