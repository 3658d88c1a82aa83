//! Servers that are no usher, or that are broken: each command says so in one line, claims nothing, and ends with 1.

use std::sync::Arc;

use futures::{StreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::Terminal;
use crate::support::words::assert_for_people;

/// Every command that asks an usher.
const COMMANDS: [&str; 33] = [
    "explain --scheme a --user b",
    "schemes list",
    "schemes show a",
    "schemes export",
    "schemes apply -f schemes.yaml",
    "schemes apply -f schemes.yaml --prune --dry-run",
    "schemes diff -f schemes.yaml",
    "schemes preview a",
    "schemes preview -f schemes.yaml",
    "schemes history a",
    "schemes delete a --yes",
    "schemes run a",
    "schemes run a --no-wait",
    "schemes pause a",
    "schemes resume a",
    "runs list",
    "runs show r",
    "runs wait r",
    "runs release r",
    "runs cancel r",
    "dead-letters list",
    "dead-letters show d",
    "dead-letters redrive d",
    "dead-letters redrive --all-matching --yes",
    "dead-letters dismiss d",
    "dead-letters dismiss --all-matching --yes",
    "decisions --user b",
    "sources list",
    "sources show acme",
    "sources pause acme",
    "sources resume acme",
    "sources newcomers release acme",
    "sources newcomers dismiss acme",
];

const FILE: &str = "\
schemes:
  - { id: a, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [staff] }] }
";

/// A server that answers every request with the same bytes, and closes.
struct OddServer {
    url: String,
    serving: JoinHandle<()>,
}

impl OddServer {
    async fn start(answer: Vec<u8>, piece: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let answer = Arc::new(answer);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                tokio::spawn(async move { answered(stream, &answer, piece).await });
            }
        });
        Self { url, serving }
    }

    /// Its answers are `body` with `head`.
    async fn of(head: &str, body: &str) -> Self {
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        Self::start(answer.into(), usize::MAX).await
    }
}

impl Drop for OddServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Reads a request with its body, and sends `answer`, `piece` bytes at a time.
async fn answered(mut stream: TcpStream, answer: &[u8], piece: usize) {
    let (mut request, mut read) = (Vec::new(), [0; 4096]);
    let is_whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            body.len() >= length.unwrap_or(0)
        })
    };
    while !is_whole(&request) {
        match stream.read(&mut read).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&read[..count]),
        }
    }
    for bytes in answer.chunks(piece) {
        if stream.write_all(bytes).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    let _ = stream.shutdown().await; // the other side may have gone
}

