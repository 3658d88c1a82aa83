//! One call to a product, before it is made.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::products::User;

/// All characters except the unreserved ones of RFC 3986: no character of a name can end its segment.
const IN_A_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The purpose of a call: the metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::products) enum Operation {
    ReadUser,
    ReadUserGroups,
    ListUsers,
    FindGroup,
    FindUser,
    ListMembers,
    AddToGroup,
    RemoveFromGroup,
    ReadApplications,
    FindDirectory,
    RevokeRole,
    EditUser,
    DeleteUser,
    ReadTask,
    RevokeAccess,
    SetPassword,
    SendResetLink,
    FindIssue,
    CreateIssue,
    ReadRights,
    ReadPermissions,
    RevokePermission,
    ReadMyself,
    ReadAuditLog,
    ReadVersion,
    Probe,
}

impl Operation {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadUser => "read_user",
            Self::ReadUserGroups => "read_user_groups",
            Self::ListUsers => "list_users",
            Self::FindGroup => "find_group",
            Self::FindUser => "find_user",
            Self::ListMembers => "list_members",
            Self::AddToGroup => "add_to_group",
            Self::RemoveFromGroup => "remove_from_group",
            Self::ReadApplications => "read_applications",
            Self::FindDirectory => "find_directory",
            Self::RevokeRole => "revoke_role",
            Self::EditUser => "edit_user",
            Self::DeleteUser => "delete_user",
            Self::ReadTask => "read_task",
            Self::RevokeAccess => "revoke_access",
            Self::SetPassword => "set_password",
            Self::SendResetLink => "send_reset_link",
            Self::FindIssue => "find_issue",
            Self::CreateIssue => "create_issue",
            Self::ReadRights => "read_rights",
            Self::ReadPermissions => "read_permissions",
            Self::RevokePermission => "revoke_permission",
            Self::ReadMyself => "read_myself",
            Self::ReadAuditLog => "read_audit_log",
            Self::ReadVersion => "read_version",
            Self::Probe => "probe",
        }
    }

    /// Whether the answer is a page of a list.
    pub const fn is_a_list(self) -> bool {
        matches!(self, Self::ListUsers | Self::ListMembers | Self::ReadPermissions)
    }

    /// Whether it only reads, although it is sent like a change: some searches are.
    const fn is_a_search(self) -> bool {
        use Operation::{
            FindDirectory, FindGroup, FindIssue, FindUser, ListMembers, ListUsers, ReadUser, ReadUserGroups,
        };
        matches!(
            self,
            ReadUser | ReadUserGroups | ListUsers | ListMembers | FindGroup | FindUser | FindDirectory | FindIssue
        )
    }
}

/// A call in the making. What names a person is kept apart, so that no error text repeats it; hence no `Debug`.
pub(in crate::products) struct Call<'a> {
    pub operation: Operation,
    pub method: Method,
    pub body: Option<Value>,
    /// The names of the call's user: ids, login names.
    pub personal: Vec<&'a str>,
    path: &'static str,
    segments: Vec<Cow<'a, str>>,
    query: Vec<(&'static str, Cow<'a, str>)>,
}

impl<'a> Call<'a> {
    /// A call of `path`, relative to the source's base URL, without a leading slash. Each segment in braces in it (`{name}`)
    /// is given by [`Call::segment`], in their order.
    pub fn new(operation: Operation, method: Method, path: &'static str) -> Self {
        Self { operation, method, body: None, personal: Vec::new(), path, segments: Vec::new(), query: Vec::new() }
    }

    /// Sets the next segment in braces to any text.
    pub fn segment(mut self, value: impl Into<Cow<'a, str>>) -> Self {
        self.segments.push(value.into());
        self
    }

    /// Gives the next segment in braces, which names the user.
    pub fn user_segment(self, user: &'a str) -> Self {
        self.about(user).segment(user)
    }

