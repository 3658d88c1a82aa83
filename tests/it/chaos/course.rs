//! The sequence of faults, made from a seed alone.

use std::{fmt, time::Duration};

use rand::{
    RngExt, SeedableRng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};
use usher::domain::Product;

use super::fault::{Fault, ProductFault};

/// What a course is played on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Embedded,
    Kafka { processes: usize },
}

impl Form {
    pub fn processes(self) -> usize {
        match self {
            Self::Embedded => 1,
            Self::Kafka { processes } => processes,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Kafka { processes } => write!(f, "Kafka with {processes} processes"),
        }
    }
}

/// A fault, when it begins and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    pub at: Duration,
    pub lasts: Duration,
    pub fault: Fault,
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6.1} s  {}", self.at.as_secs_f64(), self.fault)?;
        if self.lasts.is_zero() { Ok(()) } else { write!(f, ", for {:.1} s", self.lasts.as_secs_f64()) }
    }
}

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    pub form: Form,
    pub seed: u64,
    pub length: Duration,
}

/// A kind of fault, before it is said whom it hits.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Kill,
    Terminate,
    Pause,
    StallStderr,
    MoveClock,
    Strangers,
    FillDisk,
    KillBroker,
    DeleteOutcomes,
    Product,
}

impl Course {
    /// All faults in the order in which they begin. Every kind comes once before any comes again; all are over when the
    /// course is.
    pub fn faults(&self) -> Vec<Planned> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let gap = (self.length / 12).clamp(Duration::from_millis(1_500), Duration::from_secs(9));
        let (mut faults, mut deck, mut at) = (Vec::new(), Vec::new(), gap);
        // What begins in the last moments would not be felt.
        while at + gap < self.length {
            if deck.is_empty() {
                deck = self.kinds();
                deck.shuffle(&mut random);
            }
            let Some(kind) = deck.pop() else { break };
            let fault = self.fault(kind, &mut random);
            let lasts = self.lasts(fault, &mut random).min(self.length - at);
            faults.push(Planned { at, lasts, fault });
            at += random.random_range(gap / 2..gap * 3 / 2);
        }
        faults
    }

    /// Whether there is time for what takes minutes to heal.
    pub fn is_long(&self) -> bool {
        self.length > Duration::from_mins(1)
    }

    fn kinds(&self) -> Vec<Kind> {
        let mut kinds = vec![
            Kind::Kill,
            Kind::Terminate,
            Kind::Pause,
            Kind::StallStderr,
            Kind::MoveClock,
            Kind::Strangers,
            Kind::Product,
            Kind::Product,
        ];
        if self.form == Form::Embedded {
            kinds.push(Kind::FillDisk);
        } else {
            kinds.extend([Kind::Kill, Kind::Pause, Kind::KillBroker]);
            if self.is_long() {
                kinds.push(Kind::DeleteOutcomes);
            }
        }
        kinds
    }

    fn fault(&self, kind: Kind, random: &mut StdRng) -> Fault {
        let process = random.random_range(0..self.form.processes());
        match kind {
            Kind::Kill => Fault::Kill(process),
            Kind::Terminate => Fault::Terminate(process),
            Kind::Pause => Fault::Pause(process),
            Kind::StallStderr => Fault::StallStderr(process),
            Kind::MoveClock => {
                let shifts = if self.is_long() { SHIFTS.as_slice() } else { &SHIFTS[..2] };
                let far = shifts.choose(random).copied().unwrap_or_default();
                Fault::MoveClock(process, if random.random_bool(0.5) { far } else { -far })
            }
            Kind::Strangers => Fault::Strangers(process),
            Kind::FillDisk => Fault::FillDisk,
            Kind::KillBroker => Fault::KillBroker,
            Kind::DeleteOutcomes => Fault::DeleteOutcomes,
            Kind::Product => {
                let site = if random.random_bool(0.5) { Product::JiraDc } else { Product::JiraCloud };
                let fault = ProductFault::ALL.choose(random).copied().unwrap_or(ProductFault::Slow);
                Fault::Product(site, fault)
            }
        }
    }

    fn lasts(&self, fault: Fault, random: &mut StdRng) -> Duration {
        let (shortest, longest, part) = match fault {
            Fault::Kill(_) | Fault::Terminate(_) | Fault::DeleteOutcomes => return Duration::ZERO,
            Fault::Pause(_) => (1, 90, 3),
            Fault::StallStderr(_) => (4, 60, 3),
            Fault::MoveClock(..) => (4, 120, 3),
            Fault::Strangers(_) | Fault::FillDisk => (4, 30, 4),
            Fault::KillBroker => (1, 30, 5),
            Fault::Product(..) => (2, 25, 4),
        };
        let longest = Duration::from_secs(longest).min(self.length / part);
        let shortest = Duration::from_secs(shortest).min(longest / 2);
        random.random_range(shortest..longest)
    }
}

/// How far a clock goes wrong, in seconds: past the hour that Kafka allows, past the day after which usher gives up what
/// never succeeds. Two of the last together stay below the 30 days that the log keeps.
const SHIFTS: [i64; 4] = [90, 2 * 3_600, 30 * 3_600, 9 * 86_400];

#[test]
fn the_same_seed_gives_the_same_faults_and_all_end_in_time() {
    for form in [Form::Embedded, Form::Kafka { processes: 3 }] {
        for seconds in [20, 120, 600] {
            let course = Course { form, seed: 7, length: Duration::from_secs(seconds) };
            let faults = course.faults();
            assert_eq!(faults, course.faults());
            assert!(faults.iter().all(|planned| planned.at + planned.lasts <= course.length), "{faults:?}");
            assert!(faults.len() >= 8, "{faults:?}");
            assert_ne!(faults, Course { seed: 8, ..course }.faults());
        }
    }
}
