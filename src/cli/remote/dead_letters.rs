//! `usher dead-letters`: lists, redrives and dismisses dead letters.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    Api, AsList, AsOne, Error, Format,
    confirm::Sure,
    listed::{self, Limit, limit},
    output::{Column, Output},
};
use crate::cli::FAILED;

/// The default number of letters in a table.
const DEFAULT_LIMIT: usize = 50;
/// The number of letters in one redrive request.
const BATCH: usize = 1_000;

/// The commands for dead letters.
#[derive(Subcommand)]
pub enum Command {
    /// List dead letters, newest first.
    List {
        #[command(flatten)]
        filters: Filters,
        /// The highest number, or `all`; by default 50 in a table, else all.
        #[arg(long, value_parser = limit)]
        limit: Option<Limit>,
        #[command(flatten)]
        shown: AsList,
    },
    /// The open dead letters, grouped by their step and reason.
    Groups {
        #[command(flatten)]
        shown: AsList,
    },
    /// Show one dead letter in full.
    Show {
        /// The dead letter.
        id: String,
        #[command(flatten)]
        shown: AsOne,
    },
    /// Redrive dead letters. Correct the cause first. A fulfilled step is not done twice.
    Redrive {
        #[command(flatten)]
        which: Which,
    },
    /// Say that nothing is to be done about dead letters.
    Dismiss {
        /// Why; shown with the letter.
        #[arg(long)]
        because: Option<String>,
        #[command(flatten)]
        which: Which,
    },
}

/// The filters of dead letters.
#[derive(Args)]
pub struct Filters {
    /// In this source.
    #[arg(long)]
    source: Option<String>,
    /// Given up there: planner, executor or sweeper.
    #[arg(long)]
    stage: Option<String>,
    /// With these words in their reason.
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
    /// Given up then or later, like 2026-11-21T08:30:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// About this user: the lasting id or the login name.
    #[arg(long)]
    user: Option<String>,
    /// With this state: open, redriven, resolved or dismissed.
    #[arg(long)]
    state: Option<String>,
    /// Kept back (true), or given up (false).
    #[arg(long)]
    held: Option<bool>,
    /// Of this group.
    #[arg(long)]
    group: Option<String>,
}

/// The letters to handle: those that are named, or all that match the filters.
#[derive(Args)]
pub struct Which {
    /// The dead letters.
    #[arg(value_name = "ID", required_unless_present = "all_matching", conflicts_with = "all_matching")]
    ids: Vec<String>,
    /// All open ones that the filters let through; asks first.
    #[arg(long)]
    all_matching: bool,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    sure: Sure,
}

impl Filters {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let Self { source, stage, reason, since, user, state, held, group } = self;
        let held = held.map(|held| held.to_string());
        let all = [
            ("source", source),
            ("stage", stage),
            ("reason", reason),
            ("since", since),
            ("user", user),
            ("state", state),
            ("held", &held),
            ("group", group),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect()
    }

    /// The same as the body of an order.
    fn body(&self) -> Map<String, Value> {
        let texts = self.pairs().into_iter().filter(|(key, _)| *key != "held");
        let mut body: Map<_, _> = texts.map(|(key, value)| (key.to_owned(), Value::String(value))).collect();
        body.extend(self.held.map(|held| ("held".to_owned(), held.into())));
        body
    }
}

const LETTERS: [Column; 8] = [
    ("id", "/id"),
    ("state", "/state"),
    ("source", "/source"),
    ("user", "/user"),
    ("action", "/step/action"),
    ("target", "/step/target"),
    ("at", "/at"),
    ("reason", "/reason"),
];

/// The columns as CSV. New ones come at the end.
const LETTERS_CSV: [Column; 19] = [
    ("id", "/id"),
    ("state", "/state"),
    ("held", "/held"),
    ("stage", "/stage"),
    ("source", "/source"),
    ("user", "/user"),
    ("user_name", "/user_name"),
    ("event", "/event"),
    ("run", "/step/run"),
    ("scheme", "/step/scheme"),
    ("action", "/step/action"),
    ("target", "/step/target"),
    ("reason", "/reason"),
    ("at", "/at"),
    ("failed_again", "/failed_again"),
    ("redriven_by", "/redriven/by"),
    ("redriven_at", "/redriven/at"),
    ("dismissed_by", "/dismissed/by"),
    ("dismissed_at", "/dismissed/at"),
];

const GROUPS: [Column; 8] = [
    ("group", "/id"),
    ("letters", "/letters"),
    ("source", "/source"),
    ("stage", "/stage"),
    ("action", "/action"),
    ("target", "/target"),
    ("reason", "/reason"),
    ("last", "/last"),
];

