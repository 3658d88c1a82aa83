//! Entries of an audit log, in the forms of its webhooks and its REST resources, and the logins and creations among
//! them.
//!
//! Sources: the Organizations REST API on developer.atlassian.com (Cloud's entries), "Audit log improvements for
//! developers" on confluence.atlassian.com (Data Center's), and samples in github.com/elastic/integrations. Fields that
//! are documented as required are missing in samples, so every field may be missing.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::{Value, json, value::RawValue};

use super::{DeliveryContent, Malformed, Read, ReportedEvent};
use crate::{
    config::AuditActions,
    domain::{
        AccountType, EmailAddress, EventKind, Ignored, Product, ReadTime, Timestamp, UserHints, UserId, UserRef,
        WrittenTime,
    },
    json_record::{self, Unread, Unreadable},
};

/// The reason why an entry becomes no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// The entry is irrelevant.
    Ignored(Ignored),
    /// It can't be read.
    Unreadable(Unreadable),
}

const OF_NO_INTEREST: Passed = Passed::Ignored(Ignored::OtherEntry);
const NO_USER: Passed = Passed::Ignored(Ignored::EntryWithoutUser);

/// The most entries of one body that are read. Products put a few together.
const MAX_ENTRIES: usize = 100_000;
/// The number of unreadable entries that are kept one by one.
const MAX_UNREAD: usize = 100;

/// Reads a body: one entry, an array of them, or either under `data`. One that can't be read costs no other.
///
/// # Errors
/// `Malformed` if the body is not JSON, or if none of its entries can be read.
pub(super) fn read(text: &str, product: Product, actions: &AuditActions, now: Timestamp) -> Result<Read, Malformed> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let mut entries = Entries::new(product, actions, now);
    match text.bytes().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => match serde_json::from_str::<Page<'_>>(text)?.data {
            Some(data) if data.get().starts_with('[') => entries.read_all(data.get())?,
            Some(entry) => entries.read_one(entry),
            None => entries.read_one(serde_json::from_str(text)?),
        },
        Some(b'[') => entries.read_all(text)?,
        _ => {
            serde_json::from_str::<IgnoredAny>(text)?;
            return Ok(DeliveryContent::Ignored(Ignored::NoObject).into());
        }
    }
    entries.finish()
}

/// The entries of a body, read one after the other: only their events are kept.
struct Entries<'a> {
    product: Product,
    actions: &'a AuditActions,
    now: Timestamp,
    number: usize,
    told: Vec<ReportedEvent>,
    ignored: Vec<Ignored>,
    unread: Vec<Unread>,
    more_unread: usize,
}

impl<'a> Entries<'a> {
    fn new(product: Product, actions: &'a AuditActions, now: Timestamp) -> Self {
        let (told, ignored, unread) = (Vec::new(), Vec::new(), Vec::new());
        Self { product, actions, now, number: 0, told, ignored, unread, more_unread: 0 }
    }

    fn read_all(&mut self, array: &str) -> Result<(), Malformed> {
        let mut json = serde_json::Deserializer::from_str(array);
        let read = json.deserialize_seq(&mut *self);
        if self.number > MAX_ENTRIES {
            return Err(Malformed::TooManyEntries(MAX_ENTRIES));
        }
        read?;
        Ok(json.end()?)
    }

    fn read_one(&mut self, entry: &RawValue) {
        self.number += 1;
        let value = json_record::read(entry).map_err(Passed::Unreadable);
        match value.and_then(|value| read_entry(&value, self.product, self.actions, self.now)) {
            Ok(one) => self.told.push(one),
            Err(Passed::Ignored(why)) => self.ignored.push(why),
            Err(Passed::Unreadable(_)) if self.unread.len() >= MAX_UNREAD => self.more_unread += 1,
            // The number of entries is not known yet.
            Err(Passed::Unreadable(why)) => self.unread.push(Unread::new(entry.get(), (self.number, 0), why)),
        }
    }

