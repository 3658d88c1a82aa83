//! What can be done to an installation.

use std::fmt;

use usher::{
    domain::Product,
    sandbox::{Effect, Fault as SandboxFault, When},
};

/// One fault. A process is named by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9`.
    Kill(usize),
    /// SIGTERM, as at a rollout.
    Terminate(usize),
    /// SIGSTOP, and SIGCONT in the end.
    Pause(usize),
    /// What the process logs is not read.
    StallStderr(usize),
    /// The clock of the process goes wrong by so many seconds.
    MoveClock(usize, i64),
    /// 64 strangers each keep a connection on which all but a byte of a large body was sent.
    Strangers(usize),
    /// The disk with the data is full.
    FillDisk,
    /// The broker is killed, and started again in the end.
    KillBroker,
    /// The topic of the outcomes is deleted. usher has to make it again.
    DeleteOutcomes,
    /// A product does not do as it should.
    Product(Product, ProductFault),
}

/// How a product answers wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductFault {
    TooManyRequests,
    Unavailable,
    InternalErrors,
    LostAnswers,
    Slow,
    Silent,
}

impl ProductFault {
    pub const ALL: [Self; 6] =
        [Self::TooManyRequests, Self::Unavailable, Self::InternalErrors, Self::LostAnswers, Self::Slow, Self::Silent];

    /// The fault for the sandbox. Those that may be taken for the fault of one step are rare enough that no step meets
    /// eight in a row, after which usher gives it up, as it should.
    pub fn of(self, site: Product) -> SandboxFault {
        let fail = |status| Effect::Fail { status, retry_after: None, after_work: false };
        let (effect, when) = match self {
            Self::TooManyRequests => (Effect::TooManyRequests { retry_after: Some(1) }, When::Chance(0.5)),
            Self::Unavailable => (fail(503), When::Always),
            Self::InternalErrors => (fail(500), When::Chance(0.2)),
            Self::LostAnswers => (Effect::Cut { after_work: true }, When::Chance(0.2)),
            Self::Slow => (Effect::Delay { millis: 1_500 }, When::Chance(0.5)),
            Self::Silent => (Effect::Hang, When::Chance(0.2)),
        };
        SandboxFault::new(effect).site(site).when(when)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(process) => write!(f, "process {process}: kill -9"),
            Self::Terminate(process) => write!(f, "process {process}: SIGTERM"),
            Self::Pause(process) => write!(f, "process {process}: SIGSTOP"),
            Self::StallStderr(process) => write!(f, "process {process}: stderr stalled"),
            Self::MoveClock(process, seconds) => write!(f, "process {process}: clock moved by {seconds} s"),
            Self::Strangers(process) => write!(f, "process {process}: 64 strangers"),
            Self::FillDisk => f.write_str("disk full"),
            Self::KillBroker => f.write_str("broker killed"),
            Self::DeleteOutcomes => f.write_str("topic of the outcomes deleted"),
            Self::Product(product, fault) => write!(f, "{product}: {fault:?}"),
        }
    }
}
