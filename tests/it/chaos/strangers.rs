//! Strangers without a secret: each sends all of a large body but the last byte, and waits.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    time::{sleep, timeout},
};

const STRANGERS: u8 = 64;
const BODY: usize = 1 << 20;

/// Has them at `to` for so long. Who is sent away comes again.
pub async fn hold_bodies(to: SocketAddr, lasts: Duration) {
    let _ = timeout(lasts, join_all((1..=STRANGERS).map(|number| stranger(number, to)))).await;
}

async fn stranger(number: u8, to: SocketAddr) {
    loop {
        let _ = hold_one_body(number, to).await; // cut off, or nobody is there
        sleep(Duration::from_millis(200)).await;
    }
}

async fn hold_one_body(number: u8, to: SocketAddr) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    // They come from elsewhere than genuine senders, and each from a place of its own.
    socket.bind((Ipv4Addr::new(127, 64, 0, number), 0).into())?;
    let mut stream = socket.connect(to).await?;
    let head = format!(
        "POST /webhooks/acme HTTP/1.1\r\nHost: usher\r\nContent-Type: application/json\r\n\
         X-Hub-Signature: sha256={}\r\nContent-Length: {BODY}\r\n\r\n",
        "0".repeat(64)
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&vec![b' '; BODY - 1]).await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}
