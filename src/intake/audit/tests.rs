use serde_json::json;

use super::*;
use crate::domain::OddTime;

/// In 2026.
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn body(body: &Value) -> DeliveryContent {
    read(&body.to_string(), Product::JiraDc, &AuditActions::default(), NOW).expect("JSON").reading
}

fn told(entry: &Value) -> ReportedEvent {
    told_in(Product::JiraDc, entry)
}

fn told_in(product: Product, entry: &Value) -> ReportedEvent {
    read_entry(entry, product, &AuditActions::default(), NOW).expect("of interest")
}

/// From the integration tests of a vendor that reads the organisation's audit log.
fn cloud_login() -> Value {
    json!({ "type": "events", "id": "a1000001-0000-4000-8000-000000000001", "attributes": {
        "time": "2026-05-19T10:00:00.250Z", "processedAt": "2026-05-19T10:00:01.000Z", "action": "user_login",
        "actor": { "id": "712020:aaaa", "name": "Alice Johnson", "email": "alice.johnson@example.com" },
        "location": { "ip": "", "geo": "NA" } }, "message": { "content": "Alice Johnson logged in", "format": "simple" } })
}

fn cloud_creation() -> Value {
    json!({ "id": "e2", "attributes": { "time": "2026-05-19T10:00:00Z", "action": "user_created",
        "actor": { "id": "the-administrator" },
        "context": [{ "type": "groups", "id": "g" },
                    { "type": "users", "id": "5b10a284", "attributes": { "accountType": "atlassian", "email": "new@example.com" } }] } })
}

fn data_center(action: &str, affected: &Value) -> Value {
    json!({ "timestamp": "2021-11-23T00:44:58.940Z",
        "author": { "name": "test.user", "type": "ApplicationUser", "id": "10000",
                    "uri": "https://jira.example.com/secure/ViewProfile.jspa?name=test.user" },
        "type": { "actionI18nKey": action, "action": "in any language" }, "affectedObjects": affected,
        "changedValues": [{ "key": "E-Mail", "i18nKey": "common.words.email", "to": "new@example.com" }],
        "source": "10.0.0.1,10.0.0.2", "extraAttributes": [] })
}

#[test]
fn a_login_in_cloud_is_the_actors() {
    let told = told(&cloud_login());
    assert_eq!((told.kind, told.user), (EventKind::LoggedIn, UserRef::Id(UserId::new("712020:aaaa"))));
    assert_eq!(told.hints.email, EmailAddress::parse("alice.johnson@example.com"));
    assert_eq!(told.occurred, Some("2026-05-19T10:00:00.250Z".parse().expect("a time")));
    assert_eq!(told.entry.as_deref(), Some("a1000001-0000-4000-8000-000000000001"));
}

#[test]
fn a_creation_in_cloud_is_of_what_was_acted_on_and_never_of_the_actor() {
    let created = told(&cloud_creation());
    assert_eq!((created.kind, created.user), (EventKind::Created, UserRef::Id(UserId::new("5b10a284"))));
    assert_eq!(created.hints.account_type, Some(AccountType::Person));
    let mut nobody = cloud_creation();
    nobody["attributes"]["context"][1]["id"] = Value::Null;
    assert_eq!(body(&nobody), DeliveryContent::Ignored(Ignored::EntryWithoutUser));
}

#[test]
fn data_center_names_whom_it_affects_by_the_key() {
    let affected = json!([{ "type": "PROJECT", "id": "10000" }, { "type": "User", "id": "JIRAUSER10100", "name": "New One",
        "uri": "https://jira.example.com/secure/ViewProfile.jspa?name=new.one" }]);
    let created = told(&data_center("jira.auditing.user.created", &affected));
    assert_eq!((created.kind, created.user), (EventKind::Created, UserRef::Id(UserId::new("JIRAUSER10100"))));
    assert_eq!(created.hints.name.as_deref(), Some("new.one"));
    assert_eq!(created.hints.email, EmailAddress::parse("new@example.com"));
    let nobody = data_center("jira.auditing.user.created", &json!([]));
    assert_eq!(
        body(&nobody),
        DeliveryContent::Ignored(Ignored::EntryWithoutUser),
        "the author created somebody and was not created"
    );
}

const LOGINS: [(Product, &str); 3] = [
    (Product::JiraDc, "jira.auditing.user.logged.in"),
    (Product::ConfluenceDc, "audit.logging.summary.login.success"),
    (Product::BitbucketDc, "bitbucket.service.user.audit.action.authenticationsuccess"),
];

