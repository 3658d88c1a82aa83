//! The rules: which schemes select a user, and why. Pure: facts in, answers with reasons out.
//!
//! A scheme is compiled once into a tree of conditions ([`Compiled`]). The tree is asked in two ways: for the answer
//! alone, which allocates nothing, and for the reasons. Both look at the facts by the same code. [`Schemes`] holds many
//! of them behind an index, and [`plan`] puts one event to those in question.

mod cel;
mod change;
mod compiled;
mod explanation;
mod index;
mod issue;
mod leaf;
mod plan;
mod reason;
mod schemes;
mod subject;
mod template;
mod truth;

pub use cel::{ExpressionError, check_expression};
pub use change::smallest_change;
pub use compiled::Compiled;
pub use plan::{Answer, Waiting, plan};
pub use reason::evaluate;
pub use schemes::{Schemes, VersionedScheme};
pub use subject::Subject;
pub use template::{TemplateError, check_template};

#[cfg(test)]
mod tests;
