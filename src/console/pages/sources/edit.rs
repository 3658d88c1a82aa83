//! `/sources/{id}/edit`: a source that was made here is changed. Secrets are written anew or stay; none is shown.

use askama::Template;
use serde_json::{Value, json};

use super::{address, one::said};
use crate::{
    admin::{
        Problem,
        identity::{About, Permission},
        replace_source, stored_source,
    },
    config::{Auth, Document, Source},
    console::{
        Answer, Asked,
        form::Form,
        frame::{Errors, Frame, Place},
    },
    domain::SourceId,
    settings::{IfMatch, SourceContents, SourceView, Wrong},
};

#[derive(Template)]
#[template(path = "sources/edit.html")]
struct Edit {
    frame: Frame,
    path: String,
    tag: String,
    text: String,
    has_account: bool,
    account: String,
    errors: Errors,
    forbidden: Option<String>,
}

/// The source that the path names, if it was made here.
///
/// # Errors
/// [`Problem::NotFound`] if whoever asks sees none; [`Problem::Conflict`] if it is in the configuration file.
pub(super) fn stored(asked: &Asked) -> Result<SourceView, Problem> {
    stored_source(asked.state(), asked.principal(), asked.id())
}

/// The source as far as it can be read.
pub(super) fn shown(stored: &SourceView) -> Option<&Source> {
    match &stored.contents {
        SourceContents::Readable(source) => Some(source),
        SourceContents::Broken { shown, .. } => shown.as_deref(),
    }
}

/// The source as YAML. Its secrets are named.
///
/// # Errors
/// [`Problem::Conflict`] if this version of usher can't read it.
pub(super) fn yaml(stored: &SourceView) -> Result<String, Problem> {
    let source = shown(stored)
        .ok_or_else(|| Problem::Conflict("this version of usher can't read the source; delete it".to_owned()))?;
    source.as_yaml().map_err(|error| Problem::internal(&error))
}

/// `GET /sources/{id}/edit`.
///
/// # Errors
/// As [`stored`].
pub(in crate::console) async fn show(asked: Asked) -> Result<Answer, Problem> {
    let stored = stored(&asked)?;
    let text = yaml(&stored)?;
    page(&asked, &stored, text, String::new(), Errors::default())
}

fn page(asked: &Asked, stored: &SourceView, text: String, account: String, errors: Errors) -> Result<Answer, Problem> {
    let name = shown(stored).map_or_else(|| stored.id.to_string(), |source| source.name.clone());
    let mut frame = asked.frame(Place::Sources, format!("Change {name}"));
    frame.refused = !errors.is_empty();
    let status = frame.status();
    let has_account = shown(stored).is_some_and(|source| matches!(source.auth, Auth::Basic { .. }));
    let (path, tag) = (address(&stored.id).to_string(), stored.tag.clone());
    let forbidden = asked.why_not(Permission::ChangeSources, About::Everything);
    Answer::with_status(status, &Edit { frame, path, tag, text, has_account, account, errors, forbidden })
}

/// `POST /sources/{id}/edit`.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn change(asked: Asked, form: Form) -> Result<Answer, Problem> {
    asked.may(Permission::ChangeSources, About::Everything)?;
    let before = stored(&asked)?;
    // By its name it is not kept when the session has ended: a new secret may stand in it.
    let typed = form.get("text_with_secrets").to_owned();
    let text = with_credentials(&typed, form.get("account").trim(), form.get("secret"));
    let account = form.get("account").to_owned();
    let again = |title, faults: Vec<(&'static str, String)>| {
        page(&asked, &before, typed.clone(), account.clone(), Errors::several(title, faults))
    };
    let text = match text {
        Ok(text) => text,
        Err(why) => return again("The source was not changed", vec![("text", why)]),
    };
    let is_as_typed = text == typed;
    match replace(&asked, &before.id, text, form.get("tag")).await {
        Ok(()) => Ok(Answer::see(said(&before.id, "changed"))),
        Err(Problem::InvalidSource(problems)) => {
            let fault = |wrong: Wrong| {
                let line = wrong.line.filter(|_| is_as_typed).map(|line| format!("Line {line}: ")).unwrap_or_default();
                ("text", format!("{line}{}", wrong.message))
            };
            again("The source was not changed", problems.into_iter().map(fault).collect())
        }
        Err(Problem::Stale(why)) => again("Somebody changed this source meanwhile", vec![("text", why)]),
        Err(other) => Err(other),
    }
}

/// Stores `text` in place of the source `id`, if it is as it was with `tag`.
///
/// # Errors
/// Those of the same request to the API.
pub(super) async fn replace(asked: &Asked, id: &SourceId, text: String, tag: &str) -> Result<(), Problem> {
    let if_match = IfMatch::Tags(vec![tag.to_owned()]);
    replace_source(asked.state(), asked.principal(), id.clone(), text, if_match).await.map(|_| ())
}

/// A source as JSON, to change a part of it.
///
/// # Errors
/// Why it is no YAML.
pub(super) fn parts_of(text: &str) -> Result<Value, String> {
    let document = Document::read(text).map_err(|problems| problems.to_string())?;
    serde_json::to_value(&document).map_err(|error| crate::words::json(&error))
}

/// The source in `text` with other credentials, as far as some are typed.
fn with_credentials(text: &str, account: &str, secret: &str) -> Result<String, String> {
    if account.is_empty() && secret.is_empty() {
        return Ok(text.to_owned());
    }
    let mut source = parts_of(text)?;
    if source["auth"]["basic"].is_object() {
        if !account.is_empty() {
            source["auth"]["basic"]["username"] = json!(account);
        }
        if !secret.is_empty() {
            source["auth"]["basic"]["password"] = json!({ "value": secret });
        }
    } else if !secret.is_empty() {
        source["auth"]["bearer"] = json!({ "value": secret });
    }
    Ok(source.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_credentials_take_the_place_of_those_that_are_kept() {
        let basic = "id: acme\nauth:\n  basic:\n    username: \"\"\n    password:\n      sealed: auth.basic.password\n";
        let parts = |account, secret| parts_of(&with_credentials(basic, account, secret).expect("text")).expect("JSON");
        assert_eq!(with_credentials(basic, "", "").expect("text"), basic);
        let both = parts("ann", "new");
        assert_eq!(both["auth"]["basic"], json!({ "username": "ann", "password": { "value": "new" } }));
        let one = parts("", "new");
        assert_eq!(one["auth"]["basic"]["username"], json!(""), "the name that is kept stays");
        let bearer = with_credentials("auth: { bearer: { sealed: auth.bearer } }", "", "new").expect("text");
        assert_eq!(parts_of(&bearer).expect("JSON")["auth"], json!({ "bearer": { "value": "new" } }));
        assert!(with_credentials("{", "", "new").is_err());
    }
}
