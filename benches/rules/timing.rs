//! Times of what takes nanoseconds.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Each sample takes about so long, so that the clock's own steps do not count.
const SAMPLE: Duration = Duration::from_millis(40);

/// The nanoseconds one call took, round by round.
#[derive(Default)]
pub struct Timing {
    rounds: Vec<f64>,
}

impl Timing {
    /// Calls `work` for a while.
    pub fn measure<T>(&mut self, mut work: impl FnMut() -> T) {
        let mut times = 1_u32;
        loop {
            let begun = Instant::now();
            for _ in 0..times {
                black_box(work());
            }
            let took = begun.elapsed();
            if took >= SAMPLE {
                self.rounds.push(took.as_secs_f64() * 1e9 / f64::from(times));
                return;
            }
            times = times.saturating_mul(2);
        }
    }

    /// The median of all rounds.
    pub fn median(mut self) -> f64 {
        self.rounds.sort_by(f64::total_cmp);
        self.rounds.get(self.rounds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}
