//! The content of a delivery: the few fields that usher needs, read leniently. Everything else is skipped.
//!
//! Bodies are small and irregular: `active` is a boolean or a string, e-mail and account type may be missing, and there
//! are many unknown fields. Sources: developer.atlassian.com/cloud/jira/platform/webhooks (Data Center sends the same)
//! and developer.atlassian.com/platform/forge/events-reference/jira.
//!
//! Confluence Data Center has other names for the events, in `event`; source: the receiver of such webhooks in
//! github.com/zulip/zulip. The form of its user is not documented. A `userKey` beside the event is the user who made
//! the change, as in its events about pages. It is not used as the user, because usher would then act on the
//! administrator who created a user. A feed, or the comparison of users, finds the events that are skipped for this
//! reason.

use std::{borrow::Cow, fmt, str::Utf8Error};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::value::RawValue;

use super::{Verified, audit, proof::Form};
use crate::{
    config::AuditActions,
    domain::{
        AccountType, EmailAddress, EventKind, Ignored, OddTime, Product, ReadTime, Timestamp, UserHints, UserId,
        UserRef, WrittenTime,
    },
    json_record::Unread,
};

/// The body is not JSON.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// Not even text.
    #[error("the body is no text in UTF-8")]
    NotText(#[from] Utf8Error),
    /// Text, and something else.
    #[error("the body can't be read: {}", crate::words::json(.0))]
    NotJson(#[from] serde_json::Error),
    /// JSON without a readable entry.
    #[error("none of the entries can be read")]
    NoEntry,
    /// usher is stopping, or failed in reading it.
    #[error("it was not read to its end")]
    Interrupted,
    /// More entries than are read.
    #[error("there are more than {0} entries")]
    TooManyEntries(usize),
}

/// The content of a delivery: its events and the other entries.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// The events.
    pub reading: DeliveryContent,
    /// The irrelevant entries.
    pub ignored: Vec<Ignored>,
    /// Entries that can't be read: the first of them.
    pub unread: Vec<Unread>,
    /// The number of further unreadable entries.
    pub more_unread: usize,
}

impl From<DeliveryContent> for Read {
    fn from(reading: DeliveryContent) -> Self {
        let ignored = match &reading {
            DeliveryContent::Events(_) => Vec::new(),
            DeliveryContent::Ignored(why) => vec![*why],
        };
        Self { reading, ignored, unread: Vec::new(), more_unread: 0 }
    }
}

/// The result of reading a delivery.
#[derive(Debug, PartialEq, Eq)]
pub enum DeliveryContent {
    /// Something happened to users: one thing in a webhook, perhaps several in an audit log. Never empty.
    Events(Vec<ReportedEvent>),
    /// Nothing relevant, and the reason.
    Ignored(Ignored),
}

/// An event in a delivery.
#[derive(Debug, PartialEq, Eq)]
pub struct ReportedEvent {
    /// The kind of the event.
    pub kind: EventKind,
    /// The user.
    pub user: UserRef,
    /// The details of the user.
    pub hints: UserHints,
    /// The time by the sender's clock, if it is plausible.
    pub occurred: Option<Timestamp>,
    /// The irregularity of the time.
    pub odd_time: Option<OddTime>,
    /// The id of the entry, in an audit log.
    pub entry: Option<String>,
}

impl Verified {
    /// Reads the delivery of a source of kind `product`; `actions` say what entries of an audit log mean.
    /// `now` bounds the times that are believed.
    ///
    /// # Errors
    /// If the body is not UTF-8, or not JSON, or if it holds entries none of which can be read.
    pub fn read(&self, product: Product, actions: &AuditActions, now: Timestamp) -> Result<Read, Malformed> {
        // The parser does not check skipped parts for UTF-8.
        let text = std::str::from_utf8(self.body())?;
        match self.form() {
            Form::Webhook => webhook(text, product, now).map(Read::from),
            Form::AuditLog => audit::read(text, product, actions, now),
        }
    }
}

fn webhook(text: &str, product: Product, now: Timestamp) -> Result<DeliveryContent, Malformed> {
    // A struct would also be read from an array: only an object is one.
    if text.bytes().find(|byte| !byte.is_ascii_whitespace()) != Some(b'{') {
        serde_json::from_str::<IgnoredAny>(text)?;
        return Ok(DeliveryContent::Ignored(Ignored::NoObject));
    }
    let body: Body<'_> = serde_json::from_str(text)?;
    Ok(body.interpret(product, now))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Body<'a> {
    #[serde(rename = "webhookEvent", borrow)]
    event: Text<'a>,
    /// The event's name in Confluence Data Center.
    #[serde(rename = "event", borrow)]
    confluence_event: Text<'a>,
    /// The event's name in Forge.
    #[serde(rename = "eventType", borrow)]
    forge_event: Text<'a>,
    #[serde(deserialize_with = "time")]
    timestamp: Option<WrittenTime>,
    #[serde(borrow)]
    test: Text<'a>,
    #[serde(borrow, deserialize_with = "object_or_nothing")]
    user: User<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct User<'a> {
    #[serde(borrow)]
    account_id: Text<'a>,
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    /// Confluence's name of the key.
    #[serde(borrow)]
    user_key: Text<'a>,
    /// Confluence's name of the name.
    #[serde(borrow)]
    username: Text<'a>,
    #[serde(borrow)]
    email_address: Text<'a>,
    #[serde(borrow)]
    active: Text<'a>,
    #[serde(borrow)]
    account_type: Text<'a>,
}

