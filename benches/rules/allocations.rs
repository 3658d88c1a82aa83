//! That nothing is allocated for a scheme that is looked at: `make bench`, see docs/benchmarks.md. A bench of its own,
//! since counting takes time.

#[allow(dead_code, reason = "shared with the bench of times, which uses more of it")]
mod schemes;

use std::{
    alloc::System,
    io::{Write, stdout},
};

use anyhow::ensure;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use usher::{
    domain::EventKind,
    rules::{Compiled, Schemes},
};

use schemes::{Jane, ONE_KIND, of_many_kinds, of_one_kind};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> anyhow::Result<()> {
    let jane = Jane::new();
    let compiled: Vec<_> = of_one_kind().iter().map(Compiled::new).collect();
    let looked_at = count(|| {
        for scheme in &compiled {
            std::hint::black_box(scheme.select(&jane.subject()));
        }
    });
    let through =
        |schemes: &Schemes| count(|| schemes.matching(&jane.source, EventKind::Created, &jane.subject(), |_, _| {}));
    let [small, large] = [1_000, 10_000].map(|schemes| through(&of_many_kinds(schemes)));
    writeln!(stdout(), "allocations: {looked_at} for {ONE_KIND} schemes looked at")?;
    writeln!(stdout(), "allocations: {small} for a user through the index over 1,000 schemes, {large} over 10,000")?;
    ensure!(looked_at == 0 && small == large && small <= 1, "nothing is to be allocated for a scheme");
    Ok(())
}

/// How many allocations `work` makes.
fn count(work: impl FnOnce()) -> usize {
    let region = Region::new(COUNTED);
    work();
    let change = region.change();
    change.allocations + change.reallocations
}