/// Runs each of the commands against `server`, and asserts that each of them fails in words.
async fn all_fail(what: &str, server: &OddServer) {
    let failures = stream::iter(COMMANDS).map(|command| async move {
        let terminal = Terminal::to(&server.url);
        terminal.write("schemes.yaml", FILE);
        let said = terminal.run(command).await;
        let lines: Vec<_> = said.err.lines().collect();
        let fault = format!("{what}, `usher {command}`: {said:?}");
        let is_told =
            said.code == Some(1) && said.out.is_empty() && lines.len() == 1 && lines[0].starts_with("usher: ");
        if !is_told {
            return Some(fault);
        }
        assert_for_people(lines[0]);
        None
    });
    let faults: Vec<_> = failures.buffer_unordered(4).filter_map(std::future::ready).collect().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_of_an_usher_is_told_by_every_command_and_nothing_is_claimed() {
    for (head, body) in [
        ("200 OK\r\ncontent-type: text/html", "<html><body>It works!</body></html>"),
        ("200 OK\r\ncontent-type: application/json", "{ \"items\": ["),
        ("200 OK\r\ncontent-type: application/json", "\"ok\""),
        ("200 OK\r\ncontent-type: application/json", "[]"),
        ("200 OK\r\ncontent-type: application/json", "{}"),
        ("200 OK", ""),
        ("302 Found\r\nlocation: http://127.0.0.1:9/login", ""),
        ("401 Unauthorized\r\ncontent-type: text/html", "<html>Log in</html>"),
        ("403 Forbidden\r\ncontent-type: application/json", r#"{"type":"about:blank","title":"Forbidden"}"#),
        ("404 Not Found", "no such page"),
        ("500 Internal Server Error\r\ncontent-type: application/json", r#"{"type":5,"detail":["x"]}"#),
        ("502 Bad Gateway\r\ncontent-type: text/html", "<html><center>nginx</center></html>"),
    ] {
        all_fail(&format!("{} {body}", &head[..3]), &OddServer::of(head, body).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_cut_is_none_or_no_http_is_told_by_every_command() {
    for (what, answer) in [
        ("a cut body", "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"items\":[]"),
        ("a cut head", "HTTP/1.1 200 OK\r\ncontent-le"),
        ("no answer", ""),
        ("no HTTP", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        ("a status that is none", "HTTP/1.1 9999 Odd\r\n\r\n"),
    ] {
        all_fail(what, &OddServer::start(answer.into(), usize::MAX).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_byte_by_byte_is_read_as_any_other() {
    let body = r#"{"items":[{"id":"acme","product":"jira-dc","state":"running"}],"next":null}"#;
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let server = OddServer::start(answer.into(), 1).await;
    let said = Terminal::to(&server.url).says("sources list").await;
    assert!(said.contains("acme") && said.contains("running"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn items_that_are_none_are_shown_or_told_and_nothing_breaks() {
    let body = r#"{"items":[3,null,"x",[],{},{"id":{}},{"id":"a","counts":7,"users":[],"state":1}],"next":null}"#;
    let server = OddServer::of("200 OK", body).await;
    for command in COMMANDS.iter().filter(|command| command.contains("list") || command.contains("decisions")) {
        for format in ["table", "json", "yaml", "csv"] {
            let said = Terminal::to(&server.url).run(&format!("{command} --output {format}")).await;
            assert!(matches!(said.code, Some(0 | 1)), "`usher {command}` as {format}: {said:?}");
            assert!(said.err.is_empty() || said.code == Some(1), "`usher {command}` as {format}: {said:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_whose_pages_name_one_another_ends() {
    let body = r#"{"items":[{"id":"acme"}],"next":"00"}"#;
    let server = OddServer::of("200 OK", body).await;
    for command in ["sources list", "runs list --limit all", "schemes list", "decisions --user b --limit all"] {
        let said = Terminal::to(&server.url).run(command).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("can't be understood"), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_no_usher_is_none_and_leaves_no_file() {
    for (head, body) in [
        ("200 OK\r\ncontent-type: text/html", "<html>It works!</html>"),
        ("200 OK", ""),
        ("502 Bad Gateway", "<html>nginx</html>"),
        ("302 Found\r\nlocation: http://127.0.0.1:9/", ""),
    ] {
        let server = OddServer::of(head, body).await;
        let terminal = Terminal::to(&server.url);
        let said = terminal.run(&format!("backup --url {} --to usher.backup", server.url)).await;
        let (code, lines) = said.refused();
        assert_eq!((code, lines.len()), (Some(1), 1), "{head}: {lines:?}");
        assert_for_people(lines[0]);
        let left: Vec<_> = std::fs::read_dir(terminal.path()).expect("a folder").collect();
        assert!(left.is_empty(), "{head}: {left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_of_what_is_no_usher_or_does_not_answer_fails_in_one_line_and_in_time() {
    let hangs = TcpListener::bind("127.0.0.1:0").await.expect("a port"); // it takes connections and answers nothing
    let hanging = format!("http://{}", hangs.local_addr().expect("an address"));
    let mut servers = Vec::new();
    for (head, body) in [
        ("200 OK", "<html>It works!</html>"),
        ("200 OK", "{}"),
        ("200 OK", "[1]"),
        ("200 OK", ""),
        ("503 Service Unavailable", "{\"status\":3}"),
        ("302 Found\r\nlocation: /login", ""),
    ] {
        servers.push(OddServer::of(head, body).await);
    }
    servers.push(OddServer::start(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{".to_vec(), 1).await);
    servers.push(OddServer::start(vec![b'x'; 1 << 20], usize::MAX).await);
    for url in servers.iter().map(|server| server.url.as_str()).chain([hanging.as_str()]) {
        for words in ["", " --ready"] {
            let said = Terminal::to(url).run(&format!("healthcheck --url {url}{words}")).await;
            let (code, lines) = said.refused();
            assert_eq!((code, lines.len()), (Some(1), 1), "{lines:?}");
            assert!(lines[0].contains(url), "{lines:?}");
            assert_for_people(lines[0]);
        }
    }
}
