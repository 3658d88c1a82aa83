//! The pages of sources: [`list`], and for each of them [`one`], [`newcomers`], [`pause`] and [`yaml`]; for those that were made here also
//! [`edit`], [`secrets`] and [`delete`].

mod checked;
pub(in crate::console) mod delete;
pub(in crate::console) mod edit;
mod facts;
pub(in crate::console) mod list;
pub(in crate::console) mod newcomers;
pub(in crate::console) mod one;
pub(in crate::console) mod pause;
pub(in crate::console) mod secrets;
pub(in crate::console) mod yaml;

pub(super) use checked::Checked;
pub(in crate::console) use checked::LastChecks;
pub(super) use secrets::new_secret;

use super::super::addresses::Address;
use crate::{
    admin::{Problem, SourceNow, SourceRow},
    console::{
        Asked,
        frame::{Badge, Kind},
    },
    domain::{Scheme, SourceId, Timestamp},
    settings::Contents,
};

/// The source that the path names, if whoever asks sees it.
fn named(asked: &Asked) -> Result<SourceRow, Problem> {
    let sources = asked.state().sources();
    let found = sources.iter().find(|row| row.id().as_str() == asked.id() && asked.principal().sees(row.id()));
    found.cloned().ok_or_else(|| Problem::NotFound { kind: "source", id: asked.id().to_owned() })
}

/// The page of a source.
pub(super) fn address(id: &SourceId) -> Address {
    Address::of("/sources", id)
}

/// A scheme of a source.
struct SchemeOfIt {
    path: String,
    name: String,
    states: Vec<&'static str>,
}

/// The schemes of the source `of` that are `wanted`.
fn schemes(asked: &Asked, of: &SourceId, wanted: impl Fn(&Scheme) -> bool) -> Vec<SchemeOfIt> {
    let of_it = asked.state().settings().list().into_iter().filter_map(|listed| {
        let Contents::Readable(scheme) = listed.contents else { return None };
        if scheme.source != *of || !wanted(&scheme) {
            return None;
        }
        let states = [
            (!scheme.enabled).then_some("off"),
            scheme.test_mode.then_some("test mode"),
            listed.paused.is_some().then_some("paused"),
        ];
        let path = Address::of("/schemes", &listed.id).to_string();
        Some(SchemeOfIt { path, name: scheme.name, states: states.into_iter().flatten().collect() })
    });
    of_it.collect()
}

/// The state of a source, with its reason.
fn state(now: &SourceNow) -> (Badge, Option<String>) {
    match (&now.paused_by, now.state) {
        (Some(by), _) => (Badge::new(Kind::Held, "Paused"), Some(format!("by {}", by.by))),
        (None, Some(state)) => (Badge::from(state), now.why.clone()),
        (None, None) => (Badge::new(Kind::Off, "Not known"), Some("this process does not work on it".to_owned())),
    }
}

/// The end of a source's credentials.
pub(super) struct Ending {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Whether somebody has to care about it by now.
    pub(super) is_near: bool,
}

/// When the credentials of a source end; none if that is not told.
pub(super) fn ending(now: &SourceNow, at: Timestamp) -> Option<Ending> {
    let end = now.source.credentials_expire()?;
    let days = at.days_to(end)?;
    let (kind, text) = match days {
        ..0 => (Kind::Danger, format!("ended on {end}")),
        0 => (Kind::Danger, "end today".to_owned()),
        1..7 => (Kind::Danger, format!("{end}, in {days} days")),
        7..=30 => (Kind::Warn, format!("{end}, in {days} days")),
        _ => (Kind::Done, end.to_string()),
    };
    Some(Ending { kind, text, is_near: days <= 30 })
}
