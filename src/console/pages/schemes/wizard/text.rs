//! `/drafts/{id}/yaml`: the draft as YAML, with the checker's line and column.

use actix_web::http::StatusCode;
use askama::Template;

use super::{Around, Kept, Step, address, frame, may_write, trigger::changed_elsewhere};
use crate::{
    admin::Problem,
    config::Document,
    console::{
        Answer, Asked,
        asked::sentence,
        form::Form,
        frame::{Errors, FieldError, Frame},
    },
    settings::{self, Wrong},
};

#[derive(Template)]
#[template(path = "schemes/wizard/text.html")]
struct Page {
    frame: Frame,
    around: Around,
    errors: Errors,
    text: String,
    rows: usize,
    is_kept: bool,
    steps: Option<String>,
}

/// `GET /drafts/{id}/yaml`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let kept = Kept::of(&asked)?;
    let errors = match &kept.typed {
        Some(typed) => Errors { title: "This is no scheme yet", items: faults(&asked, typed.clone()).await? },
        None => Errors::default(),
    };
    let text = kept.yaml();
    page(&asked, &kept, text, false, StatusCode::OK, errors)
}

fn page(
    asked: &Asked,
    kept: &Kept,
    text: String,
    is_kept: bool,
    status: StatusCode,
    errors: Errors,
) -> Result<Answer, Problem> {
    let mut frame = frame(asked, kept, Step::Overview, !errors.is_empty());
    frame.title = match kept.based_on() {
        Some(based_on) => format!("Change {} as YAML", based_on.id),
        None => "New scheme as YAML".to_owned(),
    };
    let path = address(kept.id());
    let page = Page {
        around: Around::new(asked, kept, Step::Overview, false),
        errors,
        rows: text.lines().count().clamp(16, 40),
        text,
        is_kept,
        steps: kept.typed.is_none().then(|| path.segment(kept.step().path()).to_string()),
        frame,
    };
    Answer::with_status(status, &page)
}

/// `POST /drafts/{id}/yaml`: keeps the text whatever it says, and goes on if it can be used.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not write schemes, [`Problem::NotFound`] if they have no such draft; those of
/// keeping a draft by the API.
pub(in crate::console) async fn save(asked: Asked, form: Form) -> Result<Answer, Problem> {
    may_write(&asked)?;
    let mut kept = Kept::of(&asked)?;
    let text = form.get("yaml").replace("\r\n", "\n");
    if !kept.is_seen(&form) {
        return page(&asked, &kept, text, false, StatusCode::PRECONDITION_FAILED, changed_elsewhere());
    }
    match Document::read(&text) {
        Ok(document @ Document::Map(_)) => {
            kept.document = document;
            kept.typed = None;
        }
        Ok(_) | Err(_) => kept.typed = Some(text.clone()),
    }
    let step = if kept.typed.is_some() { kept.step() } else { Step::Overview };
    kept.keep(&asked, step).await?;
    let items = faults(&asked, text.clone()).await?;
    let goes_on = items.is_empty() || (form.get("go") == "keep" && kept.typed.is_none());
    if goes_on {
        return Ok(Answer::see(address(kept.id()).segment(Step::Overview.path())));
    }
    let title = match items.len() {
        1 => "One thing is wrong; the text is kept as it is",
        _ => "Some things are wrong; the text is kept as it is",
    };
    page(&asked, &kept, text, true, StatusCode::UNPROCESSABLE_ENTITY, Errors { title, items })
}

/// All that is wrong with `text`, each with its line and column in it.
async fn faults(asked: &Asked, text: String) -> Result<Vec<FieldError>, Problem> {
    let wrong = asked
        .read(move |state| match state.settings().check(&text) {
            Ok(_) => Ok(Vec::new()),
            Err(settings::Error::Invalid(wrong)) => Ok(wrong),
            Err(error) => Err(error.into()),
        })
        .await?;
    let words = |Wrong { line, column, message }: Wrong| match (line, column) {
        (Some(line), Some(column)) => format!("Line {line}, column {column}: {message}"),
        _ => sentence(&message),
    };
    Ok(wrong.into_iter().map(|one| FieldError { field: "yaml-text", text: words(one) }).collect())
}
