//! Lists of users as servers really give them, and as no server should.

use super::{
    Error, UserPage,
    stub::{Reply, Stub, answer, ok},
};
use crate::domain::{AccountType, EmailAddress, Product, UserHints};

const DC: Product = Product::JiraDc;
const CLOUD: Product = Product::JiraCloud;

/// Reads on to the end or the first error.
async fn read(stub: &Stub, product: Product) -> Result<Vec<UserPage>, Error> {
    let client = stub.client(product);
    let mut pages: Vec<UserPage> = Vec::new();
    while pages.last().is_none_or(|page| page.next.is_some()) {
        let cursor = pages.last().and_then(|page| page.next.clone());
        pages.push(client.users(cursor.as_deref()).await?);
    }
    Ok(pages)
}

fn ids(pages: &[UserPage]) -> Vec<&str> {
    pages.iter().flat_map(|page| &page.users).map(|(id, _)| id.as_str()).collect()
}

fn dc_users(ids: &[&str]) -> String {
    let beans = ids.iter().map(|id| format!(r#"{{"key":"{id}","name":"n-{id}","active":true}}"#));
    format!("[{}]", beans.collect::<Vec<_>>().join(","))
}

fn stream(ids: &[&str], rest: &str) -> Reply {
    ok(&format!(r#"{{"values":{},{rest}}}"#, dc_users(ids)))
}

fn cloud_users(ids: &[&str]) -> Reply {
    let beans = ids.iter().map(|id| format!(r#"{{"accountId":"{id}","accountType":"atlassian","active":true}}"#));
    ok(&format!("[{}]", beans.collect::<Vec<_>>().join(",")))
}

#[tokio::test]
async fn data_center_streams_with_a_cursor_as_a_number_or_as_text() {
    let stub = Stub::answering([
        stream(&["a"], r#""isLast":false,"nextCursor":7,"maxResults":1000"#),
        stream(&[], r#""isLast":false,"nextCursor":"9""#),
        stream(&["b"], r#""isLast":true"#),
    ])
    .await;
    let pages = read(&stub, DC).await.unwrap();
    assert_eq!(ids(&pages), ["a", "b"]);
    assert_eq!(
        stub.lines(),
        [
            "GET /rest/api/2/user/list?maxResults=1000",
            "GET /rest/api/2/user/list?maxResults=1000&cursor=7",
            "GET /rest/api/2/user/list?maxResults=1000&cursor=9",
        ]
    );
}

#[tokio::test]
async fn a_list_tells_what_it_tells_and_leaves_out_who_is_gone() {
    let users = r#"[{"key":"JIRAUSER1","name":"jane","emailAddress":"jane@acme.example","active":"false"},
        {"key":"JIRAUSER2","name":"joe","emailAddress":"","deleted":true}]"#;
    let stub = Stub::answering([ok(&format!(r#"{{"values":{users}}}"#))]).await;
    let hints = UserHints {
        name: Some("jane".to_owned()),
        email: EmailAddress::parse("jane@acme.example"),
        active: Some(false),
        account_type: Some(AccountType::Person),
    };
    let page = &read(&stub, DC).await.unwrap()[0];
    assert_eq!(page.users.iter().map(|(id, hints)| (id.as_str(), hints)).collect::<Vec<_>>(), [("JIRAUSER1", &hints)]);
}

#[tokio::test]
async fn a_load_balancers_404_does_not_lead_to_the_search() {
    for page in ["<html>not here</html>", "", r#"{"message":"no Route matched with those values"}"#] {
        let stub = Stub::answering([answer(404, "content-type: text/html\r\n", page), ok(&dc_users(&["a"]))]).await;
        let error = read(&stub, DC).await.unwrap_err();
        assert!(matches!(error, Error::Intercepted { status: 404, .. }), "{error:?}");
        assert_eq!(stub.lines().len(), 1);
    }
}

#[tokio::test]
async fn a_jira_before_10_is_searched_for_everybody_and_the_cursor_remembers_it() {
    let not_there = [
        answer(404, "", r#"{"message":"null for uri: /rest/api/2/user/list","status-code":404}"#),
        answer(405, "", ""),
    ];
    for missing in not_there {
        let stub = Stub::answering([missing, ok(&dc_users(&["a", "b"])), ok("[]")]).await;
        let pages = read(&stub, DC).await.unwrap();
        assert_eq!(ids(&pages), ["a", "b"]);
        assert!(pages[0].next.as_deref().unwrap().starts_with("search:"));
        assert_eq!(
            stub.lines()[1..],
            [
                "GET /rest/api/2/user/search?username=.&startAt=0&maxResults=1000&includeInactive=true",
                "GET /rest/api/2/user/search?username=.&startAt=2&maxResults=1000&includeInactive=true",
            ]
        );
    }
}

#[tokio::test]
async fn a_search_that_ends_after_exactly_1_000_users_says_that_there_may_be_more() {
    for (users, is_cut) in [(1_000, true), (999, false)] {
        let beans = (0..users).map(|number| format!(r#"{{"key":"{number}"}}"#)).collect::<Vec<_>>().join(",");
        let stub = Stub::answering([answer(404, "", "{}"), ok(&format!("[{beans}]")), ok("[]")]).await;
        let pages = read(&stub, DC).await.unwrap();
        assert_eq!(pages.iter().map(|page| page.cut.is_some()).collect::<Vec<_>>(), [false, is_cut], "{users}");
    }
}

#[tokio::test]
async fn where_a_dot_finds_nobody_or_is_refused_the_other_spelling_is_tried() {
    for nobody in [ok("[]"), answer(400, "", "{}")] {
        let stub = Stub::answering([answer(404, "", "{}"), nobody, ok(&dc_users(&["a"])), ok("[]")]).await;
        assert_eq!(ids(&read(&stub, DC).await.unwrap()), ["a"]);
        assert_eq!(
            stub.lines()[3],
            "GET /rest/api/2/user/search?username=%27%27&startAt=1&maxResults=1000&includeInactive=true"
        );
    }
}

#[tokio::test]
async fn a_missing_page_in_the_middle_of_a_stream_is_an_error_and_no_new_search() {
    let stub = Stub::answering([stream(&["a"], r#""isLast":false,"nextCursor":7"#), answer(404, "", "{}")]).await;
    assert!(matches!(read(&stub, DC).await, Err(Error::Refused { status: 404, .. })));
    assert_eq!(stub.lines().len(), 2);
}

#[tokio::test]
async fn cloud_is_read_to_an_empty_page_past_short_ones_and_placeholders() {
    let stub = Stub::answering([cloud_users(&["a", "unknown", "b"]), cloud_users(&["c"]), cloud_users(&[])]).await;
    assert_eq!(ids(&read(&stub, CLOUD).await.unwrap()), ["a", "b", "c"]);
    assert_eq!(
        stub.lines(),
        [
            "GET /rest/api/3/users/search?startAt=0&maxResults=1000",
            "GET /rest/api/3/users/search?startAt=3&maxResults=1000",
            "GET /rest/api/3/users/search?startAt=4&maxResults=1000",
        ]
    );
}

#[tokio::test]
async fn an_outage_and_a_call_that_took_too_long_are_errors_to_be_tried_again() {
    for reply in [cloud_users(&["unknown", "unknown"]), answer(409, "", "{}"), cloud_users(&[])] {
        let stub = Stub::answering([reply]).await;
        let error = read(&stub, CLOUD).await.unwrap_err();
        assert_eq!(error.disposition(), super::Disposition::ReadThenRetry(None), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_go_on_is_noticed_at_once() {
    let same = || stream(&["a"], r#""isLast":false,"nextCursor":7"#);
    let silent = stream(&["a"], r#""isLast":false"#);
    let round = |cursor: u8| stream(&["a"], &format!(r#""isLast":false,"nextCursor":{cursor}"#));
    for replies in [vec![same(), same()], vec![silent], vec![round(1), round(2)]] {
        let asked = replies.len();
        let stub = Stub::answering(replies).await;
        let error = read(&stub, DC).await.unwrap_err();
        assert!(matches!(error, Error::Unreadable(_)), "{error:?}");
        assert_eq!(stub.lines().len(), asked);
    }
}

#[tokio::test]
async fn a_server_that_heeds_no_offset_gives_its_one_short_page_and_no_more() {
    let stub = Stub::answering([cloud_users(&["a", "b"]), cloud_users(&["a", "b"])]).await;
    let pages = read(&stub, CLOUD).await.unwrap();
    assert_eq!((pages.len(), stub.lines().len()), (2, 2));
}

#[tokio::test]
async fn what_is_no_list_is_unreadable_and_names_nobody() {
    for (product, body) in [(DC, r#"{"values":[{"name":"jane"}]}"#), (DC, "[]"), (CLOUD, r#"{"jane":1}"#)] {
        let stub = Stub::answering([ok(body)]).await;
        let error = read(&stub, product).await.unwrap_err();
        assert!(matches!(&error, Error::Unreadable(_) | Error::Intercepted { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("jane"), "{error:?}");
    }
}