    fn finish(self) -> Result<Read, Malformed> {
        let Self { number, told, mut ignored, mut unread, more_unread, .. } = self;
        if !unread.is_empty() && unread.len() + more_unread == number {
            return Err(Malformed::NoEntry);
        }
        unread.iter_mut().for_each(|one| one.place.1 = number);
        if number == 0 {
            ignored.push(Ignored::NoEntry);
        }
        let reading = if told.is_empty() {
            DeliveryContent::Ignored(most_telling(&ignored))
        } else {
            DeliveryContent::Events(told)
        };
        Ok(Read { reading, ignored, unread, more_unread })
    }
}

impl<'de> Visitor<'de> for &mut Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries of an audit log")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(entry) = entries.next_element::<&RawValue>()? {
            if self.number == MAX_ENTRIES {
                self.number += 1;
                return Err(de::Error::custom("too many entries"));
            }
            self.read_one(entry);
        }
        Ok(())
    }
}

/// The most useful reason among irrelevant entries. An entry without a user is what an administrator looks for.
fn most_telling(ignored: &[Ignored]) -> Ignored {
    let nobody = ignored.iter().find(|why| **why == Ignored::EntryWithoutUser);
    nobody.or(ignored.first()).copied().unwrap_or(Ignored::NoEntry)
}

/// The event in one entry of a `product`, or the reason why it is irrelevant. `now` limits the plausible times.
///
/// # Errors
/// Why it tells nothing.
pub fn read_entry(
    entry: &Value,
    product: Product,
    actions: &AuditActions,
    now: Timestamp,
) -> Result<ReportedEvent, Passed> {
    let cloud = text(entry, "/attributes/action");
    let data_center = || text(entry, "/type/actionI18nKey").or_else(|| text(entry, "/auditType/actionI18nKey"));
    let action = cloud.or_else(data_center).ok_or(OF_NO_INTEREST)?;
    let kind = match action {
        login if actions.login.iter().any(|id| id == login) => EventKind::LoggedIn,
        created if actions.created.iter().any(|id| id == created) => EventKind::Created,
        _ => return Err(OF_NO_INTEREST),
    };
    let (user, hints) = if cloud.is_some() { in_cloud(entry, kind) } else { in_data_center(entry, product, kind) }?;
    let named = match &user {
        UserRef::Id(id) => id.as_str(),
        UserRef::Name(name) => name,
    };
    if json_record::is_cut(named) {
        return Err(Passed::Unreadable(Unreadable::HalfACharacter));
    }
    let hints = UserHints { name: hints.name.filter(|name| !json_record::is_cut(name)), ..hints };
    let ReadTime { at: occurred, odd: odd_time } = time(entry).map(|time| time.read(now)).unwrap_or_default();
    Ok(ReportedEvent { kind, user, hints, occurred, odd_time, entry: Some(id(entry)) })
}

/// The entry's own id. Data Center's entries have none: then it is made of actor, action, affected objects, time and
/// address. The other fields may differ at another reading: names are changed, and actions are in the language of the
/// reader.
fn id(entry: &Value) -> String {
    if let Some(id) = text(entry, "/id") {
        return id.to_owned();
    }
    let action = entry.pointer("/type/actionI18nKey").or_else(|| entry.pointer("/auditType/actionI18nKey"));
    let affected = entry.get("affectedObjects").and_then(Value::as_array).into_iter().flatten();
    let affected: Vec<_> = affected.map(|object| [object.get("type"), object.get("id")]).collect();
    let author = entry.get("author");
    let author = author.and_then(|author| author.get("id").filter(|id| !id.is_null()).or_else(|| author.get("name")));
    json!([entry.get("timestamp"), action, author, affected, entry.get("source"), entry.get("method")]).to_string()
}

/// The time of an entry, in the forms of the organisation's log, Data Center's, and Data Center's audit files.
fn time(entry: &Value) -> Option<WrittenTime> {
    let written = entry.pointer("/attributes/time").or_else(|| entry.get("timestamp"))?;
    WrittenTime::lenient(written).ok().flatten()
}

