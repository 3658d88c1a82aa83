//! The reasons why the organisation may not change an account, with the remedies.

use crate::products::Error;

/// Refused by `manage`, for the reason with this key.
pub(super) fn not_allowed(key: Option<&str>) -> Error {
    let (key, what) = (key.unwrap_or("no reason given"), key.map_or("ask your organisation's admins", in_words));
    Error::Refused { status: 403, message: format!("the account can't be changed so ({key}): {what}") }
}

/// The refusal for an inactive account that the organisation does not own.
pub(super) fn not_managed() -> Error {
    let message = "the account is inactive and not managed by the organisation: only its owner can activate it";
    Error::Refused { status: 403, message: message.to_owned() }
}

fn in_words(key: &str) -> &'static str {
    match key {
        "externalDirectory.scim" => "it is managed by your identity provider; do it there",
        "externalDirectory.google" => "it is managed by Google Workspace; do it there",
        "authPolicy.saml" => "it is set at log-in by your identity provider; do it there",
        "blocked.exportControl" => "it is blocked by US export control; only Atlassian can lift that",
        "administrative.notMyself" => "it is the account of whoever made the key; use another's",
        "myselfOnly" => "only its owner may do this",
        "managedAccount" | "administrative" => "only admins of the organisation that owns it may do this",
        _ => "see Atlassian's reference of the User management API",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_named_with_what_to_do() {
        for (key, words) in [
            (Some("externalDirectory.scim"), "identity provider"),
            (Some("something.new"), "(something.new)"),
            (None, "no reason given"),
        ] {
            let Error::Refused { status: 403, message } = not_allowed(key) else { panic!("{key:?}") };
            assert!(message.contains(words), "{message}");
        }
    }
}
