//! Jira Cloud, platform REST API v3.
//!
//! Source: developer.atlassian.com/cloud/jira/platform/rest/v3 and its OpenAPI document.

mod change;
mod groups;
mod list;
mod rights;
mod search;
mod user;

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
        group_ids::GroupIds,
        http::{
            Http,
            request::{Call, Operation},
        },
        listing::{Cursor, Form, PAGE, PageSize},
    },
};

const USER: &str = "rest/api/3/user";
const USER_GROUPS: &str = "rest/api/3/user/groups";
const GROUPS: &str = "rest/api/3/group/bulk";
const MEMBERSHIP: &str = "rest/api/3/group/user";
const MEMBERS: &str = "rest/api/3/group/member";
const PICKER: &str = "rest/api/3/groups/picker";
const APPLICATIONS: &str = "rest/api/3/applicationrole";
const ISSUE: &str = "rest/api/3/issue";
const SEARCH: &str = "rest/api/3/search/jql";
const MYSELF: &str = "rest/api/3/myself";

/// The highest number of empty pages that are read: a search may begin with pages on which nothing is left to show.
const EMPTY_PAGES: usize = 10;

/// A Jira Cloud site.
pub(in crate::products) struct JiraCloud {
    http: Http,
    group_ids: GroupIds,
    access: Access,
    page_size: PageSize,
    admin_groups: Live<Vec<GroupName>>,
}

impl JiraCloud {
    /// The members of `admin_groups` administer it.
    pub fn new(http: Http, admin_groups: Live<Vec<GroupName>>) -> Self {
        let (group_ids, access) = (GroupIds::default(), Access::new(APPLICATIONS));
        Self { http, group_ids, access, page_size: PageSize::new(PAGE), admin_groups }
    }

    /// Whether a search finds the issue. A recent change may not be found yet.
    async fn has_issue(&self, issue: &Issue) -> Result<bool, Error> {
        let mut next: Option<String> = None;
        for _ in 0..EMPTY_PAGES {
            let mut call = Call::new(Operation::FindIssue, Method::GET, SEARCH)
                .query("jql", issue::query(&issue.marker))
                .query("fields", "id")
                .query("maxResults", "1");
            if let Some(token) = next {
                call = call.query("nextPageToken", token);
            }
            let found = self.http.send(call).await?.json::<IssueSearch>()?;
            next = found.next_page_token;
            if !found.issues.is_empty() || next.is_none() {
                return Ok(!found.issues.is_empty());
            }
        }
        Err(Error::Unreadable("its search does not come to an end".to_owned()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssueSearch {
    issues: Vec<IgnoredAny>,
    next_page_token: Option<String>,
}

#[async_trait]
impl Client for JiraCloud {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        self.read(user.id().ok_or(Error::NoSuchUser)?).await // Cloud has no login names to look up
    }

    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        self.page(Cursor::read(cursor, Form::CLOUD)).await
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

    async fn group_exists(&self, group: &GroupName) -> Result<bool, Error> {
        Ok(self.find_group(group).await?.is_some())
    }

    async fn members(&self, group: &GroupName, start: usize) -> Result<Option<MemberPage>, Error> {
        let id = |bean: user::Bean| bean.known().ok().map(|known| known.into_user().id);
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
        Ok(Some(answer.json::<user::Bean>()?.known()?.into_user().id))
    }

    async fn acting_as(&self) -> Result<Option<String>, Error> {
        let answer = self.http.send(Call::new(Operation::ReadMyself, Method::GET, MYSELF)).await?;
        let id = answer.json::<user::Bean>()?.known()?.into_user().id;
        Ok(Some(self.http.user_name().unwrap_or_else(|| id.to_string())))
    }

    async fn may(&self, right: Right) -> Result<Standing, Error> {
        self.own_right(right).await
    }

    async fn seats(&self) -> Result<Told<Vec<Seats>>, Error> {
        self.access.seats(&self.http).await
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        let read = |bean: user::Bean| bean.known().ok().map(user::Bean::into_user);
        JiraGroups { http: &self.http, path: MEMBERS, user: read }.administrators_in(&self.admin_groups.get()).await
    }

    async fn probe(&self) -> Result<(), Error> {
        let answer = self.http.send(Call::new(Operation::Probe, Method::GET, MYSELF)).await?;
        answer.json::<user::Bean>().map(drop)
    }
}
