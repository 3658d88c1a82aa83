//! Until when each scheme's clock has struck.

use serde::{Deserialize, Serialize};

use super::Error;
use crate::{
    domain::{Cause, SchemeId, SweepRequest, Timestamp},
    store::Store,
};

/// The bells by scheme.
#[derive(Debug, Clone)]
pub(super) struct Bells(sled::Tree);

/// What is known of a scheme's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bell {
    /// The pattern and time zone it was armed with.
    pub schedule: String,
    /// All times until then are dealt with: they were struck, or lie before the clock was first seen.
    pub until: Timestamp,
    /// The latest time for which it has asked for a sweep.
    #[serde(default)]
    pub asked: Option<Timestamp>,
}

impl Bells {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self(store.tree("view-bells")?))
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 1] {
        [&self.0]
    }

    /// Takes in a request. Applied twice, or by several replicas, it changes nothing more.
    pub(super) fn apply(&self, request: &SweepRequest) -> Result<(), Error> {
        match request {
            SweepRequest::Armed(armed) => {
                let earlier = self.get(&armed.scheme)?;
                let asked = earlier.as_ref().and_then(|bell| bell.asked);
                let until = match earlier {
                    Some(bell) if bell.schedule == armed.schedule => bell.until.max(armed.at),
                    Some(_) | None => armed.at,
                };
                self.put(&armed.scheme, &Bell { schedule: armed.schedule.clone(), until, asked })
            }
            SweepRequest::Asked(asked) => {
                let Some(due) = asked.due.filter(|_| asked.cause == Cause::Schedule) else { return Ok(()) };
                for run in &asked.runs {
                    if let Some(bell) = self.get(&run.scheme.id)? {
                        let (until, asked) = (bell.until.max(due), bell.asked.max(Some(due)));
                        self.put(&run.scheme.id, &Bell { until, asked, ..bell })?;
                    }
                }
                Ok(())
            }
            SweepRequest::Release(_) | SweepRequest::Cancel(_) | SweepRequest::Newcomers(_) => Ok(()),
        }
    }

    pub(super) fn get(&self, scheme: &SchemeId) -> Result<Option<Bell>, Error> {
        Ok(self.0.get(scheme.as_str())?.map(|row| serde_json::from_slice(&row)).transpose()?)
    }

    fn put(&self, scheme: &SchemeId, bell: &Bell) -> Result<(), Error> {
        self.0.insert(scheme.as_str(), serde_json::to_vec(bell)?)?;
        Ok(())
    }
}