/// Runs `usher dead-letters`.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::List { filters, limit, shown } => {
            output.format = shown.output;
            let pairs = filters.pairs();
            let query: Vec<_> = pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
            let columns = if output.format == Format::Csv { LETTERS_CSV.as_slice() } else { &LETTERS };
            let limit = Limit::or(limit, DEFAULT_LIMIT, output.format);
            listed::show(api, output, (&["dead-letters"], &query), columns, limit, |_| ()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Groups { shown } => {
            output.format = shown.output;
            listed::show(api, output, (&["dead-letters", "groups"], &[]), &GROUPS, Limit::All, |_| ()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Show { id, shown } => {
            output.format = shown.output.into();
            let letter = api.get(&["dead-letters", &id]).await?;
            output.one(&letter, &["id", "state", "reason", "at", "source", "user", "user_name", "step"])?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Redrive { which } => redrive(api, output, &which).await,
        Command::Dismiss { because, which } => dismiss(api, output, because.as_deref(), &which).await,
    }
}

/// The open letters that match the filters, if the person at the terminal confirms; none if not.
async fn matching(api: &Api, output: &mut Output<'_>, which: &Which, what: &str) -> Result<Vec<String>, Error> {
    let mut pairs = which.filters.pairs();
    if which.filters.state.is_none() {
        pairs.push(("state", "open".to_owned()));
    }
    let query: Vec<_> = pairs.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let letters = api.list(&["dead-letters"], &query, None).await?;
    let ids: Vec<_> = letters.iter().filter_map(|letter| Some(letter["id"].as_str()?.to_owned())).collect();
    if ids.is_empty() {
        output.note("there is no open dead letter that the filters let through")?;
    } else if !which.sure.is_wanted(&format!("{} dead letters are {what}", ids.len()))? {
        return Ok(Vec::new());
    }
    Ok(ids)
}

async fn redrive(api: &Api, output: &mut Output<'_>, which: &Which) -> Result<ExitCode, Error> {
    let mut done = Redriven::default();
    if which.all_matching {
        if matching(api, output, which, "taken up again").await?.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        loop {
            let body = json!({ "filter": which.filters.body(), "limit": BATCH });
            let answer = send(api, &body).await?;
            // Letters that can't be redriven are named again in each answer.
            done.refused.clear();
            let (redriven, more) = (done.add(&answer), answer["more"].as_bool() == Some(true));
            if redriven == 0 || !more {
                break;
            }
            output.note(&format!("{} dead letters are being taken up again, more follow", done.redriven))?;
        }
    } else {
        for ids in which.ids.chunks(BATCH) {
            done.add(&send(api, &json!({ "ids": ids })).await?);
        }
    }
    for (id, why) in &done.refused {
        output.note(&format!("{id}: {why}"))?;
    }
    output.say(&format!("{} dead letters are being taken up again; see `usher dead-letters list`", done.redriven))?;
    Ok(if done.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

#[derive(Default)]
struct Redriven {
    redriven: u64,
    refused: Vec<(String, String)>,
}

impl Redriven {
    /// Adds an answer; returns its number of redriven letters.
    fn add(&mut self, answer: &Value) -> u64 {
        let redriven = answer["redriven"].as_u64().unwrap_or_default();
        self.redriven += redriven;
        let refused = answer["refused"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.refused.extend(refused.map(|one| (text(&one["id"]), text(&one["why"]))));
        redriven
    }
}

async fn send(api: &Api, body: &Value) -> Result<Value, Error> {
    api.send_to("redriven", Method::POST, &["dead-letters", "redrive"], Some(body.to_string()), None).await
}

async fn dismiss(api: &Api, output: &mut Output<'_>, because: Option<&str>, which: &Which) -> Result<ExitCode, Error> {
    if which.all_matching {
        let ids = matching(api, output, which, "dismissed").await?;
        return dismiss_all(api, output, because, &ids).await;
    }
    let body = because.map(|reason| json!({ "reason": reason }).to_string());
    let (mut dismissed, mut code) = (0_u64, ExitCode::SUCCESS);
    for id in &which.ids {
        match api.send_to("id", Method::POST, &["dead-letters", id, "dismiss"], body.clone(), None).await {
            Ok(_) => dismissed += 1,
            Err(error @ Error::Refused { .. }) => {
                output.note(&format!("{id}: {error}"))?;
                code = ExitCode::from(FAILED);
            }
            Err(error) => return Err(error),
        }
    }
    output.say(&format!("{dismissed} dead letters are dismissed"))?;
    Ok(code)
}

/// Dismisses the letters that were shown, many in one request.
async fn dismiss_all(
    api: &Api,
    output: &mut Output<'_>,
    because: Option<&str>,
    ids: &[String],
) -> Result<ExitCode, Error> {
    let (mut dismissed, mut code) = (0_u64, ExitCode::SUCCESS);
    for ids in ids.chunks(BATCH) {
        let body = json!({ "ids": ids, "reason": because }).to_string();
        let answer = api.send_to("dismissed", Method::POST, &["dead-letters", "dismiss"], Some(body), None).await?;
        dismissed += answer["dismissed"].as_u64().unwrap_or_default();
        for one in answer["refused"].as_array().into_iter().flatten() {
            let text = |key: &str| one[key].as_str().unwrap_or_default();
            output.note(&format!("{}: {}", text("id"), text("why")))?;
            code = ExitCode::from(FAILED);
        }
    }
    output.say(&format!("{dismissed} dead letters are dismissed"))?;
    Ok(code)
}
