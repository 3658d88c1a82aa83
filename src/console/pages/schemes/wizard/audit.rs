//! Step 4: the name, and what is told of the scheme's runs.

use askama::Template;

use super::{
    Around, Fault, Kept, Step, address, frame,
    kept::ORDER,
    may_write,
    trigger::{Asks, changed_elsewhere},
};
use crate::{
    admin::Problem,
    config::Document,
    console::{
        Answer, Asked,
        form::Form,
        frame::{Errors, Frame},
    },
};

#[derive(Template)]
#[template(path = "schemes/wizard/audit.html")]
struct Page {
    frame: Frame,
    around: Around,
    errors: Errors,
    name: String,
    id: String,
}

/// `GET /drafts/{id}/audit`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft; [`Problem::BadQuery`] if a parameter is unknown.
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let asks: Asks = asked.query()?;
    let kept = Kept::of(&asked)?;
    if kept.typed.is_some() {
        return Ok(Answer::see(address(kept.id()).segment("yaml")));
    }
    page(&asked, &kept, asks.back == "overview", Errors::default())
}

fn page(asked: &Asked, kept: &Kept, to_overview: bool, errors: Errors) -> Result<Answer, Problem> {
    let text = |key| kept.document.get(key).and_then(Document::as_text).unwrap_or_default();
    let frame = frame(asked, kept, Step::Audit, !errors.is_empty());
    let status = frame.status();
    let around = Around::new(asked, kept, Step::Audit, to_overview);
    Answer::with_status(status, &Page { frame, around, errors, name: text("name"), id: text("id") })
}

/// `POST /drafts/{id}/audit`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not write schemes, [`Problem::NotFound`] if they have no such draft; those of
/// keeping a draft by the API.
pub(in crate::console) async fn save(asked: Asked, form: Form) -> Result<Answer, Problem> {
    may_write(&asked)?;
    let mut kept = Kept::of(&asked)?;
    let to_overview = form.get("back") == "overview";
    let name = form.get("name").trim();
    kept.document.set("name", (!name.is_empty()).then(|| Document::text(name)), &ORDER);
    if !kept.is_seen(&form) {
        return page(&asked, &kept, to_overview, changed_elsewhere());
    }
    kept.keep(&asked, Step::Audit).await?;
    let faults = kept.checked(&asked).await?.scheme.err().unwrap_or_default();
    let items: Vec<_> = faults.into_iter().filter(|fault| fault.step == Step::Audit).map(Fault::on_field).collect();
    if !items.is_empty() {
        return page(&asked, &kept, to_overview, Errors { title: "This is not complete yet", items });
    }
    Ok(Answer::see(address(kept.id()).segment(Step::Overview.path())))
}
