//! Faults at random on a running installation under load, then the verdict of the judge of [`super::crash`].
//!
//! * [`course`] makes the sequence of faults from a seed; [`fault`] is what there is.
//! * [`installation`] is usher once or several times, each under a [`supervisor`] that starts it again when it has ended,
//!   with its log, and the load. [`suffer`] does a fault to it, and lifts it.
//! * [`clock`] sets the clock of one process, [`stderr`] stops reading what it logs, [`strangers`] keep its connections,
//!   [`topics`] deletes a topic.
//! * [`play`] plays a course: faults, everything lifted, ready again, everything done, verdict.
//!
//! In the suite a course takes seconds. `make chaos` plays long ones: `USHER_TEST_CHAOS_MINUTES` each,
//! `USHER_TEST_COURSES` of them, `USHER_TEST_PROCESSES` (1 or 3) in each. The same `USHER_TEST_SEED` gives the same sequence of faults.

mod clock;
mod course;
mod fault;
mod installation;
mod play;
mod stderr;
mod strangers;
mod suffer;
mod supervisor;
mod topics;
