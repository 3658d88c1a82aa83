//! Jira Data Center, platform REST API v2.
//!
//! Source: the REST reference on developer.atlassian.com/server/jira/platform/rest. That `expand=groups` works on a
//! user is said in JRASERVER-33225 only.

mod change;
mod list;
mod rights;
mod search;
mod user;
mod version;

use std::collections::BTreeSet;

use async_trait::async_trait;
use reqwest::Method;
use serde::{Deserialize, de::IgnoredAny};

use super::{access::Access, issue, members, picker};
use crate::{
    domain::{GroupName, Issue, Step, UserId, UserRef},
    live::Live,
    products::{
        Client, Error, MemberPage, Right, Seats, Standing, Told, User, UserPage,
        administrators::{Administered, JiraGroups},
        audit::{AuditLog, DataCenter},
        http::{
            Http, answer,
            request::{Call, Operation},
        },
        listing::{Cursor, Form, PAGE, PageSize},
    },
};

const USER: &str = "rest/api/2/user";
const PASSWORD: &str = "rest/api/2/user/password";
const MEMBERSHIP: &str = "rest/api/2/group/user";
const MEMBERS: &str = "rest/api/2/group/member";
const PICKER: &str = "rest/api/2/groups/picker";
const APPLICATIONS: &str = "rest/api/2/applicationrole";
const ISSUE: &str = "rest/api/2/issue";
const SEARCH: &str = "rest/api/2/search";
const MYSELF: &str = "rest/api/2/myself";
const MY_PERMISSIONS: &str = "rest/api/2/mypermissions";

/// A Jira Data Center.
pub(in crate::products) struct JiraDc {
    http: Http,
    access: Access,
    page_size: PageSize,
    admin_groups: Live<Vec<GroupName>>,
}

impl JiraDc {
    /// The members of `admin_groups` administer it.
    pub fn new(http: Http, admin_groups: Live<Vec<GroupName>>) -> Self {
        Self { http, access: Access::new(APPLICATIONS), page_size: PageSize::new(PAGE), admin_groups }
    }

    async fn has_issue(&self, issue: &Issue) -> Result<bool, Error> {
        let call = Call::new(Operation::FindIssue, Method::GET, SEARCH)
            .query("jql", issue::query(&issue.marker))
            .query("fields", "id")
            .query("maxResults", "1");
        Ok(!self.http.send(call).await?.json::<IssueSearch>()?.issues.is_empty())
    }
}

#[derive(Deserialize)]
struct IssueSearch {
    issues: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Myself {
    key: String,
    name: Option<String>,
}

/// A page of a group's members. None of its fields is used.
#[derive(Deserialize)]
struct Members {
    #[serde(rename = "values")]
    _values: Vec<IgnoredAny>,
}

#[async_trait]
impl Client for JiraDc {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        self.read(user).await
    }

    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        self.page(Cursor::read(cursor, Form::DATA_CENTER)).await
    }

    async fn is_so(&self, user: &User, step: &Step) -> Result<Option<bool>, Error> {
        match step {
            Step::RemoveApplicationAccess(applications) => {
                self.access.is_kept_out(&self.http, user, applications).await
            }
            Step::CreateIssue(issue) => self.has_issue(issue).await.map(Some),
            other => Ok(user.satisfies(other)),
        }
    }

    async fn make_so(&self, user: &User, step: &Step) -> Result<(), Error> {
        self.take(user, step).await
    }

    /// Whether the group exists, by reading one member. The picker would find groups by a part of the name, and stops
    /// after some.
    async fn group_exists(&self, group: &GroupName) -> Result<bool, Error> {
        let call = Call::new(Operation::FindGroup, Method::GET, MEMBERS)
            .query("groupname", group.as_str())
            .query("maxResults", "1");
        answer::is_there::<Members>(self.http.send(call).await)
    }

    async fn members(&self, group: &GroupName, start: usize) -> Result<Option<MemberPage>, Error> {
        let id = |bean: user::Bean| bean.into_user().ok().map(|user| user.id);
        members::page(&self.http, MEMBERS, group, start, id).await.map(Some)
    }

    async fn groups_like(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        picker::groups_like(&self.http, PICKER, part).await
    }

    async fn find_users(&self, text: &str) -> Result<Vec<User>, Error> {
        self.search_users(text).await
    }

    async fn applications(&self) -> Result<Option<BTreeSet<String>>, Error> {
        self.access.keys(&self.http).await.map(Some)
    }

    async fn myself(&self) -> Result<Option<UserId>, Error> {
        let answer = self.http.send(Call::new(Operation::ReadMyself, Method::GET, MYSELF)).await?;
        Ok(Some(UserId::new(answer.json::<Myself>()?.key)))
    }

    async fn acting_as(&self) -> Result<Option<String>, Error> {
        let answer = self.http.send(Call::new(Operation::ReadMyself, Method::GET, MYSELF)).await?;
        let Myself { key, name } = answer.json()?;
        Ok(Some(name.unwrap_or(key)))
    }

    async fn may(&self, right: Right) -> Result<Standing, Error> {
        self.own_right(right).await
    }

    async fn seats(&self) -> Result<Told<Vec<Seats>>, Error> {
        self.access.seats(&self.http).await
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        let read = |bean: user::Bean| bean.into_user().ok();
        JiraGroups { http: &self.http, path: MEMBERS, user: read }.administrators_in(&self.admin_groups.get()).await
    }

    async fn probe(&self) -> Result<(), Error> {
        let answer = self.http.send(Call::new(Operation::Probe, Method::GET, MYSELF)).await?;
        answer.json::<Myself>().map(drop)
    }

    fn audit_log(&self) -> Option<Box<dyn AuditLog + '_>> {
        Some(Box::new(DataCenter(&self.http)))
    }
}
