//! Reading one user of the directory.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::pages::Page;
use crate::{
    domain::{AccountType, EmailAddress, Product, ReadTime, UserId, WrittenTime},
    products::{
        Error, User,
        atlassian_org::{AtlassianOrg, groups::Group},
        http::request::Operation,
        listing::records::Record,
    },
};

pub(in crate::products::atlassian_org) const USERS: &str =
    "admin/v2/orgs/{orgId}/directories/{directoryId}/users/search";

/// Roles whose holders administer the organisation, or all of a site.
pub(in crate::products::atlassian_org) const ADMINISTERING: [&str; 2] = [ORG_ADMIN, "atlassian/site-admin"];

/// The role of the organisation's administrators.
pub(in crate::products::atlassian_org) const ORG_ADMIN: &str = "atlassian/org-admin";

/// The time by which the organisation may report a user's last activity late.
const LATE: Duration = Duration::from_hours(24);

/// A user as the API writes them. What the key may not see is left out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::products::atlassian_org) struct Bean {
    pub account_id: String,
    account_type: Option<String>,
    account_status: Option<String>,
    membership_status: Option<String>,
    status: Option<String>,
    claim_status: Option<String>,
    name: Option<String>,
    email: Option<String>,
    #[serde(default, deserialize_with = "WrittenTime::lenient")]
    added_to_org: Option<WrittenTime>,
    platform_roles: Option<Vec<String>>,
    product_access: Option<Vec<ProductAccess>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductAccess {
    #[serde(default, deserialize_with = "WrittenTime::lenient")]
    last_active_timestamp: Option<WrittenTime>,
}

/// The relation of an account to the organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::products::atlassian_org) struct Standing {
    /// Whether the organisation owns the account.
    pub managed: bool,
    /// Whether the account may log in anywhere.
    pub enabled: bool,
    /// Whether the user is suspended in the directory.
    pub suspended: bool,
}

impl AtlassianOrg {
    /// The user with groups.
    ///
    /// # Errors
    /// As [`AtlassianOrg::bean`]; or [`Error`] if the groups can't be read.
    pub(in crate::products::atlassian_org) async fn read(&self, id: &UserId) -> Result<User, Error> {
        let user = self.bean(id).await?.into_user();
        let groups = self.groups_of(id).await?;
        for group in &groups.read {
            self.group_ids.keep(&group.name(), &group.id);
        }
        Ok(User {
            groups: (groups.unreadable == 0).then(|| groups.read.iter().map(Group::name).collect()),
            directory: self.directory().await?.name.clone(),
            ..user
        })
    }

    /// The user's present record in the directory. A user who is about to be deleted, or was removed, has none.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NoSuchUser`] if there is no such user, or they are gone;
    /// [`Error::Intercepted`] if the answer is about another user.
    pub(in crate::products::atlassian_org) async fn bean(&self, id: &UserId) -> Result<Bean, Error> {
        let asked = json!({ "accountIds": [id.as_str()], "expand": ["platformRoles", "productAccess"], "limit": 1 });
        let call = self.within(Operation::ReadUser, Method::POST, USERS).await?.body(asked).about(id.as_str());
        let found = self.http.send(call).await?.json::<Page<Bean>>()?.data;
        let found = found.or_nothing()?.read.pop().ok_or(Error::NoSuchUser)?;
        if found.account_id != id.as_str() {
            return Err(Error::about_another_user(Product::AtlassianOrg));
        }
        let found = self.with_status_here(found).await?;
        if found.is_gone() { Err(Error::NoSuchUser) } else { Ok(found) }
    }

    /// Adds the state in this directory. The record shows only a suspension in all directories. If there are several,
    /// this one is read.
    async fn with_status_here(&self, bean: Bean) -> Result<Bean, Error> {
        if !self.directory().await?.one_of_several {
            return Ok(bean);
        }
        let here = self.status_here(&bean.account_id).await?;
        Ok(Bean { membership_status: here.or(bean.membership_status), ..bean })
    }
}

impl Record for Bean {
    const KIND: &'static str = "user";
    /// The necessary fields. Without the state, a removed user would look like a present one.
    const NEEDED: &'static [&'static str] =
        &["accountId", "accountStatus", "membershipStatus", "status", "claimStatus"];

    fn is_of_use(&self) -> bool {
        !self.account_id.is_empty()
    }
}

impl Bean {
    /// Whether usher counts the account as gone: deleted, to be deleted when its time of grace is over, or a stranger's who
    /// is no member of any directory.
    pub(in crate::products::atlassian_org) fn is_gone(&self) -> bool {
        let is = |field: &Option<String>, word: &str| field.as_deref() == Some(word);
        is(&self.status, "for_deletion")
            || is(&self.account_status, "closed")
            || (is(&self.membership_status, "no_membership") && is(&self.claim_status, "unmanaged"))
    }

    /// The relation of the account; none if a part of it is missing.
    pub(in crate::products::atlassian_org) fn standing(&self) -> Option<Standing> {
        Some(Standing {
            managed: self.claim_status.as_deref()? == "managed",
            enabled: self.account_status.as_deref()? == "active",
            suspended: self.membership_status.as_deref()? == "suspended",
        })
    }

    /// Whether the user may log in. An account's state in another word than those of the reference is unknown.
    fn is_active(&self) -> Option<bool> {
        match (self.account_status.as_deref()?, self.membership_status.as_deref()) {
            (_, Some("suspended")) | ("inactive" | "closed", _) => Some(false),
            ("active", _) => Some(true),
            _ => None,
        }
    }

    /// The time at which the user last looked at a page of any product. It is the nearest to a login that there is, up
    /// to a day late.
    fn last_active(&self) -> ReadTime {
        let written = self.product_access.iter().flatten().filter_map(|one| one.last_active_timestamp.as_ref());
        written.map(WrittenTime::read_fact).fold(ReadTime::default(), ReadTime::later)
    }

    /// The user without groups, which have to be read separately.
    pub(in crate::products::atlassian_org) fn into_user(self) -> User {
        let created = self.added_to_org.as_ref().map(WrittenTime::read_fact).unwrap_or_default();
        let seen = self.last_active();
        User {
            display_name: self.name.clone(),
            suspended: self.membership_status.as_deref().map(|status| status == "suspended"),
            email: self.email.as_deref().and_then(EmailAddress::parse),
            active: self.is_active(),
            account_type: self.account_type.as_deref().map(AccountType::from_cloud),
            created: created.at,
            last_login: seen.at,
            odd_time: created.odd.or(seen.odd),
            logins_late: LATE,
            administers: self
                .platform_roles
                .map(|roles| roles.iter().any(|role| ADMINISTERING.contains(&role.as_str()))),
            ..User::new(UserId::new(self.account_id))
        }
    }
}
