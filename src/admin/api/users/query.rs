//! The allowed parameters of queries about users. Anything else is refused, with what to write.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{
    admin::api::{Problem, schemas},
    domain::{EmailDomain, SourceId, Timestamp},
    roster::{RosterFilter, Sort, SortKey, UserStatus},
    users::UserFilter,
    views::{Cursor, Limit, Paging},
};

/// Why users can't be found by their groups.
pub(in crate::admin::api) const NO_GROUPS: &str = "the lists of users contain no groups, so users can't be found by `group`; \
    leave it out, or ask for the members of a group by a scheme's preview with `only_groups`";

/// The query of the list of users.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Find {
    /// The source; all sources by default.
    #[param(value_type = schemas::Id, inline, required = false)]
    source: Option<SourceId>,
    /// Words that all stand in the name, the display name, the e-mail address or the id, in any case.
    #[param(value_type = String, required = false, max_length = 200)]
    q: Option<SearchText>,
    /// The domain of the e-mail address.
    #[param(value_type = schemas::DomainText, inline, required = false)]
    domain: Option<Domain>,
    /// Whether they may log in.
    #[param(value_type = UserStatus, inline, required = false)]
    status: Option<UserStatus>,
    /// The name of the user directory, exactly.
    #[param(value_type = String, required = false)]
    directory: Option<String>,
    /// The last login was before this. Users without a login have none.
    #[param(value_type = schemas::Time, inline, required = false)]
    last_login_before: Option<Timestamp>,
    /// There was never a login (`true`), or there was one (`false`).
    #[param(value_type = bool, required = false)]
    never_logged_in: Option<bool>,
    /// The account was created before this.
    #[param(value_type = schemas::Time, inline, required = false)]
    created_before: Option<Timestamp>,
    /// Listed in the source's `protect.users` (`true`), or not (`false`).
    #[param(value_type = bool, required = false)]
    protected: Option<bool>,
    /// Refused: the lists of users contain no groups.
    #[param(ignore)]
    group: Option<String>,
    /// The order: `name`, `display_name`, `email` or `id`, with `-` before it for the reverse. By name by default.
    #[serde(default)]
    #[param(value_type = schemas::UserOrder, inline, required = false)]
    sort: Order,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "crate::admin::api::request::query::or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

/// The query of the export: the same without pages and order.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Export {
    /// The source; all sources by default.
    #[param(value_type = schemas::Id, inline, required = false)]
    source: Option<SourceId>,
    /// Words that all stand in the name, the display name, the e-mail address or the id, in any case.
    #[param(value_type = String, required = false, max_length = 200)]
    q: Option<SearchText>,
    /// The domain of the e-mail address.
    #[param(value_type = schemas::DomainText, inline, required = false)]
    domain: Option<Domain>,
    /// Whether they may log in.
    #[param(value_type = UserStatus, inline, required = false)]
    status: Option<UserStatus>,
    /// The name of the user directory, exactly.
    #[param(value_type = String, required = false)]
    directory: Option<String>,
    /// The last login was before this. Users without a login have none.
    #[param(value_type = schemas::Time, inline, required = false)]
    last_login_before: Option<Timestamp>,
    /// There was never a login (`true`), or there was one (`false`).
    #[param(value_type = bool, required = false)]
    never_logged_in: Option<bool>,
    /// The account was created before this.
    #[param(value_type = schemas::Time, inline, required = false)]
    created_before: Option<Timestamp>,
    /// Listed in the source's `protect.users` (`true`), or not (`false`).
    #[param(value_type = bool, required = false)]
    protected: Option<bool>,
    /// Refused: the lists of users contain no groups.
    #[param(ignore)]
    group: Option<String>,
    /// Whether cells that a spreadsheet would take for formulas are left as they are; `false` by default.
    #[serde(default)]
    #[param(value_type = bool, required = false)]
    pub(super) raw: bool,
}

/// The query of one user.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct One {
    /// Whether the user is read from the product now; `false` by default.
    #[serde(default)]
    #[param(value_type = bool, required = false)]
    pub(super) fresh: bool,
}

