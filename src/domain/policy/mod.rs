//! Schemes: their triggers, selections and actions.

pub(super) mod action;
pub(super) mod age;
pub(super) mod condition;
pub(super) mod cron;
pub(super) mod mass_creation;
pub(super) mod named_users;
pub(super) mod reference;
pub(super) mod role;
pub(super) mod role_groups;
pub(super) mod scheme;
pub(super) mod setting;
pub(super) mod trigger;
