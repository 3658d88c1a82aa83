//! The bars across all pages: what everybody has to know before they read on.

use super::Kind;
use crate::{
    console::Asked,
    domain::{Mode, Pausable},
};

/// One bar.
pub(in crate::console) struct Banner {
    pub(in crate::console) kind: Kind,
    pub(in crate::console) text: String,
}

/// The bars of now.
pub(super) fn of(asked: &Asked) -> Vec<Banner> {
    let state = asked.state();
    let mut banners = Vec::new();
    if state.readiness().components().get("log").is_some_and(|fails| *fails) {
        let text =
            "The log can't be written. Nothing new is done, and nothing can be changed here until it works again.";
        banners.push(Banner { kind: Kind::Danger, text: text.to_owned() });
    }
    if state.mode() == Mode::Observe {
        banners.push(Banner { kind: Kind::Test, text: "Observe mode: nothing is changed anywhere.".to_owned() });
    }
    let catch_up = state.views().catch_up();
    if catch_up.is_going_on() {
        let text = format!("usher has just started, and lists are not whole yet: {catch_up}. Older runs come.");
        banners.push(Banner { kind: Kind::Warn, text });
    }
    for source in state.sources().iter().filter(|source| asked.principal().sees(source.id())) {
        if let Some(pause) = state.settings().pause_of(&Pausable::Source(source.id().clone())) {
            let text = format!("{} is paused by {}: usher does not call it.", source.name(), pause.by);
            banners.push(Banner { kind: Kind::Warn, text });
        }
        if let Some(days) = source.credentials_expire().and_then(|end| asked.now().days_to(end))
            && days <= 30
        {
            let kind = if days < 7 { Kind::Danger } else { Kind::Warn };
            let text = match days {
                ..0 => format!("The credentials of {} have ended.", source.name()),
                0 => format!("The credentials of {} end today.", source.name()),
                _ => format!("The credentials of {} end in {days} days.", source.name()),
            };
            banners.push(Banner { kind, text });
        }
    }
    banners
}
