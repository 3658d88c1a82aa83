//! What each Jira is asked, and what is read from its answers.

use std::collections::BTreeSet;

use crate::{
    domain::{AccountType, EmailAddress, GroupName, Product, Step, UserId, UserRef},
    products::{
        Error, User,
        stub::{Reply, Stub, answer, ok},
    },
};

const JOINED: &str = r#"{"name":"Eng & Ops","groupId":"g1"}"#;

fn id(text: &str) -> UserRef {
    UserRef::Id(UserId::new(text))
}

fn groups(names: &[&str]) -> Option<BTreeSet<GroupName>> {
    Some(names.iter().map(|name| GroupName::new(*name)).collect())
}

fn user(id: &str, name: Option<&str>) -> User {
    User { name: name.map(str::to_owned), ..User::new(UserId::new(id)) }
}

fn steps() -> [Step; 2] {
    let group = || GroupName::new("Eng & Ops");
    [Step::AddGroup(group()), Step::RemoveGroup(group())]
}

async fn read(product: Product, user: &UserRef, replies: impl IntoIterator<Item = Reply>) -> Result<User, Error> {
    Stub::answering(replies).await.client(product).user(user).await
}

#[tokio::test]
async fn data_center_tells_all_about_a_user_asked_for_by_key_or_by_name() {
    let bean = r#"{"self":"https://jira/rest/api/2/user?username=jdoe","key":"JIRAUSER10100","name":"j doe",
        "emailAddress":"jane@acme.example","displayName":"Jane","active":true,"deleted":false,"timeZone":"UTC",
        "groups":{"size":2,"items":[{"name":"Staff","self":"x"},{"name":"eng","self":"x"}]},"expand":"groups"}"#;
    let stub = Stub::answering([ok(bean), ok(bean)]).await;
    let client = stub.client(Product::JiraDc);
    let expected = User {
        email: EmailAddress::parse("jane@acme.example"),
        active: Some(true),
        account_type: Some(AccountType::Person),
        groups: groups(&["staff", "eng"]),
        display_name: Some("Jane".to_owned()),
        ..user("JIRAUSER10100", Some("j doe"))
    };
    assert_eq!(client.user(&id("JIRAUSER10100")).await.as_ref(), Ok(&expected));
    assert_eq!(client.user(&UserRef::Name("j doe".to_owned())).await, Ok(expected));
    assert_eq!(
        stub.lines(),
        [
            "GET /rest/api/2/user?key=JIRAUSER10100&expand=groups%2CapplicationRoles",
            "GET /rest/api/2/user?username=j%20doe&expand=groups%2CapplicationRoles"
        ]
    );
}

#[tokio::test]
async fn data_center_groups_cut_short_are_unknown() {
    let bean = r#"{"key":"k","name":"n","active":"false","groups":{"size":3,"items":[{"name":"a"}]}}"#;
    let user = read(Product::JiraDc, &id("k"), [ok(bean)]).await.unwrap();
    assert_eq!((user.groups, user.active, user.email), (None, Some(false), None));
}

