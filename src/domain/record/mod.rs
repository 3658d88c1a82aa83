//! Records of the log: events, decisions, outcomes, sweeps and orders.

pub(super) mod admin_action;
pub(super) mod claim;
pub(super) mod decision;
pub(super) mod event;
pub(super) mod feed;
pub(super) mod ignored;
pub(super) mod outcome;
pub(super) mod reconciliation;
pub(super) mod redrive;
pub(super) mod sweep;
