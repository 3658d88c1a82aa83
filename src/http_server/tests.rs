//! Real sockets on a small listener.

use std::{net::SocketAddr, time::Duration};

use actix_web::{App, HttpResponse, web};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout},
};

use super::{Listener, Timeouts, serve};
use crate::metrics::Metrics;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: usher\r\n\r\n";
/// The head of a request that is answered before its body has come.
const EARLY: &[u8] = b"POST /early HTTP/1.1\r\nHost: usher\r\nContent-Length: 4194304\r\n\r\n";

const SECOND: Duration = Duration::from_secs(1);
/// Between two requests a connection may rest for long.
const PATIENT: Timeouts = Timeouts {
    head: Duration::from_millis(500),
    keep_alive: Duration::from_secs(20),
    write: SECOND,
    linger: Duration::from_secs(2),
};
/// Between two requests a connection may rest for less time than an answer may wait to be taken.
const BRISK: Timeouts = Timeouts { keep_alive: Duration::from_millis(500), write: Duration::from_secs(3), ..PATIENT };
const LONG: usize = 64 * 1024 * 1024;

/// A listener with room for this number of connections, and its counts.
fn listener(connections: usize, timeouts: Timeouts) -> (SocketAddr, Metrics, actix_server::ServerHandle) {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("an address");
    let metrics = Metrics::new().expect("names are right");
    let (name, workers, drain_seconds) = ("webhooks", Some(1), 1);
    let listener = Listener { name, workers, connections, timeouts, drain_seconds, metrics: metrics.clone() };
    let app = || {
        let long = web::get().to(|| async { HttpResponse::Ok().body(vec![b'x'; LONG]) });
        let late = web::get().to(|| async {
            tokio::time::sleep(SECOND).await;
            HttpResponse::Ok().finish()
        });
        let early = web::post().to(HttpResponse::PayloadTooLarge);
        App::new()
            .route("/early", early)
            .route("/long", long)
            .route("/late", late)
            .default_service(web::to(HttpResponse::Ok))
    };
    let server = serve(listener, socket, app).expect("listening");
    let handle = server.handle();
    tokio::spawn(server);
    (address, metrics, handle)
}

async fn connect(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((from, 0).into()).expect("an address of this machine");
    socket.connect(to).await.expect("connected")
}

/// Whether a request on `stream` is answered.
async fn is_served(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 12];
    let exchange = async {
        stream.write_all(REQUEST).await?;
        stream.read_exact(&mut answer).await
    };
    let served =
        timeout(Duration::from_secs(10), exchange).await.expect("in time").is_ok() && &answer == b"HTTP/1.1 200";
    // The rest of the head.
    let mut rest = [0; 1024];
    served && stream.read(&mut rest).await.is_ok()
}

/// Waits until the other side has closed `stream`.
async fn is_closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await.expect("closed");
}

fn closed(metrics: &Metrics, reason: &str) -> u64 {
    metrics.connections_closed.with_label_values(&["webhooks", reason]).get()
}

#[actix_web::test]
async fn a_peer_with_many_connections_keeps_no_other_out() {
    let (address, metrics, handle) = listener(8, PATIENT);
    let mut genuine = connect([127, 0, 0, 2], address).await;
    assert!(is_served(&mut genuine).await);
    let mut many = Vec::new();
    for number in 0..20 {
        let mut stream = connect([127, 0, 0, 3], address).await;
        // Half of them begin a head, or say nothing.
        assert!(number % 2 == 0 || is_served(&mut stream).await);
        many.push(stream);
    }
    assert!(is_served(&mut genuine).await, "the one with few connections stays");
    assert!(is_served(&mut connect([127, 0, 0, 4], address).await).await, "there is room for another one");
    let evicted = closed(&metrics, "evicted");
    assert!((13..=15).contains(&evicted), "{evicted} of 22 had to go");
    is_closed(&mut many[0]).await;
    handle.stop(false).await;
}

#[actix_web::test]
async fn an_answer_that_is_not_taken_ends_the_connection() {
    let (address, metrics, handle) = listener(8, PATIENT);
    let mut stream = connect([127, 0, 0, 2], address).await;
    stream.write_all(b"GET /long HTTP/1.1\r\nHost: usher\r\n\r\n").await.expect("sent");
    let began = Instant::now();
    while closed(&metrics, "slow_reader") == 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "it is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    is_closed(&mut stream).await;
    handle.stop(false).await;
}

#[actix_web::test]
async fn an_answer_that_is_taken_slowly_and_with_rests_comes_whole() {
    let (address, _, handle) = listener(8, BRISK);
    let mut stream = connect([127, 0, 0, 2], address).await;
    // The second request comes while the first answer is on its way.
    let long = "GET /long HTTP/1.1\r\nHost: usher\r\n\r\n";
    stream.write_all(&[long.as_bytes(), REQUEST].concat()).await.expect("sent");
    let (mut taken, mut piece) = (0, vec![0; 1024 * 1024]);
    while taken < LONG {
        let read = timeout(10 * SECOND, stream.read(&mut piece)).await.expect("in time").expect("not cut");
        assert!(read > 0, "cut after {taken} bytes");
        // Longer than a connection may rest once, and longer than that altogether.
        let rest = if taken < LONG / 2 && taken + read >= LONG / 2 { SECOND } else { SECOND / 40 };
        tokio::time::sleep(rest).await;
        taken += read;
    }
    handle.stop(false).await;
}

#[actix_web::test]
async fn a_connection_that_rests_too_long_after_an_answer_ends_also_where_the_answer_came_late() {
    let (address, metrics, handle) = listener(8, BRISK);
    for (number, path) in (1..).zip(["/", "/late"]) {
        let mut stream = connect([127, 0, 0, 2], address).await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: usher\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 200", "{path}");
        is_closed(&mut stream).await;
        assert_eq!(closed(&metrics, "idle"), number, "{path}");
    }
    handle.stop(false).await;
}

#[actix_web::test]
async fn a_head_that_began_within_the_request_before_it_has_a_limit_too() {
    let (address, metrics, handle) = listener(8, PATIENT);
    let mut stream = connect([127, 0, 0, 2], address).await;
    stream.write_all(&[REQUEST, b"GET / HTTP/1.1\r\nX-A"].concat()).await.expect("sent");
    let began = Instant::now();
    while closed(&metrics, "slow_head") == 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "it is still there");
        let _ = stream.write_all(b"x").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    is_closed(&mut stream).await;
    handle.stop(false).await;
}

#[actix_web::test]
async fn an_answer_before_the_end_of_a_body_reaches_a_sender_that_writes_on() {
    let (address, _, handle) = listener(8, PATIENT);
    for _ in 0..10 {
        let mut stream = connect([127, 0, 0, 2], address).await;
        stream.write_all(EARLY).await.expect("sent");
        // The answer is there before most of the body is written.
        stream.readable().await.expect("an answer");
        for _ in 0..64 {
            stream.write_all(&[b'x'; 0x10000]).await.expect("the body is taken");
        }
        let mut answer = String::new();
        timeout(10 * SECOND, stream.read_to_string(&mut answer)).await.expect("in time").expect("no reset");
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    handle.stop(false).await;
}

#[actix_web::test]
async fn a_sender_that_writes_on_for_ever_after_an_answer_is_cut() {
    let (address, _, handle) = listener(8, PATIENT);
    let mut stream = connect([127, 0, 0, 2], address).await;
    stream.write_all(EARLY).await.expect("sent");
    let write_on = async {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SECOND / 20).await;
        }
    };
    timeout(20 * SECOND, write_on).await.expect("it is cut");
    handle.stop(false).await;
}
