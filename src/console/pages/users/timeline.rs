//! The events of one user, with the decisions of usher and their steps, newest first.

use askama::Template;

use super::address;
use crate::{
    admin::{AdminState, Item, ItemKind, Problem, SchemeAnswer, SourceRow, Timeline as Wanted, timeline_of},
    console::{
        Asked,
        addresses::Address,
        frame::{Badge, Kind, Moment, Pages},
    },
    domain::{Bulk, Mode, StepResult, UserId, Via},
    views::{Cursor, Limit, NoActionRow},
};

/// See the module.
#[derive(Template)]
#[template(path = "users/timeline.html")]
pub(super) struct Timeline {
    kinds: Vec<ByKind>,
    rows: Vec<Row>,
    pages: Pages,
}

/// A link to the items of one kind.
struct ByKind {
    path: String,
    word: &'static str,
    is_here: bool,
}

struct Row {
    at: Moment,
    kind: Kind,
    word: &'static str,
    text: String,
    /// The product's answer, if a step failed.
    error: Option<String>,
    runs: Vec<(String, String)>,
}

/// The kind and the place in the address.
pub(super) struct Place<'a> {
    pub(super) kind: &'a str,
    pub(super) cursor: &'a str,
}

impl Timeline {
    pub(super) async fn read(
        asked: &Asked,
        source: &SourceRow,
        id: &UserId,
        place: Place<'_>,
    ) -> Result<Self, Problem> {
        let kind = |text: &str| ItemKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        let wanted = Wanted {
            kind: super::super::parsed("kind", place.kind, kind)?,
            cursor: super::super::parsed("cursor", place.cursor, |text| Cursor::try_from(text.to_owned()).ok())?,
            limit: Limit::CONSOLE,
        };
        let (of, user) = (source.id().clone(), id.clone());
        let page = asked.read(move |state: &AdminState| timeline_of(state, &of, &user, &wanted)).await?;
        let at = |address: Address| format!("{address}#timeline");
        let here = address(source.id(), id);
        let all = ByKind { path: at(here.clone()), word: "All", is_here: place.kind.is_empty() };
        let of_kind = |kind: ItemKind| ByKind {
            path: at(here.clone().with("kind", kind.as_str())),
            word: kind_word(kind),
            is_here: place.kind == kind.as_str(),
        };
        let kinds = std::iter::once(all).chain(ItemKind::ALL.map(of_kind)).collect();
        let here = here.clone().with("kind", place.kind);
        let older = page.next.map(|next| at(here.clone().with("cursor", &String::from(next))));
        let pages = Pages { first: (!place.cursor.is_empty()).then(|| at(here)), older };
        Ok(Self { kinds, rows: page.items.into_iter().map(|item| row(asked, item)).collect(), pages })
    }
}

const fn kind_word(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Event => "Events",
        ItemKind::Decision => "Decisions",
        ItemKind::Step => "Steps",
    }
}

fn row(asked: &Asked, item: Item) -> Row {
    let link = |run: &crate::domain::RunId| (Address::of("/runs", run).to_string(), run.to_string());
    match item {
        Item::Event { at, what, via, .. } => Row {
            at: asked.moment(at),
            kind: Kind::Info,
            word: "Event",
            text: format!("{}, {}", what.replace('_', " "), via_words(via)),
            error: None,
            runs: Vec::new(),
        },
        Item::Decision { at, mode, no_action, schemes, .. } => Row {
            at: asked.moment(at),
            kind: Kind::Info,
            word: "Decision",
            text: decision_words(mode, no_action.as_ref(), &schemes),
            error: None,
            runs: schemes.iter().filter_map(|answer| answer.run.as_ref()).map(link).collect(),
        },
        Item::Step { at, scheme, run, action, target, result, reason, before, error, .. } => {
            let known = StepResult::ALL.into_iter().find(|one| one.as_str() == result);
            let badge = known.map_or(Badge::new(Kind::Off, "Not known"), Badge::from);
            let before = before.map(|before| format!(" Before: {before}.")).unwrap_or_default();
            let step = format!("{} {target}", action.replace('_', " "));
            Row {
                at: asked.moment(at),
                kind: badge.kind,
                word: badge.word,
                text: match Bulk::is_id(&scheme) {
                    true => format!("{} by a bulk action: {reason}.{before}", step.trim_end()),
                    false => format!("{} by {scheme}: {reason}.{before}", step.trim_end()),
                },
                error,
                runs: vec![link(&run)],
            }
        }
    }
}

const fn via_words(via: Via) -> &'static str {
    match via {
        Via::Webhook => "told by a webhook",
        Via::Feed => "read from the audit log",
        Via::Reconciliation => "found by comparing the users",
        Via::Sweep => "come across by a run over all users",
    }
}

fn decision_words(mode: Mode, no_action: Option<&NoActionRow>, schemes: &[SchemeAnswer]) -> String {
    let answers = match no_action {
        Some(NoActionRow::NoSchemeForEvent) => "no scheme waits for this; nothing was done".to_owned(),
        Some(NoActionRow::NotAPerson { account_type }) => {
            format!("the account is no person's ({account_type}); nothing was done")
        }
        Some(NoActionRow::KnownSince { at }) => format!("the creation was known since {at}; nothing was done"),
        None if schemes.is_empty() => "no scheme was asked".to_owned(),
        None => schemes.iter().map(answer_words).collect::<Vec<_>>().join("; "),
    };
    if mode == Mode::Observe { format!("{answers} (observe mode: nothing is changed)") } else { answers }
}

fn answer_words(answer: &SchemeAnswer) -> String {
    let SchemeAnswer { scheme, selected, test_mode, .. } = answer;
    match selected.as_str() {
        "true" if *test_mode => format!("{scheme} selects, in test mode"),
        "true" => format!("{scheme} selects"),
        "false" => format!("{scheme} does not select"),
        _ => format!("{scheme} can't tell"),
    }
}
