//! How long the first page of each list takes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use usher::{
    domain::{RunId, StepResult},
    views::{
        Cursor, EntryFilter, EntryResult, Error, Filter, GroupFilter, LetterFilter, LetterState, Limit, Page, Paging,
        RunKind, RunState, Users, Views,
    },
};

use super::records::{Records, scheme, source, sweep};

/// How often each list is asked for.
const TIMES: u32 = 50;

/// Prints the times of each list; gives the median time of the slowest one.
pub(super) fn measure(views: &Views, records: Records) -> anyhow::Result<Duration> {
    let mut slowest = Duration::ZERO;
    println!("list | items | median ms | longest ms");
    let mut list = |name: &str, ask: &dyn Fn(u32) -> Result<usize, Error>| -> anyhow::Result<()> {
        let mut times = Vec::new();
        let mut items = 0;
        for nth in 0..TIMES {
            let began = Instant::now();
            items = ask(nth)?;
            times.push(began.elapsed());
        }
        times.sort_unstable();
        let (median, most) = (times[times.len() / 2], times.last().copied().unwrap_or_default());
        slowest = slowest.max(median); // the longest tells of other programs too
        println!("{name} | {items} | {:.2} | {:.2}", median.as_secs_f64() * 1e3, most.as_secs_f64() * 1e3);
        Ok(())
    };
    for (name, filter) in filters(records) {
        list(&format!("runs: {name}"), &|_| count(views.runs(&filter, &page())?))?;
    }
    let run = RunId::of_sweep(&sweep(0), &scheme("idle").id);
    let whole = views.run(&run)?.context("there is a run of the sweep")?;
    ensure!(whole.counts.selected == records.users, "{} users are counted", whole.counts.selected);
    for (name, result) in [("all", None), ("failed", Some(StepResult::Failed)), ("held: none", Some(StepResult::Held))]
    {
        let result = result.map(EntryResult::Step);
        let filter = EntryFilter { result, ..EntryFilter::default() };
        let ask = |_| Ok(views.entries(&run, &filter, &page())?.map_or(0, |page| page.items.len()));
        list(&format!("entries of a run with {}: {name}", records.users), &ask)?;
    }
    list("entries of a user, all runs", &|nth| {
        count(views.entries_of(&Users(vec![records.user(u64::from(nth) * 997)]), None, None, &page())?)
    })?;
    list("runs about a user", &|nth| {
        let user = Some(Users(vec![records.user(u64::from(nth) * 997)]));
        count(views.runs(&Filter { user, ..Filter::default() }, &page())?)
    })?;
    list("runs, folded by the hour", &|_| count(views.run_groups(&GroupFilter::default(), &page())?))?;
    let undo = |_| Ok(views.undo_plan(&run, None, &page())?.map_or(0, |plan| plan.items.len()));
    list(&format!("undo of a run with {} users", records.users), &undo)?;
    list("groups of dead letters", &|_| count(views.letter_groups(LetterState::Open, None, &page())?))?;
    list("decisions of a user", &|nth| {
        count(views.decisions(&[source()], &records.user(u64::from(nth) * 997), &page())?)
    })?;
    list("decisions of a user, by name", &|nth| {
        let name = records.user(u64::from(nth) * 997).replace("account-", "NAME-");
        count(views.decisions(&[source()], &name, &page())?)
    })?;
    let letters = [
        ("all", LetterFilter::default()),
        ("resolved: none", LetterFilter { state: Some(LetterState::Resolved), ..LetterFilter::default() }),
        ("with words in the reason", LetterFilter { reason: Some("Read-Only".into()), ..LetterFilter::default() }),
        ("of a user", LetterFilter { user: Some(records.user(0)), ..LetterFilter::default() }),
        ("of nobody", LetterFilter { user: Some("nobody".into()), ..LetterFilter::default() }),
    ];
    for (name, filter) in letters {
        list(&format!("dead letters: {name}"), &|_| count(views.dead_letters(&filter, &page())?))?;
    }
    Ok(slowest)
}

fn filters(records: Records) -> Vec<(&'static str, Filter)> {
    let scheme = Some(scheme("scheme-7").id);
    vec![
        ("all", Filter::default()),
        ("of a scheme", Filter { scheme: scheme.clone(), ..Filter::default() }),
        ("of a source", Filter { source: Some(source()), ..Filter::default() }),
        ("held: none", Filter { state: Some(RunState::Held), ..Filter::default() }),
        ("failed", Filter { state: Some(RunState::Failed), ..Filter::default() }),
        (
            "with a failed step, of a scheme",
            Filter { scheme: scheme.clone(), result: Some(EntryResult::Step(StepResult::Failed)), ..Filter::default() },
        ),
        (
            "with a tested step: none",
            Filter { result: Some(EntryResult::Step(StepResult::Tested)), ..Filter::default() },
        ),
        ("with an action: none", Filter { action: Some("deactivate".into()), ..Filter::default() }),
        ("of a kind: none", Filter { kind: Some(RunKind::Undo), ..Filter::default() }),
        ("by nobody", Filter { by: Some("nobody".into()), ..Filter::default() }),
        ("with a text: none", Filter { text: Some("no such text".into()), ..Filter::default() }),
        ("of the last second", Filter { since: Some(records.at(499_000)), ..Filter::default() }),
        (
            "of a scheme, with an action: none",
            Filter { scheme, action: Some("deactivate".into()), ..Filter::default() },
        ),
    ]
}

/// The first page, of as many items as one may hold.
fn page() -> Paging {
    Paging { limit: Limit::MAX, cursor: None::<Cursor> }
}

fn count<T>(page: Page<T>) -> Result<usize, Error> {
    Ok(page.items.len())
}
