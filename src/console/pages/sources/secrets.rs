//! `/sources/{id}/secrets`: a secret of webhooks is rotated: a second one is made, and the first one taken out when it is
//! used no more.

use askama::Template;
use serde_json::{Value, json};

use super::{
    address,
    edit::{parts_of, replace, stored, yaml},
    one::said,
};
use crate::{
    admin::{
        Problem,
        identity::{About, Permission},
    },
    console::{
        Answer, Asked,
        form::Form,
        frame::{Frame, Place},
    },
};

#[derive(Template)]
#[template(path = "sources/secret.html")]
struct NewSecret {
    frame: Frame,
    path: String,
    id: String,
    secret: String,
}

/// A secret for webhooks that nobody guesses.
pub(in crate::console::pages) fn new_secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// `POST /sources/{id}/secrets`: `do=add` makes a secret, and shows it this once; `do=remove` takes the one with this
/// `name` out.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not; those of the same request to the API.
pub(in crate::console) async fn change(asked: Asked, form: Form) -> Result<Answer, Problem> {
    asked.may(Permission::ChangeSources, About::Everything)?;
    let stored = stored(&asked)?;
    let mut source = parts_of(&yaml(&stored)?).map_err(Problem::Conflict)?;
    let made = match form.get("do") {
        "add" => Some(add(&mut source)),
        "remove" => {
            remove(&mut source, form.get("name"))?;
            None
        }
        _ => return Err(Problem::BadRequest("the form does not say what to do; open the page anew".into())),
    };
    replace(&asked, &stored.id, source.to_string(), form.get("tag")).await?;
    match made {
        None => Ok(Answer::see(said(&stored.id, "secret-removed"))),
        Some(secret) => {
            let frame = asked.frame(Place::Sources, "A new secret for webhooks");
            let (path, id) = (address(&stored.id).to_string(), stored.id.to_string());
            Answer::html(&NewSecret { frame, path, id, secret })
        }
    }
}

/// Adds a secret for webhooks to a source.
fn add(source: &mut Value) -> String {
    let secret = new_secret();
    let written = json!({ "value": secret });
    match source["webhook"]["hmac"].as_array_mut() {
        Some(secrets) => secrets.push(written),
        None => source["webhook"]["hmac"] = json!([written]),
    }
    secret
}

fn remove(source: &mut Value, name: &str) -> Result<(), Problem> {
    let gone = || Problem::Conflict(format!("the secret `{name}` is not there any more; look at the source again"));
    let secrets = source["webhook"]["hmac"].as_array_mut().ok_or_else(gone)?;
    let place = secrets.iter().position(|secret| secret["sealed"] == name).ok_or_else(gone)?;
    secrets.remove(place);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_added_beside_the_others_and_the_named_one_is_taken_out() {
        let mut source = json!({ "id": "acme" });
        let first = add(&mut source);
        assert_eq!(source["webhook"], json!({ "hmac": [{ "value": first }] }));
        assert!(first.len() == 64 && first != new_secret());
        source["webhook"]["hmac"][0] = json!({ "sealed": "webhook.hmac-1" });
        let second = add(&mut source);
        remove(&mut source, "webhook.hmac-1").expect("it is there");
        assert_eq!(source["webhook"], json!({ "hmac": [{ "value": second }] }));
        assert!(remove(&mut source, "webhook.hmac-1").is_err());
    }
}
