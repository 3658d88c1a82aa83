//! The body of a webhook, and the event in it.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    DeliveryContent, Malformed, ReportedEvent,
    lenient::{InPlace, SetApart, Text, TextVisitor, Time, TimeInPlace, TimeSetApart},
};
use crate::domain::{
    AccountType, EmailAddress, EventKind, Ignored, Product, ReadTime, Timestamp, UserHints, UserId, UserRef,
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
    match in_place(text) {
        Ok(body) => Ok(body.interpret(product, now)),
        Err(_) => Ok(set_apart(text)?.interpret(product, now)),
    }
}

/// Reads nearly every body, in one pass that copies nothing but texts with escapes. One that it reads, [`set_apart`] reads
/// in the same way.
fn in_place(text: &str) -> serde_json::Result<Body<InPlace<'_>, TimeInPlace>> {
    serde_json::from_str(text)
}

/// Reads a body in which single fields can't be read.
fn set_apart(text: &str) -> serde_json::Result<Body<SetApart<'_>, TimeSetApart>> {
    serde_json::from_str(text)
}

#[derive(Deserialize, Default)]
#[serde(default, bound(deserialize = "T: Deserialize<'de> + Default, At: Deserialize<'de> + Default"))]
struct Body<T, At> {
    #[serde(rename = "webhookEvent")]
    event: T,
    /// The event's name in Confluence Data Center.
    #[serde(rename = "event")]
    confluence_event: T,
    /// The event's name in Forge.
    #[serde(rename = "eventType")]
    forge_event: T,
    timestamp: At,
    test: T,
    #[serde(deserialize_with = "object_or_nothing")]
    user: User<T>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "T: Deserialize<'de> + Default"))]
struct User<T> {
    account_id: T,
    key: T,
    name: T,
    /// Confluence's name of the key.
    user_key: T,
    /// Confluence's name of the name.
    username: T,
    email_address: T,
    active: T,
    account_type: T,
}

impl<T: Text, At: Time> Body<T, At> {
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
        let by_id = |id: &T| id.get().map(|id| UserRef::Id(UserId::new(id)));
        let by_name = || self.user.name().map(|name| UserRef::Name(name.to_owned()));
        let user = match product {
            Product::JiraCloud | Product::ConfluenceCloud | Product::AtlassianOrg => by_id(&self.user.account_id),
            Product::JiraDc => by_id(&self.user.key).or_else(by_name),
            Product::ConfluenceDc => by_id(&self.user.user_key).or_else(|| by_id(&self.user.key)).or_else(by_name),
            // These products' own ids are in no webhook; a custom listener knows the login name.
            Product::BitbucketDc | Product::Crowd => by_name(),
        };
        let Some(user) = user else { return DeliveryContent::Ignored(Ignored::NoUser) };
        let ReadTime { at: occurred, odd: odd_time } =
            self.timestamp.get().map(|time| time.read(now)).unwrap_or_default();
        let hints = self.user.hints(product);
        DeliveryContent::Events(vec![ReportedEvent { kind, user, hints, occurred, odd_time, entry: None }])
    }
}

impl<T: Text> User<T> {
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
fn object_or_nothing<'de, T, D>(deserializer: D) -> Result<User<T>, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(UserVisitor(PhantomData))
}

