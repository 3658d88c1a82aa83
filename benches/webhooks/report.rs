//! The result: a table for people, JSON for everything else.

use std::{
    fs,
    io::{self, Write, stderr, stdout},
    path::Path,
};

use chrono::Utc;
use serde::Serialize;

use super::{
    Plan,
    cpu::Cores,
    deliveries::BODY_BYTES,
    end_to_end,
    goals::{self, Goal},
    intake::Measured,
    lanes::Lane,
    latencies::median,
    load::CONNECTIONS,
    overload,
};

/// The rounds of one lane.
pub struct LaneReport {
    /// Which.
    pub lane: Lane,
    /// As fast as it answers.
    pub full: Vec<Measured>,
    /// At half that.
    pub half: Vec<Measured>,
    /// Through the whole service.
    pub end_to_end: Option<end_to_end::Measured>,
    /// At 70 % of what the service can do, and beyond what it can.
    pub overload: Option<overload::Measured>,
}

impl LaneReport {
    /// Nothing measured yet.
    pub fn new(lane: Lane) -> Self {
        Self { lane, full: Vec::new(), half: Vec::new(), end_to_end: None, overload: None }
    }

    /// The medians at full load.
    pub fn full_load(&self) -> Measured {
        Measured::median(&self.full)
    }
}

/// The ratios of `lane` to the `bare` check, round by round.
pub fn ratios(lane: &LaneReport, bare: &LaneReport) -> Vec<f64> {
    lane.full.iter().zip(&bare.full).map(|(own, bare)| own.per_second / bare.per_second).collect()
}

/// Everything that was measured.
#[derive(Serialize)]
pub struct Report {
    at: String,
    machine: Machine,
    connections: usize,
    body_bytes: usize,
    plan: Plan,
    lanes: Vec<Row>,
    goals: Vec<Goal>,
}

#[derive(Serialize)]
struct Machine {
    processor: String,
    kernel: String,
    server_core: usize,
    load_core: usize,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    /// Accepted a second by the signature check alone, in the same round: the median of the rounds' ratios.
    ratio: f64,
    /// Each round's.
    ratios: Vec<f64>,
    full_load: Measured,
    half_load: Option<Measured>,
    end_to_end: Option<end_to_end::Measured>,
    overload: Option<overload::Measured>,
}

impl Report {
    /// Puts together what was measured; the first of `lanes` is what the others are held against.
    pub fn new(plan: Plan, cores: Cores, lanes: &[LaneReport]) -> Self {
        let rows = lanes.iter().map(|report| {
            let ratios = ratios(report, &lanes[0]);
            Row {
                name: report.lane.name(),
                ratio: median(ratios.iter().copied()),
                ratios,
                full_load: report.full_load(),
                half_load: (!report.half.is_empty()).then(|| Measured::median(&report.half)),
                end_to_end: report.end_to_end.clone(),
                overload: report.overload.clone(),
            }
        });
        Self {
            at: Utc::now().to_rfc3339(),
            machine: Machine::this(cores),
            connections: CONNECTIONS,
            body_bytes: BODY_BYTES,
            lanes: rows.collect(),
            goals: goals::goals(lanes),
            plan,
        }
    }

    /// Writes the JSON and prints the table.
    pub fn publish(&self) -> anyhow::Result<()> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("webhooks.json"), serde_json::to_vec_pretty(self)?)?;
        Ok(self.print(&mut stdout())?)
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let Machine { processor, server_core, load_core, .. } = &self.machine;
        writeln!(out, "{processor}; server on core {server_core}, load on core {load_core}")?;
        writeln!(
            out,
            "{CONNECTIONS} connections, bodies of {BODY_BYTES} bytes, medians of {} rounds",
            self.plan.rounds
        )?;
        writeln!(out, "\nwebhooks {:19} | {:^54} | {:^24}", "", "as fast as answered", "at half that rate")?;
        writeln!(
            out,
            "{:28} | {:>9} {:>6} {:>7} {:>7} {:>9} {:>9}  | {:>9} {:>6} {:>7}",
            "", "per s", "ratio", "p50 ms", "p99 ms", "cpu: own", "the load", "per s", "p50 ms", "p99 ms"
        )?;
        for row in &self.lanes {
            row.print_intake(out)?;
        }
        for (name, measured) in self.lanes.iter().filter_map(|row| Some((row.name, row.end_to_end.as_ref()?))) {
            print_end_to_end(name, measured, out)?;
        }
        for (name, measured) in self.lanes.iter().filter_map(|row| Some((row.name, row.overload.as_ref()?))) {
            print_overload(name, measured, out)?;
        }
        goals::print(&self.goals, out)
    }
}