#[test]
fn whoever_logs_in_as_the_author_alone_is_known_by_the_lasting_id_where_that_is_the_authors() {
    for (product, action) in LOGINS {
        let mut login = data_center(action, &json!([]));
        let by_id = UserRef::Id(UserId::new("10000"));
        let by_name = |name: &str| UserRef::Name(name.to_owned());
        let expected = if product == Product::JiraDc { by_name("test.user") } else { by_id };
        let told = told_in(product, &login);
        assert_eq!((told.kind, told.user), (EventKind::LoggedIn, expected), "{product}");
        assert_eq!(told.hints.name.as_deref(), Some("test.user"), "{product}");
        login["author"]["id"] = Value::Null;
        login["author"]["name"] = "Shown".into();
        assert_eq!(told_in(product, &login).user, by_name("test.user"), "{product}: of the page's address");
        login["author"]["uri"] = "".into();
        match read_entry(&login, product, &AuditActions::default(), NOW) {
            Err(why) => assert_eq!((product, why), (Product::ConfluenceDc, NO_USER), "it is the display name"),
            Ok(told) => assert_eq!(told.user, by_name("Shown"), "{product}"),
        }
    }
}

#[test]
fn nobody_is_logged_in_by_the_product_itself() {
    for (product, action) in LOGINS {
        for (id, kind) in [("-1", "user"), ("-2", "user"), ("system", "user"), ("7", "system")] {
            let mut login = data_center(action, &json!([]));
            (login["author"]["id"], login["author"]["type"]) = (id.into(), kind.into());
            assert_eq!(
                read_entry(&login, product, &AuditActions::default(), NOW),
                Err(NO_USER),
                "{product} {id} {kind}"
            );
        }
    }
}

#[test]
fn an_audit_files_line_has_its_time_and_action_elsewhere() {
    let mut line = data_center("jira.auditing.user.logged.in", &json!([]));
    line["auditType"] = line["type"].take();
    line["timestamp"] = json!({ "epochSecond": 1_637_628_298, "nano": 940_000_000 });
    assert_eq!(told(&line).occurred, Some(Timestamp::from_millis(1_637_628_298_940)));
}

#[test]
fn an_entry_with_a_time_that_can_not_be_right_is_an_event_without_a_time() {
    for (product, action) in LOGINS {
        for (time, odd) in [
            (json!("1970-01-01T00:00:00Z"), OddTime::BeforeTwoThousand),
            (json!("2999-01-01T00:00:00Z"), OddTime::Ahead),
            (json!({ "epochSecond": 7 }), OddTime::BeforeTwoThousand),
            (json!("soon"), OddTime::Unreadable),
        ] {
            let mut login = data_center(action, &json!([]));
            login["timestamp"] = time.clone();
            let told = told_in(product, &login);
            assert_eq!((told.occurred, told.odd_time), (None, Some(odd)), "{product} {time}");
        }
        let mut login = data_center(action, &json!([]));
        login["timestamp"] = json!(1_637_628_298);
        assert_eq!(told_in(product, &login).occurred, Some(Timestamp::from_millis(1_637_628_298_000)), "{product}");
    }
    let mut login = cloud_login();
    login["attributes"]["time"] = "0001-01-01T00:00:00Z".into();
    assert_eq!((told(&login).occurred, told(&login).odd_time), (None, Some(OddTime::BeforeTwoThousand)));
}

#[test]
fn an_entry_without_an_id_is_known_by_what_can_not_change_in_it() {
    let affected = json!([{ "name": "New One", "type": "User", "id": "JIRAUSER10100" }]);
    let entry = data_center("jira.auditing.user.created", &affected);
    let told_anew = |change: fn(&mut Value)| {
        let mut other = entry.clone();
        change(&mut other);
        told(&other).entry
    };
    assert_eq!(told_anew(|entry| entry["type"]["action"] = "in another language".into()), told(&entry).entry);
    assert_eq!(told_anew(|entry| entry["author"]["name"] = "renamed".into()), told(&entry).entry);
    assert_eq!(told_anew(|entry| entry["affectedObjects"][0]["name"] = "Renamed".into()), told(&entry).entry);
    assert_ne!(told_anew(|entry| entry["timestamp"] = "2021-11-23T00:44:58.941Z".into()), told(&entry).entry);
    assert_ne!(told_anew(|entry| entry["affectedObjects"][0]["id"] = "JIRAUSER10101".into()), told(&entry).entry);
    assert_ne!(told_anew(|entry| entry["author"]["id"] = "10001".into()), told(&entry).entry);
    assert_ne!(told_anew(|entry| entry["source"] = "10.0.0.3".into()), told(&entry).entry);
}

#[test]
fn one_entry_an_array_and_a_page_of_entries_tell_the_same() {
    let (login, created) = (cloud_login(), cloud_creation());
    let both = DeliveryContent::Events(vec![told(&login), told(&created)]);
    let logout = json!({ "id": "x", "attributes": { "action": "user_logout" } });
    assert_eq!(body(&json!([login, logout, created])), both);
    assert_eq!(body(&json!({ "data": [login, created, 7, null], "meta": { "next": null } })), both);
    assert_eq!(body(&json!({ "data": login })), DeliveryContent::Events(vec![told(&login)]));
    assert_eq!(body(&login), DeliveryContent::Events(vec![told(&login)]));
}

