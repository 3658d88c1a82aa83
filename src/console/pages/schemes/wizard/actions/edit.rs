//! One action is changed by its fields.

use super::{
    super::{Kept, Step, kept::ORDER, pickers::Look},
    Refused, faults, here, items, page, sent_action,
};
use crate::{
    admin::Problem,
    config::Document,
    console::{Answer, Asked, form::Form, frame::Errors},
};

/// Keeps the action at `place` as its fields say.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such action; those of keeping a draft by the API.
pub(super) async fn edit(
    asked: &Asked,
    mut kept: Kept,
    form: &Form,
    place: Option<usize>,
    to_overview: bool,
) -> Result<Answer, Problem> {
    let mut items = items(&kept.document).unwrap_or_default();
    let (place, fields, changed) = sent_action(form, &items, place)?;
    let title = "The action is not complete yet";
    match changed {
        Ok(changed) => items[place] = changed,
        Err(why) => {
            let errors = Errors::one(title, "action-field", why);
            let refused = Refused { fields: Some(fields), ..Refused::by(errors) };
            return page(asked, &kept, Some(place), to_overview, refused).await;
        }
    }
    kept.document.set("actions", Some(Document::List(items)), &ORDER);
    kept.keep(asked, Step::Actions).await?;
    let here = here(&kept, to_overview);
    if let Some(look) = Look::sent(form) {
        return Ok(look.see(here.with("edit", &place.to_string())));
    }
    let mut wrong = faults(asked, &kept, Some(place)).await?;
    if !wrong.is_empty() {
        wrong.iter_mut().for_each(|one| one.field = "action-field");
        let errors = Errors { title, items: wrong };
        let refused = Refused { fields: Some(fields), ..Refused::by(errors) };
        return page(asked, &kept, Some(place), to_overview, refused).await;
    }
    Ok(Answer::see(here))
}
