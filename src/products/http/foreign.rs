//! Answers that are not the product's own. Proxies, gates, firewalls and caches are between usher and a product, and
//! may answer in its place. The kind of answer is described in words for people; the answer itself is never shown.

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value, error::Category};

use crate::domain::Product;

/// The first bytes of a gzip stream.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Headers that Atlassian's products add to their own answers, also to those without a body of JSON.
const OWN_HEADERS: [&str; 8] = [
    "x-arequestid",
    "x-asen",
    "x-ausername",
    "x-auserid",
    "x-anodeid",
    "x-seraph-loginreason",
    "x-authentication-denied-reason",
    "x-embedded-crowd-version",
];

/// The kind of an answer that came in the product's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// HTML or XML.
    WebPage,
    /// Text that is neither a page nor JSON.
    Text,
    /// No body, although one is documented.
    Nothing,
    /// JSON without the product's shape.
    OtherJson,
    /// JSON that ends in the middle.
    HalfJson,
    /// The record of another user than the requested one.
    AnotherUser,
    /// Bytes in an unreadable encoding, with its name if it is known.
    Packed(Option<&'static str>),
}

impl Came {
    /// The kind of `body`, which is not the expected JSON.
    pub(in crate::products) fn of(headers: &HeaderMap, body: &[u8], error: &serde_json::Error) -> Self {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match body.trim_ascii() {
            _ if encoding(headers).is_some() => Self::Packed(encoding(headers).flatten()),
            packed if packed.starts_with(&GZIP) => Self::Packed(Some("gzip")),
            [] => Self::Nothing,
            [b'<', ..] => Self::WebPage,
            _ => match error.classify() {
                Category::Data => Self::OtherJson,
                Category::Eof => Self::HalfJson,
                _ if kind.contains("html") || kind.contains("xml") => Self::WebPage,
                _ => Self::Text,
            },
        }
    }
}

/// The encoding that the body still has: known by name, or another one.
fn encoding(headers: &HeaderMap) -> Option<Option<&'static str>> {
    let named = headers.get(CONTENT_ENCODING)?.as_bytes().trim_ascii();
    if named.is_empty() || named.eq_ignore_ascii_case(b"identity") {
        return None;
    }
    let known = ["gzip", "deflate", "br", "zstd", "compress"];
    Some(known.into_iter().find(|name| named.eq_ignore_ascii_case(name.as_bytes())))
}

/// An answer in the place of `product`'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// The kind of the answer.
    pub came: Came,
    /// The product whose answer was expected.
    pub product: Product,
}

impl Foreign {
    /// A text about the answer with `status`: its kind, its probable origin, and the remedy.
    pub(in crate::products) fn in_words(self, status: u16) -> String {
        let title = self.product.title();
        let came = match self.came {
            Came::WebPage => "a web page came instead of JSON",
            Came::Text => "plain text came instead of JSON",
            Came::Nothing => "an empty answer came instead of JSON",
            Came::OtherJson => "JSON came that has another form than the product's",
            Came::HalfJson => "JSON came that ends in the middle",
            Came::AnotherUser => return another_user(status, title),
            Came::Packed(Some(name)) => return packed(&format!("packed by `{name}`"), status, title),
            Came::Packed(None) => return packed("in an unknown encoding", status, title),
        };
        let guess = match (status, self.came) {
            (403, _) => format!("a firewall in front of {title}?"),
            (404, _) => not_there(self.product),
            (405, _) => format!("does something in front of {title}, or its web server, refuse this method?"),
            (400 | 414 | 431, _) => {
                format!("does the web server of {title} refuse the request as it is written, as for a `/` in a name?")
            }
            (502..=504 | 520..=530, _) => {
                format!("a proxy in front of {title} that does not reach it, or maintenance?")
            }
            (500..=599, _) => format!("an error page of {title}, or of something in front of it?"),
            (_, Came::WebPage) => format!("a log-in or maintenance page in front of {title}?"),
            (_, Came::OtherJson) => format!("a gateway in front of {title}, or another product at `base_url`?"),
            (_, Came::HalfJson) => format!("does a proxy in front of {title} cut long answers?"),
            _ => format!("a gateway or proxy in front of {title}?"),
        };
        format!("{came} ({status}): {guess}")
    }
}

/// Nobody knows the path, whichever it is.
fn not_there(product: Product) -> String {
    let title = product.title();
    let has_context_path = match product {
        Product::JiraDc | Product::ConfluenceDc | Product::BitbucketDc | Product::Crowd => true,
        Product::JiraCloud | Product::ConfluenceCloud | Product::AtlassianOrg => false,
    };
    match has_context_path {
        true => format!(
            "a load balancer in front of {title}, or a wrong path in `base_url`? Write there all that stands before `/rest` in \
             its addresses, with the context path where it has one"
        ),
        false => format!("a proxy in front of {title}, or a path in `base_url` that does not belong there?"),
    }
}

fn another_user(status: u16, title: &str) -> String {
    format!("another user's record came ({status}): does a cache in front of {title} mix up answers?")
}

fn packed(how: &str, status: u16, title: &str) -> String {
    format!(
        "an answer came that can't be unpacked, {how} ({status}): does a proxy or cache in front of {title} do this?"
    )
}

/// Whether the product itself sent these headers, as far as they show it.
pub(in crate::products) fn has_own_headers(headers: &HeaderMap) -> bool {
    OWN_HEADERS.iter().any(|name| headers.contains_key(*name))
}

/// Whether a refusal with `status` and `headers` has the form of `product`'s own. That of a gateway, `{"message": …}`, has not,
/// nor has `{"statusCode": 404, "message": …}`.
pub(in crate::products) fn is_own(product: Product, status: u16, headers: &HeaderMap, refusal: &Value) -> bool {
    let Value::Object(refusal) = refusal else { return false };
    // Atlassian's framework for REST.
    let general = text(refusal, "message") && number(refusal, "status-code");
    // Gateways and other servers (Azure API Management, NestJS, Fastify) write `statusCode` and `message` too.
    let confluence = || {
        let told = text(refusal, "reason") || refusal.get("data").is_some_and(Value::is_object);
        text(refusal, "message") && number(refusal, "statusCode") && (told || has_own_headers(headers))
    };
    // The gateways that are part of Atlassian's Cloud judge credentials and rights. They know no users.
    let gate = matches!(status, 403 | 429 | 500..) && text(refusal, "message") && number(refusal, "code");
    let listed = || refusal.get("errors").is_some_and(|errors| errors.is_array() || errors.is_object());
    match product {
        Product::JiraDc => general || listed() || list(refusal, "errorMessages"),
        Product::JiraCloud => general || gate || listed() || list(refusal, "errorMessages"),
        Product::ConfluenceDc => general || confluence(),
        Product::ConfluenceCloud => general || gate || confluence(),
        Product::BitbucketDc => general || list(refusal, "errors"),
        Product::Crowd => general || text(refusal, "reason"),
        Product::AtlassianOrg => gate || listed() || text(refusal, "key") || spring(refusal),
    }
}

/// `{"timestamp", "status": 403, "error": "Forbidden", "path"}`
fn spring(refusal: &Map<String, Value>) -> bool {
    text(refusal, "error") && text(refusal, "path") && number(refusal, "status")
}

fn text(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name).is_some_and(Value::is_string)
}

fn number(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name).is_some_and(Value::is_number)
}

fn list(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name).is_some_and(Value::is_array)
}
