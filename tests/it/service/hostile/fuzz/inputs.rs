//! The inputs: genuine requests, and what random changes make of them.

use std::fmt::Write as _;

use rand::{RngExt, rngs::StdRng};
use serde_json::json;
use usher::{
    domain::{Product, Timestamp},
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

use super::delivery;
use crate::support::ground::{ACME, GLOBEX};

/// What parsers stumble over.
const TOKENS: [&[u8]; 40] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"true",
    b"-0",
    b"1e999",
    b"-1e-999",
    b"18446744073709551616",
    b"9007199254740993",
    b"\\ud800",
    b"\\udc00\\ud800",
    b"\\u0000",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xae",
    b"\xc2\x9b",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\t",
    b" ",
    b"/*",
    b"NaN",
    b"Infinity",
    b"user",
    b"webhookEvent",
    b"timestamp",
    b"\"user\":{\"key\":\"KEY1\"},",
    b"\"data\":",
    b"\"attributes\":null,",
    b"%00",
];

/// How a delivery proves itself.
#[derive(Clone, Copy)]
enum Proof {
    Signature,
    Bearer,
    Connect,
    Forge,
    Nothing,
}

pub struct Inputs {
    random: StdRng,
}

impl Inputs {
    pub fn new(random: StdRng) -> Self {
        Self { random }
    }

    /// One request, or a few one behind the other.
    pub fn request(&mut self) -> Vec<u8> {
        let requests = if self.one_in(8) { 1 + self.below(4) } else { 1 };
        let mut bytes: Vec<u8> = (0..requests).flat_map(|_| self.one()).collect();
        if self.one_in(6) {
            self.change(&mut bytes);
        }
        if self.one_in(12) {
            bytes.truncate(self.below(bytes.len() + 1));
        }
        bytes
    }

    fn one(&mut self) -> Vec<u8> {
        let proof = [Proof::Signature, Proof::Signature, Proof::Bearer, Proof::Connect, Proof::Forge, Proof::Nothing];
        let proof = proof[self.below(proof.len())];
        let mut body = self.body(proof);
        // Signed first or changed first: only what is proved is read.
        let signed_as = body.clone();
        if self.one_in(2) {
            self.change(&mut body);
        }
        let signed = if self.one_in(8) { signed_as } else { body.clone() };
        let path = self.path(proof);
        let mut head = format!("{} {path} HTTP/1.1\r\nHost: usher\r\n", self.method());
        self.headers(proof, &path, &signed, &mut head);
        let mut request = head.into_bytes();
        if self.one_in(16) {
            self.change(&mut request);
        }
        self.framed(&mut request, &body);
        request
    }

    fn body(&mut self, proof: Proof) -> Vec<u8> {
        let user = self.account();
        let happening =
            [Happening::Created, Happening::Updated, Happening::Deleted, Happening::LoggedIn][self.below(4)];
        let webhook = |product| Delivery::at(product, happening, &user, Timestamp::from_millis(1_790_000_000_000));
        match self.below(12) {
            0 => self.nested(),
            1 => br#"{"test":true}"#.to_vec(),
            2 => self.page(),
            3 => {
                let name = "x".repeat(self.below(2_000_000));
                json!({ "webhookEvent": "user_created", "user": { "key": "KEY1", "name": name } }).to_string().into()
            }
            4 => {
                let text = String::from_utf8_lossy(webhook(ACME.product).body()).into_owned();
                text.encode_utf16().flat_map(u16::to_le_bytes).collect()
            }
            _ => match proof {
                Proof::Bearer => self.page(),
                Proof::Forge => {
                    json!({ "eventType": "avi:jira:created:user", "user": { "accountId": user.id } }).to_string().into()
                }
                Proof::Connect => webhook(GLOBEX.product).body().to_vec(),
                Proof::Signature | Proof::Nothing => {
                    let products = [ACME.product, GLOBEX.product, Product::ConfluenceDc];
                    webhook(products[self.below(3)]).body().to_vec()
                }
            },
        }
    }

    /// One of a few users: what is kept of them is no growth.
    fn account(&mut self) -> Account {
        Account::new(format!("KEY{}", self.below(50)), "j\u{fc}rgen \u{202e}doe").email("jane@acme.example")
    }

    /// Entries of an audit log.
    fn page(&mut self) -> Vec<u8> {
        let number = self.below(6);
        let entries: Vec<_> = (0..number).map(|_| self.entry()).collect();
        match self.below(3) {
            0 => json!(entries),
            1 => json!({ "data": entries }),
            _ => self.entry(),
        }
        .to_string()
        .into()
    }

    fn entry(&mut self) -> serde_json::Value {
        let (id, user) = (self.below(50), self.account().id);
        match self.below(3) {
            0 => {
                json!({ "id": format!("e{id}"), "attributes": { "time": "2026-05-19T10:00:00Z", "action": "user_login",
                         "actor": { "id": user } } })
            }
            1 => json!({ "id": format!("e{id}"), "attributes": { "time": 1_779_000_000, "action": "user_created",
                         "context": [{ "type": "users", "id": user, "attributes": { "accountType": "app" } }] } }),
            _ => {
                json!({ "timestamp": "2021-11-23T00:44:58.940Z", "type": { "actionI18nKey": "jira.auditing.user.logged.in" },
                         "author": { "name": user, "id": "10000", "uri": "https://jira.example.com/p?name=test" } })
            }
        }
    }

