//! What the documentation promises and this version does not do yet. Told apart from typing errors, so that nobody
//! searches for a mistake that is not theirs. Entries go as features land.

/// Which part of the configuration a set of keys belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Top,
    Webhooks,
    Admin,
    Log,
    Kafka,
    Source,
    Auth,
    Basic,
    Webhook,
    Rate,
    Scheme,
    Select,
    Exempt,
    Action,
    Audit,
}

/// Keys of `section` that are still to come.
pub(super) const fn keys(section: Section) -> &'static [&'static str] {
    match section {
        Section::Top => &["smtp"],
        Section::Source => &["feed"],
        Section::Webhook => &["bearer"],
        Section::Scheme => &["limits"],
        Section::Select => {
            &["never_logged_in", "last_login_before", "logged_in_once", "deactivated", "where", "all", "any", "not"]
        }
        Section::Action => &[
            "delete",
            "deactivate",
            "reactivate",
            "remove_all_groups",
            "remove_application_access",
            "rename",
            "invalidate_password",
            "create_issue",
        ],
        Section::Audit => &["report", "email"],
        Section::Webhooks
        | Section::Admin
        | Section::Log
        | Section::Kafka
        | Section::Auth
        | Section::Basic
        | Section::Rate
        | Section::Exempt => &[],
    }
}

/// Values of `product` that are still to come.
pub(super) const PRODUCTS: &[&str] = &["confluence-cloud", "confluence-dc", "bitbucket-dc", "atlassian-org", "crowd"];

/// Values of `trigger` that are still to come.
pub(super) const TRIGGERS: &[&str] = &["manual"];

/// Keys of a `trigger` with keys of its own that are still to come.
pub(super) const TRIGGER_KEYS: &[&str] = &["cron"];

/// The message about any of them; `instead` is what to write.
pub(super) fn message(what: &str, instead: &str) -> String {
    format!("`{what}` is not supported by this version of usher yet; {instead}")
}