impl Row {
    fn print_intake(&self, out: &mut impl Write) -> io::Result<()> {
        let Measured { per_second, p50_ms, p99_ms, server_cpu, load_cpu, refused } = self.full_load;
        write!(
            out,
            "{:28} | {per_second:>9.0} {:>6.2} {p50_ms:>7.2} {p99_ms:>7.2} {:>7.0} % {:>7.0} %  |",
            self.name,
            self.ratio,
            100.0 * server_cpu,
            100.0 * load_cpu
        )?;
        if let Some(half) = &self.half_load {
            write!(out, " {:>9.0} {:>6.2} {:>7.2}", half.per_second, half.p50_ms, half.p99_ms)?;
        }
        let refused = refused + self.half_load.map_or(0, |half| half.refused);
        if refused > 0 { writeln!(out, "  {refused} REFUSED") } else { writeln!(out) }
    }
}

fn print_end_to_end(name: &str, measured: &end_to_end::Measured, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{name}: event accepted to product call done at {:.0} events/s, {} events",
        measured.rate, measured.events
    )?;
    let parts = [
        ("all", &measured.all),
        ("  until decided", &measured.planner),
        ("  until attempt noted", &measured.executor),
        ("  until product answered", &measured.call),
    ];
    for (part, took) in parts {
        writeln!(out, "{part:28} | p50 {:>6.1} ms   p99 {:>6.1} ms", took.p50_ms, took.p99_ms)?;
    }
    let (p50, p99) = (measured.histogram_p50_at_most_ms, measured.histogram_p99_at_most_ms);
    writeln!(out, "{:28} | p50 <= {p50:.0} ms, p99 <= {p99:.0} ms", "usher's own histogram")?;
    writeln!(
        out,
        "{:28} | {:.0} % of a core, {:.0} µs an event, {:.0} context switches an event",
        "usher took",
        100.0 * measured.server_cpu,
        measured.cpu_us_an_event,
        measured.context_switches_an_event
    )?;
    writeln!(out, "{:28} | {:.1} ms an event", "and waited for a core", measured.kept_waiting_ms_an_event)?;
    writeln!(out, "{:28} | p99 <= {:.1} ms", "an append until durable", measured.append_p99_at_most_ms)?;
    writeln!(out, "{:28} | {}", "p99 of each second, ms", whole(&measured.p99_ms_by_second))
}

/// Whole numbers beside each other.
fn whole(values: &[f64]) -> String {
    values.iter().map(|value| format!("{value:.0}")).collect::<Vec<_>>().join(" ")
}

fn print_overload(name: &str, measured: &overload::Measured, out: &mut impl Write) -> io::Result<()> {
    let overload::Measured { capacity, steady, overload } = measured;
    writeln!(out, "\n{name}: the whole service can do {capacity:.0} events/s")?;
    print_end_to_end(name, steady, out)?;
    let part = format!("at {:.0}/s", overload.rate);
    writeln!(out, "{part:28} | {} refused, answered p99 {:.1} ms", overload.refused, overload.answered_p99_ms)?;
    for (part, values) in
        [("  decided, each second", &overload.decided), ("  done", &overload.done), ("  not done yet", &overload.lag)]
    {
        writeln!(out, "{part:28} | {}", whole(values))?;
    }
    Ok(())
}

impl Machine {
    fn this(cores: Cores) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            processor: model.map_or_else(|| "unknown processor".to_owned(), |(_, model)| model.to_owned()),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            server_core: cores.server,
            load_core: cores.load,
        }
    }
}

/// Says what goes on, while it takes its time.
pub fn progress(what: &str) {
    // It goes on all the same if nobody can be told.
    let _ = writeln!(stderr(), "{what}");
}
