//! `/dead-letters`: events and steps that were given up.

use askama::Template;
use serde::Deserialize;

use super::{parsed, source_choices, word_of};
use crate::{
    admin::Problem,
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
    source: String,
    state: String,
    sources: Vec<Choice>,
    states: Vec<Choice>,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    pages: Pages,
}

struct Row {
    at: Moment,
    source: String,
    user: String,
    what: String,
    run: Option<String>,
    kind: Kind,
    state: &'static str,
    reason: String,
}

/// The filters in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    source: String,
    state: String,
    cursor: String,
}

impl Row {
    fn new(asked: &Asked, letter: DeadLetterRow) -> Self {
        let held = letter.held && letter.state == LetterState::Open;
        let badge = if held { Badge::new(Kind::Held, "Kept back") } else { Badge::from(letter.state) };
        let (what, run) = match &letter.step {
            Some(given_up) => {
                let run = Address::of("/runs", &given_up.run).to_string();
                let (action, target) = (&given_up.step.action, &given_up.step.target);
                (format!("{action} {target} of {}", given_up.scheme), Some(run))
            }
            None => (format!("an event, while it was in the {}", letter.stage), None),
        };
        Self {
            at: asked.moment(letter.at),
            source: letter.source.to_string(),
            user: letter.user_name.unwrap_or(letter.user),
            what,
            run,
            kind: badge.kind,
            state: badge.word,
            reason: letter.reason,
        }
    }
}

/// `GET /dead-letters`.
///
/// # Errors
/// [`Problem::BadQuery`] if a filter is unknown; an internal one if the views can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let Asks { source, state, cursor } = asked.query()?;
    let filter = LetterFilter {
        source: parsed("source", &source, |text| text.parse().ok())?,
        state: parsed("state", &state, |text| LetterState::ALL.into_iter().find(|state| state.as_str() == text))?,
        kept_to: asked.kept_to(),
        ..LetterFilter::default()
    };
    let is_first = cursor.is_empty();
    let cursor = parsed("cursor", &cursor, |text| Cursor::try_from(text.to_owned()).ok())?;
    let paging = Paging { limit: Limit::default(), cursor };
    let read = move |state: &crate::admin::AdminState| {
        state.views().dead_letters(&filter, &paging).map_err(|error| Problem::internal(&error))
    };
    let page = asked.read(read).await?;
    let here = Address::new("/dead-letters").with("source", &source).with("state", &state);
    let older = page.next.map(|next| here.clone().with("cursor", &String::from(next)).to_string());
    let pages = Pages { first: (!is_first).then(|| here.to_string()), older };
    let rows = page.items.into_iter().map(|letter| Row::new(&asked, letter)).collect();
    let sources = source_choices(&asked);
    let states = LetterState::ALL.map(|state| Choice::new(state.as_str(), Badge::from(state).word)).to_vec();
    let chip = |name, value, without: Address| Chip { name, value, without: without.to_string() };
    let path = Address::new("/dead-letters");
    let chips = [
        (!source.is_empty()).then(|| chip("Source", word_of(&sources, &source), path.clone().with("state", &state))),
        (!state.is_empty()).then(|| chip("State", word_of(&states, &state), path.clone().with("source", &source))),
    ];
    let mut frame = asked.frame(Place::DeadLetters, "Dead letters");
    frame.wide = true;
    let chips = chips.into_iter().flatten().collect();
    Answer::html(&Letters { frame, source, state, sources, states, chips, rows, pages })
}
