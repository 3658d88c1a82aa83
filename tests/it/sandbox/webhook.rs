//! A webhook arrives as it was built.

use reqwest::header::HeaderMap;
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpListener};
use usher::{
    domain::Product,
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

use super::client;

/// Takes one request off the wire, as bytes, and answers 200.
async fn receive(listener: TcpListener, body_length: usize) -> Vec<u8> {
    let (mut connection, _) = listener.accept().await.expect("a connection");
    let mut request = Vec::new();
    loop {
        connection.read_buf(&mut request).await.expect("bytes");
        let head = request.windows(4).position(|four| four == b"\r\n\r\n");
        if head.is_some_and(|end| request.len() >= end + 4 + body_length) {
            break;
        }
    }
    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("written");
    request
}

#[tokio::test]
async fn body_and_headers_arrive_as_they_were_signed() {
    let delivery = Delivery::of(Product::JiraCloud, Happening::Created, &Account::new("a:1", "Zoë")).sign("secret");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/webhooks/acme", listener.local_addr().expect("an address")).parse().expect("a url");
    let receiver = tokio::spawn(receive(listener, delivery.body().len()));

    assert_eq!(delivery.send(&client(), url).await.expect("an answer").status(), 200);

    let request = receiver.await.expect("the request");
    assert!(request.starts_with(b"POST /webhooks/acme HTTP/1.1\r\n"));
    assert!(request.ends_with(delivery.body()));
    let head = String::from_utf8_lossy(&request[..request.len() - delivery.body().len()]).into_owned();
    let arrived: HeaderMap = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| {
            (name.parse::<reqwest::header::HeaderName>().expect("a name"), value.parse().expect("a value"))
        })
        .collect();
    for (name, value) in delivery.headers() {
        assert_eq!(arrived[name.as_str()], value.as_str(), "{name}");
    }
}
