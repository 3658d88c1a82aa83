//! Decisions that stand in the log without an event: for actions that no event sets off.

use serde_json::Value;
use usher::{
    clock::{Clock, SystemClock},
    domain::{
        Decision, Event, EventId, EventKind, MadeOf, Mode, Reason, SchemeRef, SchemeVerdict, Step, Truth, UserHints,
        UserId, UserRef, Via,
    },
    sandbox::Account,
};

use super::{
    face::{Face, eventually},
    ground::Source,
};

/// A decision of the scheme `tidy` on `user`, unlike any other.
pub fn decided(source: Source, user: &Account, steps: &[Step]) -> Decision {
    let at = SystemClock.now();
    let event = Event {
        id: EventId::new(format!("{:032x}", rand::random::<u128>())),
        source: source.id.parse().expect("an id"),
        kind: EventKind::Updated,
        via: Via::Webhook,
        user: UserRef::Id(UserId::new(&user.id)),
        hints: UserHints::default(),
        occurred: None,
        accepted: at,
        sweep: None,
    };
    let reasons = Reason {
        condition: "everyone".into(),
        truth: Truth::True,
        because: "holds for everyone".into(),
        as_of: None,
        value: None,
        made_of: MadeOf::Fact,
        change: None,
        parts: Vec::new(),
    };
    let verdict = SchemeVerdict {
        scheme: SchemeRef { id: "tidy".parse().expect("an id"), version: "00000001".into() },
        selected: Truth::True,
        test_mode: false,
        held: false,
        reasons,
        steps: steps.to_vec(),
        forecast: None,
        left_alone: Default::default(),
    };
    Decision { verdicts: vec![verdict], ..Decision::about(&event, Some(user.name.clone()), Mode::Active, at) }
}

/// The same, in test mode.
pub fn tested(mut decision: Decision) -> Decision {
    for verdict in &mut decision.verdicts {
        verdict.test_mode = true;
    }
    decision
}

/// The same, of a run whose limits are not checked yet.
pub fn kept_back(mut decision: Decision) -> Decision {
    for verdict in &mut decision.verdicts {
        verdict.held = true;
    }
    decision
}

/// The entries of the run log about `decision`, once all its steps have ended.
pub async fn ended(usher: &Face, decision: &Decision) -> Vec<Value> {
    let run = decision.run(&decision.verdicts[0]);
    eventually(&format!("{run} has ended"), || async {
        let (status, run) = usher.ask(&format!("runs/{run}"), &[]).await;
        (status.is_success() && run["state"] != "running").then_some(())
    })
    .await;
    usher.list(&format!("runs/{run}/entries"), &[]).await
}

/// How the steps of `decision` ended, in one word each.
pub async fn results(usher: &Face, decision: &Decision) -> Vec<String> {
    let result = |entry: Value| entry["result"].as_str().expect("a word").to_owned();
    ended(usher, decision).await.into_iter().map(result).collect()
}
