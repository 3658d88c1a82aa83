//! The whole service: signed webhooks in, memberships out.
//!
//! These are many files side by side, because each is one behaviour of the service, and none depends on another.

mod actions;
mod activity;
mod arrivals;
mod audit;
mod broken_files;
mod code_and_crowd;
mod confluence;
mod damaged;
mod dead_letters;
mod decisions;
mod delivery;
mod ending;
mod faults;
mod guards;
mod halts;
mod held;
mod hostile;
mod idempotence;
mod long_pauses;
mod memory;
mod metrics;
mod metrics_of_replicas;
mod metrics_of_storage;
mod named;
mod order;
mod organization;
mod probes;
mod product_calls;
mod readiness;
mod reconciliation;
mod references;
mod reloading;
mod schemes;
mod secrecy;
mod shared_rate;
mod split;
mod standard_error;
mod starting;
mod sweeps;
mod terminating;
mod times;
mod traces;
mod users;
mod waiting;
