//! Lists of users as servers really give them, and as no server should.

use crate::{
    domain::{AccountType, EmailAddress, Product, UserHints},
    products::{
        Completeness, Error, UserPage,
        stub::{Reply, Stub, answer, ok},
    },
};

const DC: Product = Product::JiraDc;
const CLOUD: Product = Product::JiraCloud;

/// Reads on to the end of the list or the first error. Members of groups, which may come behind it, are left unread.
async fn read(stub: &Stub, product: Product) -> Result<Vec<UserPage>, Error> {
    let client = stub.client(product);
    let mut pages: Vec<UserPage> = Vec::new();
    let goes_on = |page: &UserPage| page.next.is_some() && !matches!(page.completeness, Completeness::NotProved(_));
    while pages.last().is_none_or(goes_on) {
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

fn version(major: u8) -> Reply {
    ok(&format!(r#"{{"version":"{major}.1.2","versionNumbers":[{major},1,2]}}"#))
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
        profile: None,
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
async fn a_jira_before_11_is_searched_for_everybody_and_the_cursor_remembers_it() {
    let not_there = || answer(404, "", r#"{"message":"null for uri: /rest/api/2/user/list","status-code":404}"#);
    for (missing, major) in [(not_there(), 9), (not_there(), 10), (answer(405, "", ""), 10)] {
        let replies = [missing, version(major), ok(&dc_users(&["a", "b"])), ok("[]"), ok(&dc_users(&["b"]))];
        let stub = Stub::answering(replies).await;
        let pages = read(&stub, DC).await.unwrap();
        assert_eq!(ids(&pages), ["a", "b"]);
        assert_eq!(pages[1].completeness, Completeness::Proved);
        assert!(pages[0].next.as_deref().unwrap().starts_with("search:"));
        assert_eq!(
            stub.lines()[1..],
            [
                "GET /rest/api/2/serverInfo",
                "GET /rest/api/2/user/search?username=.&startAt=0&maxResults=1000&includeInactive=true",
                "GET /rest/api/2/user/search?username=.&startAt=2&maxResults=1000&includeInactive=true",
                "GET /rest/api/2/user/search?username=.&startAt=1&maxResults=7&includeInactive=true",
            ]
        );
    }
}

#[tokio::test]
async fn a_search_that_stops_at_100_or_1_000_is_not_known_to_be_whole() {
    for (users, is_whole) in [(100, false), (1_000, false), (99, true), (999, true)] {
        let names: Vec<String> = (0..users).map(|number| number.to_string()).collect();
        let beans = names.iter().map(|name| format!(r#"{{"key":"{name}"}}"#)).collect::<Vec<_>>().join(",");
        let last = format!(r#"[{{"key":"{}"}}]"#, users - 1);
        let all = ok(&format!("[{beans}]"));
        let stub = Stub::answering([answer(404, "", "{}"), version(9), all, ok("[]"), ok(&last)]).await;
        let pages = read(&stub, DC).await.unwrap();
        assert_eq!(ids(&pages).len(), users);
        assert_eq!(pages[1].completeness == Completeness::Proved, is_whole, "{users}: {:?}", pages[1].completeness);
    }
}

#[tokio::test]
async fn a_jira_that_has_a_list_is_not_searched_whatever_says_that_there_is_none() {
    let own = || answer(404, "", r#"{"message":"null for uri: /rest/api/2/user/list","status-code":404}"#);
    let bare = || answer(404, "", "{}");
    for replies in [[own(), version(11)], [bare(), version(12)], [own(), own()], [bare(), ok("{}")]] {
        let stub = Stub::answering(replies).await;
        let error = read(&stub, DC).await.unwrap_err();
        assert!(matches!(&error, Error::Unavailable { status: 404, .. }), "{error:?}");
        assert_eq!(stub.lines()[1..], ["GET /rest/api/2/serverInfo"], "and nothing is searched");
    }
}

#[tokio::test]
async fn a_user_without_a_key_and_half_a_surrogate_cost_one_record_each() {
    let broken =
        [r#"{"name":"jane"}"#, r#"{"key":"b","name":"\ud83d"}"#, r#"{"key":"\udc00"}"#, r#"{"key":7}"#, "null"];
    let values = broken.join(",");
    let body = format!(r#"{{"values":[{{"key":"a"}},{values},{{"key":"z","active":"maybe"}}],"isLast":true}}"#);
    let stub = Stub::answering([ok(&body)]).await;
    let pages = read(&stub, DC).await.unwrap();
    assert_eq!(ids(&pages), ["a", "b", "z"], "half a surrogate in a name costs the name alone");
    assert_eq!(pages[0].completeness, Completeness::Unreadable(4));
}

#[tokio::test]
async fn a_list_whose_last_page_does_not_say_that_it_is_the_last_is_not_known_to_be_whole() {
    for (rest, is_whole) in [
        (r#""isLast":true"#, true),
        (r#""isLast":true,"nextCursor":7"#, true),
        (r#""isLast":true,"nextCursor":7,"nextPage":null"#, true),
        (r#""isLast":true,"nextCursor":7,"nextPage":"http://host/rest/api/2/user/list?cursor=7""#, false),
        (r#""maxResults":1000"#, false),
    ] {
        let stub = Stub::answering([stream(&["a"], rest)]).await;
        let pages = read(&stub, DC).await.unwrap();
        assert_eq!(pages[0].completeness == Completeness::Proved, is_whole, "{rest}: {:?}", pages[0].completeness);
    }
}

#[tokio::test]
async fn a_slow_product_is_asked_for_fewer_users_at_once_until_it_answers() {
    let stub = Stub::answering([Reply::Hang, Reply::Hang, stream(&["a"], r#""isLast":true"#)]).await;
    assert_eq!(ids(&read(&stub, DC).await.unwrap()), ["a"]);
    let asked = [1_000, 500, 50].map(|size| format!("GET /rest/api/2/user/list?maxResults={size}"));
    assert_eq!(stub.lines(), asked);
}

#[tokio::test]
async fn where_a_dot_finds_nobody_or_is_refused_the_other_spelling_is_tried() {
    for nobody in [ok("[]"), answer(400, "", "{}")] {
        let one = || ok(&dc_users(&["a"]));
        let stub = Stub::answering([answer(404, "", "{}"), version(9), nobody, one(), ok("[]"), one()]).await;
        assert_eq!(ids(&read(&stub, DC).await.unwrap()), ["a"]);
        assert_eq!(
            stub.lines()[4],
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
    let pages: [&[&str]; 4] = [&["a", "unknown", "b"], &["c"], &[], &["c"]];
    let stub = Stub::answering(pages.map(cloud_users)).await;
    let pages = read(&stub, CLOUD).await.unwrap();
    assert_eq!(ids(&pages), ["a", "b", "c"]);
    assert_eq!(pages[2].completeness, Completeness::Unreadable(1), "a placeholder stands for somebody");
    assert_eq!(
        stub.lines(),
        [
            "GET /rest/api/3/users/search?startAt=0&maxResults=1000",
            "GET /rest/api/3/users/search?startAt=3&maxResults=1000",
            "GET /rest/api/3/users/search?startAt=4&maxResults=1000",
            "GET /rest/api/3/users/search?startAt=3&maxResults=7",
        ]
    );
}

#[tokio::test]
async fn a_result_of_confluence_cloud_without_its_user_is_one_that_can_not_be_read() {
    for (other, completeness) in [
        (r#"{"title":"jane"}"#, Completeness::Unreadable(1)),
        (r#"{"user":null}"#, Completeness::Unreadable(1)),
        (r#"{"user":{"accountId":"b"}}"#, Completeness::Proved),
    ] {
        let stub = Stub::answering([ok(&format!(
            r#"{{"results":[{{"user":{{"accountId":"a","type":"known"}}}},{other}],"_links":{{}}}}"#
        ))])
        .await;
        let pages = read(&stub, Product::ConfluenceCloud).await.unwrap();
        assert_eq!((ids(&pages)[0], &pages[0].completeness), ("a", &completeness), "{other}");
    }
}

#[tokio::test]
async fn an_outage_and_a_call_that_took_too_long_are_errors_to_be_tried_again() {
    let took_too_long = [1_000, 500, 250, 125, 62, 50].map(|_| answer(409, "", "{}"));
    let nobody = || vec![cloud_users(&[])];
    for replies in [vec![cloud_users(&["unknown", "unknown"])], took_too_long.into(), nobody()] {
        let stub = Stub::answering(replies).await;
        let error = read(&stub, CLOUD).await.unwrap_err();
        assert_eq!(error.disposition(), crate::products::Disposition::ReadThenRetry(None), "{error:?}");
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
    assert!(matches!(pages[1].completeness, Completeness::NotProved(_)));
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
