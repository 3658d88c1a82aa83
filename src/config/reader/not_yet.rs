//! What the documentation promises and this version does not do yet. Told apart from typing errors, so that nobody
//! searches for a mistake that is not theirs. Entries go as features land.

/// Keys of the whole configuration that are still to come.
pub(in crate::config) const TOP: &[&str] = &["smtp"];

/// Keys of a scheme's `audit` that are still to come.
pub(in crate::config) const AUDIT: &[&str] = &["report", "email"];

/// The message about any of them; `instead` is what to write.
pub(in crate::config) fn message(what: &str, instead: &str) -> String {
    format!("`{what}` is not supported by this version of usher yet; {instead}")
}
