//! Keys of the documentation that this version does not support yet. They are told apart from typing errors, so that
//! nobody searches for a mistake. An entry is removed when its feature is there.

/// Keys of the whole configuration that are still to come.
pub(in crate::config) const TOP: &[&str] = &["smtp"];

/// Keys of a scheme's `audit` that are still to come.
pub(in crate::config) const AUDIT: &[&str] = &["report", "email"];

/// The message about any of them; `instead` is what to write.
pub(in crate::config) fn message(what: &str, instead: &str) -> String {
    format!("`{what}` is not supported by this version of usher yet; {instead}")
}
