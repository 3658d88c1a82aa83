//! A backup of the embedded log, while usher runs.

use std::{
    io::{self, BufWriter, Write},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    http::header,
    web::{Bytes, Data, Query},
};
use futures::{Stream, stream};
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};

use super::{Problem, request::query};
use crate::{
    admin::{
        AdminState,
        audit::{Act, Entry, Object},
        identity::{self, Permission, Principal},
    },
    backup::{self, About},
    clock::{Clock, SystemClock},
    log,
};

/// The number of backups that are made at once: each takes a thread and reads the disk.
static MAKING: Semaphore = Semaphore::const_new(2);
/// The time-out of the log for a snapshot.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes that are sent together, and how many such chunks wait for a client.
const CHUNK: usize = 256 * 1024;
const CHUNKS: usize = 4;

/// Answers with a backup of the embedded log as it is now, for `usher restore`. Later records are not in it. It
/// contains the admin token if usher made it.
#[utoipa::path(
    post, path = "/backup", tag = "backup",
    responses(
        (status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 409, description = "The log is on Kafka: back up its topics."),
    )
)]
pub(super) async fn backup(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<HttpResponse, Problem> {
    caller.may(Permission::Backup, identity::About::Everything)?;
    let making = MAKING
        .try_acquire()
        .map_err(|_| Problem::Unavailable("two backups are being made already; try again when one is done".into()))?;
    let snapshot = timeout(SNAPSHOT_TIMEOUT, state.log.snapshot()).await;
    let snapshot = snapshot.unwrap_or_else(|_| Err(log::Error::Unavailable("its disk does not answer".into())));
    let snapshot = snapshot.map_err(|error| Problem::Unavailable(error.to_string()))?;
    let snapshot = snapshot.ok_or_else(|| {
        Problem::Conflict("the log is on Kafka, so there is nothing to back up here: its topics are the truth".into())
    })?;
    state.record(&caller, Entry::new(Act::Backup, Object::Usher)).await?;
    let admin_token = state.shown.made_token();
    let about = About { made: SystemClock.now(), admin_token };
    let (chunks, receiver) = mpsc::channel(CHUNKS);
    state.runtime().spawn_blocking(move || {
        let _making = making; // also if nobody waits for it any more
        let out = BufWriter::with_capacity(CHUNK, Chunks(chunks.clone()));
        match backup::save(&snapshot, &about, out) {
            Ok(summary) => tracing::info!(records = summary.records, bytes = summary.bytes, "a backup was made"),
            Err(error) => {
                tracing::warn!(%error, "a backup was broken off");
                let _ = chunks.blocking_send(Err(io::ErrorKind::Other.into())); // cuts the answer
            }
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/octet-stream"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"usher.backup\""))
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
