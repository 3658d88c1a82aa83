//! Somebody who signed in, by the claims of a checked ID token.

use serde_json::Value;
use url::Url;

use super::{TokenFault, id_token::Claims};
use crate::{
    domain::{Actor, Timestamp},
    printable,
};

/// The longest id (OpenID Connect Core 1.0, 2), in bytes.
const MAX_SUBJECT: usize = 255;
/// The longest name, in characters; an [`Actor`] has at most 100 of them, with the host behind it.
const MAX_NAME: usize = 60;
const MAX_HOST: usize = 35;

/// Somebody whom the provider has proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id at the provider (`sub`), which never becomes another one's.
    pub subject: String,
    /// Their name in records and on pages. It always differs from the name of a token.
    pub name: Actor,
    /// The groups that the provider told of.
    pub groups: Vec<String>,
    /// When they proved themselves to the provider, if it told.
    pub authenticated: Option<Timestamp>,
}

impl Person {
    /// The person of these claims, with the groups in `groups_claim`.
    ///
    /// # Errors
    /// [`TokenFault::Claim`] if there is no id in them.
    pub(super) fn of(claims: &Claims, groups_claim: &str, issuer: &str) -> Result<Self, TokenFault> {
        let subject = claims.text("sub")?;
        if subject.len() > MAX_SUBJECT {
            return Err(TokenFault::Claim("sub"));
        }
        let name = name(claims, subject, issuer).ok_or(TokenFault::Claim("sub"))?;
        let groups = groups(claims, groups_claim);
        Ok(Self { subject: subject.to_owned(), name, groups, authenticated: claims.authenticated() })
    }
}

/// A verified e-mail; otherwise the name by which they sign in there, otherwise the id, with the provider's host
/// behind it. So nobody gets the name of a token, or of somebody else's e-mail, by choosing it at the provider.
fn name(claims: &Claims, subject: &str, issuer: &str) -> Option<Actor> {
    let is_verified = matches!(claims.0.get("email_verified"), Some(Value::Bool(true)));
    if let Some(email) = claims.text("email").ok().filter(|email| is_verified && is_plain_email(email)) {
        return email.parse().ok();
    }
    let chosen = claims.text("preferred_username").ok().filter(|name| !name.trim().is_empty()).unwrap_or(subject);
    let host = Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    format!("{} ({})", short(&printable::on_one_line(chosen.trim()), MAX_NAME), short(&host, MAX_HOST)).parse().ok()
}

/// Whether it reads as an e-mail address and as nothing else.
fn is_plain_email(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "@.+-_'".contains(c);
    let at = text.bytes().filter(|byte| *byte == b'@').count();
    at == 1
        && !text.starts_with('@')
        && !text.ends_with('@')
        && text.chars().all(is_plain)
        && text.chars().count() <= 100
}

fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The texts of a list, or one text, which is one group whatever stands in it. Whatever else is there names no group.
/// `/realm_access/roles` is a JSON pointer into the claims.
fn groups(claims: &Claims, claim: &str) -> Vec<String> {
    let found = match claim.strip_prefix('/') {
        None => claims.0.get(claim),
        Some(path) => {
            let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
            let at_first = claims.0.get(&first.replace("~1", "/").replace("~0", "~"));
            match rest {
                None => at_first,
                Some(rest) => at_first.and_then(|value| value.pointer(&format!("/{rest}"))),
            }
        }
    };
    match found {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(claims: &Value, groups_claim: &str) -> Result<Person, TokenFault> {
        let claims = Claims(claims.as_object().expect("claims").clone());
        Person::of(&claims, groups_claim, "https://idp.acme.example/realms/acme")
    }

    fn named(claims: &Value) -> String {
        person(claims, "groups").map_or_else(|fault| fault.to_string(), |person| person.name.to_string())
    }

    #[test]
    fn a_verified_email_is_the_name_and_any_other_name_has_the_provider_behind_it() {
        let with = |more: &Value| {
            let mut claims = json!({ "sub": "248289761001" });
            claims.as_object_mut().expect("claims").extend(more.as_object().expect("claims").clone());
            named(&claims)
        };
        let email = "ann@acme.example";
        assert_eq!(with(&json!({ "email": email, "email_verified": true, "preferred_username": "x" })), email);
        for (claims, name) in [
            (json!({ "email": email, "preferred_username": "ann" }), "ann (idp.acme.example)"),
            (json!({ "email": email, "email_verified": "true" }), "248289761001 (idp.acme.example)"),
            (json!({ "email": "ci (for x)@y", "email_verified": true }), "248289761001 (idp.acme.example)"),
            (json!({ "email": "ann", "email_verified": true }), "248289761001 (idp.acme.example)"),
            (json!({ "preferred_username": "admin" }), "admin (idp.acme.example)"),
            (json!({ "preferred_username": email }), "ann@acme.example (idp.acme.example)"),
            (json!({ "preferred_username": " \n " }), "248289761001 (idp.acme.example)"),
            (json!({ "preferred_username": 7 }), "248289761001 (idp.acme.example)"),
            (json!({ "preferred_username": "a\nb\u{202e}c" }), "a\\nb\\u{202e}c (idp.acme.example)"),
            (json!({ "preferred_username": "<b>Ann</b>" }), "<b>Ann</b> (idp.acme.example)"),
        ] {
            assert_eq!(with(&claims), name, "{claims}");
        }
        let long = with(&json!({ "preferred_username": "é".repeat(300) }));
        assert!(long.starts_with("éé") && long.ends_with("… (idp.acme.example)"), "{long}");
    }

    #[test]
    fn nobody_is_known_without_an_id() {
        for claims in [json!({}), json!({ "sub": "" }), json!({ "sub": 7 }), json!({ "sub": "x".repeat(256) })] {
            assert_eq!(person(&claims, "groups").err(), Some(TokenFault::Claim("sub")), "{claims}");
        }
        assert!(person(&json!({ "sub": "x".repeat(255) }), "groups").is_ok());
    }

    #[test]
    fn groups_are_texts_in_a_list_or_one_text_and_nothing_else() {
        for (value, groups) in [
            (json!(["iam-admins", "iam-ops"]), &["iam-admins", "iam-ops"][..]),
            (json!("iam-admins"), &["iam-admins"]),
            (json!("iam-admins, iam-ops"), &["iam-admins, iam-ops"]),
            (json!(["iam-ops", 7, null, { "name": "iam-admins" }, ["iam-admins"]]), &["iam-ops"]),
            (json!({ "iam-admins": true }), &[]),
            (json!(null), &[]),
            (json!(true), &[]),
        ] {
            let found = person(&json!({ "sub": "1", "groups": value }), "groups").expect("somebody").groups;
            assert_eq!(found, groups, "{value}");
        }
        assert!(person(&json!({ "sub": "1" }), "groups").expect("somebody").groups.is_empty());
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_by_a_path() {
        let claims = json!({
            "sub": "1", "https://acme.example/groups": ["a"], "realm_access": { "roles": ["b"] }, "plain": ["c"],
        });
        for (claim, groups) in [
            ("https://acme.example/groups", &["a"][..]),
            ("/realm_access/roles", &["b"]),
            ("/plain", &["c"]),
            ("/https:~1~1acme.example~1groups", &["a"]),
            ("realm_access.roles", &[]),
            ("/realm_access/roles/0", &["b"]),
            ("/", &[]),
        ] {
            assert_eq!(person(&claims, claim).expect("somebody").groups, groups, "{claim}");
        }
    }
}
