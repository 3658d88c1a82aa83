//! Sweeps: their requests and their progress.

use super::{Error, Wire, event::source, need, proto};
use crate::domain::{
    Actor, Armed, AskedSweep, Cause, Comparison, Estimate, Limits, NewcomerOrder, RunId, RunOrder, SchemeId, SchemeRef,
    SweepId, SweepProgress, SweepRequest, SweepRun, SweepStep, Timestamp, UserList,
};

impl From<Cause> for proto::SweepCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Schedule => Self::Schedule,
            Cause::Manual => Self::Manual,
            Cause::Undo => Self::Undo,
            Cause::Bulk => Self::Bulk,
        }
    }
}

fn cause(number: i32) -> Result<Cause, Error> {
    match proto::SweepCause::try_from(number) {
        Ok(proto::SweepCause::Schedule) => Ok(Cause::Schedule),
        Ok(proto::SweepCause::Manual) => Ok(Cause::Manual),
        Ok(proto::SweepCause::Undo) => Ok(Cause::Undo),
        Ok(proto::SweepCause::Bulk) => Ok(Cause::Bulk),
        Ok(proto::SweepCause::Unspecified) | Err(_) => Err(Error::Missing("cause")),
    }
}

/// The author. A name that this version can't read is none: the order counts without its author.
fn by(text: Option<String>) -> Option<Actor> {
    text.and_then(|text| text.parse().ok())
}

fn scheme(text: String) -> Result<SchemeId, Error> {
    SchemeId::try_from(text).map_err(|_| Error::Missing("scheme"))
}

impl Wire for SweepRun {
    type Message = proto::SweepRun;

    fn to_wire(&self) -> proto::SweepRun {
        proto::SweepRun {
            scheme: Some(self.scheme.to_wire()),
            test_mode: self.test_mode,
            limit_users: self.limits.users,
            limit_percent: self.limits.percent.map(u32::from),
        }
    }

    fn from_wire(message: proto::SweepRun) -> Result<Self, Error> {
        let percent = message.limit_percent.map(u8::try_from).transpose();
        let percent = percent.map_err(|_| Error::Missing("limit_percent"))?;
        Ok(Self {
            scheme: SchemeRef::from_wire(need(message.scheme, "scheme")?)?,
            test_mode: message.test_mode,
            limits: Limits { users: message.limit_users, percent },
        })
    }
}

fn runs_to_wire(runs: &[SweepRun]) -> Vec<proto::SweepRun> {
    runs.iter().map(SweepRun::to_wire).collect()
}

fn runs_from_wire(runs: Vec<proto::SweepRun>) -> Result<Vec<SweepRun>, Error> {
    runs.into_iter().map(SweepRun::from_wire).collect()
}

fn asked_to_wire(asked: &AskedSweep) -> proto::SweepAsked {
    proto::SweepAsked {
        sweep: asked.sweep.to_string(),
        source: asked.source.to_string(),
        runs: runs_to_wire(&asked.runs),
        cause: proto::SweepCause::from(asked.cause).into(),
        due_ms: asked.due.map(Timestamp::as_millis),
        at_ms: asked.at.as_millis(),
        by: asked.by.as_ref().map(Actor::to_string),
        undo_of: asked.undo_of.as_ref().map(RunId::to_string),
        reason: asked.reason.clone(),
    }
}

fn asked_from_wire(message: proto::SweepAsked) -> Result<AskedSweep, Error> {
    Ok(AskedSweep {
        sweep: SweepId::new(message.sweep),
        source: source(message.source)?,
        runs: runs_from_wire(message.runs)?,
        cause: cause(message.cause)?,
        due: message.due_ms.map(Timestamp::from_millis),
        at: Timestamp::from_millis(message.at_ms),
        by: by(message.by),
        undo_of: message.undo_of.map(RunId::new),
        reason: message.reason,
    })
}

fn order_to_wire(order: &RunOrder) -> proto::RunOrder {
    proto::RunOrder {
        sweep: order.sweep.to_string(),
        scheme: order.scheme.to_string(),
        source: order.source.to_string(),
        at_ms: order.at.as_millis(),
        superseded_by: order.superseded_by.as_ref().map(RunId::to_string),
        by: order.by.as_ref().map(Actor::to_string),
    }
}

fn order_from_wire(message: proto::RunOrder) -> Result<RunOrder, Error> {
    Ok(RunOrder {
        sweep: SweepId::new(message.sweep),
        scheme: scheme(message.scheme)?,
        source: source(message.source)?,
        at: Timestamp::from_millis(message.at_ms),
        superseded_by: message.superseded_by.map(RunId::new),
        by: by(message.by),
    })
}

fn armed_to_wire(armed: &Armed) -> proto::ScheduleArmed {
    proto::ScheduleArmed {
        scheme: armed.scheme.to_string(),
        source: armed.source.to_string(),
        schedule: armed.schedule.clone(),
        at_ms: armed.at.as_millis(),
    }
}

fn armed_from_wire(message: proto::ScheduleArmed) -> Result<Armed, Error> {
    Ok(Armed {
        scheme: scheme(message.scheme)?,
        source: source(message.source)?,
        schedule: message.schedule,
        at: Timestamp::from_millis(message.at_ms),
    })
}

