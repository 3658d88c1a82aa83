//! The start of the process: ports and probes first, then the log, the settings and the products.

mod build;
mod catching_up;
pub(super) mod connecting;
pub(super) mod front;
pub(super) mod greeting;
pub(super) mod predecessor;
mod roster;
pub(super) mod waiting;
