//! Panics: one line each in the log. The usual hook writes to stderr itself, and waits there.

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    panic::{PanicHookInfo, set_hook},
    thread,
};

use tracing::{debug, error};

/// Has panics logged.
pub(super) fn log_them() {
    set_hook(Box::new(log));
}

fn log(panic: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let (fixed, made) = text(panic.payload());
    let backtrace = Backtrace::capture(); // only where RUST_BACKTRACE asks for it
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| tracing::field::display(backtrace));
    error!(thread, place, backtrace, "usher panicked, which is a bug: {fixed}");
    if let Some(made) = made {
        debug!(thread, place, "the panic said: {made}");
    }
    if thread == "main" {
        super::flush(); // the process ends with it
    }
}

/// The message of a panic. A text that was made while usher runs may hold data of users: it is logged at the debug
/// level only.
fn text(payload: &dyn Any) -> (&'static str, Option<&str>) {
    match payload.downcast_ref::<&'static str>() {
        Some(fixed) => (fixed, None),
        None => ("its text is logged at the level debug", payload.downcast_ref::<String>().map(String::as_str)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_was_made_while_usher_runs_is_kept_apart() {
        assert_eq!(text(&"index is checked before"), ("index is checked before", None));
        let said = "no user jane@acme.example".to_owned();
        let (fixed, made) = text(&said);
        assert!(!fixed.contains("jane") && made == Some("no user jane@acme.example"));
    }
}
