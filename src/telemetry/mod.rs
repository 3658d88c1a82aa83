//! Logs: to stderr, one JSON object a line, or as text on a terminal. And [`traces`].
//!
//! Logging never blocks and never fails. Lines go into a bounded queue, and a thread of its own writes them
//! ([`lines`]). Lines that find the queue full or that stderr does not take are dropped and counted.

mod lines;
mod panics;
mod trace_ids;
pub mod traces;

use std::{
    io::{IsTerminal, Write, stderr},
    sync::OnceLock,
    time::Duration,
};

use tracing_subscriber::{EnvFilter, fmt};

use self::{lines::Lines, trace_ids::TraceIds};
use crate::printable::{Escapes, Printable, plain};

/// The time for which the end of the process waits until the logged lines are written.
const FLUSH: Duration = Duration::from_secs(1);

/// The lines of this process; none if logging was not started.
static LINES: OnceLock<Lines> = OnceLock::new();

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for machines.
    Json,
}

/// The filter if `RUST_LOG` is not set.
const USUAL: &str = "info,actix_server=warn";
/// Libraries that are logged less of than `RUST_LOG` says, unless it names them. actix logs an error for each request
/// that is no HTTP: strangers would fill the log. sled logs while a thread ends, when what writes the line is gone from
/// the thread: that is a panic, and ends the process.
const QUIET: [(&str, &str); 2] = [("actix_http", "actix_http::h1=off"), ("sled", "sled=warn")];

/// Starts logging. `RUST_LOG` chooses what is logged (default `info`).
pub fn start(format: Option<LogFormat>) {
    let (filter, problem) = filter(std::env::var("RUST_LOG").ok().as_deref());
    let format = format.unwrap_or(if stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json });
    let lines = LINES.get_or_init(Lines::to_stderr);
    let escapes = match format {
        LogFormat::Text => Escapes::Text,
        LogFormat::Json => Escapes::Json,
    };
    let writer = Printable::new(lines.clone(), escapes);
    // An error of the subscriber itself goes to stderr with `eprintln!`, which panics where stderr is gone.
    let logs = fmt().with_env_filter(filter).log_internal_errors(false).with_writer(writer);
    // Started twice (tests in one process), the first stays.
    let started = match format {
        LogFormat::Text => logs.with_ansi(has_colours()).try_init(),
        LogFormat::Json => {
            let logs = logs.json().flatten_event(true).with_current_span(false).with_span_list(false);
            logs.map_event_format(TraceIds).try_init()
        }
    };
    if started.is_ok() {
        panics::log_them();
    }
    if let Some(problem) = problem {
        tracing::warn!("{problem}");
    }
}

/// Writes a line to stderr, after the logged lines; at once if logging was not started. Characters that steer a
/// terminal are escaped.
pub fn say(line: &str) {
    let line = plain(line);
    match LINES.get() {
        Some(lines) => lines.say(&line),
        // A command that logs nothing: where its stderr is gone the exit code still tells.
        None => drop(writeln!(stderr(), "{line}")),
    }
}

/// Waits until all that was logged is written, for a second at most.
pub fn flush() {
    if let Some(lines) = LINES.get() {
        lines.flush(FLUSH);
    }
}

/// The number of lost lines: stderr was not read fast enough, full, or closed.
pub fn lost_lines() -> u64 {
    LINES.get().map_or(0, Lines::lost)
}

/// Whether lines are written now: the latest was, and none waits.
pub fn is_written() -> bool {
    LINES.get().is_none_or(Lines::is_written)
}

/// The filter in `RUST_LOG`, and the problem with it.
fn filter(asked: Option<&str>) -> (EnvFilter, Option<String>) {
    let asked = asked.map(str::trim).filter(|asked| !asked.is_empty()).unwrap_or(USUAL);
    match EnvFilter::builder().parse(quietened(asked)) {
        Ok(filter) => (filter, None),
        Err(_) => {
            let problem =
                "RUST_LOG can't be understood and `info` is logged; write `info`, `warn` or `usher=debug`, say";
            (EnvFilter::new(quietened(USUAL)), Some(problem.to_owned()))
        }
    }
}

/// `asked`, with the entries of [`QUIET`] that it does not name.
fn quietened(asked: &str) -> String {
    let quiet = QUIET.iter().filter(|(target, _)| !asked.contains(target)).map(|(_, quiet)| *quiet);
    std::iter::once(asked).chain(quiet).collect::<Vec<_>>().join(",")
}

/// Colours are for terminals, and not wanted where `NO_COLOR` is set (no-color.org).
fn has_colours() -> bool {
    stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_can_not_be_understood_is_told_and_the_usual_one_holds() {
        for usual in [None, Some(""), Some("  ")] {
            let (filter, problem) = filter(usual);
            assert_eq!((filter.to_string().contains("info"), problem), (true, None), "{usual:?}");
        }
        let (kept, problem) = filter(Some("usher=loud=1"));
        assert!(kept.to_string().contains("info") && problem.is_some_and(|why| why.starts_with("RUST_LOG")));
    }

    #[test]
    fn strangers_do_not_fill_the_log_unless_it_is_asked_for() {
        for asked in [None, Some("warn"), Some("info,"), Some("usher=debug"), Some("trace")] {
            let (filter, problem) = filter(asked);
            let directives = filter.to_string();
            assert!(directives.contains("actix_http::h1=off") && problem.is_none(), "{asked:?}: {directives}");
        }
        assert!(filter(Some("trace")).0.to_string().contains("sled=warn"));
        let (filter, _) = filter(Some("warn,actix_http=trace"));
        assert!(!filter.to_string().contains("off"), "{filter}");
    }
}
