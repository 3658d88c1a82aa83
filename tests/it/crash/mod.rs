//! `kill -9` of the real binary under load, at random moments, and what must be true afterwards.
//!
//! * [`scene`] is what outlives a crash: the sandbox (a process too), the folder, the people; it starts usher.
//! * [`load`] sends signed webhooks for those people and remembers every answer.
//! * [`ending`] lets usher do what was accepted; [`records`] is what the log holds then, and [`verdict`] compares it
//!   with what was answered and with what the sandbox saw.
//! * [`embedded`], [`kafka`], [`outage`] and [`full_disk`] are the tests; [`sweeps`] are tests on a ground of their own.
//!
//! How many rounds: `USHER_TEST_ROUNDS`. Which random moments: `USHER_TEST_SEED`, printed with every failure.

mod embedded;
mod ending;
mod full_disk;
mod kafka;
mod load;
mod outage;
mod reconciliation;
mod records;
mod scene;
mod sweeps;
mod verdict;
