//! Looking one name up in a product.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::timeout;

use crate::{
    config::nearest,
    domain::{
        EmailAddress, GroupName, Product, Reference, ReferenceKind, UserId, UserRef, composed, decomposed, looks_like,
    },
    products::{Client, Disposition, Error, User},
};

/// The time-out for finding a suggestion. After it a missing name is reported without one.
const GUESSING: Duration = Duration::from_secs(2);
/// The number of letters at the beginning or the end of a name that are assumed to be right.
const LETTERS: usize = 2;

/// The product's answer about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The name exists. The account is given for a user's name.
    There(Option<UserId>),
    /// The name does not exist.
    Missing(Missing),
}

/// The reason why a name matches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The reason, in words.
    pub why: String,
    /// The name that was probably meant.
    pub suggestion: Option<String>,
}

impl Missing {
    fn because(why: impl Into<String>, suggestion: Option<String>) -> Finding {
        Finding::Missing(Self { why: why.into(), suggestion })
    }
}

/// Whether the product would give the same answer again. Any other failed look-up says nothing about the name.
pub(super) fn is_final(error: &Error) -> bool {
    match error.disposition() {
        Disposition::ReadThenGiveUp | Disposition::GiveUp => true,
        Disposition::Retry(_) | Disposition::ReadThenRetry(_) | Disposition::Halt => false,
    }
}

/// Asks `client`, of a `product`, for `reference`.
///
/// # Errors
/// If the product does not answer now, or can't answer at all.
pub(super) async fn look_up(client: &dyn Client, product: Product, reference: &Reference) -> Result<Finding, Error> {
    let name = reference.name.as_str();
    match reference.kind {
        ReferenceKind::Group => group(client, name).await,
        ReferenceKind::User if product.is_cloud() && name.contains('@') => account(client, name).await,
        ReferenceKind::User => user(client, product, name).await,
        ReferenceKind::Application => application(client, name).await,
    }
}

async fn group(client: &dyn Client, name: &str) -> Result<Finding, Error> {
    if client.group_exists(&GroupName::new(name)).await? {
        return Ok(Finding::There(None));
    }
    let meant = timeout(GUESSING, group_like(client, name)).await.ok().flatten();
    Ok(Missing::because("there is no such group", meant))
}

/// The group that `wrong` probably means.
async fn group_like(client: &dyn Client, wrong: &str) -> Option<String> {
    for form in [composed(wrong), decomposed(wrong)] {
        if form != wrong && client.group_exists(&GroupName::new(&*form)).await == Ok(true) {
            return Some(form.into_owned());
        }
    }
    let letters: Vec<char> = looks_like(wrong).chars().collect();
    let first: String = letters.iter().take(LETTERS).collect();
    let last: String = letters.iter().skip(letters.len().saturating_sub(LETTERS)).collect();
    for part in [first, last] {
        let found = client.groups_like(&part).await.ok()?;
        let names: Vec<&str> = found.iter().map(GroupName::as_str).collect();
        if let Some(meant) = meant_by(wrong, &names) {
            return Some(meant.to_owned());
        }
    }
    None
}

/// The one of `names` that `wrong` probably means: one that looks the same, otherwise the nearest.
fn meant_by<'n>(wrong: &str, names: &[&'n str]) -> Option<&'n str> {
    let seen = looks_like(wrong);
    let same = names.iter().find(|name| looks_like(name) == seen).copied();
    same.or_else(|| nearest(wrong, names))
}

/// A user by lasting id, else by login name.
async fn user(client: &dyn Client, product: Product, name: &str) -> Result<Finding, Error> {
    if let Some(user) = read(client, UserRef::Id(UserId::new(name))).await? {
        return Ok(Finding::There(Some(user.id)));
    }
    if product.is_cloud() {
        return Ok(Missing::because(
            "there is no account with this id; write the account id, or the e-mail address",
            None,
        ));
    }
    let lower = name.to_lowercase();
    for form in BTreeSet::from([name, lower.as_str()]) {
        if let Some(user) = read(client, UserRef::Name(form.to_owned())).await? {
            return Ok(Finding::There(Some(user.id)));
        }
    }
    let meant = timeout(GUESSING, user_like(client, name)).await.ok().flatten();
    Ok(Missing::because("there is no user with this login name or lasting id", meant))
}

async fn read(client: &dyn Client, user: UserRef) -> Result<Option<User>, Error> {
    match client.user(&user).await {
        Ok(user) => Ok(Some(user)),
        // Some products answer 400 to an impossible id.
        Err(Error::NoSuchUser | Error::Refused { status: 400 | 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The login name that `wrong` probably means: that of the user with this address, or the nearest.
async fn user_like(client: &dyn Client, wrong: &str) -> Option<String> {
    if let Some(address) = EmailAddress::parse(wrong).filter(|address| address.domain().is_some()) {
        let found = client.find_users(wrong).await.ok()?;
        let same = |user: &User| user.email.as_ref().is_some_and(|email| email.is_same(&address));
        return found.into_iter().find(same)?.name;
    }
    let first: String = looks_like(wrong).chars().take(LETTERS).collect();
    let found = client.find_users(&first).await.ok()?;
    let names: Vec<&str> = found.iter().filter_map(|user| user.name.as_deref()).collect();
    meant_by(wrong, &names).map(str::to_owned)
}

/// An account of Cloud by its e-mail address, if the product shows this address.
async fn account(client: &dyn Client, written: &str) -> Result<Finding, Error> {
    let Some(address) = EmailAddress::parse(written).filter(|address| address.domain().is_some()) else {
        return Ok(Missing::because("it is neither an account id nor one e-mail address", None));
    };
    let found = client.find_users(written).await?;
    let same = |user: &User| user.email.as_ref().is_some_and(|email| email.is_same(&address));
    let accounts: BTreeSet<UserId> = found.into_iter().filter(same).map(|user| user.id).collect();
    let mut accounts = accounts.into_iter();
    Ok(match (accounts.next(), accounts.len()) {
        (Some(account), 0) => Finding::There(Some(account)),
        (None, _) => Missing::because("the product shows no account with this address; write the account id", None),
        (Some(_), others) => {
            Missing::because(format!("{} accounts have this address; write the account id", others + 1), None)
        }
    })
}

async fn application(client: &dyn Client, key: &str) -> Result<Finding, Error> {
    let Some(all) = client.applications().await? else { return Ok(Finding::There(None)) };
    if all.contains(key) {
        return Ok(Finding::There(None));
    }
    let keys: Vec<&str> = all.iter().map(String::as_str).collect();
    let meant = meant_by(key, &keys).map(str::to_owned);
    Ok(Missing::because("there is no such application", meant))
}
