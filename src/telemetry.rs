//! Logs: to stderr, one JSON object a line, or as text on a terminal.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for machines.
    Json,
}

/// What is logged where `RUST_LOG` says nothing.
const USUAL: &str = "info,actix_server=warn,actix_http::h1=off";

/// Starts logging. `RUST_LOG` chooses what is logged (default `info`).
pub fn start(format: Option<LogFormat>) {
    let (filter, problem) = filter(std::env::var("RUST_LOG").ok().as_deref());
    let format = format.unwrap_or(if stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json });
    let logs = fmt().with_env_filter(filter).with_writer(stderr);
    // Started twice (tests in one process), the first stays.
    let _ = match format {
        LogFormat::Text => logs.with_ansi(has_colours()).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    if let Some(problem) = problem {
        tracing::warn!("{problem}");
    }
}

/// What `RUST_LOG` asks for, and what is wrong with it.
fn filter(asked: Option<&str>) -> (EnvFilter, Option<String>) {
    match asked.map(str::trim).filter(|asked| !asked.is_empty()) {
        None => (EnvFilter::new(USUAL), None),
        Some(asked) => match EnvFilter::builder().parse(asked) {
            Ok(filter) => (filter, None),
            Err(_) => {
                let problem =
                    "RUST_LOG can't be understood and `info` is logged; write `info`, `warn` or `usher=debug`, say";
                (EnvFilter::new(USUAL), Some(problem.to_owned()))
            }
        },
    }
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
        assert_eq!(filter(Some("usher=debug")).0.to_string(), "usher=debug");
        let (kept, problem) = filter(Some("usher=loud=1"));
        assert!(kept.to_string().contains("info") && problem.is_some_and(|why| why.starts_with("RUST_LOG")));
    }
}
