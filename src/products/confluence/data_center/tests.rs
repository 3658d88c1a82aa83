//! What Confluence does in its own time, and what not every version tells.

use std::sync::Arc;

use crate::{
    config::Protect,
    domain::{GroupName, Product, Step, UserId},
    products::{
        Client, Disposition, Error, User,
        stub::{Reply, Stub, answer, ok},
    },
};

fn jane() -> User {
    let groups = ["staff", "eng"].map(GroupName::new).into();
    User { name: Some("jane".to_owned()), groups: Some(groups), ..User::new(UserId::new("4028d0")) }
}

/// Jane as she is called still: looked at before anything that can't be undone.
fn known() -> Reply {
    ok(r#"{"type":"known","userKey":"4028d0","username":"jane"}"#)
}

fn taken_on(id: &str) -> Reply {
    answer(202, "", &format!(r#"{{"id":"{id}","links":{{"status":"http://host/rest/api/longtask/{id}"}}}}"#))
}

fn at(percent: u32) -> Reply {
    ok(&format!(r#"{{"id":"7","percentageComplete":{percent},"successful":true,"messages":[]}}"#))
}

async fn stub(replies: Vec<Reply>) -> (Stub, Arc<dyn Client>) {
    let stub = Stub::answering(replies).await;
    let client = stub.client(Product::ConfluenceDc);
    (stub, client)
}

#[tokio::test]
async fn a_deletion_is_waited_for() {
    let (stub, client) = stub(vec![known(), taken_on("7"), at(0), at(50), at(100)]).await;
    assert_eq!(client.make_so(&jane(), &Step::Delete).await, Ok(()));
    let task = "GET /rest/api/longtask/7";
    assert_eq!(stub.lines()[1..], ["DELETE /rest/api/admin/user/jane", task, task, task]);
}

#[tokio::test]
async fn a_deletion_that_fails_is_a_refusal_in_confluences_words_without_the_users_name() {
    let failed = r#"{"id":"7","percentageComplete":100,"successful":false,"messages":[{"key":"k","args":[],
        "translation":"jane (jane@acme.example) hat Seiten"}]}"#;
    let (_stub, client) = stub(vec![known(), taken_on("7"), ok(failed)]).await;
    let expected = Error::Refused { status: 200, message: "… … hat Seiten".to_owned() };
    assert_eq!(client.make_so(&jane(), &Step::Delete).await, Err(expected));
}

#[tokio::test]
async fn a_deletion_that_takes_long_is_settled_later_and_not_set_off_again() {
    let waiting = std::iter::repeat_with(|| at(10)).take(20);
    let (stub, client) = stub([known(), taken_on("7")].into_iter().chain(waiting).collect()).await;
    let first = client.make_so(&jane(), &Step::Delete).await.map_err(|error| error.disposition());
    assert!(matches!(first, Err(Disposition::ReadThenRetry(Some(_)))), "{first:?}");
    let asked = stub.lines().len();
    let again = client.make_so(&jane(), &Step::Delete).await.map_err(|error| error.disposition());
    assert_eq!(again, first);
    assert!(stub.lines().len() > asked && stub.lines()[2..].iter().all(|line| line == "GET /rest/api/longtask/7"));
}

#[tokio::test]
async fn a_task_that_confluence_has_forgotten_is_settled_by_reading_the_user() {
    let (stub, client) =
        stub(vec![known(), taken_on("7"), answer(404, "", "{}"), known(), answer(404, "", "{}")]).await;
    let asked = client.make_so(&jane(), &Step::Delete).await.map_err(|error| error.disposition());
    assert_eq!(asked, Err(Disposition::ReadThenRetry(None)));
    let again = client.make_so(&jane(), &Step::Delete).await.map_err(|error| error.disposition());
    assert_eq!(again, Err(Disposition::ReadThenGiveUp), "gone already, or there is no such call");
    assert_eq!(stub.lines()[4], "DELETE /rest/api/admin/user/jane");
}

#[tokio::test]
async fn a_deletion_of_which_nothing_could_be_learnt_for_a_moment_is_not_set_off_again() {
    for trouble in [answer(503, "", "{}"), answer(429, "retry-after: 0\r\n", "{}"), Reply::Hang] {
        let (stub, client) = stub(vec![known(), taken_on("7"), trouble, at(100)]).await;
        client.make_so(&jane(), &Step::Delete).await.expect_err("nobody knows yet");
        assert_eq!(client.make_so(&jane(), &Step::Delete).await, Ok(()));
        let task = "GET /rest/api/longtask/7";
        assert_eq!(stub.lines()[1..], ["DELETE /rest/api/admin/user/jane", task, task]);
    }
}

#[tokio::test]
async fn a_task_that_is_not_shown_to_ushers_account_does_not_stop_the_source() {
    for status in [401, 403] {
        let (_stub, client) = stub(vec![known(), taken_on("7"), answer(status, "", "{}")]).await;
        let asked = client.make_so(&jane(), &Step::Delete).await.map_err(|error| error.disposition());
        assert_eq!(asked, Err(Disposition::ReadThenRetry(None)), "{status}: the user is read");
    }
}

#[tokio::test]
async fn a_403_does_not_stop_a_source_that_has_none_of_the_administrators_groups() {
    let groups = Protect::of(Product::ConfluenceDc, None).admin_groups.len();
    for (rights, expected) in [(404, Disposition::ReadThenGiveUp), (403, Disposition::Halt)] {
        let rights = std::iter::repeat_with(|| answer(rights, "", "{}")).take(groups);
        let (_stub, client) = stub(std::iter::once(answer(403, "", "{}")).chain(rights).collect()).await;
        let asked = client.make_so(&jane(), &Step::Reactivate).await.map_err(|error| error.disposition());
        assert_eq!(asked, Err(expected));
    }
}

#[tokio::test]
async fn a_version_that_does_not_tell_who_may_use_it_says_so() {
    let replies = vec![answer(404, "", "{}"), ok(r#"{"type":"group","name":"eng"}"#)];
    let (stub, client) = stub(replies).await;
    let asked = client.is_so(&jane(), &Step::RemoveApplicationAccess(Vec::new())).await;
    let Err(Error::Refused { status: 404, message }) = asked else { panic!("{asked:?}") };
    assert!(message.contains("9.2"), "{message}");
    assert_eq!(stub.lines(), ["GET /rest/api/permissions/group/eng", "GET /rest/api/group/eng"]);
}

#[tokio::test]
async fn what_a_group_lets_its_members_do_is_remembered_for_a_while() {
    let other = ok(r#"[{"operation":{"targetType":"space","operationKey":"create"},"subject":{"type":"group"}}]"#);
    let (stub, client) = stub(vec![other, ok("[]"), ok("[]"), ok("[]")]).await;
    for _ in 0..2 {
        let kept_out = client.is_so(&jane(), &Step::RemoveApplicationAccess(Vec::new())).await;
        assert_eq!(kept_out, Ok(Some(true)));
    }
    let own = "GET /rest/api/permissions/user/4028d0";
    let groups = ["GET /rest/api/permissions/group/eng", "GET /rest/api/permissions/group/staff"];
    assert_eq!(stub.lines(), [groups[0], groups[1], own, own]);
}

#[tokio::test]
async fn nothing_that_can_t_be_undone_is_done_to_somebody_else_who_has_the_name_by_now() {
    let renamed = r#"{"type":"known","userKey":"4028d0","username":"jane-married"}"#;
    for step in [Step::Delete, Step::Deactivate, Step::InvalidatePassword { send_reset_link: false }] {
        let (stub, client) = stub(vec![ok(renamed), answer(204, "", "")]).await;
        let asked = client.make_so(&jane(), &step).await;
        assert_eq!((asked, stub.lines().len()), (Err(Error::not_so_called()), 1), "{step:?}");
    }
}
