//! `/schemes/{id}/run`: runs a scheme now. Says first about how many users, in which mode and within which limit.

use askama::Template;
use serde::Deserialize;

use super::{
    act::{as_json, may, readable},
    address,
    read::limits_words,
    scheme,
    wizard::users::count::Count,
};
use crate::{
    admin::{
        EstimateRow, Problem, estimated,
        identity::{About, Permission},
        once_shown, run_scheme, runnable,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        form::Form,
        frame::{Frame, Kind, Moment, Place, users},
    },
    domain::{Mode, Scheme},
};

#[derive(Template)]
#[template(path = "schemes/run.html")]
struct RunNow {
    frame: Frame,
    name: String,
    back: String,
    path: String,
    source: String,
    /// The number of users, where it is wanted at once; else the page asks for it by itself.
    count: Option<Count>,
    limits: String,
    test_mode: bool,
    test_kind: Kind,
    observes: bool,
    word: String,
    why_not: Option<String>,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asks {
    /// Whether the users are to be counted at once. With very many that takes longer than a page may.
    count: String,
    /// The fragment that is wanted.
    part: String,
}

/// The number of users that a scheme would select, by the last list.
pub(super) enum Estimated {
    Told {
        selected: u64,
        text: String,
        as_of: Option<Moment>,
        why: Option<String>,
    },
    /// Why there is no number.
    NotKnown(String),
}

impl Estimated {
    /// The number, or that it is not known.
    pub(super) fn in_words(&self) -> &str {
        match self {
            Self::Told { text, .. } => text,
            Self::NotKnown(_) => "Not known",
        }
    }

    /// The result of an estimate, in words.
    pub(super) fn new(asked: &Asked, estimate: Result<EstimateRow, Problem>) -> Self {
        match estimate {
            Ok(EstimateRow { as_of: None, why, .. }) => {
                let why = why.map(|why| format!(" {}", sentence(&why))).unwrap_or_default();
                Self::NotKnown(format!("The users of the source were not listed yet.{why}"))
            }
            Ok(EstimateRow { selected, unknown, seen, as_of, whole, why }) => {
                let open = match unknown {
                    0 => String::new(),
                    1 => "; 1 more may be, as the list does not tell all about them".to_owned(),
                    more => format!("; {more} more may be, as the list does not tell all about them"),
                };
                let text = format!("About {selected} of {}{open}", users(seen));
                let why = (whole != Some(true))
                    .then(|| sentence(&why.unwrap_or_else(|| "it is not known whether that list is whole".to_owned())));
                Self::Told { selected, text, as_of: as_of.map(|at| asked.moment(at)), why }
            }
            Err(Problem::InvalidScheme(wrong)) => {
                let first = wrong.first().map(|one| sentence(&one.message));
                Self::NotKnown(first.unwrap_or_else(|| "The scheme can't be used yet.".to_owned()))
            }
            Err(problem) => Self::NotKnown(sentence(&problem.to_string())),
        }
    }
}

/// The estimate of a stored scheme.
async fn estimate(asked: &Asked, scheme: &Scheme) -> Result<Estimated, Problem> {
    let (text, caller) = (as_json(scheme)?, asked.principal().clone());
    Ok(Estimated::new(asked, asked.read(move |state| estimated(state, &caller, &text)).await))
}

/// `GET /schemes/{id}/run`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such scheme among the sources of whoever asks, [`Problem::Conflict`] if it can't
/// be read; [`Problem::BadQuery`] if a parameter is unknown.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let Asks { count, part } = asked.query()?;
    let listed = scheme(&asked)?;
    let Some(scheme) = readable(&listed) else {
        return Err(Problem::Conflict("this version of usher can't read the scheme; write it anew".into()));
    };
    if part == "count" && asked.is_partial() {
        return Answer::html(&Count::new(estimate(&asked, scheme).await?));
    }
    let count = match count.as_str() {
        "yes" => Some(Count::new(estimate(&asked, scheme).await?)),
        _ => None,
    };
    let state = asked.state();
    let why_not = asked
        .why_not(Permission::RunNow, About::Source(&scheme.source))
        .or_else(|| runnable(state, asked.principal(), listed.id.as_str()).err().map(|why| sentence(&why.to_string())));
    let path = address(&listed.id);
    let word = if scheme.test_mode { "Make a test run now" } else { "Run it now" };
    let sources = state.sources();
    let source = sources.iter().find(|row| *row.id() == scheme.source).map(|row| row.name().to_owned());
    Answer::html(&RunNow {
        frame: asked.frame(Place::Schemes, format!("Run {} now", scheme.name)),
        name: scheme.name.clone(),
        back: path.to_string(),
        path: path.segment("run").to_string(),
        source: source.unwrap_or_else(|| scheme.source.to_string()),
        count,
        limits: limits_words(&scheme.limits),
        test_mode: scheme.test_mode,
        test_kind: Kind::Test,
        observes: state.mode() == Mode::Observe,
        word: word.to_owned(),
        why_not,
    })
}

/// `POST /schemes/{id}/run`: leads to the run.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn run(asked: Asked, _: Form) -> Result<Answer, Problem> {
    let listed = scheme(&asked)?;
    may(&asked, &listed, Permission::RunNow)?;
    let id = run_scheme(asked.state(), asked.principal(), listed.id.as_str()).await?;
    once_shown(asked.state(), &id, |_| true).await?;
    Ok(Answer::see(Address::of("/runs", &id)))
}
