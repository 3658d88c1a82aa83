//! Membership in a consumer group: assignment, rebalances, lag and the lease on a partition.

pub(super) mod assigned;
pub(super) mod consumer;
pub(super) mod lag;
pub(super) mod lease;
pub(super) mod member;
mod stall;
pub(super) mod trouble;
