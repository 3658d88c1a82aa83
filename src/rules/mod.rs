//! The rules: which schemes select a user, and why. They are pure: facts in, answers with reasons out.
//!
//! A scheme is compiled once ([`Compiled`]): into a tree of conditions for the reasons, and into a smaller one for the
//! answer alone, which allocates nothing. Both use the facts by the same code. [`Schemes`] holds many of them behind an
//! index, and [`plan`] evaluates the relevant ones for one event.

mod cel;
mod change;
mod compiled;
pub mod conflicts;
mod explanation;
mod index;
mod issue;
mod leaf;
mod named_groups;
mod plan;
mod predicate;
mod reason;
mod schemes;
mod subject;
mod template;
mod truth;
mod words;

pub use cel::{ExpressionError, check_expression};
pub use change::smallest_change;
pub use compiled::Compiled;
pub use plan::{Evaluation, Waiting, plan};
pub use reason::evaluate;
pub use schemes::{Schemes, VersionedScheme};
pub use subject::Subject;
pub use template::{TemplateError, check_template};
pub use words::{action_in_words, condition_in_words, sentence};

#[cfg(test)]
mod tests;
