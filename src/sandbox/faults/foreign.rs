//! Answers of proxies, gates, firewalls and caches in front of a product, and their changes to its answers.

use std::io::Write;

use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use serde::{Deserialize, Serialize};

use crate::sandbox::reply::Reply;

/// More than a client should unpack.
const BOMB: usize = 16 * 1024 * 1024;

const JSON: &str = "application/json";
const HTML: &str = "text/html;charset=UTF-8";

/// The answer in the product's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// A gate's page to log in at.
    LoginPage,
    /// "We'll be back soon."
    MaintenancePage,
    /// A firewall's "request blocked".
    FirewallPage,
    /// A load balancer's page of an error.
    BalancerPage,
    /// A page of the web server that the product runs in.
    ServerPage,
    /// A line of plain text.
    Text,
    /// No body.
    Empty,
    /// `{}`
    EmptyObject,
    /// `[]`
    EmptyList,
    /// `null`
    Null,
    /// `{"message": …}`, as API gateways explain an error.
    GatewayJson,
    /// The beginning of an object.
    HalfJson,
}

impl Instead {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::LoginPage,
        Self::MaintenancePage,
        Self::FirewallPage,
        Self::BalancerPage,
        Self::ServerPage,
        Self::Text,
        Self::Empty,
        Self::EmptyObject,
        Self::EmptyList,
        Self::Null,
        Self::GatewayJson,
        Self::HalfJson,
    ];

    pub(in crate::sandbox) fn answer(self, status: u16) -> Reply {
        let (kind, body) = match self {
            Self::LoginPage => (
                HTML,
                "<!DOCTYPE html><html><head><title>Anmelden</title></head><body><form method=\"post\" \
                 action=\"https://sso.example/saml\"><input name=\"user\"></form></body></html>",
            ),
            Self::MaintenancePage => (HTML, "<html><body><h1>Wartungsarbeiten bis 06:00 Uhr</h1></body></html>"),
            Self::FirewallPage => {
                (HTML, "<html><head><title>Request Rejected</title></head><body>Support ID: 1234567890</body></html>")
            }
            Self::BalancerPage => (HTML, "<html><body><center><h1>Error</h1></center><hr>nginx</body></html>"),
            Self::ServerPage => (
                HTML,
                "<!doctype html><html lang=\"de\"><head><title>HTTP-Status</title></head><body>Apache Tomcat</body></html>",
            ),
            Self::Text => ("text/plain", "upstream connect error or disconnect/reset before headers"),
            Self::Empty => return Reply::empty(status),
            Self::EmptyObject => (JSON, "{}"),
            Self::EmptyList => (JSON, "[]"),
            Self::Null => (JSON, "null"),
            Self::GatewayJson => (JSON, r#"{"message":"no Route matched with those values","request_id":"5f0c"}"#),
            Self::HalfJson => (JSON, r#"{"self":"https://jira.acme.example/rest/api/2/us"#),
        };
        Reply::raw(status, kind, body.as_bytes().to_vec())
    }
}

/// The compression of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// By gzip.
    Gzip,
    /// By gzip, and nothing says so.
    UnsaidGzip,
    /// By deflate.
    Deflate,
    /// Said to be gzip, which it is not.
    Garbage,
    /// By gzip, from much more than there is to say.
    Bomb,
}

impl Packing {
    pub(in crate::sandbox) fn pack(self, answer: Reply) -> Reply {
        let (status, plain) = (answer.status, answer.bytes());
        let packed = match self {
            Self::Gzip | Self::UnsaidGzip => gzip(&plain),
            Self::Deflate => deflate(&plain),
            Self::Garbage => plain,
            Self::Bomb => gzip(&vec![b' '; BOMB]),
        };
        let answer = Reply::raw(status, JSON, packed);
        match self {
            Self::UnsaidGzip => answer,
            Self::Gzip | Self::Garbage | Self::Bomb => answer.header("Content-Encoding", "gzip"),
            Self::Deflate => answer.header("Content-Encoding", "deflate"),
        }
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("memory takes it")
}

fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("memory takes it")
}
