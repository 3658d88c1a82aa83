//! The part of a source's rate that this process takes: its share of the source's work.
//!
//! All processes on one Kafka share the partitions of the source's executor, so they share its rate without
//! communication. A process without partitions takes the share of one partition: administrators ask for explanations
//! there too.

use crate::config::Rate;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateShare {
    pub(crate) configured: Rate,
    /// The partitions of the executor that are this process's.
    pub(crate) held: u16,
    /// The number of partitions; none if no other process can have any.
    pub(crate) partitions: Option<u16>,
}

impl RateShare {
    /// The part, above 0 and at most 1.
    pub(crate) fn part(&self) -> f64 {
        let Some(all) = self.partitions else { return 1.0 };
        (f64::from(self.held.max(1)) / f64::from(all.max(1))).min(1.0)
    }

    /// The rate of this process.
    pub(crate) fn effective(&self) -> Rate {
        let Rate { per_second, concurrency } = self.configured;
        let held = usize::from(self.held.max(1));
        let concurrency = match self.partitions {
            // Rounded down, so that all together are not more than there may be; one at least, or nothing would be
            // done.
            Some(all) => (concurrency.saturating_mul(held) / usize::from(all.max(1))).clamp(1, concurrency.max(1)),
            None => concurrency,
        };
        Rate { per_second: per_second * self.part(), concurrency }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(held: u16, partitions: Option<u16>) -> RateShare {
        RateShare { configured: Rate { per_second: 12.0, concurrency: 8 }, held, partitions }
    }

    #[test]
    fn a_process_alone_takes_all_and_processes_together_never_more() {
        for alone in [share(0, None), share(12, Some(12))] {
            assert_eq!(alone.effective(), Rate { per_second: 12.0, concurrency: 8 });
        }
        for held in [[12, 0, 0], [6, 6, 0], [4, 4, 4], [10, 1, 1]] {
            let parts = held.map(|held| share(held, Some(12))).map(|share| share.effective());
            let of_holders = parts.iter().zip(held).filter(|(_, held)| *held > 0).map(|(part, _)| part.per_second);
            assert!((of_holders.sum::<f64>() - 12.0).abs() < 1e-9, "{parts:?}");
        }
        assert_eq!([4, 4, 4].map(|held| share(held, Some(12)).effective().concurrency), [2, 2, 2]);
    }

    #[test]
    fn the_part_is_never_nothing() {
        let idle = share(0, Some(12)).effective();
        assert!((idle.per_second - 1.0).abs() < 1e-9);
        assert_eq!(idle.concurrency, 1);
        assert!(share(40, Some(12)).part() <= 1.0, "a partition that is given before it is taken away counts twice");
    }
}
