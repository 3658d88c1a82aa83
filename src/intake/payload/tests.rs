mod whose;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::{
    clock::SystemClock,
    domain::{AccountType, EmailAddress, UserId},
    intake::{Proof, Unverified, Verifier},
    secret::Secret,
};

/// In 2026.
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// Goes the only way there is to a [`Verified`].
fn verified(body: &[u8]) -> Verified {
    use hmac::{Hmac, KeyInit, Mac};
    let mac = Hmac::<sha2::Sha256>::new_from_slice(b"s").expect("a key").chain_update(body).finalize();
    let header = format!("sha256={}", hex::encode(mac.into_bytes()));
    let verifier = Verifier::of_signatures(&[Secret::new("s")], std::sync::Arc::new(SystemClock));
    let proof = Proof { signature: Some(header.as_bytes()), ..Proof::default() };
    let verified = Unverified::new(Bytes::copy_from_slice(body), proof).verify(&verifier);
    futures::executor::block_on(verified).expect("signed right")
}

fn read_bytes(product: Product, body: &[u8]) -> Result<DeliveryContent, Malformed> {
    verified(body).read(product, &AuditActions::default(), NOW).map(|read| read.reading)
}

fn read(product: Product, body: &str) -> DeliveryContent {
    read_bytes(product, body.as_bytes()).expect("JSON")
}

fn told(product: Product, body: &str) -> ReportedEvent {
    match read(product, body) {
        DeliveryContent::Events(mut told) => told.pop().expect("never empty"),
        DeliveryContent::Ignored(why) => panic!("ignored: {why:?}"),
    }
}

#[test]
fn a_creation_in_data_center_names_key_name_and_address() {
    let body = r#"{"webhookEvent":"user_created","timestamp":1700000000000,"user":{
        "self":"https://jira.example/rest/api/2/user?username=jdoe","name":"jdoe","key":"JIRAUSER10100",
        "emailAddress":"jdoe@example.com","displayName":"Jane \"J\" Doe","active":"true","avatarUrls":{"16x16":"…"}}}"#;
    let told = told(Product::JiraDc, body);
    assert_eq!(told.kind, EventKind::Created);
    assert_eq!(told.user, UserRef::Id(UserId::new("JIRAUSER10100")));
    assert_eq!(told.hints.name.as_deref(), Some("jdoe"));
    assert_eq!(told.hints.email, EmailAddress::parse("jdoe@example.com"));
    assert_eq!(told.hints.active, Some(true));
    assert_eq!(told.occurred, Some(Timestamp::from_millis(1_700_000_000_000)));
}

#[test]
fn a_listener_in_bitbucket_or_crowd_names_the_user_by_the_login_name() {
    let body = r#"{"webhookEvent":"user_login","timestamp":1700000000000,"user":{"name":"jdoe","key":"not-its-key"}}"#;
    for product in [Product::BitbucketDc, Product::Crowd] {
        let told = told(product, body);
        assert_eq!((told.kind, told.user), (EventKind::LoggedIn, UserRef::Name("jdoe".to_owned())), "{product}");
        let nobody = read(product, r#"{"webhookEvent":"user_login","user":{"key":"7"}}"#);
        assert!(matches!(nobody, DeliveryContent::Ignored(Ignored::NoUser)), "{product}");
        let push = read(product, r#"{"eventKey":"repo:refs_changed","actor":{"name":"jdoe","id":1}}"#);
        assert!(matches!(push, DeliveryContent::Ignored(_)), "{product}");
    }
}

#[test]
fn a_creation_in_cloud_is_thin() {
    let body = r#"{"timestamp":1606480436302,"webhookEvent":"user_created","user":{"accountId":"99:27935d01",
        "accountType":"atlassian","displayName":"Bryan","active":true,"timeZone":"Europe/Warsaw"}}"#;
    let told = told(Product::JiraCloud, body);
    assert_eq!(told.user, UserRef::Id(UserId::new("99:27935d01")));
    assert_eq!(told.hints.account_type, Some(AccountType::Person));
    assert_eq!((told.hints.email, told.hints.active), (None, Some(true)));
}