/// The query of a user's timeline.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Timeline {
    /// The kind of item; all by default.
    #[param(value_type = ItemKind, inline, required = false)]
    pub(super) kind: Option<ItemKind>,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    pub(super) limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "crate::admin::api::request::query::or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    pub(super) cursor: Option<Cursor>,
}

/// The kind of an item of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemKind {
    /// Something that happened to the user.
    Event,
    /// The decision about it.
    Decision,
    /// The result of a step.
    Step,
}

impl ItemKind {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Event, Self::Decision, Self::Step];

    /// The word used in the API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Decision => "decision",
            Self::Step => "step",
        }
    }
}

impl Find {
    /// The source, the filter, the order and the page that are asked for.
    ///
    /// # Errors
    /// [`Problem::BadQuery`] if groups are asked for.
    pub(super) fn split(self) -> Result<(Option<SourceId>, UserFilter, Sort, Paging), Problem> {
        let Self { source, q, domain, status, directory, group, .. } = self;
        refuse_groups(group.as_ref())?;
        let filter = UserFilter {
            roster: roster_filter(q, domain, status, directory),
            last_login_before: self.last_login_before,
            never_logged_in: self.never_logged_in,
            created_before: self.created_before,
            protected: self.protected,
        };
        Ok((source, filter, self.sort.0, Paging { limit: self.limit, cursor: self.cursor }))
    }
}

impl Export {
    /// The source and the filter that are asked for.
    ///
    /// # Errors
    /// [`Problem::BadQuery`] if groups are asked for.
    pub(super) fn split(self) -> Result<(Option<SourceId>, UserFilter), Problem> {
        let Self { source, q, domain, status, directory, group, .. } = self;
        refuse_groups(group.as_ref())?;
        let filter = UserFilter {
            roster: roster_filter(q, domain, status, directory),
            last_login_before: self.last_login_before,
            never_logged_in: self.never_logged_in,
            created_before: self.created_before,
            protected: self.protected,
        };
        Ok((source, filter))
    }
}

fn refuse_groups(group: Option<&String>) -> Result<(), Problem> {
    group.map_or(Ok(()), |_| Err(Problem::BadQuery(NO_GROUPS.into())))
}

/// The part of a filter that the roster looks at. An empty text is none.
pub(in crate::admin::api) fn roster_filter(
    text: Option<SearchText>,
    domain: Option<Domain>,
    status: Option<UserStatus>,
    directory: Option<String>,
) -> RosterFilter {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    RosterFilter {
        text: filled(text.map(|SearchText(text)| text)),
        domain: domain.map(|Domain(domain)| domain),
        status,
        directory: filled(directory),
    }
}

/// The longest text to search for, in characters.
const MAX_SEARCH: usize = 200;

/// Words to search for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct SearchText(String);

impl SearchText {
    /// The words.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<SearchText> for String {
    fn from(SearchText(text): SearchText) -> Self {
        text
    }
}

impl TryFrom<String> for SearchText {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let fits = text.chars().count() <= MAX_SEARCH;
        fits.then_some(Self(text)).ok_or_else(|| format!("`q` is longer than {MAX_SEARCH} characters; write less"))
    }
}

/// The domain of an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Domain(EmailDomain);

impl Domain {
    /// The domain.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<Domain> for String {
    fn from(Domain(domain): Domain) -> Self {
        domain.as_str().to_owned()
    }
}

impl TryFrom<String> for Domain {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let read = EmailDomain::parse(&text).map(Self);
        read.ok_or_else(|| format!("`{text}` is no domain; write one like `acme.example`, without `@`"))
    }
}

/// The order of users.
#[derive(Default, Deserialize)]
#[serde(try_from = "String")]
struct Order(Sort);

impl TryFrom<String> for Order {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Sort::of_word(&text).map(Self).ok_or_else(|| {
            let words = SortKey::ALL.map(SortKey::as_str).join(", ");
            format!("`{text}` is no order; write one of {words}, with `-` before it for the reverse")
        })
    }
}
