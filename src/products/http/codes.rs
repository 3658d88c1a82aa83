//! The meaning of Atlassian's codes of refusals, if a person can act on it. The texts beside them are localized, and
//! say less.
//!
//! Source: the schemas `ApplicationError` and `ApiError` of the Organizations API on developer.atlassian.com.

/// The code with its meaning, if it is known.
pub(in crate::products) fn in_words(code: &str) -> String {
    let meaning = match code {
        "ADMIN-409-3" | "ADMIN-UAM-409-3" => "the user limit of an application is reached",
        "ADMIN-409-28" | "ADMIN-UAM-409-2" => "it is so already, or something else stands against it",
        "ADMIN-403-3" | "ADMIN-UAM-403-2" => "the key may not manage the organisation",
        "ADMIN-403-5" => "the group can't be changed by the key",
        "ADMIN-404-2" | "ADMIN-UAM-404-2" => "there is no such organisation",
        "ADMIN-404-8" => "the user is not in the directory",
        "ADMIN-404-10" | "ADMIN-UAM-404-3" => "there is no such group",
        "ADMIN-UAM-400-2" => "the user is inactive",
        "ADMIN-UAM-400-4" => "the application has no licence",
        "ADMIN-UAM-402-1" => "the application has to be paid for first",
        _ => return code.to_owned(),
    };
    format!("{code}, {meaning}")
}