impl Body<'_> {
    fn interpret(self, product: Product, now: Timestamp) -> DeliveryContent {
        let confluence_event = self.confluence_event.get().filter(|_| product == Product::ConfluenceDc);
        let kind = match self.event.get().or(confluence_event).or(self.forge_event.get()) {
            Some("user_created" | "avi:jira:created:user") => EventKind::Created,
            Some("user_login") => EventKind::LoggedIn,
            Some("user_updated" | "avi:jira:updated:user") => EventKind::Updated,
            Some("user_deactivated" | "user_reactivated") => EventKind::Updated,
            Some("user_deleted" | "avi:jira:deleted:user" | "user_removed") => EventKind::Removed,
            Some(_) => return DeliveryContent::Ignored(Ignored::OtherEvent),
            None if self.test.get() == Some("true") => return DeliveryContent::Ignored(Ignored::Ping),
            None => return DeliveryContent::Ignored(Ignored::NoEvent),
        };
        let by_id = |id: &Text<'_>| id.get().map(|id| UserRef::Id(UserId::new(id)));
        let by_name = || self.user.name().map(|name| UserRef::Name(name.to_owned()));
        let user = match product {
            Product::JiraCloud | Product::ConfluenceCloud | Product::AtlassianOrg => by_id(&self.user.account_id),
            Product::JiraDc => by_id(&self.user.key).or_else(by_name),
            Product::ConfluenceDc => by_id(&self.user.user_key).or_else(|| by_id(&self.user.key)).or_else(by_name),
            // These products' own ids are in no webhook; a custom listener knows the login name.
            Product::BitbucketDc | Product::Crowd => by_name(),
        };
        let Some(user) = user else { return DeliveryContent::Ignored(Ignored::NoUser) };
        let ReadTime { at: occurred, odd: odd_time } = self.timestamp.map(|time| time.read(now)).unwrap_or_default();
        let hints = self.user.hints(product);
        DeliveryContent::Events(vec![ReportedEvent { kind, user, hints, occurred, odd_time, entry: None }])
    }
}

impl User<'_> {
    fn name(&self) -> Option<&str> {
        self.name.get().or(self.username.get())
    }

    fn hints(&self, product: Product) -> UserHints {
        UserHints {
            name: self.name().filter(|_| !product.is_cloud()).map(str::to_owned),
            email: self.email_address.get().and_then(EmailAddress::parse),
            active: self.active.get().and_then(|active| active.parse().ok()),
            account_type: self.account_type.get().map(AccountType::from_cloud),
        }
    }
}

/// A time in any form; an unreadable one (half a surrogate, for example) is none.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<WrittenTime>, D::Error> {
    let written = <&RawValue>::deserialize(deserializer)?;
    Ok(WrittenTime::lenient(&mut serde_json::Deserializer::from_str(written.get())).unwrap_or_default())
}

/// A scalar of any type as text. Anything else, an empty text and an unreadable one are none.
#[derive(Default)]
struct Text<'a>(Option<Cow<'a, str>>);

impl Text<'_> {
    fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // First the text as it is: half a surrogate in one field must not cost all the others.
        let written = <&RawValue>::deserialize(deserializer)?;
        let text = serde_json::Deserializer::from_str(written.get()).deserialize_any(TextVisitor);
        Ok(Self(text.unwrap_or_default()))
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A user if there is an object; nothing if there is something else.
fn object_or_nothing<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<User<'a>, D::Error> {
    struct UserVisitor;

    impl<'de> Visitor<'de> for UserVisitor {
        type Value = User<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a user")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<User<'de>, A::Error> {
            User::deserialize(MapAccessDeserializer::new(map))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<User<'de>, A::Error> {
            TextVisitor.visit_seq(seq).map(|_| User::default())
        }

        fn visit_str<E>(self, _: &str) -> Result<User<'de>, E> {
            Ok(User::default())
        }

        fn visit_bool<E>(self, _: bool) -> Result<User<'de>, E> {
            Ok(User::default())
        }

        fn visit_i64<E>(self, _: i64) -> Result<User<'de>, E> {
            Ok(User::default())
        }

        fn visit_u64<E>(self, _: u64) -> Result<User<'de>, E> {
            Ok(User::default())
        }

        fn visit_f64<E>(self, _: f64) -> Result<User<'de>, E> {
            Ok(User::default())
        }

        fn visit_unit<E>(self) -> Result<User<'de>, E> {
            Ok(User::default())
        }
    }

    deserializer.deserialize_any(UserVisitor)
}

#[cfg(test)]
mod tests;
