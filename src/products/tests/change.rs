//! What each Jira is asked to change, word by word, and the answers that differ by version.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    domain::{Issue, Product, Step, UserId},
    products::{
        Client, Disposition, Error, User,
        stub::{Reply, Stub, answer, ok},
    },
};

const DC: Product = Product::JiraDc;
const CLOUD: Product = Product::JiraCloud;

fn jane() -> User {
    User { name: Some("jane".to_owned()), ..User::new(UserId::new("KEY:1")) }
}

async fn stub(product: Product, replies: Vec<Reply>) -> (Stub, Arc<dyn Client>) {
    let stub = Stub::answering(replies).await;
    let client = stub.client(product);
    (stub, client)
}

fn body(stub: &Stub, request: usize) -> Value {
    serde_json::from_str(stub.asked()[request].split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn issue() -> Step {
    Step::CreateIssue(Box::new(Issue {
        project: "OPS".to_owned(),
        issue_type: "Task".to_owned(),
        summary: "Look".to_owned(),
        fields: serde_json::Map::new(),
        marker: "usher-1".to_owned(),
    }))
}

#[tokio::test]
async fn an_account_is_deactivated_by_key_with_a_boolean() {
    for told in [r#"{"active":false,"name":"jane"}"#, r#"{"active":"false","name":"jane"}"#, r#"{"name":"jane"}"#] {
        let (stub, client) = stub(DC, vec![ok(told)]).await;
        assert_eq!(client.make_so(&jane(), &Step::Deactivate).await, Ok(()), "{told}");
        assert_eq!(stub.lines(), ["PUT /rest/api/2/user?key=KEY%3A1"]);
        assert_eq!(body(&stub, 0), serde_json::json!({ "active": false }));
    }
}

#[tokio::test]
async fn where_the_boolean_is_not_heeded_text_is_sent_and_where_that_is_not_either_it_is_refused() {
    for first in [ok(r#"{"name":"jane","active":true}"#), answer(400, "", "{}")] {
        let (stub, client) = stub(DC, vec![first, ok(r#"{"name":"jane","active":false}"#)]).await;
        assert_eq!(client.make_so(&jane(), &Step::Deactivate).await, Ok(()));
        assert_eq!(body(&stub, 1), serde_json::json!({ "active": "false", "name": "jane" }));
    }
    let (_stub, client) =
        stub(DC, vec![ok(r#"{"name":"jane","active":true}"#), ok(r#"{"name":"jane","active":true}"#)]).await;
    let old = client.make_so(&jane(), &Step::Deactivate).await;
    assert_eq!(old.map_err(|error| error.disposition()), Err(Disposition::ReadThenGiveUp));
}

#[tokio::test]
async fn a_name_gets_its_suffix_once_in_whatever_case_jira_keeps_it() {
    let rename = Step::Rename { suffix: "-Gone".to_owned() };
    let (stub, client) = stub(DC, vec![ok(r#"{"name":"jane-gone"}"#)]).await;
    client.make_so(&jane(), &rename).await.unwrap();
    assert_eq!(body(&stub, 0), serde_json::json!({ "name": "jane-Gone" }));
    for kept in ["jane-Gone", "jane-gone", "JANE-GONE"] {
        let renamed = User { name: Some(kept.to_owned()), ..jane() };
        assert_eq!(renamed.satisfies(&rename), Some(true));
        assert_eq!(client.make_so(&renamed, &rename).await, Ok(()));
    }
    assert_eq!(stub.lines().len(), 1);
}

#[tokio::test]
async fn a_password_is_another_one_each_time_and_in_no_error() {
    let step = Step::InvalidatePassword { send_reset_link: true };
    let (stub, client) = stub(DC, vec![answer(204, "", ""), answer(204, "", "")]).await;
    for _ in 0..2 {
        assert_eq!(client.make_so(&jane(), &step).await, Ok(()));
    }
    assert_eq!(stub.lines()[0], "PUT /rest/api/2/user/password?key=KEY%3A1");
    assert_ne!(body(&stub, 0), body(&stub, 1));
    assert!(body(&stub, 0)["password"].as_str().unwrap().len() > 40);
}

#[tokio::test]
async fn a_user_is_deleted_by_the_lasting_id_and_a_404_is_left_to_whoever_reads_the_user_again() {
    for (product, line) in
        [(DC, "DELETE /rest/api/2/user?key=KEY%3A1"), (CLOUD, "DELETE /rest/api/3/user?accountId=KEY%3A1")]
    {
        let (stub, client) = stub(product, vec![answer(204, "", ""), answer(404, "", "{}")]).await;
        assert_eq!(client.make_so(&jane(), &Step::Delete).await, Ok(()));
        let asked = client.make_so(&jane(), &Step::Delete).await.map_err(|error| error.disposition());
        assert_eq!(asked, Err(Disposition::ReadThenGiveUp), "it may be about the call as well as the user");
        assert_eq!(stub.lines(), [line, line]);
    }
}

#[tokio::test]
async fn an_issue_is_looked_for_by_its_marker_among_those_not_done() {
    let query = "jql=labels%20%3D%20%22usher-1%22%20AND%20statusCategory%20%21%3D%20Done&fields=id&maxResults=1";
    for (product, path) in [(DC, "/rest/api/2/search"), (CLOUD, "/rest/api/3/search/jql")] {
        let found = ok(r#"{"issues":[{"id":"10000"}],"total":1}"#);
        let (stub, client) = stub(product, vec![found, ok(r#"{"issues":[]}"#)]).await;
        assert_eq!(client.is_so(&jane(), &issue()).await, Ok(Some(true)));
        assert_eq!(client.is_so(&jane(), &issue()).await, Ok(Some(false)));
        assert_eq!(stub.lines()[0], format!("GET {path}?{query}"));
    }
}

#[tokio::test]
async fn an_empty_page_of_clouds_search_is_not_its_end_and_it_is_not_followed_for_ever() {
    let empty = || ok(r#"{"issues":[],"nextPageToken":"t"}"#);
    let (stub, client) = stub(CLOUD, vec![empty(), ok(r#"{"issues":[{"id":"1"}],"nextPageToken":"u"}"#)]).await;
    assert_eq!(client.is_so(&jane(), &issue()).await, Ok(Some(true)));
    assert!(stub.lines()[1].ends_with("&nextPageToken=t"));
    let (endless, client) = self::stub(CLOUD, (0..50).map(|_| empty()).collect()).await;
    assert!(matches!(client.is_so(&jane(), &issue()).await, Err(Error::Unreadable(_))));
    assert_eq!(endless.lines().len(), 10);
}

#[tokio::test]
async fn a_403_is_weighed_by_asking_for_usher_s_own_rights() {
    let refused = || answer(403, "", r#"{"errorMessages":["schreibgeschützt"]}"#);
    for (have, disposition) in [("true", Disposition::ReadThenGiveUp), ("false", Disposition::Halt)] {
        let rights = ok(&format!(r#"{{"permissions":{{"ADMINISTER":{{"havePermission":{have}}}}}}}"#));
        let (stub, client) = stub(DC, vec![refused(), rights]).await;
        let asked = client.make_so(&jane(), &Step::Deactivate).await.map_err(|error| error.disposition());
        assert_eq!(asked, Err(disposition));
        assert_eq!(stub.lines()[1], "GET /rest/api/2/mypermissions");
    }
    for (own, disposition) in [("g1", Disposition::ReadThenGiveUp), ("g2", Disposition::Halt)] {
        let myself =
            ok(&format!(r#"{{"accountId":"u","groups":{{"size":1,"items":[{{"name":"x","groupId":"{own}"}}]}}}}"#));
        let groups = ok(r#"{"values":[{"name":"site-admins","groupId":"g1"}]}"#);
        let (stub, client) = stub(CLOUD, vec![refused(), myself, groups]).await;
        let asked = client.make_so(&jane(), &Step::Delete).await.map_err(|error| error.disposition());
        assert_eq!(asked, Err(disposition));
        let rights = ["GET /rest/api/3/myself?expand=groups", "GET /rest/api/3/group/bulk?accessType=site-admin"];
        assert_eq!(stub.lines()[1..], rights);
    }
}

#[tokio::test]
async fn members_on_one_short_page_of_a_server_that_heeds_no_offset_are_all() {
    let page = || ok(r#"{"values":[{"key":"k","name":"n"},{"key":"l"}]}"#);
    let (_stub, client) = stub(DC, vec![page(), page()]).await;
    assert_eq!(client.administrators().await, Ok(["k", "l"].map(UserId::new).into()));
}

#[tokio::test]
async fn a_list_of_members_that_does_not_go_on_is_an_error() {
    for (product, member) in [(DC, r#"{"key":"k","name":"n"}"#), (CLOUD, r#"{"accountId":"k"}"#)] {
        let page = || ok(&format!(r#"{{"values":[{member}],"isLast":false}}"#));
        let (stub, client) = stub(product, vec![page(), page()]).await;
        assert!(matches!(client.administrators().await, Err(Error::Unreadable(_))));
        assert!(stub.lines()[0].contains("groupname=") && stub.lines()[1].contains("startAt=1"));
    }
}

#[tokio::test]
async fn of_a_group_of_everybody_enough_administrators_are_read_and_no_more() {
    for (product, key) in [(DC, "key"), (CLOUD, "accountId")] {
        let page = |page: usize| {
            let members: Vec<_> =
                (0..50).map(|n| format!(r#"{{"{key}":"k{page}-{n}","name":"n{page}-{n}"}}"#)).collect();
            ok(&format!(r#"{{"values":[{}],"isLast":false,"total":1000000}}"#, members.join(",")))
        };
        let (stub, client) = stub(product, (0..100).map(page).collect()).await;
        let found = client.administrators_like(&jane()).await.expect("told");
        assert_eq!((stub.lines().len(), found.len()), (100, 5_001), "{product}");
        assert!(found.contains(&jane().id), "who may be one is treated as one");
    }
}
