//! The only way of one process to the product: it lets so many requests through at a time, and each takes a while.
//!
//! A process that works through such a way waits nearly always, and needs little of the processor.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::task::AbortOnDropHandle;

/// How narrow it is.
#[derive(Debug, Clone, Copy)]
pub struct Width {
    pub at_a_time: usize,
    pub each_takes: Duration,
}

/// See the module. It is there until it is dropped.
pub struct NarrowWay {
    pub port: u16,
    _server: AbortOnDropHandle<()>,
}

impl NarrowWay {
    /// The way to the site on `port` of this machine.
    pub async fn to(site: u16, width: Width) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let places = Arc::new(Semaphore::new(width.at_a_time));
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, site, Arc::clone(&places), width.each_takes));
            }
        });
        Self { port, _server: AbortOnDropHandle::new(server) }
    }
}

/// Takes one connection to the site. Whatever goes wrong ends it, and usher opens another one.
async fn pass(client: TcpStream, site: u16, places: Arc<Semaphore>, each_takes: Duration) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", site)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((mut requests, mut answers), (mut answered, mut asked)) = (client.into_split(), server.into_split());
    let there = async {
        // The requests of these tests are short: each comes in one piece, and the next one after its answer.
        let mut piece = vec![0; 64 * 1024];
        loop {
            let length = requests.read(&mut piece).await?;
            if length == 0 {
                return asked.shutdown().await;
            }
            let _place = places.acquire().await.map_err(io::Error::other)?;
            tokio::time::sleep(each_takes).await;
            asked.write_all(&piece[..length]).await?;
        }
    };
    tokio::try_join!(there, io::copy(&mut answered, &mut answers)).map(drop)
}
