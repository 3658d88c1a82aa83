//! What is told in the end: a table for people, JSON for everything else.

use std::{
    fs,
    io::{Write, stderr, stdout},
    path::Path,
};

use serde::Serialize;

/// All that was measured.
#[derive(Serialize)]
pub struct Report {
    /// How often.
    pub rounds: usize,
    /// Figures and targets.
    pub rows: Vec<Row>,
}

/// One figure.
#[derive(Serialize)]
pub struct Row {
    what: &'static str,
    median: f64,
    target: Option<String>,
    met: Option<bool>,
}

impl Row {
    /// A figure; `relation` is `<=` or `>=` where there is a `target`.
    pub fn new(what: &'static str, median: f64, relation: &str, target: f64) -> Self {
        let met = match relation {
            "<=" => Some(median <= target),
            ">=" => Some(median >= target),
            _ => None,
        };
        Self { what, median, target: met.map(|_| format!("{relation} {target}")), met }
    }
}

impl Report {
    /// Prints the table, and writes target/bench/rules.json.
    pub fn publish(&self) -> anyhow::Result<()> {
        let mut out = stdout().lock();
        for Row { what, median, target, met } in &self.rows {
            let target = target.as_deref().unwrap_or_default();
            let missed = if *met == Some(false) { "MISSED" } else { "" };
            writeln!(out, "{what:44} {median:>9.2}  {target:8} {missed}")?;
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("rules.json"), serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }
}

/// Says what goes on, while it takes its time.
pub fn say(what: &str) -> anyhow::Result<()> {
    Ok(writeln!(stderr(), "{what}")?)
}
