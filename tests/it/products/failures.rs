//! Every step on every product in bad weather: what is answered says whether it may have been made, and asked for again
//! it comes to the same end, made once.

use usher::{
    domain::{Product, Step},
    products::{Disposition, Error},
    sandbox::{Effect, Fault, When},
};

use super::{
    ALL, Bench, STAFF,
    quirks::Quirks,
    scene::{before, changes, done, pairs, possible},
};

/// As the executor does: reads, asks where it is not so yet. The password is so as soon as it was changed.
async fn finish(bench: &Bench, step: &Step) {
    bench.sandbox.clear_faults();
    let password = matches!(step, Step::InvalidatePassword { .. }) && !changes(bench).is_empty();
    if bench.is_so(step).await == Some(false) && !password {
        let asked = bench.client.make_so(&bench.jane().await, step).await;
        // Whoever is being deleted may go between the two, and is looked for once more.
        let gone = *step == Step::Delete && asked == Err(Error::NoSuchUser);
        assert!(asked == Ok(()) || gone, "{step:?}: {asked:?}");
    }
    assert_eq!(bench.is_so(step).await, done(step), "{step:?}");
}

/// How many changes a step takes.
fn effects(step: &Step) -> usize {
    match step {
        Step::RemoveAllGroups => 3,
        Step::RemoveApplicationAccess(_) => 2,
        _ => 1,
    }
}

#[tokio::test]
async fn a_429_means_that_nothing_was_changed() {
    for (product, step) in pairs() {
        let bench = before(product, &step);
        let jane = bench.jane().await;
        bench.strike_changes(product, Effect::TooManyRequests { retry_after: Some(0) }, When::Next(1));
        let limited = bench.client.make_so(&jane, &step).await;
        assert!(matches!(limited, Err(Error::RateLimited { .. })), "{product} {step:?}: {limited:?}");
        assert_eq!(changes(&bench).len(), 0, "{product} {step:?}");
        finish(&bench, &step).await;
        assert_eq!(changes(&bench).len(), effects(&step), "{product} {step:?}");
    }
}

#[tokio::test]
async fn a_500_or_a_lost_answer_is_settled_by_reading_and_nothing_is_made_twice() {
    for (product, step) in pairs() {
        for after_work in [false, true] {
            let fail = Effect::Fail { status: 500, retry_after: None, after_work };
            for effect in [fail, Effect::Cut { after_work }] {
                let bench = before(product, &step);
                let jane = bench.jane().await;
                bench.strike_changes(product, effect, When::Next(1));
                let failed = bench.client.make_so(&jane, &step).await.map_err(|error| error.disposition());
                assert_eq!(failed, Err(Disposition::ReadThenRetry(None)), "{product} {step:?} {effect:?}");
                let made = after_work && !Quirks::takes_its_time(product, &step);
                assert_eq!(changes(&bench).len(), usize::from(made), "{product} {step:?} {effect:?}");
                finish(&bench, &step).await;
                assert_eq!(changes(&bench).len(), effects(&step), "{product} {step:?} {effect:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_step_of_several_calls_that_was_cut_off_half_done_is_finished() {
    for product in ALL.iter().copied() {
        for step in [Step::RemoveAllGroups, Step::RemoveApplicationAccess(Vec::new())] {
            if !possible(product, &step) {
                continue;
            }
            for after_work in [false, true] {
                let bench = before(product, &step);
                let removing = Quirks::of(product).removing;
                bench.sandbox.inject(Fault::new(Effect::Cut { after_work }).method(removing).when(When::Every(2)));
                let cut = bench.client.make_so(&bench.jane().await, &step).await;
                assert!(matches!(cut, Err(Error::Lost(_))), "{product} {step:?}: {cut:?}");
                assert_eq!(changes(&bench).len(), 1 + usize::from(after_work), "{product} {step:?}");
                finish(&bench, &step).await;
                assert_eq!(changes(&bench).len(), effects(&step).max(2), "{product} {step:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_group_that_will_not_let_go_is_told_and_the_others_are_left_all_the_same() {
    for product in ALL.iter().copied() {
        let bench = before(product, &Step::RemoveAllGroups);
        let refuse = Effect::Fail { status: 400, retry_after: None, after_work: false };
        bench.sandbox.inject(Fault::new(refuse).method(Quirks::of(product).removing).when(When::Next(1)));
        let refused = bench.client.make_so(&bench.jane().await, &Step::RemoveAllGroups).await;
        assert!(matches!(refused, Err(Error::Refused { status: 400, .. })), "{product}: {refused:?}");
        assert_eq!(bench.jane().await.groups.map(|left| left.len()), Some(1), "{product}");
        assert_eq!(bench.is_so(&Step::RemoveAllGroups).await, Some(false), "{product}");
    }
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_an_outage_is_not_taken_for_the_users_own() {
    let step = super::add(STAFF);
    // An organisation says by a code whether it is the key's, and nothing is looked up.
    for product in ALL.iter().copied().filter(|product| *product != Product::AtlassianOrg) {
        let bench = Bench::new(product);
        let jane = bench.jane().await;
        bench.strike_changes(product, Effect::Forbidden, When::Always);
        let rights = Quirks::of(product).rights;
        bench.client.make_so(&jane, &step).await.expect_err("a refusal"); // and the group's id is known by now
        bench
            .sandbox
            .inject(Fault::new(Effect::Fail { status: 503, retry_after: None, after_work: false }).path(rights));
        let asked = bench.client.make_so(&jane, &step).await.map_err(|error| error.disposition());
        assert_eq!(asked, Err(Disposition::ReadThenRetry(None)), "{product}");
    }
}
