//! Long answers, written in a thread of the main runtime while the client reads them. They take little memory.

use std::io::{self, BufWriter, Write};

use actix_web::{HttpResponse, http::header, web::Bytes};
use futures::{Stream, stream};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit, mpsc},
};

use crate::admin::api::Problem;

/// The chunks that wait for a client.
const CHUNKS: usize = 4;

/// The file that a long answer is.
pub(in crate::admin) struct LongAnswer {
    /// The thing that is being made, for the log: `an export`.
    pub(in crate::admin) what: &'static str,
    /// The media type.
    pub(in crate::admin) content_type: &'static str,
    /// The name under which a browser keeps it.
    pub(in crate::admin) name: &'static str,
    /// The bytes that are sent together.
    pub(in crate::admin) chunk: usize,
}

/// A place among those that write long answers: each takes a thread and reads the disk. `busy` says what is wrong if
/// none is free.
///
/// # Errors
/// [`Problem::Unavailable`] if too many are being written.
pub(in crate::admin) fn turn(places: &'static Semaphore, busy: &str) -> Result<SemaphorePermit<'static>, Problem> {
    places.try_acquire().map_err(|_| Problem::Unavailable(format!("{busy} already; try again when one is done")))
}

impl LongAnswer {
    /// The answer that `write` writes, in its `turn`. If `write` fails, the answer is cut.
    pub(in crate::admin) fn written(
        self,
        runtime: &Handle,
        turn: SemaphorePermit<'static>,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> HttpResponse {
        let Self { what, content_type, name, chunk } = self;
        let (chunks, receiver) = mpsc::channel(CHUNKS);
        runtime.spawn_blocking(move || {
            let _turn = turn; // also if nobody waits for it any more
            let mut out = BufWriter::with_capacity(chunk, Chunks { to: chunks.clone(), longest: chunk });
            if let Err(error) = write(&mut out).and_then(|()| out.flush()) {
                tracing::warn!(%error, "{what} was broken off");
                let _cut = chunks.blocking_send(Err(io::ErrorKind::Other.into()));
            }
        });
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, content_type))
            .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
            .streaming(received(receiver))
    }
}

type Chunk = Result<Bytes, io::Error>;

fn received(receiver: mpsc::Receiver<Chunk>) -> impl Stream<Item = Chunk> {
    stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|chunk| (chunk, receiver)) })
}

/// Sends the written bytes as fast as the client reads them. The listener closes the connection of a client that reads
/// nothing.
struct Chunks {
    to: mpsc::Sender<Chunk>,
    longest: usize,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(self.longest)];
        let sent = self.to.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
