//! The shared types of usher: ids, events, facts, schemes, decisions, outcomes.
//!
//! Nothing here does I/O, reads a clock or knows a wire format. Every other module imports this one.

mod capability;
mod details;
mod ids;
mod policy;
mod product;
mod record;
mod time;
mod user;
mod written_time;

pub use capability::Capability;
pub use details::Detail;
pub use ids::{EventId, InvalidId, RunId, SchemeId, SourceId, StepKey, SweepId, UserId};
pub use policy::action::{Action, ActionKind, Issue, IssueTemplate, Step, Undoable};
pub use policy::age::{Age, InvalidAge};
pub use policy::condition::{
    Condition, ConditionKind, Exempt, Expression, LoggedInOnce, NeverLoggedIn, Selection, True,
};
pub use policy::cron::{Dialect, Field as CronField};
pub use policy::mass_creation::MassCreation;
pub use policy::named_users::NamedUsers;
pub use policy::reference::{Mention, MentionedAt, Reference, ReferenceKind};
pub use policy::role::{Role, SourceScope};
pub use policy::role_groups::{EVERYBODY, RoleGroups};
pub use policy::scheme::{Limits, Mode, Scheme, SchemeRef};
pub use policy::setting::{
    Actor, BasedOn, Bulk, CancelledRun, ChangeKind, DeletedRuns, Draft, InvalidActor, Matching, Milestone,
    MilestoneReached, OutcomesRecreated, Pausable, Pause, Pick, RunSelection, SavedFilter, SchemeChange, SealedSecret,
    SessionsEnded, Setting, SourceContent, StoredScheme, StoredSource, WhichSessions,
};
pub use policy::trigger::{InvalidSchedule, Schedule, Trigger, TriggerKind};
pub use product::Product;
pub use record::admin_action::{ActResult, AdminAction, Channel, RequestKey};
pub use record::claim::{AdministratorClaim, ClaimState};
pub use record::decision::{Decision, Forecast, MadeOf, NoAction, Reason, SchemeVerdict, Truth};
pub use record::event::{AccountType, Event, EventKind, Profile, Sighting, UserHints, Via};
pub use record::feed::{FEED_STAGE, FeedPlace, Print};
pub use record::ignored::{Ignored, RecordKind};
pub use record::outcome::{Attempt, CallMade, DeadLetter, Outcome, Stage, StepRef, StepResult};
pub use record::reconciliation::{Comparison, NewcomerOrder, UserList};
pub use record::redrive::{Again, EventRecord, LetterOrder, LetterOrderKind, Redrive};
pub use record::sweep::{
    Armed, AskedSweep, Cause, Estimate, LastLists, RunOrder, SweepPlan, SweepProgress, SweepRequest, SweepRun,
    SweepStep,
};
pub use record::undo::{Change, Undo, UndoPart, UndoStep, UndoVerdict, undo_parts};
pub use time::Timestamp;
pub use user::activity::{Activity, LoginCoverage, MAX_REPORT_GAP};
pub use user::email::{EmailAddress, EmailDomain};
pub use user::email_pattern::{DomainPattern, InvalidDomain};
pub use user::facts::{Fact, Facts, Groups, Logins, Memberships, Missing, Origin};
pub use user::given_up::GivenUp;
pub use user::group_name::GroupName;
pub use user::spelling::{composed, decomposed, is_blank, is_invisible, looks_like, searchable};
pub use user::user_key::{UserKey, UserRef};
pub use written_time::{OddTime, ReadTime, WrittenTime};
