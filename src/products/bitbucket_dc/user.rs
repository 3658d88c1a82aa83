//! Reading one user: by the remembered name or a search for it, and the groups by a call of their own.

use serde::Deserialize;

use super::{
    BitbucketDc, USER_GROUPS, USERS,
    names::{Walk, number},
    pages::List,
};
use crate::{
    domain::{AccountType, EmailAddress, Groups, Product, UserId, UserRef, WrittenTime},
    products::{
        Error, Fixed, User,
        http::request::Operation,
        listing::records::{NamedGroup, Record},
    },
};

impl BitbucketDc {
    /// The user with groups, and whether they are known to administer Bitbucket by whatever permission.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NoSuchUser`] if there is no such user; [`Error::Intercepted`] if a search
    /// found others than those that it was for.
    pub(super) async fn read(&self, user: &UserRef) -> Result<User, Error> {
        let bean = match user {
            UserRef::Id(id) => self.by_id(number(id).ok_or(Error::NoSuchUser)?).await?,
            UserRef::Name(name) => self.by_name(name).await?,
        };
        let groups = self.groups_of(&bean.name).await?;
        let administers = match &groups {
            Some(groups) => self.makes_administrator(bean.id, groups).await?,
            None => None,
        };
        Ok(User { groups, administers, ..bean.into_user() })
    }

    /// The user with this login name, in any case.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NoSuchUser`] if there is no such user; [`Error::Intercepted`] if the search
    /// found others than those that it was for.
    pub(super) async fn by_name(&self, name: &str) -> Result<Bean, Error> {
        let found = self.search(name, |bean| bean.name.to_lowercase() == name.to_lowercase()).await?;
        found.bean.ok_or(if found.others { Error::about_another_user(Product::BitbucketDc) } else { Error::NoSuchUser })
    }

    async fn by_id(&self, id: u64) -> Result<Bean, Error> {
        let name = self.names.get(id);
        let found = self.still_called(id, name.as_deref()).await?;
        if let Some(bean) = found.bean {
            return Ok(bean);
        }
        let mut others = found.others;
        let _walking = self.names.walking.lock().await;
        let name_now = self.names.get(id); // somebody else may have gone through all users meanwhile
        if name_now != name {
            let found = self.still_called(id, name_now.as_deref()).await?;
            if let Some(bean) = found.bean {
                return Ok(bean);
            }
            others |= found.others;
        }
        if self.names.is_gone(id) {
            return Err(Error::NoSuchUser);
        }
        self.look_at_everybody(id, others).await
    }

    /// The user with `id`, where `name` finds them.
    async fn still_called(&self, id: u64, name: Option<&str>) -> Result<SearchResult, Error> {
        match name {
            Some(name) => self.search(name, |bean| bean.id == id).await,
            None => Ok(SearchResult::default()),
        }
    }

    /// Goes through the users who have `name` in their names or address until `is_it` is true of one.
    async fn search(&self, name: &str, is_it: impl Fn(&Bean) -> bool + Send) -> Result<SearchResult, Error> {
        let (text, mut found) = (name.to_lowercase(), SearchResult::default());
        let look = |page: Vec<Bean>| {
            for bean in &page {
                self.names.keep(bean.id, &bean.name);
                found.others |= !bean.has(&text);
            }
            found.bean = page.into_iter().find(&is_it);
            found.bean.is_some()
        };
        List::of(Operation::ReadUser, USERS).user("filter", name).until(self, look).await?;
        Ok(found)
    }

    /// Looks for a user among all. Pages are counted by offset, so a user at the end of a page is skipped if another
    /// user before them is removed meanwhile. Therefore no user counts as gone after one walk over several pages. The
    /// same holds if a search has just found `others` than requested: a cache that mixes up answers may have given
    /// these pages too.
    async fn look_at_everybody(&self, id: u64, others: bool) -> Result<Bean, Error> {
        let mut walk = self.names.walk();
        for _ in 0..2 {
            let (found, pages) = self.go_through_all(id, &mut walk).await?;
            match found {
                Some(bean) => return Ok(bean),
                None if pages <= 1 => break,
                None => {}
            }
        }
        if others {
            return Err(Error::about_another_user(Product::BitbucketDc));
        }
        self.names.replace(walk);
        Err(Error::NoSuchUser)
    }

