//! A small forward proxy. It knows of one site only: whatever host is asked for, it goes there.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What [`ForwardProxy::wanting`] may want: `usher` and `s3cret`.
pub const CREDENTIALS: &str = "Basic dXNoZXI6czNjcmV0";

/// Runs until it is dropped.
pub struct ForwardProxy {
    port: u16,
    state: Arc<State>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    asked: Mutex<Vec<String>>,
    wanted: Mutex<Option<&'static str>>,
}

impl ForwardProxy {
    /// A proxy to the site on `port` of this machine.
    pub async fn to(site: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State::default());
        let server = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                loop {
                    let (client, _) = listener.accept().await.expect("a connection");
                    tokio::spawn(forward(client, site, Arc::clone(&state)));
                }
            }
        });
        Self { port, state, server }
    }

    /// One that turns away whoever does not come with these `credentials`.
    pub fn wanting(self, credentials: &'static str) -> Self {
        *self.state.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials);
        self
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The methods and targets so far, as they stood in the first lines of connections.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Takes one connection to the site. Whatever goes wrong ends it.
async fn forward(mut client: TcpStream, site: u16, state: Arc<State>) -> Option<()> {
    let head = head(&mut client).await?;
    let (line, fields) = head.split_once("\r\n")?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    state.asked.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{method} {target}"));
    let wanted = *state.wanted.lock().unwrap_or_else(PoisonError::into_inner);
    let given = fields.lines().find_map(|field| field.split_once(": ").filter(|(name, _)| is_for_proxies(name)));
    if wanted.is_some_and(|wanted| given.is_none_or(|(_, given)| given != wanted)) {
        let answer = "HTTP/1.1 407 X\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return client.write_all(answer.as_bytes()).await.ok();
    }
    let mut server = TcpStream::connect(("127.0.0.1", site)).await.ok()?;
    if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
    } else {
        let path = target.strip_prefix("http://")?.find('/').map(|at| &target["http://".len() + at..])?;
        let fields: Vec<_> =
            fields.lines().filter(|field| !field.split(':').next().is_some_and(is_for_proxies)).collect();
        let request = format!("{method} {path} HTTP/1.1\r\n{}\r\n\r\n", fields.join("\r\n").trim_end());
        server.write_all(request.as_bytes()).await.ok()?;
    }
    copy_bidirectional(&mut client, &mut server).await.ok().map(drop)
}

fn is_for_proxies(field: &str) -> bool {
    field.eq_ignore_ascii_case("proxy-authorization")
}

/// All up to the empty line, with it.
pub async fn head(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(bytes).ok()
}
