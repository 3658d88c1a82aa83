use crate::{
    config::Organization,
    domain::{Product, Timestamp},
    metrics::Metrics,
    products::{
        Client, Error, Limits,
        audit::{Order, Span},
        connect_within,
        stub::{Stub, answer, ok, source},
    },
};
use std::sync::Arc;

/// As a vendor's collector keeps it (shortened), with the time of the second entry taken out.
const PAGE: &str = r#"{"entities":[
    {"timestamp":"2021-11-23T00:44:58.940Z","author":{"name":"test.user"},"type":{"actionI18nKey":"a"}},
    {"type":{"actionI18nKey":"b"}}],
    "pagingInfo":{"lastPage":false,"nextPageOffset":0,"nextPageCursor":"1637628276398,179","size":2}}"#;
const LAST: &str = r#"{"entities":[],"pagingInfo":{"lastPage":true,"size":0}}"#;
const STREAM: &str = r#"{"data":[{"id":"e1","attributes":{"time":"2026-05-19T12:00:00.000Z",
    "processedAt":"2026-05-19T10:00:01.000Z","action":"user_login"}}],"links":{},"meta":{"next":"abc","page_size":1}}"#;
/// As a vendor's collector finds the last page.
const STREAM_END: &str = r#"{"data":[],"links":{},"meta":{"attributes":null,"next":null,"prev":null,"current":null,
    "page_size":200,"start_index":null,"end_index":null,"total":0}}"#;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn span() -> Span {
    Span { from: at("2026-05-19T09:50:00Z"), to: Some(at("2026-05-19T10:50:00.5Z")) }
}

fn organization(stub: &Stub) -> Arc<dyn Client> {
    let mut source = source(&format!("http://{}", stub.address), Product::AtlassianOrg);
    source.organization = Some(Organization { id: "0a-1b".to_owned(), directory: None });
    let (metrics, clock) = (Metrics::new().expect("metrics"), Arc::new(crate::clock::SystemClock));
    connect_within(Limits::default(), &source, metrics, clock).expect("a client")
}

#[tokio::test]
async fn data_center_is_asked_for_a_span_and_then_for_what_is_behind_the_cursor() {
    let stub = Stub::answering([ok(PAGE), ok(LAST), ok(PAGE), ok(LAST)]).await;
    let client = stub.client(Product::JiraDc);
    let log = client.audit_log().expect("it has one");
    assert_eq!(log.order(), Order::NewestFirst);
    let page = log.page(span(), None).await.expect("a page");
    let times: Vec<_> = page.entries.iter().map(|entry| entry.at).collect();
    assert_eq!(times, [Some(at("2021-11-23T00:44:58.940Z")), None]);
    assert_eq!(page.next.as_deref(), Some("1637628276398,179"));
    let last = log.page(Span { to: None, ..span() }, page.next.as_deref()).await.expect("a page");
    assert_eq!((last.entries.len(), last.next), (0, None));
    assert_eq!(log.newest().await, Ok(Some(at("2021-11-23T00:44:58.940Z"))));
    assert_eq!(log.newest().await, Ok(None));
    let events = "GET /rest/auditing/1.0/events";
    assert_eq!(
        stub.lines(),
        [
            format!("{events}?limit=200&from=2026-05-19T09%3A50%3A00.000Z&to=2026-05-19T10%3A50%3A00.500Z"),
            format!("{events}?limit=200&from=2026-05-19T09%3A50%3A00.000Z&pageCursor=1637628276398%2C179"),
            format!("{events}?limit=1"),
            format!("{events}?limit=1"),
        ]
    );
}

#[tokio::test]
async fn a_page_that_leads_to_itself_is_not_followed() {
    let stub = Stub::answering([ok(PAGE)]).await;
    let client = stub.client(Product::JiraDc);
    let page = client.audit_log().expect("it has one").page(span(), Some("1637628276398,179")).await;
    assert!(matches!(page, Err(Error::Unreadable(_))), "{page:?}");
}

#[tokio::test]
async fn a_page_with_others_behind_it_and_no_cursor_to_them_is_not_taken_for_the_end() {
    for cursor in ["", r#","nextPageCursor":null"#, r#","nextPageCursor":"""#] {
        let page = format!(
            r#"{{"entities":[{{"timestamp":"2026-05-19T10:00:00Z"}}],"pagingInfo":{{"lastPage":false{cursor},"size":1}}}}"#
        );
        let stub = Stub::answering([ok(&page)]).await;
        let read = stub.client(Product::ConfluenceDc).audit_log().expect("it has one").page(span(), None).await;
        assert!(matches!(&read, Err(Error::Unreadable(_))), "{cursor}: {read:?}");
    }
    let last = r#"{"entities":[],"pagingInfo":{"lastPage":true,"nextPageCursor":"7,8","size":0}}"#;
    let stub = Stub::answering([ok(last)]).await;
    let read = stub.client(Product::JiraDc).audit_log().expect("it has one").page(span(), None).await;
    assert_eq!(read.map(|page| page.next), Ok(None), "a cursor may stand on the last page too");
}