struct UserVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for UserVisitor<T> {
    type Value = User<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a user")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<User<T>, A::Error> {
        User::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<User<T>, A::Error> {
        TextVisitor.visit_seq(seq).map(|_| User::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<User<T>, E> {
        Ok(User::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<User<T>, E> {
        Ok(User::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<User<T>, E> {
        Ok(User::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<User<T>, E> {
        Ok(User::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<User<T>, E> {
        Ok(User::default())
    }

    fn visit_unit<E>(self) -> Result<User<T>, E> {
        Ok(User::default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    /// In 2026.
    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    /// The products that read different fields.
    const PRODUCTS: [Product; 4] = [Product::JiraCloud, Product::JiraDc, Product::ConfluenceDc, Product::Crowd];

    /// The reading of a body whose fields are all set apart, as [`webhook`] has it.
    fn apart(text: &str, product: Product) -> Result<DeliveryContent, String> {
        if text.bytes().find(|byte| !byte.is_ascii_whitespace()) != Some(b'{') {
            return webhook(text, product, NOW).map_err(|error| error.to_string());
        }
        set_apart(text).map(|body| body.interpret(product, NOW)).map_err(|error| Malformed::from(error).to_string())
    }

    fn same(text: &str) -> Result<(), TestCaseError> {
        for product in PRODUCTS {
            let read = webhook(text, product, NOW).map_err(|error| error.to_string());
            prop_assert_eq!(read, apart(text, product), "{}: {}", product, text);
        }
        Ok(())
    }

    /// A value of any kind, as JSON: also those that only look like one.
    fn value() -> impl Strategy<Value = String> {
        let odd = [
            "null",
            "true",
            "false",
            "0",
            "-1",
            "-0",
            "1.5",
            "1e3",
            "1e999",
            "9223372036854775808",
            "18446744073709551616",
            "1700000000000",
            "1700000000",
            r#""""#,
            r#"" ""#,
            r#""\ud800""#,
            r#""\udc00 x""#,
            r#""\ud83d\ude00""#,
            r#""a\u0062c""#,
            r#""\x""#,
            "01",
            "{}",
            "[]",
            "[1,{}]",
            r#"{"epochSecond":1700000000,"nano":5}"#,
            r#"{"key":"k"}"#,
            "",
            "nul",
            "\"tab\t\"",
            r#""user_login""#,
            r#""user_created""#,
            r#""true""#,
            r#""2026-05-19T10:00:00Z""#,
            "\"\u{10348}\"",
        ];
        let deep = (1_usize..200).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        let text = ".{0,12}".prop_map(|text| serde_json::Value::from(text).to_string());
        prop_oneof![6 => select(odd.to_vec()).prop_map(str::to_owned), 3 => text, 1 => deep]
    }

    fn object(names: &'static [&'static str], value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        let blank = select(&["", " ", "\n\t"][..]);
        let name = prop_oneof![9 => select(names).prop_map(|name| format!("\"{name}\"")), 1 => self::value()];
        let entry = (name, blank, value).prop_map(|(name, blank, value)| format!("{name}{blank}:{blank}{value}"));
        proptest::collection::vec(entry, 0..7).prop_map(|entries| format!("{{{}}}", entries.join(",")))
    }

    fn user() -> impl Strategy<Value = String> {
        const NAMES: &[&str] =
            &["accountId", "key", "name", "userKey", "username", "emailAddress", "active", "accountType", "other"];
        prop_oneof![4 => object(NAMES, value()), 1 => value()]
    }

    fn body() -> impl Strategy<Value = String> {
        const NAMES: &[&str] = &["webhookEvent", "event", "eventType", "timestamp", "test", "user", "other"];
        prop_oneof![9 => object(NAMES, prop_oneof![2 => value(), 1 => user()]), 1 => value()]
    }

    /// A body of which most is as it should be, about one user.
    fn likely() -> impl Strategy<Value = String> {
        (value(), user())
            .prop_map(|(time, user)| format!(r#"{{"webhookEvent":"user_login","timestamp":{time},"user":{user}}}"#))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn every_body_is_read_or_refused_as_if_its_fields_were_set_apart(body in prop_oneof![body(), likely()]) {
            same(&body)?;
        }

        #[test]
        fn so_is_a_body_that_was_cut_or_changed(body in likely(), at in any::<prop::sample::Index>(), put in "[ -~]{0,2}", cut in any::<bool>()) {
            let places: Vec<_> = body.char_indices().map(|(at, _)| at).collect();
            let at = places[at.index(places.len())];
            let (head, tail) = body.split_at(at);
            same(&if cut { head.to_owned() } else { format!("{head}{put}{}", tail.get(1..).unwrap_or(tail)) })?;
        }
    }

    #[test]
    fn the_bodies_that_products_send_are_read_in_place() {
        for body in [
            r#"{"webhookEvent":"user_created","timestamp":1700000000000,"user":{"self":"https://jira.example/","name":"jdoe",
                "key":"JIRAUSER10100","displayName":"Jane \"J\" Doe","active":true,"avatarUrls":{"16x16":"x"},"groups":[{"name":"a"}]}}"#,
            r#"{"timestamp":"2026-05-19T10:00:00Z","event":"user_deactivated","userKey":"admin","user":{"userKey":"4028d0","active":"true"}}"#,
            r#"{"eventType":"avi:jira:created:user","user":{"accountId":"99:27","groups":{"items":[]},"emailAddress":null}}"#,
        ] {
            assert!(in_place(body).is_ok(), "{body}");
        }
        assert!(in_place(r#"{"webhookEvent":"user_login","user":{"key":"k","name":"j\ud800"}}"#).is_err());
    }
}
