//! `/schemes`: what usher does with whom, and when.

pub(in crate::console) mod act;
pub(in crate::console) mod delete;
mod explain;
pub(in crate::console) mod history;
pub(in crate::console) mod list;
pub(in crate::console) mod live;
pub(in crate::console) mod one;
mod read;
pub(in crate::console) mod run;
pub(in crate::console) mod wizard;

use crate::{
    admin::{Problem, sees_scheme},
    console::{
        Asked,
        addresses::Address,
        frame::{Badge, Kind},
    },
    domain::{Scheme, SchemeId, Trigger, TriggerKind},
    settings::{Contents, SchemeView},
};

/// The states that can be filtered by.
const STATES: [(&str, Badge); 5] = [
    ("on", Badge::new(Kind::Done, "On")),
    ("test", Badge::new(Kind::Test, "Test mode")),
    ("paused", Badge::new(Kind::Held, "Paused")),
    ("off", Badge::new(Kind::Off, "Off")),
    ("broken", Badge::new(Kind::Danger, "Broken")),
];

/// The state of a scheme that can be read, pauses aside.
fn state_badge(scheme: &Scheme) -> Badge {
    let name = match (scheme.enabled, scheme.test_mode) {
        (false, _) => "off",
        (true, true) => "test",
        (true, false) => "on",
    };
    STATES
        .iter()
        .find(|(other, _)| *other == name)
        .map_or(Badge::new(Kind::Off, "Not known"), |(_, badge)| badge.clone())
}

/// The states of a scheme, by their names in the address.
fn states(listed: &SchemeView) -> Vec<&'static str> {
    let mut states = Vec::new();
    match &listed.contents {
        Contents::Broken { .. } => return vec!["broken"],
        Contents::Readable(scheme) if !scheme.enabled => states.push("off"),
        Contents::Readable(scheme) if scheme.test_mode => states.push("test"),
        Contents::Readable(_) => states.push("on"),
    }
    if listed.paused.is_some() {
        states.push("paused");
    }
    states
}

/// A trigger in words.
fn trigger_words(trigger: &Trigger) -> String {
    match trigger {
        Trigger::OnCreate => "When a user is created".to_owned(),
        Trigger::OnLogin => "When a user logs in".to_owned(),
        Trigger::Manual => "By hand".to_owned(),
        Trigger::Schedule(schedule) => format!("At {} ({})", schedule.pattern(), schedule.timezone()),
    }
}

/// The kinds of triggers, as runs name them.
pub(super) fn cause_words(trigger: &str) -> &str {
    match trigger {
        kind if kind == TriggerKind::OnCreate.as_str() => "a user was created",
        kind if kind == TriggerKind::OnLogin.as_str() => "a user logged in",
        kind if kind == TriggerKind::Schedule.as_str() => "its schedule",
        kind if kind == TriggerKind::Manual.as_str() => "by hand",
        "undo" => "an undo",
        "bulk" => "an administrator",
        other => other,
    }
}

/// Whether whoever asks may see the scheme. The source of a broken one is not known: only those who see all do.
fn sees(asked: &Asked, listed: &SchemeView) -> bool {
    sees_scheme(asked.principal(), listed)
}

/// The scheme that the path names.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such scheme among the sources of whoever asks.
fn scheme(asked: &Asked) -> Result<SchemeView, Problem> {
    let none = || Problem::NotFound { kind: "scheme", id: asked.id().to_owned() };
    let id: SchemeId = asked.id().parse().map_err(|_| none())?;
    asked.state().settings().get(&id).filter(|listed| sees(asked, listed)).ok_or_else(none)
}

/// The page of a scheme.
fn address(id: &SchemeId) -> Address {
    Address::of("/schemes", id)
}
