//! Bitbucket's answers as servers really give them, and as no server should.

use crate::{
    domain::{Product, Step, UserId, UserRef},
    products::{
        Error, User,
        stub::{Reply, Stub, answer, ok},
    },
};

const PRODUCT: Product = Product::BitbucketDc;

const PROPERTIES: &str = r#"{"version":"9.2.0","displayName":"Bitbucket"}"#;

fn page(values: &str, rest: &str) -> Reply {
    ok(&format!(r#"{{"values":[{values}],"size":1,"limit":1000,"start":0,{rest}}}"#))
}

fn user(id: u64, name: &str) -> String {
    format!(r#"{{"id":{id},"name":"{name}","slug":"x","active":true,"type":"NORMAL"}}"#)
}

fn last(values: &str) -> Reply {
    page(values, r#""isLastPage":true,"nextPageStart":null"#)
}

#[tokio::test]
async fn whom_the_token_belongs_to_stands_in_the_headers_by_id_or_at_least_by_name() {
    let stub = Stub::answering([
        answer(200, "X-AUSERID: 17\r\nX-AUSERNAME: usher\r\n", PROPERTIES),
        answer(200, "X-AUSERNAME: Usher\r\n", PROPERTIES),
        last(&[user(4, "usher-old"), user(18, "usher")].join(",")),
        answer(200, "X-AUSERNAME: j%C3%BCrgen\r\n", PROPERTIES),
        last(&user(19, "jürgen")),
        answer(200, "", PROPERTIES),
        answer(200, "X-AUSERNAME: anonymous\r\n", "{}"),
    ])
    .await;
    let client = stub.client(PRODUCT);
    assert_eq!(client.myself().await, Ok(Some(UserId::new("17"))));
    assert_eq!(client.myself().await, Ok(Some(UserId::new("18"))));
    assert_eq!(client.myself().await, Ok(Some(UserId::new("19"))));
    assert!(matches!(client.myself().await, Err(Error::Unreadable(_))));
    assert!(matches!(client.myself().await, Err(Error::Unauthorized { .. })));
    assert_eq!(stub.lines()[2], "GET /rest/api/latest/admin/users?filter=Usher&start=0&limit=1000");
}

#[tokio::test]
async fn a_short_name_is_searched_for_on_every_page_that_it_is_in() {
    let stub = Stub::answering([
        page(&user(1, "abc"), r#""isLastPage":false,"nextPageStart":1000"#),
        last(&user(2, "A")),
        last(r#"{"name":"staff"},{"name":"Eng & Ops"}"#),
        last(r#"{"group":{"name":"eng & ops"},"permission":"SYS_ADMIN"}"#),
        last(""),
    ])
    .await;
    let read = stub.client(PRODUCT).user(&UserRef::Name("a".to_owned())).await.unwrap();
    assert_eq!(
        (read.id.as_str(), read.groups.map(|groups| groups.len()), read.administers),
        ("2", Some(2), Some(true))
    );
    assert_eq!(
        stub.lines(),
        [
            "GET /rest/api/latest/admin/users?filter=a&start=0&limit=1000",
            "GET /rest/api/latest/admin/users?filter=a&start=1000&limit=1000",
            "GET /rest/api/latest/admin/users/more-members?context=A&start=0&limit=1000",
            "GET /rest/api/latest/admin/permissions/groups?start=0&limit=1000",
        ]
    );
}

#[tokio::test]
async fn a_list_that_goes_back_to_where_it_was_is_given_up() {
    let around = || page(&user(1, "a"), r#""isLastPage":false,"nextPageStart":1"#);
    let client_of = |stub: &Stub| stub.client(PRODUCT);
    let stub = Stub::answering([around(), around()]).await;
    let read = client_of(&stub).user(&UserRef::Id(UserId::new("9"))).await;
    assert!(matches!(read, Err(Error::Unreadable(_))), "{read:?}");
    let stub = Stub::answering([around(), around()]).await;
    let client = client_of(&stub);
    let first = client.users(None).await.unwrap();
    let second = client.users(first.next.as_deref()).await;
    assert!(matches!(second, Err(Error::Unreadable(_))), "{second:?}");
}

#[tokio::test]
async fn what_is_sent_is_what_the_reference_has() {
    let stub = Stub::answering([ok(""), ok(""), last(&user(2, "j|doe")), ok(&user(2, "j|doe-x"))]).await;
    let client = stub.client(PRODUCT);
    let jane = User { name: Some("j|doe".to_owned()), ..User::new(UserId::new("2")) };
    for step in [
        Step::AddGroup(crate::domain::GroupName::new("Eng & Ops")),
        Step::RemoveGroup(crate::domain::GroupName::new("Eng & Ops")),
        Step::Rename { suffix: "-x".to_owned() },
    ] {
        client.make_so(&jane, &step).await.unwrap();
    }
    let changes = || stub.asked().into_iter().filter(|one| one.starts_with("POST"));
    let sent: Vec<String> = changes().map(|one| one.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned()).collect();
    assert_eq!(
        sent,
        [
            r#"{"groups":["Eng & Ops"],"user":"j|doe"}"#,
            r#"{"context":"j|doe","itemName":"Eng & Ops"}"#,
            r#"{"name":"j|doe","newName":"j|doe-x"}"#
        ]
    );
    let own = |one: String| one.starts_with("POST /rest/api/latest/admin/users/");
    assert!(changes().all(own), "{:?}", stub.lines());
    assert_eq!(stub.lines()[2], "GET /rest/api/latest/admin/users?filter=j%7Cdoe&start=0&limit=1000");
}

#[tokio::test]
async fn no_message_names_the_user() {
    let refusal =
        r#"{"errors":[{"context":null,"message":"jdoe (jdoe@acme.example) ist Mitglied","exceptionName":"X"}]}"#;
    let stub = Stub::answering([last(&user(2, "jdoe")), answer(409, "", refusal)]).await;
    let jane = User { name: Some("jdoe".to_owned()), ..User::new(UserId::new("2")) };
    let Err(Error::Refused { status: 409, message }) = stub.client(PRODUCT).make_so(&jane, &Step::Delete).await else {
        panic!("not refused");
    };
    assert!(message.contains("ist Mitglied") && !message.contains("jdoe"), "{message}");
}

#[tokio::test]
async fn nothing_that_can_t_be_undone_is_done_to_somebody_else_who_has_the_name_by_now() {
    for step in
        [Step::Delete, Step::Rename { suffix: "-x".to_owned() }, Step::InvalidatePassword { send_reset_link: false }]
    {
        let users = [user(3, "jdoe"), user(2, "jdoe-old")].join(",");
        let stub = Stub::answering([last(&users), ok("{}")]).await;
        let jane = User { name: Some("jdoe".to_owned()), ..User::new(UserId::new("2")) };
        let asked = stub.client(PRODUCT).make_so(&jane, &step).await;
        assert_eq!((asked, stub.lines().len()), (Err(Error::not_so_called()), 1), "{step:?}");
    }
}

#[tokio::test]
async fn who_is_passed_over_since_somebody_before_them_goes_meanwhile_is_not_gone() {
    let first = |values: &str| page(values, r#""isLastPage":false,"nextPageStart":1000"#);
    let stub = Stub::answering([
        first(&user(1, "a")),
        last(&user(3, "c")), // the second stands on the first page by now
        first(&user(2, "b")),
        last(&user(3, "c")),
        last(r#"{"name":"staff"}"#),
        last(""),
        last(""),
    ])
    .await;
    let read = stub.client(PRODUCT).user(&UserRef::Id(UserId::new("2"))).await;
    assert_eq!(read.map(|user| user.name), Ok(Some("b".to_owned())));
}

#[tokio::test]
async fn who_is_on_no_page_of_a_walk_for_somebody_else_is_looked_for_again() {
    let first = |values: &str| page(values, r#""isLastPage":false,"nextPageStart":1000"#);
    let stub = Stub::answering([
        last(&user(4, "d")), // the highest id told of
        first(&user(1, "a")),
        last(&user(3, "c")), // the second is passed over
        last(r#"{"name":"staff"}"#),
        last(""),
        last(""),
        first(&user(1, "a")),
        last(&user(2, "b")),
        last(r#"{"name":"staff"}"#),
    ])
    .await;
    let client = stub.client(PRODUCT);
    assert_eq!(client.user(&UserRef::Name("nobody".to_owned())).await, Err(Error::NoSuchUser));
    let read = async |id: &str| client.user(&UserRef::Id(UserId::new(id))).await.map(|user| user.name);
    assert_eq!(read("3").await, Ok(Some("c".to_owned())));
    assert_eq!(read("2").await, Ok(Some("b".to_owned())));
}
