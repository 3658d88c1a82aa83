//! A server for tests that sends given answers, byte by byte, and remembers the requests.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{Client, Limits, connect_within};
use crate::{
    clock::SystemClock,
    config::{Auth, Organization, Protect, Rate, Source},
    domain::Product,
    metrics::Metrics,
    secret::Secret,
};

/// The reply to one request.
pub(super) enum Reply {
    /// These bytes, then the connection is closed.
    Raw(String),
    /// No answer; the connection stays open.
    Hang,
}

/// A refusal in every product's own form, without a text.
const REFUSAL: &str = r#"{"errorMessages":[],"errors":[],"statusCode":0,"status-code":0,"message":"","reason":""}"#;

/// A complete answer with a JSON body; `headers` each end in `\r\n`. With the status of a refusal `{}` is replaced by
/// one in every product's own form.
pub(super) fn answer(status: u16, headers: &str, body: &str) -> Reply {
    let body = if status >= 400 && body == "{}" { REFUSAL } else { body };
    let length = body.len();
    Reply::Raw(format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"))
}

/// A good answer.
pub(super) fn ok(body: &str) -> Reply {
    answer(200, "content-type: application/json\r\n", body)
}

/// The stub; it stops when dropped.
pub(super) struct Stub {
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Stub {
    /// Answers one request with each of `replies`, in order, and refuses connections after that.
    pub async fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<_> = replies.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let server = tokio::spawn({
            let asked = asked.clone();
            async move {
                let mut hanging = Vec::new();
                for reply in replies {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let request = read(&mut stream).await;
                    asked.lock().unwrap().push(request);
                    match reply {
                        Reply::Raw(bytes) => stream.write_all(bytes.as_bytes()).await.unwrap(),
                        Reply::Hang => hanging.push(stream),
                    }
                }
                drop(listener);
                std::future::pending::<()>().await;
                drop(hanging);
            }
        });
        Self { address, asked, server }
    }

    /// The requests so far, whole, header names in lower case.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The request lines so far, without the HTTP version.
    pub fn lines(&self) -> Vec<String> {
        let line = |request: &String| request.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        self.asked().iter().map(line).collect()
    }

    /// A client of `product` for this stub, with short time-outs.
    pub fn client(&self, product: Product) -> Arc<dyn Client> {
        client(&format!("http://{}", self.address), product, Metrics::new().unwrap())
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A client of `product` at `base`, with short time-outs and a body limit of 64 KiB.
pub(super) fn client(base: &str, product: Product, metrics: Metrics) -> Arc<dyn Client> {
    let (connect, second) = (Duration::from_millis(500), Duration::from_secs(1));
    let limits = Limits { connect, call: second, list: second, task: second, body: 64 * 1024 };
    connect_within(limits, &source(base, product), metrics, Arc::new(SystemClock)).unwrap()
}

/// A source at `base`.
pub(super) fn source(base: &str, product: Product) -> Source {
    let auth = Auth::Bearer(Secret::new("s3cret-token"));
    let organization = Organization { id: "o-1".to_owned(), directory: None };
    Source {
        organization: (product == Product::AtlassianOrg).then_some(organization),
        rate: Rate { per_second: 1_000.0, concurrency: 4 },
        protect: Protect::of(product, None),
        ..Source::new("acme".parse().unwrap(), product, base.parse().unwrap(), auth)
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return text;
        }
    }
}
