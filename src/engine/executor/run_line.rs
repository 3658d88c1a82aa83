//! The one log line about a run of an event. Its steps are logged at DEBUG.

use tracing::{debug, info};

use crate::domain::{Decision, SchemeVerdict, StepResult};

/// The results of the steps of a run about one user.
#[derive(Default)]
pub(in crate::engine) struct RunLine {
    ended: Vec<StepResult>,
}

impl RunLine {
    /// Counts a step that has just ended.
    pub(in crate::engine) fn count(&mut self, result: StepResult) {
        self.ended.push(result);
    }

    /// Writes the line, unless every step had ended before usher was stopped and started again. A user of a sweep is
    /// one of many in its run.
    pub(in crate::engine) fn write(&self, decision: &Decision, verdict: &SchemeVerdict) {
        if self.ended.is_empty() {
            return;
        }
        let count = |result| self.ended.iter().filter(|ended| **ended == result).count();
        let (run, source, scheme) = (decision.run(verdict), &decision.source, &verdict.scheme.id);
        let (event, kind, via) = (&decision.event, decision.kind.as_str(), decision.via.as_str());
        let [changed, unchanged, tested, held, failed] = StepResult::ALL.map(count);
        if decision.sweep.is_some() {
            debug!(run.id = %run, event.id = %event, source.id = %source, scheme.id = %scheme, changed, unchanged, tested,
                held, failed, "user of a run done");
        } else {
            info!(run.id = %run, event.id = %event, source.id = %source, scheme.id = %scheme, kind, via, changed, unchanged,
                tested, held, failed, "run ended");
        }
    }
}