#[test]
fn what_is_of_no_interest_is_ignored_with_the_reason() {
    let cases = [
        (json!([]), Ignored::NoEntry),
        (json!({ "data": [] }), Ignored::NoEntry),
        (json!(7), Ignored::NoObject),
        (json!({}), Ignored::OtherEntry),
        (json!({ "webhookEvent": "user_login", "user": { "key": "k" } }), Ignored::OtherEntry),
        (json!({ "attributes": { "action": "user_login_failed", "actor": { "id": "x" } } }), Ignored::OtherEntry),
        (json!([{ "attributes": { "action": "user_login" } }, {}]), Ignored::EntryWithoutUser),
        (json!({ "attributes": { "action": ["user_login"], "actor": 7 } }), Ignored::OtherEntry),
        (json!({ "type": { "action": "user_login" } }), Ignored::OtherEntry),
    ];
    for (value, why) in cases {
        assert_eq!(body(&value), DeliveryContent::Ignored(why), "{value}");
    }
    assert!(read("[", Product::JiraDc, &AuditActions::default(), NOW).is_err());
}

#[test]
fn one_bad_entry_of_three_costs_no_other() {
    let (login, created) = (cloud_login().to_string(), cloud_creation().to_string());
    let logout = r#"{"id":"x","attributes":{"action":"user_logout"}}"#;
    let cut = login.replace("712020:aaaa", r"712020:\ud83d");
    let infinite = r#"{"attributes":{"action":"user_login","x":1e999}}"#;
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let read = |body: &str| read(body, Product::AtlassianOrg, &AuditActions::default(), NOW);
    for (bad, why) in [
        (cut.as_str(), Unreadable::HalfACharacter),
        (infinite, Unreadable::NoValue),
        (deep.as_str(), Unreadable::NoValue),
        ("null", Unreadable::NotAnObject),
        ("[]", Unreadable::NotAnObject),
    ] {
        for body in
            [format!("[{login},{bad},{logout},{created}]"), format!(r#"{{"data":[{login},{bad},{logout},{created}]}}"#)]
        {
            let Read { reading, ignored, unread, more_unread } = read(&body).expect("two can be read");
            assert_eq!(reading, DeliveryContent::Events(vec![told(&cloud_login()), told(&cloud_creation())]));
            assert_eq!(ignored, [Ignored::OtherEntry]);
            assert_eq!((unread, more_unread), (vec![Unread::new(bad, (2, 4), why)], 0));
        }
        for body in [format!("[{bad}]"), format!("[{bad},{bad}]"), format!(r#"{{"data":[{bad}]}}"#)] {
            assert!(matches!(read(&body), Err(Malformed::NoEntry)), "{why:?}");
        }
    }
    let shown = login.replace("Alice Johnson", r"Alice \ud83d");
    assert_eq!(
        read(&shown).expect("what counts is whole").reading,
        DeliveryContent::Events(vec![told(&cloud_login())])
    );
}

#[test]
fn the_actions_are_those_of_the_configuration() {
    let actions = AuditActions { login: vec!["logged-in".to_owned()], created: Vec::new() };
    assert_eq!(read_entry(&cloud_login(), Product::AtlassianOrg, &actions, NOW), Err(OF_NO_INTEREST));
    let mut other = cloud_login();
    other["attributes"]["action"] = "logged-in".into();
    assert_eq!(
        read_entry(&other, Product::AtlassianOrg, &actions, NOW).expect("of interest").kind,
        EventKind::LoggedIn
    );
}

#[test]
fn entries_that_can_not_be_read_are_counted_and_the_first_are_kept() {
    let read = |body: &str| read(body, Product::JiraCloud, &AuditActions::default(), NOW);
    let ones = ["1"; 1_000].join(",");
    let some = read(&format!("[{ones},{}]", cloud_login())).expect("one can be read");
    assert_eq!((some.unread.len(), some.more_unread), (MAX_UNREAD, 1_000 - MAX_UNREAD));
    assert_eq!(some.unread[1].place, (2, 1_001));
    assert!(matches!(some.reading, DeliveryContent::Events(told) if told.len() == 1));
    assert!(matches!(read(&format!("[{ones}]")), Err(Malformed::NoEntry)));
}

#[test]
fn an_array_without_an_end_is_not_read_to_its_end() {
    let read = |body: &str| read(body, Product::JiraCloud, &AuditActions::default(), NOW);
    let array = |entries: usize| format!("[{}]", vec!["{}"; entries].join(","));
    assert_eq!(read(&array(MAX_ENTRIES)).expect("read").ignored.len(), MAX_ENTRIES);
    assert!(matches!(read(&array(MAX_ENTRIES + 1)), Err(Malformed::TooManyEntries(MAX_ENTRIES))));
    for broken in ["[{},", "[{}]]", "[{} {}]", "[{},]"] {
        assert!(matches!(read(broken), Err(Malformed::NotJson(_))), "{broken}");
    }
}
