//! Crowd's answers as servers really give them, and as no server should.

use crate::{
    domain::{GroupName, Product, Step, UserId, UserRef},
    products::{
        Error, User,
        stub::{Stub, answer, ok},
    },
};

const NO_GROUPS: &str = r#"{"expand":"group","groups":[]}"#;
const NOBODY: &str = r#"{"reason":"USER_NOT_FOUND","message":"User <x> does not exist"}"#;

fn id(id: &str) -> UserRef {
    UserRef::Id(UserId::new(id))
}

fn jane() -> User {
    User { name: Some("j|doe".to_owned()), ..User::new(UserId::new("1:a")) }
}

#[tokio::test]
async fn a_user_is_read_by_key_with_what_the_attributes_tell() {
    let bean = |list: &str| {
        format!(
            r#"{{"name":"Jane","key":"1:a","active":true,"email":"jane@acme.example","created-date":1600000000000,
                "attributes":{{"{list}":[{{"name":"lastAuthenticated","values":["1700000000000"]}},
                {{"name":"lastActive","values":["1700000060000"]}},{{"name":"x","values":["9"]}}]}}}}"#
        )
    };
    for list in ["attributes", "attribute"] {
        let groups = r#"{"expand":"group","groups":[{"name":"Staff"}]}"#;
        let stub = Stub::answering([ok(&bean(list)), ok(groups)]).await;
        let read = stub.client(Product::Crowd).user(&id("1:a")).await.unwrap();
        let millis = |at: Option<crate::domain::Timestamp>| at.map(|at| at.as_millis());
        assert_eq!((read.id.as_str(), read.name.as_deref()), ("1:a", Some("Jane")));
        assert_eq!((millis(read.created), millis(read.last_login)), (Some(1_600_000_000_000), Some(1_700_000_060_000)));
        assert_eq!(read.groups, Some([GroupName::new("staff")].into()));
        assert_eq!(
            stub.lines(),
            [
                "GET /rest/usermanagement/1/user?key=1%3Aa&expand=attributes",
                "GET /rest/usermanagement/1/user/group/direct?username=Jane&start-index=0&max-results=1000",
            ]
        );
    }
}

#[tokio::test]
async fn in_a_crowd_without_keys_the_name_in_small_letters_stands_for_them() {
    let bean = r#"{"name":"Jane","active":"true"}"#;
    let stub = Stub::answering([answer(400, "", "{}"), ok(bean), ok(NO_GROUPS)]).await;
    let read = stub.client(Product::Crowd).user(&id("jane")).await.unwrap();
    assert_eq!((read.id.as_str(), read.active), ("jane", Some(true)));
}

#[tokio::test]
async fn a_name_is_not_taken_for_the_key_of_somebody_who_has_one() {
    let bean = r#"{"name":"1:a","key":"7:z","active":true}"#;
    let stub =
        Stub::answering([answer(404, "", NOBODY), ok(bean), answer(404, "", NOBODY), answer(404, "", NOBODY)]).await;
    let client = stub.client(Product::Crowd);
    assert_eq!(client.user(&id("1:a")).await, Err(Error::NoSuchUser));
    assert_eq!(client.user(&id("1:a")).await, Err(Error::NoSuchUser));
}

#[tokio::test]
async fn whoever_is_deactivated_keeps_names_and_address() {
    let bean = r#"{"name":"j|doe","key":"1:a","first-name":"J","last-name":"Doe","display-name":"J Doe",
        "email":"j@acme.example","active":true}"#;
    let stub = Stub::answering([ok(bean), answer(204, "", "")]).await;
    stub.client(Product::Crowd).make_so(&jane(), &Step::Deactivate).await.unwrap();
    assert_eq!(stub.lines()[1], "PUT /rest/usermanagement/1/user?username=j%7Cdoe");
    let sent: serde_json::Value = serde_json::from_str(stub.asked()[1].split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let whole = serde_json::json!({
        "name": "j|doe", "first-name": "J", "last-name": "Doe", "display-name": "J Doe", "email": "j@acme.example",
        "active": false,
    });
    assert_eq!(sent, whole);
}

#[tokio::test]
async fn nothing_that_can_t_be_undone_is_done_to_somebody_else_who_has_the_name_by_now() {
    for step in [
        Step::Deactivate,
        Step::Delete,
        Step::Rename { suffix: "-x".to_owned() },
        Step::InvalidatePassword { send_reset_link: false },
    ] {
        let stub = Stub::answering([ok(r#"{"name":"j|doe","key":"2:b","active":true}"#), answer(204, "", "")]).await;
        let asked = stub.client(Product::Crowd).make_so(&jane(), &step).await;
        assert_eq!((asked, stub.lines().len()), (Err(Error::not_so_called()), 1), "{step:?}");
    }
}

#[tokio::test]
async fn the_link_is_sent_after_the_password_is_gone() {
    let who = ok(r#"{"name":"j|doe","key":"1:a","active":true}"#);
    let stub = Stub::answering([who, answer(204, "", ""), answer(204, "", "")]).await;
    let step = Step::InvalidatePassword { send_reset_link: true };
    stub.client(Product::Crowd).make_so(&jane(), &step).await.unwrap();
    assert_eq!(
        stub.lines()[1..],
        [
            "PUT /rest/usermanagement/1/user/password?username=j%7Cdoe",
            "POST /rest/usermanagement/1/user/mail/password?username=j%7Cdoe",
        ]
    );
}

#[tokio::test]
async fn a_refused_application_is_told_where_to_look() {
    for (status, word) in [(401, "name and password"), (403, "remote addresses")] {
        let stub = Stub::answering([answer(status, "content-type: text/plain\r\n", "Application failed")]).await;
        let Err(Error::Unauthorized { message, .. }) = stub.client(Product::Crowd).probe().await else {
            panic!("{status}: not refused");
        };
        assert!(message.contains(word), "{message}");
    }
}

#[tokio::test]
async fn a_list_that_does_not_go_on_is_given_up_and_one_that_is_left_out_is_empty() {
    let names: Vec<String> = (0..1_000).map(|n| format!(r#"{{"name":"g{n}"}}"#)).collect();
    let full = || ok(&format!(r#"{{"expand":"group","groups":[{}]}}"#, names.join(",")));
    let bean = || ok(r#"{"name":"a","key":"1:a","active":true}"#);
    let stub = Stub::answering([bean(), full(), full(), bean(), ok(r#"{"expand":"group"}"#), bean(), ok("{}")]).await;
    let client = stub.client(Product::Crowd);
    assert!(matches!(client.user(&id("1:a")).await, Err(Error::Unreadable(_))));
    assert_eq!(client.user(&id("1:a")).await.unwrap().groups, Some([].into()));
    assert!(matches!(client.user(&id("1:a")).await, Err(Error::Intercepted { .. })));
}

#[tokio::test]
async fn groups_are_found_by_crowds_own_query_and_looked_at_once_more() {
    let groups = r#"{"expand":"group","groups":[{"name":"A \"b\" c"},{"name":"axbxc"}]}"#;
    let stub = Stub::answering([ok(groups)]).await;
    let found = stub.client(Product::Crowd).groups_like("\"B\"").await.unwrap();
    assert_eq!(found, [GroupName::new("a \"b\" c")]);
    assert!(stub.lines()[0].contains("restriction=name%20%3D%20%22**B**%22"), "{}", stub.lines()[0]);
}
