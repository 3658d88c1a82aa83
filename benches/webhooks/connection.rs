//! One HTTP connection, with no more in it than the load needs.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LENGTH: &[u8] = b"content-length: ";

/// A connection that is kept alive; one request at a time.
pub struct Connection {
    stream: TcpStream,
    buffer: Box<[u8; 4096]>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Box::new([0; 4096]) })
    }

    /// Sends `request` and waits for the whole answer; gives its status.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            if let Some(status) = complete(&self.buffer[..filled]) {
                return Ok(status);
            }
        }
    }
}

/// The status, if `answer` is all there.
fn complete(answer: &[u8]) -> Option<u16> {
    let head = find(answer, b"\r\n\r\n")? + 4;
    let length = match find(&answer[..head], LENGTH) {
        Some(at) => number(&answer[at + LENGTH.len()..]),
        None => 0,
    };
    (answer.len() >= head + length).then(|| number(&answer[9..]) as u16)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn number(text: &[u8]) -> usize {
    text.iter()
        .take_while(|digit| digit.is_ascii_digit())
        .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
}
