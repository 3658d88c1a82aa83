//! The rules: which schemes select a user, and why. Pure: facts in, answers with reasons out.

mod conditions;
mod plan;
mod schemes;
mod truth;

pub use conditions::{Subject, evaluate};
pub use plan::{Answer, Waiting, plan};
pub use schemes::{Schemes, VersionedScheme};

#[cfg(test)]
mod tests;
