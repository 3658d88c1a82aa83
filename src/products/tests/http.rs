//! The odd answers: what the shared client makes of them.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    clock::SystemClock,
    config::Auth,
    domain::{GroupName, Product, Step, UserId, UserRef},
    metrics::Metrics,
    products::{
        ConnectError, Disposition, Error, User, connect,
        stub::{Reply, Stub, answer, client, ok, source},
    },
    secret::Secret,
};

const MYSELF: &str = r#"{"key":"usher"}"#;
const ID: &str = "99:27935d01|ä b";

fn jane() -> UserRef {
    UserRef::Id(UserId::new(ID))
}

fn user() -> User {
    User { name: Some("jane doe".to_owned()), ..User::new(UserId::new(ID)) }
}

fn add() -> Step {
    Step::AddGroup(GroupName::new("staff"))
}

async fn probed(reply: Reply) -> Result<(), Error> {
    let stub = Stub::answering([reply]).await;
    stub.client(Product::JiraDc).probe().await
}

#[tokio::test]
async fn no_connection_is_unreachable_and_nothing_was_sent() {
    let stub = Stub::answering([]).await;
    let address = stub.address.clone();
    drop(stub);
    while tokio::net::TcpStream::connect(&address).await.is_ok() {} // until the port is closed
    let error = client(&format!("http://{address}"), Product::JiraDc, Metrics::new().unwrap()).probe().await;
    assert!(matches!(error, Err(Error::Unreachable(_))), "{error:?}");
}

#[tokio::test]
async fn a_server_that_does_not_complete_the_tls_handshake_is_unreachable() {
    let stub = Stub::answering([Reply::Hang]).await;
    let https = client(&format!("https://{}", stub.address), Product::JiraDc, Metrics::new().unwrap());
    let error = https.probe().await;
    assert!(matches!(error, Err(Error::Unreachable(_))), "{error:?}");
}

