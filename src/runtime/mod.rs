//! Machinery that works through partitions: consumer groups, one task for each partition, one lane for each user,
//! offsets, replay and back-off.
//!
//! [`partition_worker`] keeps the order of each user's records. [`low_watermark`] is the offset that may be stored.
//! [`mod@replay`] reads back the finished work after a restart.

pub(crate) mod appender;
pub(crate) mod backoff;
pub(crate) mod bugs;
pub(crate) mod failures;
pub(crate) mod group;
pub(crate) mod input;
pub(crate) mod low_watermark;
pub(crate) mod partition_worker;
pub(crate) mod replay;
pub(crate) mod retry;
pub(crate) mod stage;
pub(crate) mod unconsumed;

pub use appender::Appender;
pub use backoff::{Backoff, pause};
pub use failures::Failures;
pub use group::join_group;
pub use input::Input;
pub use retry::{Retry, until_ok};
pub use stage::Handler;
pub use stage::Interrupted;
pub use stage::Work;
pub use stage::run;
