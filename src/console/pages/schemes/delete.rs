//! `/schemes/{id}/delete`: what stops, what is kept, how it comes back.

use askama::Template;

use super::{
    act::{may, readable},
    address, scheme, trigger_words,
};
use crate::{
    admin::{
        AdminState, Problem, changeable, delete_scheme,
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        addresses::Address,
        form::Form,
        frame::{Errors, Frame, Place},
    },
    settings::{IfMatch, SchemeView},
    views::RunState,
};

#[derive(Template)]
#[template(path = "schemes/delete.html")]
struct Delete {
    frame: Frame,
    word: String,
    back: String,
    path: String,
    history: String,
    tag: String,
    trigger: String,
    open: usize,
    held: usize,
    errors: Errors,
    why_not: Option<String>,
}

/// `GET /schemes/{id}/delete`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such scheme among the sources of whoever asks; an internal one if the views
/// can't be read.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let listed = scheme(&asked)?;
    page(&asked, &listed, Errors::default()).await
}

async fn page(asked: &Asked, listed: &SchemeView, errors: Errors) -> Result<Answer, Problem> {
    let scheme = readable(listed);
    let about = scheme.map_or(About::Everything, |scheme| About::Source(&scheme.source));
    let file = listed.provisioned.then(|| "This scheme is from the configuration file. Take it out there.".to_owned());
    let id = listed.id.clone();
    let read = move |state: &AdminState| {
        let open = state.views().open_runs().map_err(|error| Problem::internal(&error))?;
        Ok(open.into_iter().filter(|run| run.scheme == id).collect::<Vec<_>>())
    };
    let open = asked.read(read).await?;
    let held = open.iter().filter(|run| run.state == RunState::Held).count();
    let (name, path) =
        (scheme.map_or_else(|| listed.id.to_string(), |scheme| scheme.name.clone()), address(&listed.id));
    let mut frame = asked.frame(Place::Schemes, format!("Delete {name}"));
    frame.refused = !errors.is_empty();
    let status = if frame.refused { 412 } else { 200 };
    let page = Delete {
        frame,
        word: format!("Delete {}", listed.id),
        back: path.to_string(),
        history: path.clone().segment("history").to_string(),
        path: path.segment("delete").to_string(),
        tag: listed.tag.clone(),
        trigger: scheme.map_or_else(|| "Not known".to_owned(), |scheme| trigger_words(&scheme.trigger)),
        open: open.len() - held,
        held,
        errors,
        why_not: asked.why_not(Permission::ChangeSchemes, about).or(file),
    };
    Answer::with_status(actix_web::http::StatusCode::from_u16(status).unwrap_or_default(), &page)
}

/// `POST /schemes/{id}/delete`: leads to its history, from where it can be brought back.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn delete(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let listed = scheme(&asked)?;
    may(&asked, &listed, Permission::ChangeSchemes)?;
    let before = changeable(asked.state(), asked.principal(), listed.id.as_str())?;
    let seen = IfMatch::Tags(vec![form.get("tag").to_owned()]);
    match delete_scheme(asked.state(), asked.principal(), before, &seen).await {
        Ok(()) => Ok(Answer::see(Address::of("/schemes", &listed.id).segment("history").with("said", "deleted"))),
        Err(Problem::Stale(_)) => {
            let text =
                "Somebody changed this scheme since you opened the page. Look at what it is now before you delete it.";
            page(&asked, &listed, Errors::one("The scheme was not deleted", "", text)).await
        }
        Err(other) => Err(other),
    }
}
