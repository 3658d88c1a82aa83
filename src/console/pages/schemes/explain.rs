//! Why a scheme selects a user, or why not: asked of the product when somebody wants to know.

use askama::Template;

use super::address;
use crate::{
    admin::{
        Problem, explained,
        identity::{About, Permission},
    },
    console::{
        Asked,
        asked::sentence,
        frame::{Badge, Kind, Moment, Reasons},
    },
    domain::Truth,
    explain::Explanation,
    settings::{Contents, SchemeView},
};

/// The form with a user, and the answer about them.
#[derive(Template)]
#[template(path = "schemes/explain.html")]
pub(super) struct Explained {
    path: String,
    user: String,
    why_not: Option<String>,
    problem: Option<String>,
    answer: Option<TheAnswer>,
}

struct TheAnswer {
    says: Badge,
    name: String,
    at: Moment,
    changes: Vec<String>,
    no_change: bool,
    steps: Vec<String>,
    notes: Vec<String>,
    reasons: Reasons,
}

impl Explained {
    /// The answer about `user`; the form alone if that is empty.
    pub(super) async fn new(asked: &Asked, listed: &SchemeView, user: &str) -> Self {
        let why_not = match &listed.contents {
            Contents::Readable(scheme) => asked.why_not(Permission::Explain, About::Source(&scheme.source)),
            Contents::Broken { .. } => Some("This version of usher can't read the scheme.".to_owned()),
        };
        let path = address(&listed.id).to_string();
        let (mut problem, mut answer) = (None, None);
        if !user.is_empty() && why_not.is_none() {
            match explained(asked.state(), asked.principal(), listed.id.as_str(), user.to_owned()).await {
                Ok((_, explanation)) => answer = Some(TheAnswer::new(asked, explanation)),
                Err(refused) => problem = Some(problem_words(&refused)),
            }
        }
        Self { path, user: user.to_owned(), why_not, problem, answer }
    }
}

fn problem_words(problem: &Problem) -> String {
    format!("{} {}", sentence(problem.title()), sentence(&problem.to_string()))
}

impl TheAnswer {
    fn new(asked: &Asked, explanation: Explanation) -> Self {
        let says = match explanation.reasons.truth {
            Truth::True => Badge::new(Kind::Done, "Selected"),
            Truth::False => Badge::new(Kind::Off, "Not selected"),
            Truth::Unknown => Badge::new(Kind::Warn, "Not selected: a fact is not known"),
        };
        let id = explanation.user.to_string();
        let name = match explanation.user_name {
            Some(name) if name != id => format!("{name} ({id})"),
            _ => id,
        };
        let step = |step: &crate::domain::Step| format!("{} {}", step.action().replace('_', " "), step.target());
        Self {
            says,
            name,
            at: asked.moment(explanation.at),
            no_change: explanation.change.is_none(),
            changes: explanation.change.unwrap_or_default(),
            steps: explanation.steps.iter().map(|one| step(one).trim_end().to_owned()).collect(),
            notes: explanation.notes.into_iter().map(sentence).collect(),
            reasons: Reasons::new(asked, explanation.reasons),
        }
    }
}