#[tokio::test]
async fn no_answer_in_time_is_lost() {
    let began = Instant::now();
    let error = probed(Reply::Hang).await;
    assert!(matches!(error, Err(Error::Lost(_))), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_connection_cut_before_or_within_the_answer_is_lost() {
    for cut in ["", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"key\":"] {
        let error = probed(Reply::Raw(cut.to_owned())).await;
        assert!(matches!(error, Err(Error::Lost(_))), "{cut:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_refusal_cut_within_its_body_is_still_that_refusal() {
    let cut = "HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 100\r\n\r\n{";
    let error = probed(Reply::Raw(cut.to_owned())).await;
    assert_eq!(error, Err(Error::RateLimited { retry_after: Some(Duration::from_secs(7)) }));
}

#[tokio::test]
async fn a_refusal_whose_body_can_not_be_read_says_nothing_about_a_user_or_the_credentials() {
    let long = "x".repeat(64 * 1024 + 1);
    for status in [400, 403, 404, 410] {
        for own in ["", "x-arequestid: 1x2x3\r\n"] {
            let cut = format!("HTTP/1.1 {status} X\r\n{own}content-length: 100\r\n\r\n{{");
            let packed = answer(status, &format!("{own}content-encoding: gzip\r\n"), "no gzip");
            for reply in [Reply::Raw(cut), packed, answer(status, own, &long)] {
                let stub = Stub::answering([reply]).await;
                let error = stub.client(Product::JiraDc).user(&jane()).await.unwrap_err();
                assert_eq!(error.disposition(), Disposition::ReadThenRetry(None), "{status} {own}: {error:?}");
            }
        }
    }
    let captcha = "x-authentication-denied-reason: CAPTCHA_CHALLENGE\r\n";
    let cut = format!("HTTP/1.1 403 X\r\n{captcha}content-length: 100\r\n\r\n{{");
    assert!(matches!(probed(Reply::Raw(cut)).await, Err(Error::Unauthorized { status: 403, .. })));
}

#[tokio::test]
async fn an_answer_beyond_the_bound_is_not_read() {
    let error = probed(ok(&format!("\"{}\"", "x".repeat(64 * 1024)))).await;
    assert!(matches!(error, Err(Error::Unreadable(_))), "{error:?}");
    let just = format!(r#"{{"key":"{}"}}"#, "x".repeat(64 * 1024 - 10));
    assert_eq!(probed(ok(&just)).await, Ok(()));
}

#[tokio::test]
async fn a_redirect_is_not_followed_to_any_host() {
    let other = Stub::answering([ok("{}")]).await;
    let location = format!("location: http://{}/rest/api/2/myself\r\n", other.address);
    let error = probed(answer(302, &location, "")).await;
    assert!(matches!(error, Err(Error::Unauthorized { status: 302, .. })), "{error:?}");
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn an_anonymous_answer_is_a_refusal_of_the_credentials_also_with_a_good_status() {
    for status in [200, 403, 404] {
        let stub = Stub::answering([answer(status, "X-AUSERNAME: anonymous\r\n", "{}")]).await;
        let error = stub.client(Product::JiraDc).user(&jane()).await;
        assert!(matches!(error, Err(Error::Unauthorized { .. })), "{status}: {error:?}");
    }
}

#[tokio::test]
async fn the_path_of_the_base_url_is_kept_and_values_are_encoded() {
    let stub = Stub::answering([answer(404, "", "{}")]).await;
    let base = format!("http://{}/a/jira/", stub.address);
    assert_eq!(client(&base, Product::JiraDc, Metrics::new().unwrap()).user(&jane()).await, Err(Error::NoSuchUser));
    assert_eq!(
        stub.lines(),
        ["GET /a/jira/rest/api/2/user?key=99%3A27935d01%7C%C3%A4%20b&expand=groups%2CapplicationRoles"]
    );
}

#[tokio::test]
async fn the_credentials_are_sent_and_never_shown() {
    let stub = Stub::answering([ok(MYSELF), ok(MYSELF)]).await;
    stub.client(Product::JiraDc).probe().await.unwrap();
    let mut basic = source(&format!("http://{}", stub.address), Product::JiraDc);
    basic.auth = Auth::Basic { username: "usher".to_owned(), password: Secret::new("p:w") };
    connect(&basic, Metrics::new().unwrap(), Arc::new(SystemClock)).unwrap().probe().await.unwrap();
    let asked = stub.asked();
    assert!(asked[0].contains("authorization: Bearer s3cret-token\r\n"), "{}", asked[0]);
    assert!(asked[1].contains("authorization: Basic dXNoZXI6cDp3\r\n"), "{}", asked[1]);
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_any_call() {
    let made = |base: &str, auth: Auth| {
        let mut source = source(base, Product::JiraDc);
        source.auth = auth;
        connect(&source, Metrics::new().unwrap(), Arc::new(SystemClock)).map(drop)
    };
    let bearer = |token: &str| Auth::Bearer(Secret::new(token));
    assert_eq!(made("https://jane:pw@host", bearer("t")), Err(ConnectError::BaseUrl));
    assert_eq!(made("ftp://host", bearer("t")), Err(ConnectError::BaseUrl));
    assert_eq!(made("https://host", bearer("t\n")), Err(ConnectError::Credentials));
    let basic = Auth::Basic { username: "a:b".to_owned(), password: Secret::new("p") };
    assert_eq!(made("https://host", basic), Err(ConnectError::Credentials));
    assert_eq!(made("https://host/jira", bearer("t")), Ok(()));
}

#[tokio::test]
async fn no_error_text_names_the_user_or_repeats_the_query() {
    let refused = format!(r#"{{"errorMessages":["{ID} (jane@acme.example) is a member already"]}}"#);
    let replies = || {
        let cut = Reply::Raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_owned());
        let json = [400, 403, 404, 500].map(|status| answer(status, "", &refused));
        [cut, Reply::Hang, ok(&refused)].into_iter().chain(json)
    };
    for product in [Product::JiraDc, Product::JiraCloud] {
        let stub = Stub::answering(replies()).await;
        let client = stub.client(product);
        for _ in replies() {
            nobody_is_named_in(&client.user(&jane()).await.unwrap_err());
        }
    }
}

#[tokio::test]
async fn no_error_text_names_a_user_by_id_or_name_when_a_change_is_refused() {
    let refused = format!(r#"{{"errorMessages":["'jane doe' ({ID}) is a member already"],"errors":{{}}}}"#);
    let stub = Stub::answering([answer(400, "", &refused)]).await;
    nobody_is_named_in(&stub.client(Product::JiraDc).make_so(&user(), &add()).await.unwrap_err());
}

fn nobody_is_named_in(error: &Error) {
    let text = format!("{error} {error:?}");
    for private in [ID, "99:", "99%3A", "jane", "expand", "s3cret"] {
        assert!(!text.contains(private), "{private}: {text}");
    }
}

#[tokio::test]
async fn every_call_is_measured_and_throttling_is_counted() {
    let metrics = Metrics::new().unwrap();
    let throttled = answer(429, "retry-after: 0\r\n", "");
    let stub = Stub::answering([ok(MYSELF), throttled, Reply::Raw(String::new())]).await;
    let client = client(&format!("http://{}", stub.address), Product::JiraDc, metrics.clone());
    assert!(metrics.render().unwrap().contains(r#"usher_product_throttled_total{source="acme"} 0"#));
    for _ in 0..3 {
        let _ = client.probe().await;
    }
    let text = metrics.render().unwrap();
    for status in ["200", "429", "lost"] {
        let labels = format!(r#"{{operation="probe",source="acme",status="{status}"}} 1"#);
        assert!(text.contains(&format!("usher_product_request_seconds_count{labels}")), "{status}: {text}");
    }
    assert!(text.contains(r#"usher_product_throttled_total{source="acme"} 1"#), "{text}");
}

#[tokio::test]
async fn after_a_429_every_call_of_the_source_waits_as_long_as_asked() {
    let stub =
        Stub::answering([answer(429, "retry-after: 1\r\n", ""), ok(MYSELF), answer(201, "", r#"{"name":"staff"}"#)])
            .await;
    let client = stub.client(Product::JiraDc);
    let began = Instant::now();
    let limited = client.probe().await;
    assert_eq!(limited, Err(Error::RateLimited { retry_after: Some(Duration::from_secs(1)) }));
    let (user, step) = (user(), add());
    let (probe, change) = tokio::join!(client.probe(), client.make_so(&user, &step));
    assert_eq!((probe, change), (Ok(()), Ok(())));
    assert!(began.elapsed() >= Duration::from_secs(1));
}