/// The user of an entry in Cloud. For a login it is the actor; for a creation it is the object, and the actor is an
/// administrator.
fn in_cloud(entry: &Value, kind: EventKind) -> Result<(UserRef, UserHints), Passed> {
    let context = || entry.pointer("/attributes/context")?.as_array()?.iter().find(|item| is_user(item));
    let (user, details) = match kind {
        EventKind::LoggedIn => (entry.pointer("/attributes/actor"), ""),
        _ => (context(), "/attributes"),
    };
    let user = user.ok_or(NO_USER)?;
    let id = text(user, "/id").ok_or(NO_USER)?;
    let detail = |name: &str| text(user, &format!("{details}/{name}"));
    let hints = UserHints {
        email: detail("email").and_then(EmailAddress::parse),
        account_type: detail("accountType").map(AccountType::from_cloud),
        ..UserHints::default()
    };
    Ok((UserRef::Id(UserId::new(id)), hints))
}

/// The affected user, by the lasting id. For a login there may be only the author.
fn in_data_center(entry: &Value, product: Product, kind: EventKind) -> Result<(UserRef, UserHints), Passed> {
    let affected = || entry.pointer("/affectedObjects")?.as_array()?.iter().find(|item| is_user(item));
    let email = changed(entry, "common.words.email").and_then(EmailAddress::parse);
    if let Some((user, id)) = affected().and_then(|user| Some((user, text(user, "/id")?))) {
        let hints = UserHints { name: login_name(user), email, ..UserHints::default() };
        return Ok((UserRef::Id(UserId::new(id)), hints));
    }
    let author = entry.pointer("/author").filter(|_| kind == EventKind::LoggedIn).ok_or(NO_USER)?;
    by_author(author, product)
}

/// The author. In Confluence and Bitbucket the entry has the lasting id; in Jira the author's id is another number than
/// the REST API's. The author's name is the login name in Jira and Bitbucket. In Confluence it is the display name,
/// which must not be used for a look-up: it can be the login name of another user.
fn by_author(author: &Value, product: Product) -> Result<(UserRef, UserHints), Passed> {
    if is_nobody(author) {
        return Err(NO_USER);
    }
    let shown = text(author, "/name").filter(|_| product != Product::ConfluenceDc);
    let name = login_name(author).or_else(|| shown.map(str::to_owned));
    let id = text(author, "/id").filter(|_| matches!(product, Product::ConfluenceDc | Product::BitbucketDc));
    let user = match (id, &name) {
        (Some(id), _) => UserRef::Id(UserId::new(id)),
        (None, Some(name)) => UserRef::Name(name.clone()),
        (None, None) => return Err(NO_USER),
    };
    Ok((user, UserHints { name, ..UserHints::default() }))
}

/// Whether the author is the product itself or an anonymous user. Such authors have numbers below zero.
fn is_nobody(author: &Value) -> bool {
    let system = |pointer| text(author, pointer).is_some_and(|text| text.eq_ignore_ascii_case("system"));
    system("/id") || system("/type") || text(author, "/id").is_some_and(|id| id.parse().is_ok_and(|id: i64| id < 0))
}

fn is_user(item: &Value) -> bool {
    text(item, "/type").is_some_and(|kind| kind.eq_ignore_ascii_case("user") || kind.eq_ignore_ascii_case("users"))
}

/// The login name, from the address of the user's page; `name` is the display name in some products.
fn login_name(user: &Value) -> Option<String> {
    let url = url::Url::parse(text(user, "/uri")?).ok()?;
    let (_, name) = url.query_pairs().find(|(key, _)| key == "name" || key == "username")?;
    Some(name.into_owned()).filter(|name| !name.is_empty())
}

/// The new value of a change.
fn changed<'e>(entry: &'e Value, key: &str) -> Option<&'e str> {
    let values = entry.pointer("/changedValues")?.as_array()?;
    text(values.iter().find(|value| text(value, "/i18nKey") == Some(key))?, "/to")
}

/// A text that is not empty.
fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
