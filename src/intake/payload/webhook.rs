//! The body of a webhook, and the event in it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    DeliveryContent, Malformed, ReportedEvent,
    lenient::{Text, TextVisitor, time},
};
use crate::domain::{
    AccountType, EmailAddress, EventKind, Ignored, Product, ReadTime, Timestamp, UserHints, UserId, UserRef,
    WrittenTime,
};

/// Reads the body of a webhook.
///
/// # Errors
/// [`Malformed::NotJson`] if the body can't be read.
pub(super) fn webhook(text: &str, product: Product, now: Timestamp) -> Result<DeliveryContent, Malformed> {
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
            profile: None,
        }
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
