//! A TCP connection in hand, to send what no HTTP client would.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::face::WAIT_TIMEOUT;

pub struct Wire {
    stream: TcpStream,
    answered: bool,
}

impl Wire {
    pub async fn connect(to: SocketAddr) -> Self {
        let stream = timeout(WAIT_TIMEOUT, TcpStream::connect(to)).await.expect("in time").expect("connected");
        Self { stream, answered: false }
    }

    /// From another address of this machine: one of 127.0.0.0/8.
    pub async fn connect_from(from: Ipv4Addr, to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((from, 0).into()).expect("an address of this machine");
        let stream = timeout(WAIT_TIMEOUT, socket.connect(to)).await.expect("in time").expect("connected");
        Self { stream, answered: false }
    }

    /// Whether anything has been answered so far.
    pub fn was_answered(&self) -> bool {
        self.answered
    }

    /// Closes it as a crash would: the other side gets a reset.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("an open socket");
    }

    /// Sends `bytes`; false where the other side has closed.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        timeout(WAIT_TIMEOUT, self.stream.write_all(bytes.as_ref())).await.expect("in time").is_ok()
    }

    /// Sends one byte after the other, `pause` between them, until all are sent or the other side closes.
    pub async fn trickle(&mut self, bytes: &[u8], pause: Duration) -> bool {
        for byte in bytes {
            if !self.send([*byte]).await {
                return false;
            }
            tokio::time::sleep(pause).await;
        }
        true
    }

    /// Says that no more will be sent; answers still come.
    pub async fn ends_sending(&mut self) {
        let _ = self.stream.shutdown().await; // it may be closed
    }

    /// One answer, with its body.
    pub async fn answer(&mut self) -> String {
        let mut bytes = Vec::new();
        while !complete(&bytes) {
            let mut piece = [0; 4096];
            let read = timeout(WAIT_TIMEOUT, self.stream.read(&mut piece)).await.expect("in time").unwrap_or(0);
            if read == 0 {
                break;
            }
            self.answered = true;
            bytes.extend_from_slice(&piece[..read]);
        }
        String::from_utf8(bytes).expect("text")
    }

    /// All that comes until the other side closes.
    pub async fn rest(&mut self) -> String {
        String::from_utf8(self.rest_as_bytes().await).expect("text")
    }

    /// As [`Wire::rest`], where it may be no text.
    pub async fn rest_as_bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset is an end, too.
        let _ = timeout(WAIT_TIMEOUT, self.stream.read_to_end(&mut bytes)).await.expect("in time");
        bytes
    }
}

/// Whether an answer with its announced body is there.
fn complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// Connects, sends, and gives one answer.
pub async fn exchange(to: SocketAddr, request: impl AsRef<[u8]>) -> String {
    let mut wire = Wire::connect(to).await;
    wire.send(request).await;
    wire.answer().await
}
