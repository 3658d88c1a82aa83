//! `usher picks`: picks the users of a file for a bulk action, and lists, shows and deletes picks.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use super::{
    Api, AsList, AsOne, Error, Format,
    confirm::Sure,
    deletion::delete,
    input,
    listed::{self, Limit},
    output::{Column, Output},
    users::{USERS, with_last_login},
};
use crate::cli::FAILED;

/// Shown of a list in a table, unless `--limit` says otherwise.
const DEFAULT_LIMIT: usize = 50;

/// The commands for picks.
#[derive(Subcommand)]
pub enum Command {
    /// Pick the users of a file in CSV, which has a column `id`, `name` or `email`. Exit code 1 if a line stands for nobody.
    Add(Add),
    /// List your picks, the latest change first.
    List(AsList),
    /// Show the users of a pick, in the order of picking.
    Show {
        /// The pick.
        id: String,
        /// The most users, or `all`.
        #[arg(long, value_parser = listed::limit)]
        limit: Option<Limit>,
        #[command(flatten)]
        shown: AsList,
    },
    /// Delete a pick. Nothing else is changed.
    Delete {
        /// The pick.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

/// A file whose users are picked.
#[derive(Args)]
pub struct Add {
    /// The source of the users.
    #[arg(long)]
    source: String,
    /// The file; `-` is standard input.
    #[arg(long)]
    file: PathBuf,
    /// The encoding, where the file is neither UTF-8 nor UTF-16 with a byte order mark.
    #[arg(long, value_enum)]
    encoding: Option<Encoding>,
    /// Pick nobody if a line stands for nobody.
    #[arg(long)]
    all: bool,
    /// Read and count only.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    shown: AsOne,
}

/// An encoding that a file can't tell by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Encoding {
    /// The one of spreadsheets in Western Europe and America.
    #[value(name = "windows-1252")]
    Windows1252,
}

const PICKS: [Column; 6] = [
    ("id", "/id"),
    ("source", "/source"),
    ("users", "/users"),
    ("from", "/from"),
    ("changed", "/changed"),
    ("expires", "/expires"),
];

/// Runs `usher picks`.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::File`] if the file can't be read, [`Error::Unconfirmed`] if nobody can be asked,
/// [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Add(add) => return add.run(api, output).await,
        Command::List(shown) => {
            output.format = shown.output;
            let picks = api.list(&["picks"], &[], None).await?;
            output.list(&PICKS, &picks)?;
        }
        Command::Show { id, limit, shown } => {
            output.format = shown.output;
            let limit = Limit::or(limit, DEFAULT_LIMIT, output.format);
            listed::show(api, output, (&["picks", &id, "users"], &[]), &USERS, limit, with_last_login).await?;
        }
        Command::Delete { id, sure } => {
            let question = format!("The pick {id} is deleted; nothing is changed in the product");
            return delete(api, output, ("picks", &id), &question, sure).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Add {
    async fn run(self, api: &Api, output: &mut Output<'_>) -> Result<ExitCode, Error> {
        output.format = self.shown.output.into();
        let bytes = input::bytes(&self.file)?;
        let mut query = vec![("source", self.source.as_str())];
        query.extend(self.encoding.map(|Encoding::Windows1252| ("encoding", "windows-1252")));
        query.extend(self.all.then_some(("take", "all")));
        query.extend(self.dry_run.then_some(("dry_run", "true")));
        let answer = api.send_file("file", &["picks", "csv"], &query, bytes).await?;
        if output.format == Format::Table {
            in_words(&answer).iter().try_for_each(|line| output.say(line))?;
        } else {
            output.whole(&answer)?;
        }
        let is_complete = left_out(&answer) == 0;
        Ok(if is_complete { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
    }
}

/// The lines that stand for nobody. One that stands for the user of an earlier line is no loss.
fn left_out(answer: &Value) -> u64 {
    let count = |key: &str| answer["file"][key].as_u64().unwrap_or_default();
    count("not_there") + count("several") + count("unreadable")
}

/// The result of a file, for people: the pick, the counts, and the lines.
fn in_words(answer: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let count = |key: &str| answer["file"][key].as_u64().unwrap_or_default();
    let mut lines = Vec::new();
    match answer["id"].as_str() {
        Some(id) => lines.push(format!(
            "{id}: {} users of {} picked, kept until {}",
            answer["users"],
            text(&answer["source"]),
            text(&answer["expires"])
        )),
        None => lines.push("nothing is kept: only counted".to_owned()),
    }
    lines.push(format!(
        "{} found, {} not there, {} twice, {} fit several, {} not readable",
        count("found"),
        count("not_there"),
        count("twice"),
        count("several"),
        count("unreadable")
    ));
    let ignored: Vec<_> = answer["file"]["ignored_columns"].as_array().into_iter().flatten().map(text).collect();
    if !ignored.is_empty() {
        lines.push(format!("ignored columns: {}", ignored.join(", ")));
    }
    if answer["whole"] == false {
        lines.push(format!("the list of users was not whole: {}", text(&answer["why"])));
    }
    let problems = answer["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.extend(
        problems.iter().map(|one| format!("  line {}: `{}`: {}", one["line"], text(&one["value"]), text(&one["why"]))),
    );
    let more = answer["problem_count"].as_u64().unwrap_or_default().saturating_sub(problems.len() as u64);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> Value {
        let file =
            json!({"found": 2, "not_there": 1, "twice": 1, "several": 0, "unreadable": 0, "ignored_columns": ["City"]});
        let problems = json!([{"line": 7, "value": "x", "why": "no such user"}]);
        json!({"id": "p1", "source": "acme", "users": 2, "expires": "T", "file": file, "problems": problems, "problem_count": 2})
    }

    #[test]
    fn a_file_is_told_of_by_counts_and_lines() {
        let lines = in_words(&answer());
        for line in [
            "p1: 2 users of acme picked, kept until T",
            "2 found, 1 not there, 1 twice, 0 fit several, 0 not readable",
            "ignored columns: City",
            "  line 7: `x`: no such user",
            "  and 1 more",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line}: {lines:?}");
        }
        assert_eq!(left_out(&answer()), 1, "a user who is there twice is not left out");
    }

    #[test]
    fn a_dry_run_says_that_nothing_is_kept() {
        let mut answer = answer();
        answer["id"] = Value::Null;
        assert!(in_words(&answer)[0].contains("nothing is kept"));
    }
}