#[test]
fn a_login_may_name_the_user_by_name_alone() {
    let body = r#"{"webhookEvent":"user_login","timestamp":"1","user":{"name":"jdoe"}}"#;
    let told = told(Product::JiraDc, body);
    assert_eq!((told.kind, told.user), (EventKind::LoggedIn, UserRef::Name("jdoe".into())));
}

#[test]
fn a_listener_that_sends_seconds_is_understood_and_what_can_be_no_time_is_none() {
    let read = |time: &str| {
        let told = told(
            Product::JiraDc,
            &format!(r#"{{"webhookEvent":"user_login","timestamp":{time},"user":{{"key":"k"}}}}"#),
        );
        (told.occurred.map(Timestamp::as_millis), told.odd_time)
    };
    assert_eq!(read("1700000000123"), (Some(1_700_000_000_123), None));
    assert_eq!(read("1700000000"), (Some(1_700_000_000_000), Some(OddTime::Seconds)));
    assert_eq!(read("1700000000.5"), (Some(1_700_000_000_500), Some(OddTime::Seconds)));
    assert_eq!(read(r#""2026-05-19T10:00:00Z""#), (Some(1_779_184_800_000), None));
    for past in ["0", "1", "-5", r#""1970-01-01T00:00:00Z""#] {
        assert_eq!(read(past), (None, Some(OddTime::BeforeTwoThousand)), "{past}");
    }
    assert_eq!(read("4102444800000"), (None, Some(OddTime::Ahead)));
    assert_eq!(read(r#""yesterday""#), (None, Some(OddTime::Unreadable)));
    assert_eq!(read("null"), (None, None));
}

#[test]
fn half_a_surrogate_in_one_field_costs_no_other() {
    let body = r#"{"webhookEvent":"user_login","timestamp":"\udc00","user":{"key":"k","name":"j\ud800","displayName":"\ud83d"}}"#;
    let told = told(Product::JiraDc, body);
    assert_eq!((told.user, told.hints.name, told.occurred), (UserRef::Id(UserId::new("k")), None, None));
}

#[test]
fn forge_calls_the_same_things_otherwise() {
    for (event, kind) in [
        ("avi:jira:created:user", EventKind::Created),
        ("avi:jira:updated:user", EventKind::Updated),
        ("avi:jira:deleted:user", EventKind::Removed),
    ] {
        let body = format!(r#"{{"eventType":"{event}","user":{{"accountId":"99:27","groups":{{"items":[]}}}}}}"#);
        let told = told(Product::JiraCloud, &body);
        assert_eq!((told.kind, told.user), (kind, UserRef::Id(UserId::new("99:27"))));
    }
    assert_eq!(
        read(Product::JiraCloud, r#"{"eventType":"avi:jira:created:issue"}"#),
        DeliveryContent::Ignored(Ignored::OtherEvent)
    );
}

#[test]
fn confluence_calls_its_events_and_users_otherwise() {
    for (event, kind) in [
        ("user_created", EventKind::Created),
        ("user_deactivated", EventKind::Updated),
        ("user_reactivated", EventKind::Updated),
        ("user_removed", EventKind::Removed),
    ] {
        for (user, named) in [
            (r#"{"userKey":"4028d0","username":"jdoe"}"#, UserRef::Id(UserId::new("4028d0"))),
            (r#"{"key":"4028d0","name":"jdoe"}"#, UserRef::Id(UserId::new("4028d0"))),
            (r#"{"username":"jdoe"}"#, UserRef::Name("jdoe".into())),
            (r#"{"name":"jdoe"}"#, UserRef::Name("jdoe".into())),
        ] {
            let body = format!(r#"{{"timestamp":1700000000000,"event":"{event}","userKey":"admin","user":{user}}}"#);
            let told = told(Product::ConfluenceDc, &body);
            assert_eq!((told.kind, told.user), (kind, named), "{body}");
            assert_eq!(told.hints.name.as_deref(), Some("jdoe"), "{body}");
            assert_eq!(told.occurred, Some(Timestamp::from_millis(1_700_000_000_000)));
        }
    }
}

#[test]
fn who_did_it_in_confluence_is_not_taken_for_the_user_and_groups_are_passed_over() {
    let ignored = |body: &str| match read(Product::ConfluenceDc, body) {
        DeliveryContent::Ignored(why) => why,
        DeliveryContent::Events(told) => panic!("{told:?}"),
    };
    assert_eq!(ignored(r#"{"event":"user_created","userKey":"admin","timestamp":1}"#), Ignored::NoUser);
    assert_eq!(ignored(r#"{"event":"group_created","userKey":"admin","group":{"name":"staff"}}"#), Ignored::OtherEvent);
    assert_eq!(ignored(r#"{"event":"page_created","userKey":"admin","page":{"id":1}}"#), Ignored::OtherEvent);
    assert_eq!(ignored(r#"{"test":true}"#), Ignored::Ping);
    let elsewhere = r#"{"event":"user_created","user":{"key":"k"}}"#;
    assert_eq!(read(Product::JiraDc, elsewhere), DeliveryContent::Ignored(Ignored::NoEvent));
}

#[test]
fn odd_fields_are_nothing_and_never_an_error() {
    let body = r#"{"webhookEvent":"user_created","timestamp":{"a":[1]},"user":{"key":"k","name":null,
        "emailAddress":["x"],"active":"perhaps","accountType":7,"x":{"y":[{}]}}}"#;
    let told = told(Product::JiraDc, body);
    assert_eq!(told.occurred, None);
    assert_eq!((told.hints.name, told.hints.email, told.hints.active), (None, None, None));
}

#[test]
fn what_is_of_no_interest_is_ignored_with_the_reason() {
    let cases = [
        (r#"{"webhookEvent":"jira:issue_created"}"#, Ignored::OtherEvent),
        (r#"{"test":true}"#, Ignored::Ping),
        ("{}", Ignored::NoEvent),
        ("[1]", Ignored::NoObject),
        ("null", Ignored::NoObject),
        (r#"{"webhookEvent":"user_created"}"#, Ignored::NoUser),
        (r#"{"webhookEvent":"user_created","user":"jdoe"}"#, Ignored::NoUser),
        (r#"{"webhookEvent":"user_created","user":[{}]}"#, Ignored::NoUser),
        (r#"{"webhookEvent":"user_created","user":{"accountId":"x","key":""}}"#, Ignored::NoUser),
    ];
    for (body, why) in cases {
        assert_eq!(read(Product::JiraDc, body), DeliveryContent::Ignored(why), "{body}");
    }
}

#[test]
fn a_body_of_a_hundred_thousand_brackets_is_refused_or_passed_over() {
    let brackets = "[".repeat(100_000);
    assert!(read_bytes(Product::JiraDc, brackets.as_bytes()).is_err());
    let inside = format!(r#"{{"webhookEvent":"user_created","x":{brackets}}}"#);
    assert!(read_bytes(Product::JiraDc, inside.as_bytes()).is_err());
    let closed = format!(r#"{{"webhookEvent":"jira:x","x":{brackets}{}}}"#, "]".repeat(100_000));
    let _either = read_bytes(Product::JiraDc, closed.as_bytes());
}

proptest! {
    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_bytes(Product::JiraDc, &body);
        let _ = read_bytes(Product::JiraCloud, &body);
        let _ = read_bytes(Product::ConfluenceDc, &body);
    }

    #[test]
    fn no_json_shape_panics(value in "\\{\"webhookEvent\":\"user_(created|login)\",\"user\":[\\[\\]{}\",:0-9a-z ]{0,60}\\}") {
        let _ = read_bytes(Product::JiraCloud, value.as_bytes());
    }
}
