//! Drafts: where one goes on, a change of a scheme that is there, and the end of a draft.

use super::{Kept, Step, address, may_write};
use crate::{
    admin::Problem,
    console::{
        Answer, Asked,
        addresses::Address,
        form::Form,
        frame::Moment,
        pages::schemes::{self, act},
    },
    domain::{BasedOn, Draft},
};

/// A draft in a list.
pub(in crate::console) struct DraftRow {
    pub(in crate::console) path: String,
    pub(in crate::console) name: String,
    pub(in crate::console) replaces: Option<String>,
    pub(in crate::console) step: &'static str,
    pub(in crate::console) changed: Moment,
    pub(in crate::console) expires: Moment,
}

impl DraftRow {
    /// The drafts of whoever asks, the latest change first.
    pub(in crate::console) fn all(asked: &Asked) -> Vec<Self> {
        let drafts = asked.state().settings().drafts(&asked.principal().by());
        drafts.iter().map(|draft| Self::new(asked, draft)).collect()
    }

    fn new(asked: &Asked, draft: &std::sync::Arc<Draft>) -> Self {
        let kept = Kept::from(std::sync::Arc::clone(draft));
        let text = |key| kept.document.get(key).and_then(crate::config::Document::as_text);
        let replaces = kept.based_on().map(|based_on| based_on.id.to_string());
        Self {
            path: address(&draft.id).to_string(),
            name: text("name").or_else(|| text("id")).unwrap_or_else(|| "Without a name yet".to_owned()),
            replaces,
            step: kept.step().word(),
            changed: asked.moment(draft.at),
            expires: asked.moment(draft.expires()),
        }
    }
}

/// `GET /drafts`: they are offered beside the schemes.
///
/// # Errors
/// None.
pub(in crate::console) async fn list(_: Asked) -> Result<Answer, Problem> {
    Ok(Answer::see("/schemes#drafts"))
}

/// `GET /drafts/{id}`: leads to the step at which its author was.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft.
pub(in crate::console) async fn go_on(asked: Asked) -> Result<Answer, Problem> {
    let kept = Kept::of(&asked)?;
    let segment = if kept.typed.is_some() { "yaml" } else { kept.step().path() };
    Ok(Answer::see(address(kept.id()).segment(segment)))
}

/// `POST /drafts/{id}/delete`.
///
/// # Errors
/// [`Problem::NotFound`] if they have no such draft, [`Problem::Unavailable`] if it can't be deleted now.
pub(in crate::console) async fn delete(asked: Asked, _: Form) -> Result<Answer, Problem> {
    Kept::of(&asked)?.forget(&asked).await?;
    Ok(Answer::see(Address::new("/schemes").with("said", "draft-deleted")))
}

/// `POST /schemes/{id}/edit`: a draft of the scheme as it is now.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not write schemes, [`Problem::Conflict`] if it can't be read; those of keeping a
/// draft by the API.
pub(in crate::console) async fn edit(asked: Asked, _: Form) -> Result<Answer, Problem> {
    let listed = schemes::scheme(&asked)?;
    may_write(&asked)?;
    let Some(scheme) = act::readable(&listed) else {
        return Err(Problem::Conflict("this version of usher can't read the scheme; write it anew".into()));
    };
    let based_on = BasedOn { id: listed.id.clone(), tag: listed.tag.clone() };
    let kept = Kept::of_scheme(&asked, &act::as_json(scheme)?, based_on).await?;
    Ok(Answer::see(address(kept.id()).segment(Step::Overview.path())))
}
