//! Long answers, written in a thread of the main runtime while the client reads them. They take little memory.

use std::io::{self, BufWriter, Write};

use actix_web::{HttpResponse, http::header, web::Bytes};
use futures::{Stream, stream};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
};

use crate::admin::api::Problem;

/// Bytes that are sent together, and how many such chunks wait for a client.
const CHUNK: usize = 64 * 1024;
const CHUNKS: usize = 4;
/// The number of exports at once.
static WRITING: Semaphore = Semaphore::const_new(4);

/// An answer that `write` writes, as a file called `name` of this `content_type`. If `write` fails, the answer is cut.
///
/// # Errors
/// [`Problem::Unavailable`] if too many are being written.
pub(in crate::admin) fn streamed(
    runtime: &Handle,
    (content_type, name): (&'static str, &str),
    write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let turn = WRITING.try_acquire().map_err(|_| {
        Problem::Unavailable("four exports are being written already; try again when one is done".into())
    })?;
    let (chunks, receiver) = mpsc::channel(CHUNKS);
    runtime.spawn_blocking(move || {
        let _turn = turn; // also if nobody waits for it any more
        let mut out = BufWriter::with_capacity(CHUNK, Chunks(chunks.clone()));
        if let Err(error) = write(&mut out).and_then(|()| out.flush()) {
            tracing::warn!(%error, "an export was broken off");
            let _cut = chunks.blocking_send(Err(io::ErrorKind::Other.into()));
        }
    });
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(received(receiver)))
}

type Chunk = Result<Bytes, io::Error>;

fn received(receiver: mpsc::Receiver<Chunk>) -> impl Stream<Item = Chunk> {
    stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|chunk| (chunk, receiver)) })
}

/// Sends the written bytes as fast as the client reads them. The listener closes the connection of a client that reads
/// nothing.
struct Chunks(mpsc::Sender<Chunk>);

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(CHUNK)];
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
