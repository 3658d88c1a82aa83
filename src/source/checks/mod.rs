//! The check of a connection: whether a product is reached, accepts the credentials, and gives usher's account the rights
//! that usher needs. Every question is one small call that changes nothing.
//!
//! [`course`] asks, [`entry`] judges the first answer, [`remedy`] has the words for what to grant.

mod course;
mod entry;
mod remedy;

pub use course::{Subject, check};

use serde::Serialize;
use utoipa::ToSchema;

/// The thing that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckedThing)]
pub enum What {
    /// The product itself answers at `base_url`.
    Reached,
    /// The connection is encrypted.
    Tls,
    /// The product accepts the credentials.
    Credentials,
    /// The account that the credentials belong to.
    ActsAs,
    /// The account may find and list users.
    ReadUsers,
    /// The account may change users and their groups.
    ChangeUsers,
    /// The account may find groups.
    ReadGroups,
    /// The account may read the audit log.
    ReadAuditLog,
    /// The licence has free seats.
    LicenceSeats,
    /// The clocks of the product and of usher agree.
    Clock,
    /// The directories of users.
    Directories,
}

impl What {
    /// The words for it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Reached => "The product is reached",
            Self::Tls => "The connection is encrypted",
            Self::Credentials => "The credentials are accepted",
            Self::ActsAs => "The account of usher",
            Self::ReadUsers => "May read users",
            Self::ChangeUsers => "May change users",
            Self::ReadGroups => "May read groups",
            Self::ReadAuditLog => "May read the audit log",
            Self::LicenceSeats => "Seats of the licence are free",
            Self::Clock => "The clocks agree",
            Self::Directories => "Directories of users",
        }
    }

    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 11] = [
        Self::Reached,
        Self::Tls,
        Self::Credentials,
        Self::ActsAs,
        Self::ReadUsers,
        Self::ChangeUsers,
        Self::ReadGroups,
        Self::ReadAuditLog,
        Self::LicenceSeats,
        Self::Clock,
        Self::Directories,
    ];
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// It is as it should be.
    Pass,
    /// It is not.
    Fail,
    /// Nobody told usher.
    NotTold,
}

/// A result with its reason and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verdict {
    result: CheckResult,
    /// The reason, or a detail.
    why: Option<String>,
    /// The remedy: what to grant or change.
    #[serde(rename = "do")]
    remedy: Option<String>,
}

impl Verdict {
    fn pass() -> Self {
        Self { result: CheckResult::Pass, why: None, remedy: None }
    }

    fn pass_with(detail: impl Into<String>) -> Self {
        Self { why: Some(detail.into()), ..Self::pass() }
    }

    fn fail(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { result: CheckResult::Fail, why: Some(why.into()), remedy: Some(remedy.into()) }
    }

    fn not_told(why: impl Into<String>) -> Self {
        Self { result: CheckResult::NotTold, why: Some(why.into()), remedy: None }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    what: What,
    #[serde(flatten)]
    verdict: Verdict,
}

impl Check {
    /// The thing that is checked.
    pub const fn what(&self) -> What {
        self.what
    }

    /// How the check ended.
    pub const fn result(&self) -> CheckResult {
        self.verdict.result
    }

    /// The reason, or a detail.
    pub fn why(&self) -> Option<&str> {
        self.verdict.why.as_deref()
    }

    /// The right to grant, or the thing to change.
    pub fn remedy(&self) -> Option<&str> {
        self.verdict.remedy.as_deref()
    }
}

/// All checks of a connection, in the order of [`What::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Checks {
    checks: Vec<Check>,
    /// The account that the credentials belong to; null if that is not told, or they belong to none.
    acts_as: Option<String>,
}

impl Checks {
    /// Each check, in the order of [`What::ALL`].
    pub fn each(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter()
    }

    /// The checks with `verdict` for each thing.
    fn of(acts_as: Option<String>, mut verdict: impl FnMut(What) -> Verdict) -> Self {
        let checks = What::ALL.into_iter().map(|what| Check { what, verdict: verdict(what) }).collect();
        Self { checks, acts_as }
    }

    /// The same without any of `secrets` in its texts: a product, or whatever answers in its place, may repeat what it was
    /// sent.
    #[must_use]
    pub fn without(mut self, secrets: &[String]) -> Self {
        let clean = |text: &mut Option<String>| {
            for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
                *text = text.take().map(|text| text.replace(secret.as_str(), "…"));
            }
        };
        clean(&mut self.acts_as);
        for Check { verdict, .. } in &mut self.checks {
            clean(&mut verdict.why);
            clean(&mut verdict.remedy);
        }
        self
    }
}