fn newcomers_to_wire(order: &NewcomerOrder) -> proto::NewcomerOrder {
    let NewcomerOrder { source, release, users, at, by } = order;
    let by = by.as_ref().map(Actor::to_string);
    proto::NewcomerOrder { source: source.to_string(), release: *release, users: *users, at_ms: at.as_millis(), by }
}

fn newcomers_from_wire(message: proto::NewcomerOrder) -> Result<NewcomerOrder, Error> {
    let proto::NewcomerOrder { source: of, release, users, at_ms, by: who } = message;
    Ok(NewcomerOrder { source: source(of)?, release, users, at: Timestamp::from_millis(at_ms), by: by(who) })
}

fn comparison_to_wire(comparison: &Comparison) -> proto::Comparison {
    let Comparison { baseline, known, held, failed, list } = comparison.clone();
    let list = list.map(|UserList { users, unreadable, incomplete }| proto::UserList { users, unreadable, incomplete });
    proto::Comparison { baseline_ms: baseline.map(Timestamp::as_millis), known, held, failed, list }
}

fn comparison_from_wire(message: proto::Comparison) -> Comparison {
    let proto::Comparison { baseline_ms, known, held, failed, list } = message;
    let list = list.map(|proto::UserList { users, unreadable, incomplete }| UserList { users, unreadable, incomplete });
    Comparison { baseline: baseline_ms.map(Timestamp::from_millis), known, held, failed, list }
}

impl Wire for SweepRequest {
    type Message = proto::SweepRequest;

    fn to_wire(&self) -> proto::SweepRequest {
        use proto::sweep_request::Request;
        let request = match self {
            Self::Asked(asked) => Request::Asked(asked_to_wire(asked)),
            Self::Release(order) => Request::Release(order_to_wire(order)),
            Self::Cancel(order) => Request::Cancel(order_to_wire(order)),
            Self::Armed(armed) => Request::Armed(armed_to_wire(armed)),
            Self::Newcomers(order) => Request::Newcomers(newcomers_to_wire(order)),
        };
        proto::SweepRequest { request: Some(request) }
    }

    fn from_wire(message: proto::SweepRequest) -> Result<Self, Error> {
        use proto::sweep_request::Request;
        Ok(match need(message.request, "request")? {
            Request::Asked(asked) => Self::Asked(asked_from_wire(asked)?),
            Request::Release(order) => Self::Release(order_from_wire(order)?),
            Request::Cancel(order) => Self::Cancel(order_from_wire(order)?),
            Request::Armed(armed) => Self::Armed(armed_from_wire(armed)?),
            Request::Newcomers(order) => Self::Newcomers(newcomers_from_wire(order)?),
        })
    }
}

impl Wire for SweepStep {
    type Message = proto::SweepProgress;

    /// A message with only the step set.
    fn to_wire(&self) -> proto::SweepProgress {
        use proto::sweep_progress::Step;
        let step = match self {
            Self::Started { runs, cause, due, from, undo_of } => Step::Started(proto::SweepStarted {
                runs: runs_to_wire(runs),
                cause: proto::SweepCause::from(*cause).into(),
                due_ms: due.map(Timestamp::as_millis),
                from: from.clone(),
                undo_of: undo_of.as_ref().map(RunId::to_string),
            }),
            Self::Estimated(Estimate { users, calls, seconds }) => {
                Step::Estimated(proto::SweepEstimated { users: *users, calls: *calls, seconds: *seconds })
            }
            Self::Listed { cursor, seen } => Step::Listed(proto::SweepListed { cursor: cursor.clone(), seen: *seen }),
            Self::ListingEnded { seen, incomplete, named } => {
                return proto::SweepProgress {
                    step: Some(Step::ListingEnded(*seen)),
                    listing_incomplete: incomplete.clone(),
                    listing_named: *named,
                    ..Default::default()
                };
            }
            Self::Held { scheme, why } => Step::Held(proto::RunHeld { scheme: scheme.to_string(), why: why.clone() }),
            Self::Released { scheme, users } => {
                Step::Released(proto::RunReleased { scheme: scheme.to_string(), users: *users })
            }
            Self::Cancelled { scheme } => Step::Cancelled(scheme.to_string()),
            Self::Superseded { scheme, by } => {
                Step::Superseded(proto::RunSuperseded { scheme: scheme.to_string(), by: by.to_string() })
            }
            Self::Failed { why } => Step::Failed(why.clone()),
            Self::Compared(comparison) => Step::Compared(comparison_to_wire(comparison)),
        };
        proto::SweepProgress { step: Some(step), ..Default::default() }
    }

