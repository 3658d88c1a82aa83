//! The number of users that a draft would select, by the last list.

use askama::Template;

use super::{
    super::{Kept, kept::ORDER},
    answers::Answers,
};
use crate::{
    admin::{Problem, estimated},
    config::Document,
    console::{Answer, Asked, form::Form, pages::schemes::run::Estimated},
};

/// How many users a draft would select: a part that is swapped in.
#[derive(Template)]
#[template(path = "schemes/wizard/count.html")]
pub(in crate::console::pages::schemes) struct Count {
    estimate: Estimated,
    /// A limit that leaves some room, where one is asked for.
    limit: Option<u64>,
}

impl Count {
    /// The number alone.
    pub(in crate::console::pages::schemes) fn new(estimate: Estimated) -> Self {
        Self { estimate, limit: None }
    }

    /// The number with a limit.
    pub(in crate::console::pages::schemes::wizard) fn with_limit(estimate: Estimated) -> Self {
        let limit = match &estimate {
            Estimated::Told { selected, .. } => Some(selected.saturating_mul(3).div_ceil(2).max(1)),
            Estimated::NotKnown(_) => None,
        };
        Self { estimate, limit }
    }
}

/// `POST /drafts/{id}/count`: how many users the form would select, if it were kept. It is not.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft; an internal one if the part can't be rendered.
pub(in crate::console) async fn count(asked: Asked, form: Form) -> Result<Answer, Problem> {
    let mut kept = Kept::of(&asked)?;
    let Some((shown, at)) = Answers::at(&kept.document, form.get("at")) else {
        return Answer::html(&Count::new(Estimated::NotKnown("The group is gone.".to_owned())));
    };
    if let Some(wrong) = Answers::sent(&form, &shown, &at).put_into(&mut kept.document, &at) {
        return Answer::html(&Count::new(Estimated::NotKnown(wrong.text)));
    }
    Answer::html(&Count::new(estimate(&asked, kept.document).await?))
}

/// The number of users that `document` would select by the last list, whatever is still missing from it.
///
/// # Errors
/// [`Problem::Unavailable`] if no turn comes in time.
pub(in crate::console::pages::schemes::wizard) async fn estimate(
    asked: &Asked,
    mut document: Document,
) -> Result<Estimated, Problem> {
    if document.get("select").is_none() {
        return Ok(Estimated::NotKnown("No condition is chosen yet.".to_owned()));
    }
    let source = document.get("source").and_then(Document::as_text).unwrap_or_default();
    if !source.parse().is_ok_and(|source| asked.principal().sees(&source)) {
        return Ok(Estimated::NotKnown("No source is chosen yet.".to_owned()));
    }
    // The parts that are asked for later do not matter to the selection.
    document.set("id", Some(Document::text("estimate")), &ORDER);
    let group = Document::Map(vec![("add_groups".to_owned(), Document::texts(["estimate".to_owned()]))]);
    document.set("actions", Some(Document::List(vec![group])), &ORDER);
    document.set("limits", None, &ORDER);
    let text = serde_json::to_string(&document).map_err(|error| Problem::internal(&error))?;
    let caller = asked.principal().clone();
    Ok(Estimated::new(asked, asked.read(move |state| estimated(state, &caller, &text)).await))
}
