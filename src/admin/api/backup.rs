//! A backup of the embedded log, while usher runs.

use std::{io, time::Duration};

use actix_web::{
    HttpResponse,
    web::{Data, Query},
};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    Problem,
    request::{
        query,
        stream::{LongAnswer, turn},
    },
};
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
/// The bytes that are sent together.
const CHUNK: usize = 256 * 1024;

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
    state.permitted(&caller, Permission::Backup, identity::About::Everything, Object::Usher).await?;
    let making = turn(&MAKING, "two backups are being made")?;
    let snapshot = timeout(SNAPSHOT_TIMEOUT, state.log.snapshot()).await;
    let snapshot = snapshot.unwrap_or_else(|_| Err(log::Error::Unavailable("its disk does not answer".into())));
    let snapshot = snapshot.map_err(|error| Problem::Unavailable(error.to_string()))?;
    let snapshot = snapshot.ok_or_else(|| {
        Problem::Conflict("the log is on Kafka, so there is nothing to back up here: its topics are the truth".into())
    })?;
    state.record(&caller, Entry::new(Act::Backup, Object::Usher)).await?;
    let admin_token = state.shown.made_token();
    let about = About { made: SystemClock.now(), admin_token };
    let answer =
        LongAnswer { what: "a backup", content_type: "application/octet-stream", name: "usher.backup", chunk: CHUNK };
    Ok(answer.written(&state.runtime(), making, move |out| {
        let summary = backup::save(&snapshot, &about, out).map_err(io::Error::other)?;
        tracing::info!(records = summary.records, bytes = summary.bytes, "a backup was made");
        Ok(())
    }))
}
