//! The roles of a process, and its surroundings.

use std::sync::Arc;

use tokio::sync::Notify;

use super::Shutdown;
use crate::{
    clock::{Clock, SystemClock},
    engine::LookUps,
    products::Limits,
    reload::Start,
};

/// The roles of a process. They are separate only with Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Take webhooks in.
    pub webhooks: bool,
    /// Decide and act.
    pub engine: bool,
    /// Answer administrators.
    pub admin: bool,
}

impl Roles {
    /// Everything in one process.
    pub const ALL: Self = Self { webhooks: true, engine: true, admin: true };
}

/// The surroundings of an app; tests have their own.
pub struct Surroundings {
    /// Bounds on each call to a product.
    pub limits: Limits,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Notified when the clock was set, so that schedules are checked again.
    pub clock_was_set: Arc<Notify>,
    /// The intervals of looking names up in the products.
    pub look_ups: LookUps,
    /// The shutdown of the process.
    pub shutdown: Shutdown,
    /// The origin of the configuration, if it may be read again.
    pub start: Option<Start>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
            clock_was_set: Arc::default(),
            look_ups: LookUps::default(),
            shutdown: Shutdown::default(),
            start: None,
        }
    }
}
