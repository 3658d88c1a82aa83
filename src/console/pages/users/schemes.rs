//! The answer of every scheme of a source about a user, from one reading of the user.

use askama::Template;

use super::address;
use crate::{
    admin::{Explained, Problem, SourceRow, explain_user},
    console::{
        Asked,
        addresses::Address,
        asked::sentence,
        frame::{Badge, Kind, Moment},
    },
    domain::{Reason, Truth, UserId},
    explain::Explanation,
};

/// So many schemes with their reasons weigh as much as a page may beside the rest.
const SHOWN: usize = 16;

/// See the module. Until the product has told, this is a placeholder that asks for itself.
#[derive(Template)]
#[template(path = "users/schemes.html")]
pub(super) struct Schemes {
    /// The addresses at which the product is asked: the whole page, and this part of it.
    fresh: String,
    part: String,
    source: String,
    state: State,
}

enum State {
    /// Nobody has asked yet.
    Asking,
    /// The product did not tell.
    Trouble(String),
    Told {
        at: Option<Moment>,
        rows: Vec<Row>,
        unreadable: Vec<String>,
        more: Option<More>,
    },
}

/// The place at which the schemes go on, if there are more of them than are shown.
struct More {
    words: String,
    /// The whole page, and this part of it, with the next schemes; none on the last page.
    next: Option<(String, String)>,
}

struct Row {
    path: String,
    scheme: String,
    kind: Kind,
    word: &'static str,
    says: String,
    why: Why,
    steps: Vec<String>,
    change: Vec<String>,
    notes: Vec<&'static str>,
}

/// One condition with its parts.
#[derive(Template)]
#[template(path = "users/why.html")]
struct Why {
    kind: Kind,
    word: &'static str,
    condition: String,
    because: String,
    as_of: Option<Moment>,
    parts: Vec<Why>,
}

impl Schemes {
    fn with(source: &SourceRow, id: &UserId, state: State) -> Self {
        let here = address(source.id(), id);
        Self {
            fresh: format!("{}#schemes", here.clone().with("read", "now")),
            part: here.with("part", "schemes").to_string(),
            source: source.name().to_owned(),
            state,
        }
    }

    const fn is_asking(&self) -> bool {
        matches!(self.state, State::Asking)
    }

    /// The placeholder.
    pub(super) fn asking(source: &SourceRow, id: &UserId) -> Self {
        Self::with(source, id, State::Asking)
    }

    /// The answers, first of those that select the user; of many schemes those behind the first `from`.
    ///
    /// # Errors
    /// A [`Problem`] if it is not the product that fails.
    pub(super) async fn read(asked: &Asked, source: &SourceRow, id: &UserId, from: usize) -> Result<Self, Problem> {
        let (of, wanted, caller) = (source.id().clone(), id.to_string(), asked.principal().clone());
        let told = asked.wait(move |state| async move { explain_user(&state, &caller, &of, &wanted).await });
        let state = match told.await {
            Ok(Explained { at, mut schemes, unreadable, .. }) => {
                schemes.sort_by_key(|explanation| match explanation.reasons.truth {
                    Truth::True => 0,
                    Truth::Unknown => 1,
                    Truth::False => 2,
                });
                let from = if from < schemes.len() { from } else { 0 };
                let more = More::new(&address(source.id(), id), from, schemes.len());
                let shown = schemes.into_iter().skip(from).take(SHOWN);
                State::Told {
                    at: at.map(|at| asked.moment(at)),
                    rows: shown.map(|explanation| Row::new(asked, explanation)).collect(),
                    unreadable: unreadable.iter().map(ToString::to_string).collect(),
                    more,
                }
            }
            Err(Problem::Unavailable(why) | Problem::NoSuchUser(why)) => State::Trouble(sentence(&why)),
            Err(other) => return Err(other),
        };
        Ok(Self::with(source, id, state))
    }
}

impl More {
    fn new(here: &Address, from: usize, count: usize) -> Option<Self> {
        let end = from.saturating_add(SHOWN).min(count);
        let at = here.clone().with("from", &end.to_string());
        let next = (end < count)
            .then(|| (format!("{}#schemes", at.clone().with("read", "now")), at.with("part", "schemes").to_string()));
        let words = format!("Schemes {} to {end} of {count}, first those that select the user.", from + 1);
        (count > SHOWN).then_some(Self { words, next })
    }
}

impl Row {
    fn new(asked: &Asked, explanation: Explanation) -> Self {
        let badge = match explanation.reasons.truth {
            Truth::True => Badge::new(Kind::Done, "Selects"),
            Truth::False => Badge::new(Kind::Off, "Does not"),
            Truth::Unknown => Badge::new(Kind::Warn, "Can't tell"),
        };
        let steps =
            explanation.steps.iter().map(|step| format!("{} {}", step.action().replace('_', " "), step.target()));
        Self {
            says: sentence(&explanation.in_one_line()),
            steps: steps.collect(),
            path: Address::of("/schemes", &explanation.scheme.id).to_string(),
            scheme: explanation.scheme.id.to_string(),
            kind: badge.kind,
            word: badge.word,
            why: Why::new(asked, explanation.reasons),
            change: explanation.change.unwrap_or_default(),
            notes: explanation.notes,
        }
    }
}

impl Why {
    fn new(asked: &Asked, reason: Reason) -> Self {
        let (kind, word) = match reason.truth {
            Truth::True => (Kind::Done, "yes"),
            Truth::False => (Kind::Off, "no"),
            Truth::Unknown => (Kind::Warn, "?"),
        };
        Self {
            kind,
            word,
            condition: reason.condition,
            because: reason.because,
            as_of: reason.as_of.map(|at| asked.moment(at)),
            parts: reason.parts.into_iter().map(|part| Self::new(asked, part)).collect(),
        }
    }

    /// The name of the icon. An unknown answer is a question.
    const fn icon(&self) -> &'static str {
        match self.kind {
            Kind::Done => "done",
            Kind::Off => "off",
            _ => "unknown",
        }
    }
}
