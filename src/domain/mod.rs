//! The nouns of usher: ids, events, facts, schemes, decisions, outcomes.
//!
//! Nothing here does I/O, reads a clock or knows a wire format; every other module imports this one.

mod action;
mod activity;
mod age;
mod capability;
mod claim;
mod condition;
mod creation;
mod cron;
mod decision;
mod email;
mod email_pattern;
mod event;
mod facts;
mod feed;
mod given_up;
mod group_in_path;
mod group_name;
mod ids;
mod ignored;
mod mass_creation;
mod named_users;
mod outcome;
mod product;
mod reconciliation;
mod redrive;
mod reference;
mod scheme;
mod setting;
mod spelling;
mod sweep;
mod telling;
mod time;
mod trigger;
mod user_key;
mod written_time;

pub use action::{Action, ActionKind, Issue, IssueTemplate, Step};
pub use activity::{Activity, HEARD_WITHIN, Heard};
pub use age::{Age, InvalidAge};
pub use capability::Capability;
pub use claim::{AdministratorClaim, ClaimState};
pub use condition::{Condition, Exempt, Expression, LoggedInOnce, NeverLoggedIn, Selection, True};
pub use cron::{Dialect, Field as CronField};
pub use decision::{Decision, Forecast, MadeOf, NoAction, Reason, SchemeVerdict, Truth};
pub use email::{EmailAddress, EmailDomain};
pub use email_pattern::{DomainPattern, InvalidDomain};
pub use event::{AccountType, Event, EventKind, Sighting, UserHints, Via};
pub use facts::{Fact, Facts, Groups, Logins, Memberships, Missing, Origin};
pub use feed::{FeedPlace, Print};
pub use given_up::GivenUp;
pub use group_name::GroupName;
pub use ids::{EventId, InvalidId, RunId, SchemeId, SourceId, StepKey, SweepId, UserId};
pub use ignored::{Ignored, RecordKind};
pub use mass_creation::MassCreation;
pub use named_users::NamedUsers;
pub use outcome::{Attempt, DeadLetter, Outcome, Stage, StepRef, StepResult};
pub use product::Product;
pub use reconciliation::{Comparison, NewcomerOrder, UserList};
pub use redrive::{Again, EventRecord, LetterOrder, LetterOrderKind, Redrive};
pub use reference::{Mention, MentionedAt, Reference, ReferenceKind};
pub use scheme::{Limits, Mode, Scheme, SchemeRef};
pub use setting::{
    Actor, CancelledRun, ChangeKind, InvalidActor, Pausable, Pause, SchemeChange, Setting, StoredScheme,
};
pub use spelling::{composed, decomposed, is_blank, is_invisible, looks_like};
pub use sweep::{
    Armed, AskedSweep, Cause, Estimate, LastLists, RunOrder, SweepPlan, SweepProgress, SweepRequest, SweepRun,
    SweepStep,
};
pub use telling::Detail;
pub use time::Timestamp;
pub use trigger::{InvalidSchedule, Schedule, Trigger, TriggerKind};
pub use user_key::{UserKey, UserRef};
pub use written_time::{OddTime, ReadTime, WrittenTime};
