//! `kill -9` of the real binary under load, at random moments, and what must be true afterwards.
//!
//! * [`scene`] is what outlives a crash: the sandbox (a process too), the folder, the people; it starts usher.
//! * [`load`] sends signed webhooks for those people and remembers every answer.
//! * [`ending`] lets usher do what was accepted; [`records`] is what the log holds then, and [`verdict`] compares it
//!   with what was answered and with what the sandbox saw. [`played`] plays the steps through.
//! * [`embedded`], [`kafka`], [`outage`] and [`full_disk`] are the tests; [`sweeps`] and [`undo`] are tests on a ground of their own.
//!
//! A course of [`super::chaos`] has the same scene, load and judge.
//!
//! How many rounds: `USHER_TEST_ROUNDS`. Which random moments: `USHER_TEST_SEED`, printed with every failure.

mod embedded;
pub mod ending;
mod full_disk;
pub mod kafka;
pub mod load;
mod outage;
mod played;
mod reconciliation;
mod records;

pub mod scene;
mod sweeps;
mod undo;
pub mod verdict;
mod waiting;
