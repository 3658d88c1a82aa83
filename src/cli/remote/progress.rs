//! Waiting for a run, with a bar on a terminal.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::{Api, Error, output::Output};
use crate::cli::FAILED;

/// How often the run is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// Waits until the run has ended or is held; 0 where it is done, else 1.
pub async fn follow(api: &Api, output: &mut Output<'_>, id: &str) -> Result<ExitCode, Error> {
    let bar = bar();
    loop {
        let run = match api.get(&["runs", id], &[]).await {
            // A run that was only just asked for is there in a moment.
            Err(error) if error.is_not_found() && !bar.is_finished() && bar.position() == 0 => Value::Null,
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
    output.one(run)?;
    if state == "held" {
        output.note(&format!("{id} is held: look at `usher runs show {id}`, then `usher runs release` or `cancel`"))?;
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
    if let Some(total) = count("/progress/total") {
        bar.set_length(total);
    }
    bar.set_position(count("/progress/decided").or(count("/counts/seen")).unwrap_or(0));
    bar.set_message(format!("{state}, {} selected", count("/counts/selected").unwrap_or(0)));
    bar.tick();
}
