//! The result: a table for people, JSON for everything else.

use std::{
    fs,
    io::{Write as _, stderr},
    path::Path,
};

use anyhow::ensure;
use chrono::Utc;
use serde::Serialize;

use super::Arguments;

/// The longest that the first byte of a page may take, by the median, in milliseconds.
const LONGEST_MS: f64 = 100.0;
/// The most that a page may weigh with all that it loads, in bytes over the wire. usher compresses nothing.
const MOST_BYTES: usize = 100 * 1024;

/// The measurement of one page.
#[derive(Serialize)]
pub struct Row {
    pub path: String,
    /// A part, which is loaded into a page: it has no files of its own.
    pub is_part: bool,
    /// The median.
    pub first_byte_ms: f64,
    pub longest_ms: f64,
    pub html_bytes: usize,
    /// With stylesheet, scripts and icon, as for somebody who comes for the first time, and with the parts that it loads by itself.
    pub bytes: usize,
}

impl Row {
    fn is_soon(&self) -> bool {
        self.first_byte_ms <= LONGEST_MS
    }

    fn is_light(&self) -> bool {
        self.bytes <= MOST_BYTES
    }
}

/// Everything that was measured.
#[derive(Serialize)]
pub struct Report {
    at: String,
    plan: Arguments,
    entries: u64,
    resident_mib: u64,
    goal_first_byte_ms: f64,
    goal_bytes: usize,
    pages: Vec<Row>,
}

impl Report {
    pub fn new(plan: Arguments, entries: u64, resident_mib: u64, pages: Vec<Row>) -> Self {
        let at = Utc::now().to_rfc3339();
        Self { at, plan, entries, resident_mib, goal_first_byte_ms: LONGEST_MS, goal_bytes: MOST_BYTES, pages }
    }

    /// Writes the JSON and prints the table.
    ///
    /// # Errors
    /// If a page misses a goal, or the JSON can't be written.
    pub fn publish(&self) -> anyhow::Result<()> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("console.json"), serde_json::to_vec_pretty(self)?)?;
        println!(
            "{} users, {} entries, {} schemes; each page {} times; usher takes {} MiB",
            self.plan.users, self.entries, self.plan.schemes, self.plan.times, self.resident_mib
        );
        println!("\n{:64} | {:^24} | {:^24}", "", "first byte, ms", "KiB over the wire");
        println!(
            "{:64} | {:>7} {:>7} {:>8} | {:>7} {:>7} {:>8}",
            "page", "median", "longest", "goal", "HTML", "all", "goal"
        );
        let kib = |bytes: usize| bytes as f64 / 1024.0;
        for row in &self.pages {
            let goal =
                |is_reached: bool, goal: f64| if is_reached { format!("{goal:.0}") } else { "MISSED".to_owned() };
            println!(
                "{:64} | {:>7.1} {:>7.1} {:>8} | {:>7.1} {:>7.1} {:>8}",
                if row.is_part { format!("  part {}", row.path) } else { row.path.clone() },
                row.first_byte_ms,
                row.longest_ms,
                goal(row.is_soon(), LONGEST_MS),
                kib(row.html_bytes),
                kib(row.bytes),
                goal(row.is_light(), kib(MOST_BYTES))
            );
        }
        let (late, heavy) = (self.count(|row| !row.is_soon()), self.count(|row| !row.is_light()));
        println!("\nof {} pages and parts, {late} begin too late and {heavy} are too heavy", self.pages.len());
        ensure!(late + heavy == 0, "{late} pages begin too late, {heavy} are too heavy");
        Ok(())
    }

    fn count(&self, is_missed: impl Fn(&Row) -> bool) -> usize {
        self.pages.iter().filter(|row| is_missed(row)).count()
    }
}

/// Says what goes on, while it takes its time.
pub fn progress(what: &str) {
    // It goes on all the same if nobody can be told.
    let _ = writeln!(stderr(), "{what}");
}