    fn from_wire(message: proto::SweepProgress) -> Result<Self, Error> {
        use proto::sweep_progress::Step;
        Ok(match need(message.step, "step")? {
            Step::Started(started) => Self::Started {
                runs: runs_from_wire(started.runs)?,
                cause: cause(started.cause)?,
                due: started.due_ms.map(Timestamp::from_millis),
                from: started.from,
                undo_of: started.undo_of.map(RunId::new),
            },
            Step::Estimated(proto::SweepEstimated { users, calls, seconds }) => {
                Self::Estimated(Estimate { users, calls, seconds })
            }
            Step::Listed(listed) => Self::Listed { cursor: listed.cursor, seen: listed.seen },
            Step::ListingEnded(seen) => {
                Self::ListingEnded { seen, incomplete: message.listing_incomplete, named: message.listing_named }
            }
            Step::Held(held) => Self::Held { scheme: scheme(held.scheme)?, why: held.why },
            Step::Released(released) => Self::Released { scheme: scheme(released.scheme)?, users: released.users },
            Step::Cancelled(text) => Self::Cancelled { scheme: scheme(text)? },
            Step::Superseded(superseded) => {
                Self::Superseded { scheme: scheme(superseded.scheme)?, by: RunId::new(superseded.by) }
            }
            Step::Failed(why) => Self::Failed { why },
            Step::Compared(comparison) => Self::Compared(comparison_from_wire(comparison)),
        })
    }
}

impl Wire for SweepProgress {
    type Message = proto::SweepProgress;

    fn to_wire(&self) -> proto::SweepProgress {
        proto::SweepProgress {
            sweep: self.sweep.to_string(),
            source: self.source.to_string(),
            at_ms: self.at.as_millis(),
            ..self.step.to_wire()
        }
    }

    fn from_wire(mut message: proto::SweepProgress) -> Result<Self, Error> {
        Ok(Self {
            sweep: SweepId::new(std::mem::take(&mut message.sweep)),
            source: source(std::mem::take(&mut message.source))?,
            at: Timestamp::from_millis(message.at_ms),
            step: SweepStep::from_wire(message)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::codec::{decode, encode};

    fn run() -> SweepRun {
        SweepRun {
            scheme: SchemeRef { id: "idle".parse().expect("an id"), version: "v1".into() },
            test_mode: true,
            limits: Limits { users: Some(50), percent: Some(5) },
        }
    }

    #[test]
    fn requests_survive_the_log() {
        let (sweep, scheme) = (SweepId::new("s"), run().scheme.id);
        let (source, at) = ("acme".parse().expect("an id"), Timestamp::from_millis(7));
        let superseded_by = Some(RunId::new("s2.idle"));
        let by = Some("Ann Ü.".parse().expect("a name"));
        let order =
            RunOrder { sweep: sweep.clone(), scheme: scheme.clone(), source, at, superseded_by, by: by.clone() };
        let source = order.source.clone();
        let (due, schedule) = (Some(at), "0 3 * * * UTC".to_owned());
        let requests = [
            SweepRequest::Asked(AskedSweep {
                sweep,
                source,
                runs: vec![run()],
                cause: Cause::Schedule,
                due,
                at,
                by: by.clone(),
                undo_of: Some(RunId::new("s0.idle")),
                reason: Some("the wrong group".into()),
            }),
            SweepRequest::Release(order.clone()),
            SweepRequest::Cancel(order.clone()),
            SweepRequest::Cancel(RunOrder { superseded_by: None, ..order.clone() }),
            SweepRequest::Armed(Armed { scheme, source: order.source.clone(), schedule, at }),
            SweepRequest::Newcomers(NewcomerOrder { source: order.source, release: true, users: 7, at, by }),
        ];
        for request in requests {
            assert_eq!(decode::<SweepRequest>(&encode(&request)).expect("read"), request);
        }
    }

    #[test]
    fn progress_survives_the_log() {
        let scheme = run().scheme.id;
        let steps = [
            SweepStep::Started {
                runs: vec![run()],
                cause: Cause::Undo,
                due: None,
                from: vec![3, 0, 9],
                undo_of: Some(RunId::new("s0.idle")),
            },
            SweepStep::Estimated(Estimate { users: 50, calls: 51, seconds: 6 }),
            SweepStep::Listed { cursor: "50".into(), seen: 50 },
            SweepStep::ListingEnded { seen: 0, incomplete: None, named: false },
            SweepStep::ListingEnded { seen: 100, incomplete: Some("it ends early".into()), named: false },
            SweepStep::ListingEnded { seen: 3, incomplete: None, named: true },
            SweepStep::Held { scheme: scheme.clone(), why: "too many".into() },
            SweepStep::Released { scheme: scheme.clone(), users: 9 },
            SweepStep::Superseded { scheme: scheme.clone(), by: RunId::new("s2.idle") },
            SweepStep::Cancelled { scheme },
            SweepStep::Failed { why: "refused".into() },
            SweepStep::Compared(Comparison::default()),
            SweepStep::Compared(Comparison {
                baseline: Some(Timestamp::from_millis(9)),
                known: 7,
                held: 3,
                failed: Some("refused".into()),
                list: Some(UserList { users: 9, unreadable: 2, incomplete: Some("it ends early".into()) }),
            }),
        ];
        for step in steps {
            let source = "acme".parse().expect("an id");
            let progress = SweepProgress { sweep: SweepId::new("s"), source, at: Timestamp::from_millis(7), step };
            assert_eq!(decode::<SweepProgress>(&encode(&progress)).expect("read"), progress);
        }
    }
}
