//! Work that waits for the disk.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Does what waits for the disk. A worker of a runtime hands its other tasks on first.
pub(crate) fn off_worker<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        Ok(_) | Err(_) => work(),
    }
}
