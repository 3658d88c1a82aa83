//! What is the product's answer, and what is somebody else's.

use reqwest::header::{HeaderName, HeaderValue};
use serde::de::IgnoredAny;

use super::*;
use crate::products::Disposition;

/// A refusal in the form of Jira's own.
const OWN: &str = r#"{"errorMessages":["nein"],"errors":{}}"#;

/// A refusal in the form of each product's own, and of no other's.
fn own_refusals() -> [(Product, &'static str); 7] {
    [
        (Product::JiraDc, OWN),
        (Product::JiraCloud, r#"{"errorMessages":[],"errors":{"name":"nein"}}"#),
        (Product::ConfluenceDc, r#"{"statusCode":404,"data":{"errors":[]},"message":"nein","reason":"Not Found"}"#),
        (Product::ConfluenceCloud, r#"{"statusCode":404,"data":{"authorized":true},"message":"nein"}"#),
        (Product::BitbucketDc, r#"{"errors":[{"context":null,"message":"nein","exceptionName":"X"}]}"#),
        (Product::Crowd, r#"{"reason":"USER_NOT_FOUND","message":"nein"}"#),
        (Product::AtlassianOrg, r#"{"errors":[{"code":"ADMIN-404-8","title":"nein"}]}"#),
    ]
}

fn judged(product: Product, status: u16, headers: &[(&str, &str)], body: &str) -> Result<Answer, Error> {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    let status = StatusCode::from_u16(status).unwrap();
    let received = Received { product, status, headers, body: Bytes::from(body.to_owned()) };
    received.judge(Some(Duration::from_secs(7)), &[])
}

fn judge(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Answer, Error> {
    judged(Product::JiraDc, status, headers, body)
}

fn disposition(status: u16, headers: &[(&str, &str)], body: &str) -> Option<Disposition> {
    judge(status, headers, body).err().map(|error| error.disposition())
}

/// What came instead of the product's answer, where something did.
fn instead<T>(answer: Result<T, Error>) -> Option<Came> {
    match answer {
        Err(Error::Intercepted { instead, .. }) => Some(instead.came),
        _ => None,
    }
}

#[test]
fn every_status_says_what_to_do_next() {
    use Disposition::{Halt, ReadThenGiveUp, ReadThenRetry, Retry};
    let wait = Some(Duration::from_secs(7));
    for (statuses, expected) in [
        (&[200, 201, 202, 204][..], None),
        (&[429], Some(Retry(wait))),
        (&[408, 425, 500, 501, 502, 503, 504, 520, 599], Some(ReadThenRetry(wait))),
        (&[401, 403, 301, 302, 303, 304, 307, 308], Some(Halt)),
        (&[400, 402, 405, 409, 410, 413, 415, 422, 431], Some(ReadThenGiveUp)),
    ] {
        for status in statuses {
            assert_eq!(disposition(*status, &[], OWN), expected, "{status}");
            let own = &[("x-arequestid", "1x2x3")];
            assert_eq!(disposition(*status, own, ""), expected, "{status} without a body");
        }
    }
    assert_eq!(disposition(404, &[], OWN), Some(ReadThenGiveUp));
}

#[test]
fn a_refusal_is_believed_in_the_form_of_the_products_own_alone() {
    for (product, own) in own_refusals() {
        for (other, refusal) in own_refusals() {
            let believed = matches!(judged(product, 404, &[], refusal), Err(Error::Refused { status: 404, .. }));
            if product == other {
                assert!(believed, "{product}: {own}");
            }
        }
        for foreign in ["{}", "[]", "null", "\"ok\"", r#"{"message":"no Route matched with those values"}"#, "", " "] {
            let answer = judged(product, 404, &[], foreign);
            assert!(instead(answer).is_some(), "{product}: a 404 with {foreign:?} says nothing about a user");
        }
        for page in ["<html>404</html>", "default backend - 404"] {
            assert!(instead(judged(product, 404, &[("content-type", "text/html")], page)).is_some(), "{product}");
        }
    }
}

#[test]
fn a_gateways_resource_not_found_says_nothing_about_a_user() {
    for gateway in [
        r#"{"statusCode":404,"message":"Resource not found"}"#,
        r#"{"statusCode":404,"message":"Cannot GET /rest","error":"Not Found"}"#,
        r#"{"statusCode":404,"data":null,"message":"Resource not found"}"#,
    ] {
        for product in Product::ALL {
            let answer = judged(product, 404, &[], gateway);
            assert_eq!(instead(answer), Some(Came::OtherJson), "{product}: {gateway}");
        }
    }
    let bare = r#"{"statusCode":404,"message":"nein"}"#;
    for own in [r#"{"statusCode":404,"message":"nein","reason":"Not Found"}"#, bare] {
        let answer = judged(Product::ConfluenceDc, 404, &[("x-asen", "SEN-1")], own);
        assert!(matches!(answer, Err(Error::Refused { status: 404, .. })), "{own}");
    }
}

#[test]
fn a_firewalls_403_is_no_refusal_of_the_credentials() {
    for product in Product::ALL {
        for blocked in ["<html>Request blocked</html>", r#"{"message":"Forbidden"}"#, "{}", "", "\r\n"] {
            let answer = judged(product, 403, &[], blocked);
            assert!(instead(answer).is_some(), "{product}: {blocked}");
        }
        for body in ["<html>CAPTCHA</html>", ""] {
            let own = judged(product, 403, &[("x-arequestid", "1x2x3")], body);
            assert_eq!(own.err().map(|error| error.disposition()), Some(Disposition::Halt), "{product}: {body}");
        }
    }
    let address = judged(Product::Crowd, 403, &[], "Client with address 10.0.0.1 is forbidden");
    assert!(matches!(address, Err(Error::Unauthorized { status: 403, .. })), "{address:?}");
}

#[test]
fn an_answer_to_nobody_is_a_refusal_of_the_credentials_unless_the_product_is_down() {
    let nobody = [("X-AUSERNAME", "anonymous")];
    for status in [200, 201, 400, 401, 403, 404] {
        assert_eq!(disposition(status, &nobody, OWN), Some(Disposition::Halt), "{status}");
        assert_eq!(disposition(status, &nobody, "{}"), Some(Disposition::Halt), "{status}");
    }
    assert!(matches!(judge(503, &nobody, ""), Err(Error::Unavailable { .. })));
    assert!(matches!(judge(429, &nobody, ""), Err(Error::RateLimited { .. })));
    assert!(judge(200, &[("X-AUSERNAME", "jane")], "{}").is_ok());
}

#[test]
fn a_user_who_is_managed_elsewhere_does_not_stop_the_source() {
    let body = r#"{"key":"forbidden.action","context":{"allowed":false,"reason":{"key":"externalDirectory.scim"}}}"#;
    let error = judged(Product::AtlassianOrg, 403, &[], body).unwrap_err();
    assert_eq!(error.disposition(), Disposition::ReadThenGiveUp);
    assert!(error.to_string().ends_with("forbidden.action (externalDirectory.scim)"), "{error}");
    let unauthorized = judged(Product::AtlassianOrg, 401, &[], body).unwrap_err();
    assert_eq!(unauthorized.disposition(), Disposition::Halt);
}

#[test]
fn a_failed_log_in_is_seen_also_where_the_answer_is_not_found() {
    let reason = "x-seraph-loginreason";
    assert_eq!(disposition(404, &[(reason, "AUTHENTICATED_FAILED")], "{}"), Some(Disposition::Halt));
    assert!(judge(200, &[(reason, "AUTHENTICATED_FAILED"), (reason, "OK")], "{}").is_ok());
}

#[test]
fn a_redirect_names_the_other_host_and_nothing_else() {
    let to = "https://sso.example/login?user=jane%40acme.example";
    let error = judge(302, &[("location", to)], "").unwrap_err().to_string();
    assert!(error.contains("sso.example") && !error.contains("jane"), "{error}");
}

#[test]
fn what_came_instead_is_told_in_words_and_never_quoted() {
    let page = "<html>jane@acme.example, please log in</html>";
    for (status, words) in [
        (200, "a web page came instead of JSON (200): a log-in or maintenance page in front of Jira Data Center?"),
        (403, "a web page came instead of JSON (403): a firewall in front of Jira Data Center?"),
        (404, "with the context path where it has one"),
        (400, "refuse the request as it is written, as for a `/` in a name?"),
        (503, "or maintenance?"),
    ] {
        let error = judge(status, &[], page).and_then(|answer| answer.json::<IgnoredAny>()).unwrap_err().to_string();
        assert!(error.ends_with(words) && !error.contains("jane"), "{error}");
    }
}

#[test]
fn what_came_instead_is_told_apart() {
    for (headers, body, came) in [
        (&[][..], "", Came::Nothing),
        (&[], " \r\n", Came::Nothing),
        (&[], "\n<!DOCTYPE html>", Came::WebPage),
        (&[], "<?xml version='1.0'?><e/>", Came::WebPage),
        (&[("content-type", "text/html")], "please log in", Came::WebPage),
        (&[], "error code: 1020", Came::Text),
        (&[], r#"["key"#, Came::HalfJson),
        (&[], r#"{"active":"jane@acme.example"}"#, Came::OtherJson),
        (&[("content-encoding", "br")], "\u{b}x", Came::Packed(Some("br"))),
        (&[("content-encoding", "jane")], "x", Came::Packed(None)),
        (&[("content-encoding", "identity")], "x", Came::Text),
    ] {
        let answer = judge(200, headers, body).unwrap().json::<Vec<String>>();
        assert_eq!(instead(answer), Some(came), "{headers:?} {body}");
    }
}

#[test]
fn json_is_read_also_behind_a_byte_order_mark_and_with_a_wrong_type() {
    for (headers, body) in
        [(&[][..], "\u{feff}[1]"), (&[("content-type", "text/html;charset=UTF-8")], "[1]"), (&[], "\r\n[1]\n")]
    {
        assert_eq!(judge(200, headers, body).unwrap().json::<Vec<u8>>(), Ok(vec![1]), "{body:?}");
    }
    assert!(matches!(judge(404, &[], &format!("\u{feff}{OWN}")), Err(Error::Refused { .. })));
}

#[test]
fn a_change_is_believed_with_no_body_and_not_with_a_page_or_a_gateways_json() {
    let done = |status, body| judge(status, &[], body).unwrap().done();
    for (status, body) in [(204, ""), (200, ""), (200, "\n"), (201, r#"{"name":"g"}"#)] {
        assert_eq!(done(status, body), Ok(()), "{body}");
    }
    for body in ["<html>please log in</html>", "OK", "{}", "null", "[]", "\"ok\"", r#"{"message":"ok","code":200}"#] {
        assert!(instead(done(200, body)).is_some(), "{body}");
    }
}

#[test]
fn a_captcha_is_said_to_be_one_with_what_to_do() {
    let reason = "CAPTCHA_CHALLENGE; login-url=https://jira.acme.example/login.jsp";
    let page = "<html>Basic Authentication Failure - Reason : AUTHENTICATION_DENIED</html>";
    for (status, header, value) in [
        (403, "X-Authentication-Denied-Reason", reason),
        (401, "X-Authentication-Denied-Reason", reason),
        (403, "X-Seraph-LoginReason", "AUTHENTICATION_DENIED"),
        (200, "X-Seraph-LoginReason", "AUTHENTICATION_DENIED"),
        (404, "X-Seraph-LoginReason", "AUTHENTICATION_DENIED"),
    ] {
        for body in [page, "", "{}"] {
            let error = judge(status, &[(header, value)], body).unwrap_err();
            assert_eq!(error.disposition(), Disposition::Halt, "{status} {header}");
            let error = error.to_string();
            assert!(error.contains("CAPTCHA") && error.contains("log in once in a browser"), "{error}");
            assert!(!error.contains("jira.acme.example"), "{error}");
        }
    }
}

#[test]
fn a_user_name_in_a_header_is_percent_encoded() {
    for anonymous in ["anonymous", "Anonymous", " anonymous ", "%61nonymous", "anonymous%20"] {
        let error = judge(200, &[("X-AUSERNAME", anonymous)], "{}").unwrap_err();
        assert_eq!(error.disposition(), Disposition::Halt, "{anonymous}");
    }
    for (encoded, name) in
        [("j%C3%BCrgen", "jürgen"), ("jane%40acme.example", "jane@acme.example"), ("50%off", "50%off")]
    {
        let answer = judge(200, &[("X-AUSERNAME", encoded)], "{}").unwrap();
        assert_eq!(answer.name("x-ausername").as_deref(), Some(name));
    }
    assert_eq!(judge(200, &[("X-AUSERNAME", "")], "{}").unwrap().name("x-ausername"), None);
}

#[test]
fn a_base_url_without_the_context_path_is_said_to_be_wrong_with_what_to_write() {
    let tomcat = "<!doctype html><html><head><title>HTTP Status 404 \u{2013} Not Found</title></head></html>";
    for product in Product::ALL {
        let error = judged(product, 404, &[("content-type", "text/html;charset=utf-8")], tomcat).unwrap_err();
        assert_eq!(error.disposition(), Disposition::ReadThenRetry(Some(Duration::from_secs(7))), "{product}");
        assert!(error.to_string().contains("`base_url`"), "{error}");
    }
    for product in [Product::JiraDc, Product::ConfluenceDc, Product::BitbucketDc, Product::Crowd] {
        let error = judged(product, 404, &[], tomcat).unwrap_err().to_string();
        assert!(error.contains("all that stands before `/rest`") && error.contains("context path"), "{error}");
    }
}
