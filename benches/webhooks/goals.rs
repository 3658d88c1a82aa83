//! The goals of usher, as ratios in one run; judged where it was measured.

use std::io::{self, Write};

use serde::Serialize;

use super::{
    lanes::Lane,
    report::{LaneReport, ratios},
};
use crate::latencies::median;

/// One goal, and what was measured.
#[derive(Serialize)]
pub struct Goal {
    what: String,
    measured: f64,
    goal: f64,
    is_reached: bool,
}

impl Goal {
    fn at_least(what: String, measured: f64, goal: f64) -> Self {
        Self { what, measured, goal, is_reached: measured >= goal }
    }

    fn at_most(what: String, measured: f64, goal: f64) -> Self {
        Self { what, measured, goal, is_reached: measured <= goal }
    }

    fn of(lane: &LaneReport, bare: &LaneReport) -> Vec<Self> {
        let (name, check) = (lane.lane.name(), bare.full_load());
        let check_us = check.server_cpu * 1e6 / check.per_second;
        let ratio = match lane.lane {
            Lane::Bare => None,
            Lane::Embedded | Lane::Kafka => Some(0.5),
            Lane::KafkaMock => Some(0.67),
            Lane::EmbeddedWithEngine => Some(0.25),
        };
        let ratio = ratio.map(|goal| Self::at_least(format!("{name}: of the check"), median(ratios(lane, bare)), goal));
        let half = (!lane.half.is_empty() && matches!(lane.lane, Lane::Embedded | Lane::Kafka)).then(|| {
            Self::at_most(
                format!("{name}: p99 at half load, ms"),
                median(lane.half.iter().map(|half| half.p99_ms)),
                10.0,
            )
        });
        let event = lane.end_to_end.iter().flat_map(|event| {
            let switches = event.context_switches_an_event;
            [
                Self::at_most(format!("{name}: CPU of an event, in checks"), event.cpu_us_an_event / check_us, 30.0),
                Self::at_most(format!("{name}: context switches of an event"), switches, 10.0),
                Self::at_most(format!("{name}: p99 of event to product call, ms"), event.all.p99_ms, 100.0),
            ]
        });
        let overload = lane.overload.iter().flat_map(|whole| {
            let overload = &whole.overload;
            [
                Self::at_most(format!("{name}: p99 of event to call at 70 %, ms"), whole.steady.all.p99_ms, 100.0),
                Self::at_most(format!("{name}: refused at 150 %"), overload.refused as f64, 0.0),
                Self::at_least(format!("{name}: least done in a second, of the mean"), overload.least_share(), 0.5),
                Self::at_most(format!("{name}: most growth of the lag, of the mean"), overload.most_growth(), 2.0),
            ]
        });
        ratio.into_iter().chain(half).chain(event).chain(overload).collect()
    }
}

/// All goals; the first of `lanes` is the bare check.
pub fn goals(lanes: &[LaneReport]) -> Vec<Goal> {
    lanes.iter().flat_map(|lane| Goal::of(lane, &lanes[0])).collect()
}

/// Prints them.
pub fn print(goals: &[Goal], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{:56} | {:>9} {:>7}", "goals", "measured", "goal")?;
    for Goal { what, measured, goal, is_reached } in goals {
        let missed = if *is_reached { "" } else { "  missed" };
        writeln!(out, "{what:56} | {measured:>9.2} {goal:>7.2}{missed}")?;
    }
    Ok(())
}
