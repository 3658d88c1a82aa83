//! A collector of traces: takes what usher sends by OTLP over HTTP.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// What it has received.
type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// Takes traces on a free port until it is dropped.
pub struct Collector {
    address: SocketAddr,
    received: Received,
    _serving: JoinSet<()>,
}

impl Collector {
    /// One that takes all.
    pub async fn start() -> Self {
        Self::serving(true).await
    }

    /// One that takes connections and never answers.
    pub async fn stalled() -> Self {
        Self::serving(false).await
    }

    async fn serving(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (address, received) = (listener.local_addr().expect("an address"), Received::default());
        let mut serving = JoinSet::new();
        let into = Arc::clone(&received);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&into), answers));
            }
        });
        Self { address, received, _serving: serving }
    }

    /// What usher is to be told.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All spans so far.
    pub fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let scopes = received.iter().flat_map(|request| &request.resource_spans).flat_map(|of| &of.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The value of an attribute of those who have sent something; none where nobody has.
    pub fn resource(&self, key: &str) -> Option<String> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let resource =
            received.iter().flat_map(|request| &request.resource_spans).find_map(|of| of.resource.as_ref())?;
        let attribute = resource.attributes.iter().find(|attribute| attribute.key == key)?;
        text(attribute.value.as_ref()?)
    }

    /// All that was received, as text.
    pub fn everything(&self) -> String {
        format!("{:?}", self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An attribute of a span, as text.
pub fn attribute(span: &Span, key: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key)?;
    text(attribute.value.as_ref()?)
}

fn text(value: &AnyValue) -> Option<String> {
    match value.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

async fn serve(stream: TcpStream, received: Received, answers: bool) {
    let mut stream = BufReader::new(stream);
    if !answers {
        return std::future::pending().await;
    }
    while let Some(body) = request(&mut stream).await {
        let request = ExportTraceServiceRequest::decode(&*body).expect("a request of OTLP");
        received.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// The body of the next request; none at the end.
async fn request(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut length = 0;
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
    assert_eq!(first.trim_end(), "POST /v1/traces HTTP/1.1");
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().expect("a length");
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}
