//! The five steps in which a scheme is written. What is typed is kept on the server, as a draft: leaving loses nothing.
//!
//! Drafts are at `/drafts` and not below `/schemes`, where any word may be the id of a scheme.

pub(in crate::console) mod actions;
pub(in crate::console) mod audit;
mod caveats;
pub(in crate::console) mod drafts;
mod kept;
pub(in crate::console) mod overview;
pub(in crate::console) mod pickers;
pub(in crate::console) mod preview;
pub(in crate::console) mod save;
pub(in crate::console) mod text;
pub(in crate::console) mod trigger;
pub(in crate::console) mod users;

use crate::{
    admin::{
        Problem,
        identity::{About, Permission},
    },
    config::path_at,
    console::{
        Asked,
        addresses::Address,
        asked::sentence,
        frame::{FieldError, Frame, Place},
    },
    domain::TriggerKind,
    settings::Wrong,
};
use actions::action;
use kept::Kept;

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Trigger,
    Users,
    Actions,
    Audit,
    Overview,
}

impl Step {
    const ALL: [Self; 5] = [Self::Trigger, Self::Users, Self::Actions, Self::Audit, Self::Overview];

    const fn number(self) -> u8 {
        match self {
            Self::Trigger => 1,
            Self::Users => 2,
            Self::Actions => 3,
            Self::Audit => 4,
            Self::Overview => 5,
        }
    }

    /// The step with this number; the first one if there is none.
    fn numbered(number: u8) -> Self {
        Self::ALL.into_iter().find(|step| step.number() == number).unwrap_or(Self::Trigger)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Trigger => "Trigger",
            Self::Users => "Users",
            Self::Actions => "Actions",
            Self::Audit => "Audit",
            Self::Overview => "Overview",
        }
    }

    /// The last segment of its path.
    const fn path(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Users => "users",
            Self::Actions => "actions",
            Self::Audit => "audit",
            Self::Overview => "overview",
        }
    }

    /// The step that asks for a key of a scheme.
    fn of_key(key: &str) -> Self {
        match key {
            "id" | "source" | "trigger" => Self::Trigger,
            "select" | "only_groups" | "exempt" => Self::Users,
            "actions" | "limits" => Self::Actions,
            "name" | "audit" => Self::Audit,
            _ => Self::Overview,
        }
    }

    fn next(self) -> Self {
        Self::numbered((self.number() + 1).min(5))
    }
}

/// Something that is wrong with the scheme, and the answer that it is about.
pub(super) struct Fault {
    pub(super) step: Step,
    /// The keys, and the places in lists, that lead to it.
    pub(super) path: Vec<String>,
    pub(super) text: String,
}

impl Fault {
    /// Each of `wrong`, which is about `yaml`.
    fn all(wrong: &[Wrong], yaml: &str) -> Vec<Self> {
        wrong.iter().map(|one| Self::new(one, yaml)).collect()
    }

    fn new(wrong: &Wrong, yaml: &str) -> Self {
        let missing =
            || wrong.message.strip_prefix('`')?.split_once("` is missing here").map(|(key, _)| key.to_owned());
        let path = match (wrong.line, wrong.column) {
            (Some(line), Some(column)) => path_at(yaml, line, column),
            _ => Vec::new(),
        };
        let path = match missing() {
            Some(key) if path.len() <= 1 => vec![key],
            _ => path,
        };
        let step = path.first().map_or(Step::Overview, |key| Step::of_key(key));
        Self { step, path, text: sentence(&wrong.message) }
    }

    /// As an item of the summary of a page on which the fields are called as the keys are.
    fn on_field(self) -> FieldError {
        FieldError { field: field_of(&self.path), text: self.text }
    }
}