    /// Adds a query parameter without a user in it.
    pub fn query(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a query parameter that names the user.
    pub fn user_query(self, name: &'static str, user: &'a str) -> Self {
        self.about(user).query(name, user)
    }

    /// Sends `{name: user}`.
    pub fn user_body(self, name: &str, user: &'a str) -> Self {
        self.body(json!({ name: user })).about(user)
    }

    /// Sends `body`.
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Keeps `name` of the user out of error texts too.
    pub fn about(mut self, name: &'a str) -> Self {
        self.personal.push(name);
        self
    }

    /// Keeps the id and the login name of `user` out of error texts too.
    pub fn about_user(self, user: &'a User) -> Self {
        self.about(user.id.as_str()).about(user.name.as_deref().unwrap_or_default())
    }

    fn path(&self) -> String {
        let mut given = self.segments.iter();
        let segment = |part: &str| match part.strip_prefix('{').and_then(|_| given.next()) {
            // Clients and servers alike take these two away, in any spelling; this names nobody, and so finds nobody.
            Some(value) if matches!(&**value, "." | "..") => "%252E".to_owned(),
            Some(value) => utf8_percent_encode(value, IN_A_SEGMENT).to_string(),
            None => part.to_owned(),
        };
        self.path.split('/').map(segment).collect::<Vec<_>>().join("/")
    }

    /// Whether it changes something, and so depends on an earlier reading.
    pub fn is_a_change(&self) -> bool {
        self.method != Method::GET && !self.operation.is_a_search()
    }

    /// The address of the call: the base's own path is kept.
    pub fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        url.set_path(&format!("{}/{}", base.path().trim_end_matches('/'), self.path()));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish();
        // A space as `%20`, which every server reads alike; a plus sign itself stands there as `%2B` by now.
        url.set_query((!query.is_empty()).then(|| query.replace('+', "%20")).as_deref());
        url.set_fragment(None);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str, call: Call<'_>) -> String {
        call.url(&base.parse().unwrap()).to_string()
    }

    fn read_user<'a>() -> Call<'a> {
        Call::new(Operation::ReadUser, Method::GET, "rest/api/2/user")
    }

    #[test]
    fn the_path_of_the_base_url_is_kept_with_and_without_a_slash_at_its_end() {
        for (base, joined) in [
            ("https://host", "https://host/rest/api/2/user"),
            ("https://host/", "https://host/rest/api/2/user"),
            ("https://host:8443/jira", "https://host:8443/jira/rest/api/2/user"),
            ("https://host/a/jira/", "https://host/a/jira/rest/api/2/user"),
            ("https://host/jira%20x/?os=1#top", "https://host/jira%20x/rest/api/2/user"),
        ] {
            assert_eq!(url(base, read_user()), joined);
        }
    }

    #[test]
    fn a_segment_is_one_whatever_stands_in_it() {
        for (value, encoded) in [
            ("jdoe", "jdoe"),
            ("a/b?c#d%2F", "a%2Fb%3Fc%23d%252F"),
            ("712020:aa|b", "712020%3Aaa%7Cb"),
            ("jürgen +x", "j%C3%BCrgen%20%2Bx"),
            ("..", "%252E"),
            ("...", "..."),
        ] {
            let call = Call::new(Operation::AddToGroup, Method::PUT, "rest/api/user/{username}/group/{group}");
            let call = call.user_segment(value).segment("staff");
            assert_eq!(url("https://host/c", call), format!("https://host/c/rest/api/user/{encoded}/group/staff"));
        }
    }

    #[test]
    fn values_are_percent_encoded_whatever_stands_in_them() {
        for (value, encoded) in [
            ("99:27935d01-92a7", "99%3A27935d01-92a7"),
            ("qm:a|b", "qm%3Aa%7Cb"),
            ("Jane Doe+x", "Jane%20Doe%2Bx"),
            ("a&b=c#d?e/f%20", "a%26b%3Dc%23d%3Fe%2Ff%2520"),
            ("jürgen", "j%C3%BCrgen"),
        ] {
            let call = read_user().user_query("key", value).query("expand", "groups");
            assert_eq!(url("https://host", call), format!("https://host/rest/api/2/user?key={encoded}&expand=groups"));
        }
    }
}
