//! The letters: grouped by their reason, and one by one.

use askama::Template;
use serde::Deserialize;

use super::{
    super::{filters::Filters, parsed, source_choices, users},
    again, dismiss,
    groups::{self, Groups},
};
use crate::{
    admin::{AdminState, Problem},
    console::{
        Answer, Asked,
        addresses::Address,
        frame::{Badge, Chip, Choice, Frame, Kind, Moment, Pages, Place},
    },
    views::{Cursor, DeadLetterRow, LetterFilter, LetterState, Limit, Paging},
};

#[derive(Template)]
#[template(path = "letters/page.html")]
struct Letters {
    frame: Frame,
    chosen: Asks,
    sources: Vec<Choice>,
    states: Vec<Choice>,
    chips: Vec<Chip>,
    /// The result of a decision that was just taken.
    done: Option<String>,
    groups: Groups,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    at: Moment,
    source: String,
    user: String,
    user_path: String,
    what: String,
    run: Option<String>,
    kind: Kind,
    state: &'static str,
    reason: String,
    said: Option<String>,
    again: Option<String>,
    dismiss: Option<String>,
}

/// The filters in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    source: String,
    state: String,
    user: String,
    reason: String,
    group: String,
    cursor: String,
    /// The end of the page of groups before.
    groups: String,
    /// After a decision: the number of letters that it was about.
    again: String,
    dismissed: String,
}

impl Asks {
    fn filter(&self, asked: &Asked) -> Result<LetterFilter, Problem> {
        let filled = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        Ok(LetterFilter {
            source: parsed("source", &self.source, |text| text.parse().ok())?,
            state: parsed("state", &self.state, |text| {
                LetterState::ALL.into_iter().find(|state| state.as_str() == text)
            })?,
            user: filled(&self.user),
            reason: filled(&self.reason),
            group: filled(&self.group),
            kept_to: asked.kept_to(),
            ..LetterFilter::default()
        })
    }

    fn filters(&self) -> Filters<'_> {
        let all = vec![
            ("source", self.source.as_str()),
            ("state", &self.state),
            ("user", &self.user),
            ("reason", &self.reason),
            ("group", &self.group),
        ];
        Filters { path: "/dead-letters", all }
    }

    /// Whether the page is about all open letters, so that their groups stand on it.
    fn has_groups(&self) -> bool {
        let is_open = self.state.is_empty() || self.state == LetterState::Open.as_str();
        is_open && [&self.user, &self.reason, &self.group, &self.cursor].iter().all(|text| text.is_empty())
    }

    fn done(&self) -> Option<String> {
        let again = self.again.parse().ok().map(again::said);
        again.or_else(|| self.dismissed.parse().ok().map(dismiss::said))
    }
}

impl Row {
    fn new(asked: &Asked, letter: DeadLetterRow) -> Self {
        let is_open = letter.state == LetterState::Open;
        let can_go_again = is_open || letter.state == LetterState::Dismissed;
        let held = letter.held && is_open;
        let badge = if held { Badge::new(Kind::Held, "Kept back") } else { Badge::from(letter.state) };
        let (what, run) = match &letter.step {
            Some(given_up) => {
                let run = Address::of("/runs", &given_up.run).to_string();
                let (action, target) = (given_up.step.action.replace('_', " "), &given_up.step.target);
                (format!("{action} {target} of {}", given_up.scheme), Some(run))
            }
            None => (format!("an event, while it was in the {}", letter.stage), None),
        };
        let of = |path| Address::new(path).with("id", &letter.id).to_string();
        let said = letter.dismissed.as_ref().or(letter.redriven.as_ref()).map(|said| {
            let why = said.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("by {} at {}{why}", said.by, asked.moment(said.at).shown)
        });
        Self {
            at: asked.moment(letter.at),
            source: letter.source.to_string(),
            user_path: users::address(&letter.source, &letter.user).to_string(),
            again: (can_go_again && letter.only_dismissed.is_none()).then(|| of("/dead-letters/again")),
            dismiss: is_open.then(|| of("/dead-letters/dismiss")),
            user: letter.user_name.unwrap_or(letter.user),
            what,
            run,
            kind: badge.kind,
            state: badge.word,
            reason: letter.reason,
            said,
        }
    }
}

/// `GET /dead-letters`.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let chosen: Asks = asked.query()?;
    let filter = chosen.filter(&asked)?;
    let cursor = |name, text: &str| parsed(name, text, |text| Cursor::try_from(text.to_owned()).ok());
    let paging = Paging { limit: Limit::CONSOLE, cursor: cursor("cursor", &chosen.cursor)? };
    let read = move |state: &AdminState| {
        state.views().dead_letters(&filter, &paging).map_err(|error| Problem::internal(&error))
    };
    let page = asked.read(read).await?;
    let groups = match chosen.has_groups() {
        true => groups::read(&asked, &chosen.source, cursor("groups", &chosen.groups)?).await?,
        false => Groups::default(),
    };
    let filters = chosen.filters();
    let here = filters.address();
    let older = page.next.map(|next| here.clone().with("cursor", &String::from(next)).to_string());
    let pages = Pages { first: (!chosen.cursor.is_empty()).then(|| here.to_string()), older };
    let rows = page.items.into_iter().map(|letter| Row::new(&asked, letter)).collect();
    let sources = source_choices(&asked);
    let states = LetterState::ALL.map(|state| Choice::new(state.as_str(), Badge::from(state).word)).to_vec();
    let chips = filters.chips(&[
        ("source", "Source", &sources),
        ("state", "State", &states),
        ("user", "User", &[]),
        ("reason", "Why", &[]),
        ("group", "Group", &[]),
    ]);
    let mut frame = asked.frame(Place::DeadLetters, "Dead letters");
    frame.wide = true;
    let done = chosen.done();
    Answer::html(&Letters { frame, chosen, sources, states, chips, done, groups, rows, pages })
}