/// The id of the field for the value at a path.
fn field_of(path: &[String]) -> &'static str {
    let at = |place: usize| path.get(place).map_or("", String::as_str);
    match (at(0), at(1)) {
        ("id", _) => "id",
        ("name", _) => "name",
        ("source", _) => "source",
        ("trigger", "timezone") => "timezone",
        ("trigger", "cron") => "cron",
        ("trigger", _) => "kind-on_create",
        ("only_groups", _) => "only_groups",
        ("exempt", "users") => "exempt_users",
        ("exempt", _) => "exempt_groups",
        ("select", key) => users::conditions::field_of(key),
        ("limits", "percent") => "limit_percent",
        ("limits", _) => "limit_users",
        ("actions", _) => "actions-title",
        _ => "",
    }
}

/// The parts that all pages of the wizard have.
pub(super) struct Around {
    pub(super) steps: Vec<StepLink>,
    /// The draft's own address.
    pub(super) path: String,
    /// The tag of the draft that the page shows.
    pub(super) tag: String,
    /// Whether it goes back to the overview afterwards.
    pub(super) to_overview: bool,
    pub(super) back: String,
    pub(super) yaml: String,
    pub(super) why_not: Option<String>,
    /// The scheme that the draft is to replace.
    pub(super) replaces: Option<String>,
}

/// A step in the list of steps.
pub(super) struct StepLink {
    pub(super) number: u8,
    pub(super) word: &'static str,
    pub(super) path: Option<String>,
    pub(super) is_here: bool,
}

impl Around {
    fn new(asked: &Asked, kept: &Kept, here: Step, to_overview: bool) -> Self {
        let path = address(kept.id());
        let link = |step: Step| StepLink {
            number: step.number(),
            word: step.word(),
            path: (step != here && !kept.is_new()).then(|| path.clone().segment(step.path()).to_string()),
            is_here: step == here,
        };
        let back = match (to_overview, here) {
            (true, _) => path.clone().segment(Step::Overview.path()),
            (false, Step::Trigger) => Address::new("/schemes"),
            (false, step) => path.clone().segment(Step::numbered(step.number() - 1).path()),
        };
        Self {
            steps: Step::ALL.map(link).into(),
            path: path.to_string(),
            tag: kept.tag(),
            to_overview,
            back: back.to_string(),
            yaml: kept.yaml(),
            why_not: asked.why_not(Permission::ChangeSchemes, About::Anything),
            replaces: kept.based_on().map(|based_on| based_on.id.to_string()),
        }
    }
}

/// The address of a draft.
pub(super) fn address(draft: &str) -> Address {
    Address::of("/drafts", draft)
}

/// The frame of a page of the wizard.
fn frame(asked: &Asked, kept: &Kept, step: Step, refused: bool) -> Frame {
    let title = match kept.based_on() {
        Some(based_on) => format!("Change {}: {}", based_on.id, step.word()),
        None => format!("New scheme: {}", step.word()),
    };
    let mut frame = asked.frame(Place::Schemes, title);
    frame.wide = true;
    frame.refused = refused;
    frame
}

/// The words of an answer that is one of several, for the field called `name`.
pub(in crate::console) fn choice_in_words(name: &str, value: &str) -> Option<&'static str> {
    match name {
        "kind" => trigger::kind_in_words(value).or_else(|| action::named(value).map(action::word)),
        "plain" => trigger::time_in_words(value),
        "match" => users::how_in_words(value),
        _ => None,
    }
}

/// The kind of trigger in a draft, if there is one.
fn trigger_kind(kept: &Kept) -> Option<TriggerKind> {
    let trigger = kept.document.get("trigger")?;
    if trigger.entries().is_some() {
        return Some(TriggerKind::Schedule);
    }
    let word = trigger.as_text()?;
    [TriggerKind::OnCreate, TriggerKind::OnLogin, TriggerKind::Manual].into_iter().find(|kind| kind.as_str() == word)
}

/// Refuses those who may not write schemes.
fn may_write(asked: &Asked) -> Result<(), Problem> {
    asked.may(Permission::ChangeSchemes, About::Anything)
}
