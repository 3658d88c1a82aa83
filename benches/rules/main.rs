//! How fast the rules answer: `make bench`, see docs/benchmarks.md.
//!
//! All that is compared is measured in turn within each round, so that what else goes on in the machine meets all alike.
//! That nothing is allocated for a scheme that is looked at shows the bench `allocations`.

#![allow(clippy::cast_precision_loss, reason = "counts and times of a benchmark are far from where that matters")]

mod others;
mod report;
mod schemes;
mod timing;

use clap::Parser;
use usher::{domain::EventKind, rules::Compiled};

use self::{
    others::{Cel, Rhai},
    report::{Report, Row},
    schemes::{Jane, ONE_KIND, of_many_kinds, of_one_kind},
    timing::Timing,
};

/// Measures; prints a table, and writes target/bench/rules.json.
#[derive(Parser)]
struct Arguments {
    /// How often everything is measured; the medians are told.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Given by `cargo bench`; not by `cargo test --all-targets`, which only wants to see that it builds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if !arguments.bench {
        return report::say("nothing is measured without --bench");
    }
    let jane = Jane::new();
    let (small, large) = (of_many_kinds(1_000), of_many_kinds(10_000));
    let found = |schemes: &usher::rules::Schemes| {
        let mut found = 0_usize;
        schemes.matching(&jane.source, EventKind::Created, &jane.subject(), |_, _| found += 1);
        found
    };
    anyhow::ensure!(found(&small) == schemes::MATCHES && found(&large) == schemes::MATCHES, "as many in both");

    let schemes = of_one_kind();
    let compiled: Vec<_> = schemes.iter().map(Compiled::new).collect();
    let usher =
        || compiled.iter().filter(|scheme| scheme.select(&jane.subject()) == usher::domain::Truth::True).count();
    let cel = Cel::new(&schemes, &jane)?;
    let mut rhai = Rhai::new(&schemes, &jane)?;
    let selected = [usher(), cel.selected(), rhai.selected()];
    anyhow::ensure!(selected == [usher(); 3] && usher() > 0, "all three have to say the same: {selected:?}");

    let mut timing = [(); 5].map(|()| Timing::default());
    for round in 1..=arguments.rounds {
        report::say(&format!("round {round}"))?;
        timing[0].measure(usher);
        timing[1].measure(|| cel.selected());
        timing[2].measure(|| rhai.selected());
        timing[3].measure(|| found(&small));
        timing[4].measure(|| found(&large));
    }
    let [one, cel, rhai, small, large] = timing.map(|timing| timing.median());
    let each = ONE_KIND as f64;
    Report {
        rounds: arguments.rounds,
        rows: vec![
            Row::new("one scheme looked at, ns", one / each, "<=", 100.0),
            Row::new("the same conditions in CEL, ns", cel / each, "", 0.0),
            Row::new("the same conditions in Rhai, ns", rhai / each, "", 0.0),
            Row::new("CEL takes so many times as long", cel / one, ">=", 5.0),
            Row::new("Rhai takes so many times as long", rhai / one, ">=", 20.0),
            Row::new("which of 1,000 schemes select a user, µs", small / 1000.0, "<=", 2.0),
            Row::new("which of 10,000 schemes select a user, µs", large / 1000.0, "", 0.0),
            Row::new("10,000 take so many times as long as 1,000", large / small, "<=", 1.5),
        ],
    }
    .publish()
}