#[tokio::test]
async fn a_user_that_is_not_there_or_deleted_is_no_such_user() {
    let missing = || answer(404, "", r#"{"errorMessages":["Der Benutzer ist nicht da"]}"#);
    let deleted = ok(r#"{"key":"k","name":"n","deleted":true}"#);
    assert_eq!(read(Product::JiraDc, &id("k"), [missing()]).await, Err(Error::NoSuchUser));
    assert_eq!(read(Product::JiraDc, &id("k"), [deleted]).await, Err(Error::NoSuchUser));
    assert_eq!(read(Product::JiraCloud, &id("k"), [missing()]).await, Err(Error::NoSuchUser));
    let by_name = UserRef::Name("jane".to_owned());
    assert_eq!(read(Product::JiraCloud, &by_name, []).await, Err(Error::NoSuchUser));
}

#[tokio::test]
async fn data_center_is_asked_to_change_a_membership_by_login_name() {
    let stub = Stub::answering([answer(201, "", r#"{"name":"Eng & Ops"}"#), answer(200, "", "")]).await;
    let client = stub.client(Product::JiraDc);
    for step in steps() {
        client.make_so(&user("k", Some("j|doe")), &step).await.unwrap();
    }
    assert_eq!(
        stub.lines(),
        [
            "POST /rest/api/2/group/user?groupname=Eng%20%26%20Ops",
            "DELETE /rest/api/2/group/user?groupname=Eng%20%26%20Ops&username=j%7Cdoe"
        ]
    );
    assert!(stub.asked()[0].ends_with(r#"{"name":"j|doe"}"#));
    assert!(stub.asked()[0].contains("content-type: application/json\r\n"));
}

#[tokio::test]
async fn a_refused_change_is_never_interpreted() {
    for product in [Product::JiraDc, Product::JiraCloud] {
        for status in [400, 404, 409] {
            let refused = || answer(status, "", r#"{"errorMessages":["is already a member"]}"#);
            let page = ok(r#"{"values":[{"name":"eng & ops","groupId":"g1"}]}"#);
            let replies = if product == Product::JiraCloud { vec![page, refused()] } else { vec![refused()] };
            let stub = Stub::answering(replies).await;
            let error = stub.client(product).make_so(&user("k", Some("n")), &steps()[0]).await;
            assert!(matches!(&error, Err(Error::Refused { status: got, .. }) if *got == status), "{error:?}");
        }
    }
}

#[tokio::test]
async fn cloud_tells_about_a_user_and_hides_the_address() {
    let bean = r#"{"accountId":"5b1:a","accountType":"app","emailAddress":null,"active":true,
        "groups":{"size":1,"items":[{"name":"Staff","groupId":"g1","self":"x"}]}}"#;
    let stub = Stub::answering([ok(bean)]).await;
    let expected = User {
        active: Some(true),
        account_type: Some(AccountType::Other("app".to_owned())),
        groups: groups(&["staff"]),
        ..user("5b1:a", None)
    };
    assert_eq!(stub.client(Product::JiraCloud).user(&id("5b1:a")).await, Ok(expected));
    assert_eq!(stub.lines(), ["GET /rest/api/3/user?accountId=5b1%3Aa&expand=groups%2CapplicationRoles"]);
}

#[tokio::test]
async fn cloud_groups_cut_short_are_asked_for_again_in_full() {
    let bean = r#"{"accountId":"a","active":true,"groups":{"size":2,"items":[{"name":"one"}]}}"#;
    let all = r#"[{"name":"one","groupId":"1"},{"name":"two","groupId":null}]"#;
    let stub = Stub::answering([ok(bean), ok(all)]).await;
    let user = stub.client(Product::JiraCloud).user(&id("a")).await.unwrap();
    assert_eq!((user.groups, user.email, user.account_type), (groups(&["one", "two"]), None, None));
    assert_eq!(stub.lines()[1], "GET /rest/api/3/user/groups?accountId=a");
}

#[tokio::test]
async fn a_placeholder_for_an_account_is_not_taken_for_it() {
    let bean = ok(r#"{"accountId":"unknown","groups":{"size":0,"items":[]}}"#);
    let answer = read(Product::JiraCloud, &id("a"), [bean]).await;
    assert!(matches!(answer, Err(Error::Unreadable(_))), "{answer:?}");
}

#[tokio::test]
async fn cloud_is_asked_to_change_a_membership_by_ids_and_the_groups_id_is_looked_up_once() {
    let page = r#"{"isLast":true,"values":[{"name":"other","groupId":"g0"},{"name":"eng & ops","groupId":"g1"}]}"#;
    let stub = Stub::answering([ok(page), answer(201, "", JOINED), answer(200, "", "")]).await;
    let client = stub.client(Product::JiraCloud);
    for step in steps() {
        client.make_so(&user("5b1:a", None), &step).await.unwrap();
    }
    assert_eq!(
        stub.lines(),
        [
            "GET /rest/api/3/group/bulk?groupName=Eng%20%26%20Ops",
            "POST /rest/api/3/group/user?groupId=g1",
            "DELETE /rest/api/3/group/user?groupId=g1&accountId=5b1%3Aa"
        ]
    );
    assert!(stub.asked()[1].ends_with(r#"{"accountId":"5b1:a"}"#));
}

#[tokio::test]
async fn a_group_made_anew_in_cloud_is_found_under_its_new_id() {
    let page = |id: &str| ok(&format!(r#"{{"values":[{{"name":"Eng & Ops","groupId":"{id}"}}]}}"#));
    let gone = answer(404, "", r#"{"errorMessages":["no"]}"#);
    let done = || answer(201, "", JOINED);
    let stub = Stub::answering([page("old"), done(), gone, page("new"), done()]).await;
    let client = stub.client(Product::JiraCloud);
    for account in ["a", "b"] {
        client.make_so(&user(account, None), &steps()[0]).await.unwrap();
    }
    assert_eq!(stub.lines()[4], "POST /rest/api/3/group/user?groupId=new");
}

#[tokio::test]
async fn a_group_that_cloud_does_not_know_is_refused_without_a_change_being_asked_for() {
    let stub = Stub::answering([ok(r#"{"values":[]}"#)]).await;
    let error = stub.client(Product::JiraCloud).make_so(&user("a", None), &steps()[0]).await;
    assert!(matches!(error, Err(Error::Refused { status: 404, .. })), "{error:?}");
    assert_eq!(stub.lines().len(), 1);
}

#[tokio::test]
async fn a_probe_asks_who_the_acting_account_is() {
    for (product, line, own) in [
        (Product::JiraDc, "GET /rest/api/2/myself", r#"{"key":"usher"}"#),
        (Product::JiraCloud, "GET /rest/api/3/myself", r#"{"accountId":"usher"}"#),
    ] {
        let stub = Stub::answering([ok(own), ok("<html>log in</html>")]).await;
        let client = stub.client(product);
        assert_eq!(client.probe().await, Ok(()));
        assert!(matches!(client.probe().await, Err(Error::Intercepted { .. })));
        assert_eq!(stub.lines(), [line, line]);
    }
}