    /// The user with `id`, if they were met, and how many pages there were.
    async fn go_through_all(&self, id: u64, walk: &mut Walk) -> Result<(Option<Bean>, usize), Error> {
        let (mut found, mut pages) = (None, 0);
        let look = |page: Vec<Bean>| {
            pages += 1;
            for bean in page {
                self.names.keep(bean.id, &bean.name); // for the others, should the walk be cut off
                walk.meet(bean.id, &bean.name);
                if bean.id == id {
                    found = Some(bean);
                }
            }
            false
        };
        List::of(Operation::ListUsers, USERS).until(self, look).await?;
        Ok((found, pages))
    }

    /// Every group that the user is in; none if some can't be read.
    async fn groups_of(&self, name: &str) -> Result<Option<Groups>, Error> {
        let list = List::of(Operation::ReadUserGroups, USER_GROUPS).user("context", name);
        let groups = list.all::<NamedGroup>(self).await.map_err(Error::of_user)?; // gone or renamed meanwhile
        Ok(groups.all_groups())
    }
}

/// The result of a search by a text.
#[derive(Default)]
struct SearchResult {
    bean: Option<Bean>,
    /// Whether it found users who don't have the text where Bitbucket looks for it: the answer was to another search.
    others: bool,
}

impl Record for Bean {
    const KIND: &'static str = "user";
    const NEEDED: &'static [&'static str] = &["id", "name"];

    /// Each call names the user.
    fn is_of_use(&self) -> bool {
        !self.name.is_empty()
    }
}

/// A user in the form of the administrators' calls; other calls leave out the directory and the changeable properties.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bean {
    pub id: u64,
    pub name: String,
    email_address: Option<String>,
    display_name: Option<String>,
    active: Option<bool>,
    #[serde(rename = "type")]
    sort: Option<String>,
    directory_name: Option<String>,
    deletable: Option<bool>,
    mutable_details: Option<bool>,
    mutable_groups: Option<bool>,
    #[serde(default, deserialize_with = "WrittenTime::lenient")]
    last_authentication_timestamp: Option<WrittenTime>,
}

impl Bean {
    /// The lasting id.
    pub fn id(&self) -> UserId {
        UserId::new(self.id.to_string())
    }

    /// Whether a field that Bitbucket's filter uses contains `text`, in lower case; also if Bitbucket does not report
    /// the name.
    fn has(&self, text: &str) -> bool {
        let has = |told: &str| told.to_lowercase().contains(text);
        let in_address = self.email_address.as_deref().is_some_and(has);
        has(&self.name) || in_address || self.display_name.as_deref().is_none_or(has)
    }

    /// The user without groups.
    pub fn into_user(self) -> User {
        let seen = self.last_authentication_timestamp.as_ref().map(WrittenTime::read_fact).unwrap_or_default();
        User {
            email: self.email_address.as_deref().and_then(EmailAddress::parse),
            active: self.active,
            account_type: self.sort.as_deref().map(|sort| match sort {
                "NORMAL" => AccountType::Person,
                other => AccountType::Other(other.to_lowercase()),
            }),
            last_login: seen.at,
            odd_time: seen.odd,
            fixed: Fixed {
                groups: self.mutable_groups == Some(false),
                details: self.mutable_details == Some(false),
                existence: self.deletable == Some(false),
            },
            ..User {
                id: self.id(),
                name: Some(self.name),
                display_name: self.display_name,
                directory: self.directory_name,
                ..User::new(UserId::new(""))
            }
        }
    }
}
