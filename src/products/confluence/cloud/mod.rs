//! Confluence Cloud, REST API v1.
//!
//! Source: developer.atlassian.com/cloud/confluence/rest/v1 and its OpenAPI document. Version 2 of the API knows neither groups
//! nor lists of users.

mod change;
mod groups;
mod list;
mod rights;
mod search;
mod user;

use std::collections::BTreeSet;

use async_trait::async_trait;
use url::Url;

use super::pages::LIMIT;
use crate::{
    domain::{GroupName, Step, UserId, UserRef},
    live::Live,
    products::{
        Client, Error, MemberPage, Right, Standing, User, UserPage,
        administrators::Administered,
        group_ids::GroupIds,
        http::{Http, request::Operation},
        listing::{Cursor, Form, PageSize},
    },
};

/// The path of Confluence on a site. Base URLs often contain it.
const BELOW: &str = "wiki";

/// A Confluence Cloud site.
pub(in crate::products) struct ConfluenceCloud {
    http: Http,
    group_ids: GroupIds,
    page_size: PageSize,
    admin_groups: Live<Vec<GroupName>>,
}

impl ConfluenceCloud {
    /// The members of `admin_groups` administer it.
    pub fn new(http: Http, admin_groups: Live<Vec<GroupName>>) -> Self {
        Self { http, group_ids: GroupIds::default(), page_size: PageSize::new(LIMIT), admin_groups }
    }

    /// The site's address without Confluence's path: `https://acme.atlassian.net` and `https://acme.atlassian.net/wiki`
    /// are the same site.
    pub fn site(base_url: &Url) -> Url {
        let mut site = base_url.clone();
        let path = base_url.path().trim_end_matches('/');
        if let Some(above) = path.strip_suffix(BELOW).filter(|above| above.ends_with('/')) {
            site.set_path(above);
        }
        site
    }
}

#[async_trait]
impl Client for ConfluenceCloud {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        self.read(user.id().ok_or(Error::NoSuchUser)?).await // Cloud has no login names to look up
    }

    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        self.page(Cursor::read(cursor, Form::CONFLUENCE)).await
    }

    async fn make_so(&self, user: &User, step: &Step) -> Result<(), Error> {
        self.take(user, step).await
    }

    async fn group_exists(&self, group: &GroupName) -> Result<bool, Error> {
        Ok(self.find_group(group).await?.is_some())
    }

    async fn members(&self, group: &GroupName, start: usize) -> Result<Option<MemberPage>, Error> {
        self.member_page(group, start).await.map(Some)
    }

    async fn groups_like(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        self.some_groups(part).await
    }

    async fn find_users(&self, text: &str) -> Result<Vec<User>, Error> {
        self.search_users(text).await
    }

    async fn myself(&self) -> Result<Option<UserId>, Error> {
        Ok(Some(self.current(Operation::ReadMyself).await?.id))
    }

    async fn acting_as(&self) -> Result<Option<String>, Error> {
        let id = self.current(Operation::ReadMyself).await?.id;
        Ok(Some(self.http.user_name().unwrap_or_else(|| id.to_string())))
    }

    async fn may(&self, right: Right) -> Result<Standing, Error> {
        self.own_right(right).await
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        self.administrators_in(&self.admin_groups.get()).await
    }

    async fn probe(&self) -> Result<(), Error> {
        self.current(Operation::Probe).await.map(drop)
    }
}

#[test]
fn the_site_is_found_whether_or_not_its_address_goes_on_to_confluence() {
    for (base_url, site) in [
        ("https://acme.atlassian.net", "https://acme.atlassian.net/"),
        ("https://acme.atlassian.net/wiki", "https://acme.atlassian.net/"),
        ("https://acme.atlassian.net/wiki/", "https://acme.atlassian.net/"),
        ("https://api.atlassian.com/ex/confluence/17", "https://api.atlassian.com/ex/confluence/17"),
        ("https://api.atlassian.com/ex/confluence/17/wiki", "https://api.atlassian.com/ex/confluence/17/"),
        ("https://host/mywiki", "https://host/mywiki"),
    ] {
        assert_eq!(ConfluenceCloud::site(&base_url.parse().unwrap()).as_str(), site, "{base_url}");
    }
}
