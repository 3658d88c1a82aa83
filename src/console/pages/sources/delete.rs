//! `/sources/{id}/delete`: what ends, what needs the source still, and what stays.

use actix_web::http::StatusCode;
use askama::Template;

use super::{
    address,
    edit::{shown, stored},
};
use crate::{
    admin::{
        Need, Problem, delete_source,
        identity::{About, Permission},
        needed_by,
    },
    console::{
        Answer, Asked,
        addresses::Address,
        asked::sentence,
        form::Form,
        frame::{Errors, Frame, Place, counted},
    },
    settings::{IfMatch, SourceView},
};

#[derive(Template)]
#[template(path = "sources/delete.html")]
struct Delete {
    frame: Frame,
    path: String,
    tag: String,
    word: String,
    needed_by: Vec<Row>,
    errors: Errors,
    why_not: Option<String>,
}

/// Something that needs the source, with its page.
struct Row {
    text: String,
    path: Option<String>,
}

impl Row {
    fn of(need: &Need) -> Self {
        let (text, path) = match need {
            Need::Scheme(id) => (format!("The scheme {id}"), Some(Address::of("/schemes", id))),
            Need::Run { id, scheme, state } => {
                (format!("The {} run of {scheme}", state.as_str()), Some(Address::of("/runs", id)))
            }
            Need::HeldSteps { source, count, more } => {
                let over = if *more { "More than " } else { "" };
                let steps = counted(u64::try_from(*count).unwrap_or(u64::MAX), "held step");
                let text = format!("{over}{steps} on users who were created at once: release or dismiss them");
                (text, Some(address(source).segment("newcomers")))
            }
            Need::NotRead | Need::More(_) => (sentence(&need.to_string()), None),
        };
        Self { text, path: path.map(|path| path.to_string()) }
    }
}

/// `GET /sources/{id}/delete`.
///
/// # Errors
/// [`Problem::NotFound`] if whoever asks sees no such source; [`Problem::Conflict`] if it is in the configuration file.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let stored = stored(&asked)?;
    page(&asked, &stored, StatusCode::OK, Errors::default()).await
}

async fn page(asked: &Asked, stored: &SourceView, status: StatusCode, errors: Errors) -> Result<Answer, Problem> {
    let name = shown(stored).map_or_else(|| stored.id.to_string(), |source| source.name.clone());
    let needed_by: Vec<_> = needed_by(asked.state(), &stored.id).await.iter().map(Row::of).collect();
    let needed =
        (!needed_by.is_empty()).then(|| "It is needed still. Delete or change what needs it first.".to_owned());
    let word = format!("Delete {name}");
    let mut frame = asked.frame(Place::Sources, word.clone());
    frame.refused = !errors.is_empty();
    let why_not = asked.why_not(Permission::ChangeSources, About::Everything).or(needed);
    let (path, tag) = (address(&stored.id).to_string(), stored.tag.clone());
    Answer::with_status(status, &Delete { frame, path, tag, word, needed_by, errors, why_not })
}

/// `POST /sources/{id}/delete`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn delete(asked: Asked, form: Form) -> Result<Answer, Problem> {
    asked.may(Permission::ChangeSources, About::Everything)?;
    let stored = stored(&asked)?;
    let if_match = IfMatch::Tags(vec![form.get("tag").to_owned()]);
    match delete_source(asked.state(), asked.principal(), stored.id.clone(), if_match).await {
        Ok(()) => Ok(Answer::see(Address::new("/sources"))),
        Err(problem @ (Problem::Conflict(_) | Problem::Stale(_))) => {
            let errors = Errors::one("The source was not deleted", "", sentence(&problem.to_string()));
            page(&asked, &stored, StatusCode::CONFLICT, errors).await
        }
        Err(other) => Err(other),
    }
}