    fn nested(&mut self) -> Vec<u8> {
        let depth = self.below(50_000);
        let (open, close) = [("[", "]"), ("{\"a\":", "}"), ("{\"user\":", "}"), ("[{\"data\":", "}]")][self.below(4)];
        format!("{{\"webhookEvent\":\"user_created\",\"user\":{}1{}}}", open.repeat(depth), close.repeat(depth)).into()
    }

    fn method(&mut self) -> &'static str {
        if self.one_in(20) { ["GET", "HEAD", "PUT", "BREW", "", "P\u{d6}ST"][self.below(6)] } else { "POST" }
    }

    fn path(&mut self, proof: Proof) -> String {
        let source = match proof {
            Proof::Signature | Proof::Nothing => ACME.id,
            Proof::Bearer | Proof::Connect | Proof::Forge => GLOBEX.id,
        };
        if !self.one_in(10) {
            return format!("/webhooks/{source}");
        }
        let odd = [
            "/webhooks/nowhere",
            "/webhooks/acme/",
            "/webhooks/%61cme",
            "/webhooks/%ff%00",
            "/webhooks//acme",
            "*",
            "/",
            "/webhooks/acme?a=%zz&&=;",
            "http://usher/webhooks/acme",
            "/webhooks/../acme",
        ];
        odd[self.below(odd.len())].to_owned()
    }

    fn headers(&mut self, proof: Proof, path: &str, signed: &[u8], head: &mut String) {
        let mut add = |name: &str, value: &str| {
            write!(head, "{name}: {value}\r\n").expect("a string takes anything");
        };
        match proof {
            Proof::Signature => {
                let delivery = Delivery::raw(signed.to_vec()).sign(ACME.secret);
                delivery.headers().iter().for_each(|(name, value)| add(name, value));
            }
            Proof::Bearer => add("Authorization", delivery::AUDIT),
            Proof::Connect => add("Authorization", &delivery::connect(&format!("{path}&"))),
            Proof::Forge => add("Authorization", &format!("Bearer {}", delivery::FORGE)),
            Proof::Nothing => {}
        }
        let odd = [
            ("Content-Type", "text/plain"),
            ("Content-Type", "application/json; charset=\u{fc}"),
            ("Content-Encoding", "gzip"),
            ("X-Event-Key", "diagnostics:ping"),
            ("X-Atlassian-Webhook-Identifier", "one"),
            ("Expect", "100-continue"),
            ("Connection", "close"),
            ("Connection", "upgrade"),
            ("Authorization", "JWT a.b.c"),
            ("Authorization", "Bearer "),
            ("X-Hub-Signature", "sha256=zz"),
            ("X-Forwarded-For", "127.0.0.1"),
            ("Transfer-Encoding", "gzip"),
        ];
        if self.one_in(5) {
            let (name, value) = odd[self.below(odd.len())];
            add(name, value);
        }
    }

    /// The body behind the head: with its length, in chunks, or wrong.
    fn framed(&mut self, request: &mut Vec<u8>, body: &[u8]) {
        match self.below(10) {
            0 => request
                .extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.below(2 * body.len() + 2)).as_bytes()),
            1 => request.extend_from_slice(b"\r\n"),
            2 => {
                request.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
                self.chunked(request, body);
                return;
            }
            3 | 4 => {
                self.chunked(request, body);
                return;
            }
            _ => request.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes()),
        }
        request.extend_from_slice(body);
    }

    fn chunked(&mut self, request: &mut Vec<u8>, mut body: &[u8]) {
        request.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
        while !body.is_empty() {
            let (piece, rest) = body.split_at((1 + self.below(body.len())).min(body.len()));
            let extension = if self.one_in(4) { ";a=\"b\"" } else { "" };
            request.extend_from_slice(format!("{:x}{extension}\r\n", piece.len()).as_bytes());
            request.extend_from_slice(piece);
            request.extend_from_slice(b"\r\n");
            body = rest;
        }
        request.extend_from_slice(if self.one_in(8) { b"0\r\nX-A: b\r\n\r\n" } else { b"0\r\n\r\n" });
    }

    /// A few changes: bytes turned, taken away, doubled, or put in.
    fn change(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let (from, length) = (self.below(bytes.len() + 1), self.below(40));
            let to = (from + length).min(bytes.len());
            match self.below(5) {
                0 if from < bytes.len() => bytes[from] ^= 1 << self.below(8),
                1 => drop(bytes.drain(from..to)),
                2 => {
                    let piece = bytes[from..to].to_vec();
                    bytes.splice(from..from, piece);
                }
                _ => {
                    let token = TOKENS[self.below(TOKENS.len())];
                    bytes.splice(from..from, token.iter().copied());
                }
            }
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random.random_range(0..bound)
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }
}
