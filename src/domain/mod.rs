//! The nouns of usher: ids, events, facts, schemes, decisions, outcomes.
//!
//! Nothing here does I/O, reads a clock or knows a wire format; every other module imports this one.

mod decision;
mod email;
mod event;
mod facts;
mod ids;
mod outcome;
mod product;
mod scheme;
mod time;

pub use decision::{Decision, NoAction, Reason, SchemeVerdict, Truth};
pub use email::{DomainPattern, EmailAddress, EmailDomain};
pub use event::{AccountType, Event, EventKind, UserHints};
pub use facts::{Fact, Facts, Groups, Missing, Origin};
pub use ids::{EventId, GroupName, InvalidId, RunId, SchemeId, SourceId, StepKey, UserId, UserKey, UserRef};
pub use outcome::{Attempt, DeadLetter, Outcome, Stage, StepRef, StepResult};
pub use product::Product;
pub use scheme::{Action, Exempt, Mode, Scheme, SchemeRef, Selection, Step, Trigger};
pub use time::Timestamp;