#[tokio::test]
async fn an_organisations_cursor_stands_alone_and_there_may_be_none_at_the_end() {
    let refused = r#"{"errors":[{"code":"ADMIN-400-1","title":"Invalid page cursor"}]}"#;
    let no_meta = ok(r#"{"data":[]}"#);
    let stub = Stub::answering([ok(STREAM), ok(STREAM_END), ok(STREAM), no_meta, answer(400, "", refused)]).await;
    let client = organization(&stub);
    let log = client.audit_log().expect("it has one");
    assert_eq!(log.order(), Order::AsProcessed);
    let page = log.page(span(), None).await.expect("a page");
    assert_eq!(page.entries[0].at, Some(at("2026-05-19T10:00:01Z")), "whatever the clock said of where it happened");
    assert_eq!(page.next.as_deref(), Some("abc"));
    assert_eq!(log.page(span(), Some("abc")).await.expect("a page").next, None);
    assert_eq!(log.newest().await, Ok(Some(at("2026-05-19T10:00:01Z"))));
    assert_eq!(log.page(Span { to: None, ..span() }, None).await.expect("a page").next, None);
    let expired = log.page(span(), Some("abc")).await;
    assert!(matches!(expired, Err(Error::Refused { status: 400, .. })), "{expired:?}");
    let events = "GET /admin/v1/orgs/0a-1b/events-stream";
    assert_eq!(
        stub.lines(),
        [
            format!("{events}?limit=500&sortOrder=asc&from=1779184200000&to=1779187800500"),
            format!("{events}?limit=500&cursor=abc"),
            format!("{events}?limit=1&sortOrder=desc"),
            format!("{events}?limit=500&sortOrder=asc&from=1779184200000"),
            format!("{events}?limit=500&cursor=abc"),
        ]
    );
}

const BAD: [&str; 5] = [r#"{"x":1e999}"#, "null", "7", "[]", r#""x""#];

#[tokio::test]
async fn one_bad_entry_costs_no_other_on_its_page_and_only_a_page_without_a_good_one_is_an_error() {
    let data_center =
        |entries: &str| format!(r#"{{"entities":[{entries}],"pagingInfo":{{"lastPage":true,"size":2}}}}"#);
    let stream = |entries: &str| format!(r#"{{"data":[{entries}]}}"#);
    let good = r#"{"timestamp":"2026-05-19T10:00:00Z","attributes":{"time":"2026-05-19T10:00:00Z"}}"#;
    let cut = good.replace("{\"timestamp", r#"{"name":"Jane \ud83d","timestamp"#);
    for product in [Product::JiraDc, Product::ConfluenceDc, Product::BitbucketDc, Product::AtlassianOrg] {
        let page =
            |entries: &str| if product == Product::AtlassianOrg { stream(entries) } else { data_center(entries) };
        let connect =
            |stub: &Stub| if product == Product::AtlassianOrg { organization(stub) } else { stub.client(product) };
        for bad in BAD {
            let (some, none) = (page(&format!("{bad},{cut},{bad}")), page(&format!("{bad},{bad}")));
            let stub = Stub::answering([ok(&some), ok(&none)]).await;
            let client = connect(&stub);
            let log = client.audit_log().expect("it has one");
            let read = log.page(span(), None).await.expect("a page");
            assert_eq!(
                read.entries.iter().map(|entry| entry.at).collect::<Vec<_>>(),
                [Some(at("2026-05-19T10:00:00Z"))]
            );
            assert_eq!(
                read.unread.iter().map(|unread| unread.place).collect::<Vec<_>>(),
                [(1, 3), (3, 3)],
                "{product} {bad}"
            );
            let read = log.page(span(), None).await;
            assert!(matches!(read, Err(Error::Unreadable(_))), "{product} {bad}: {read:?}");
        }
    }
}

#[tokio::test]
async fn the_newest_entry_is_the_newest_that_can_be_read() {
    let newest = r#"{"entities":[null],"pagingInfo":{"lastPage":false,"size":1}}"#;
    let page = r#"{"entities":[null,{"timestamp":"1970-01-01T00:00:00Z"},{"timestamp":"2026-05-19T10:00:00Z"}],
        "pagingInfo":{"lastPage":true,"size":3}}"#;
    let stub = Stub::answering([ok(newest), ok(page)]).await;
    let client = stub.client(Product::JiraDc);
    assert_eq!(client.audit_log().expect("it has one").newest().await, Ok(Some(at("2026-05-19T10:00:00Z"))));
}
