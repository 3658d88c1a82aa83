//! `usher runs`: lists, shows, waits for, releases and cancels runs.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Api, AsList, AsOne, Error, Format,
    listed::{self, Limit, limit},
    output::{Column, Listing, Output},
    progress,
};

/// The default number of runs in a table.
const DEFAULT_LIMIT: usize = 50;

/// The commands for runs.
#[derive(Subcommand)]
pub enum Command {
    /// The newest runs.
    List {
        #[command(flatten)]
        filters: Filters,
        /// The highest number, or `all`; by default 50 in a table, else all.
        #[arg(long, value_parser = limit)]
        limit: Option<Limit>,
        #[command(flatten)]
        shown: AsList,
    },
    /// One run and what became of each step; as CSV the steps alone.
    Show {
        /// The run.
        id: String,
        /// Only entries with this result: changed, unchanged, tested, held or failed; unknown: users with an unknown
        /// fact, and the fact.
        #[arg(long)]
        result: Option<String>,
        /// The highest number of steps; by default all.
        #[arg(long, value_parser = limit)]
        limit: Option<Limit>,
        #[command(flatten)]
        shown: AsList,
    },
    /// Wait until a run has ended, with a progress bar on a terminal.
    Wait {
        /// The run.
        id: String,
        #[command(flatten)]
        shown: AsOne,
    },
    /// Let a held run continue.
    Release {
        /// The run.
        id: String,
    },
    /// Put back what a run changed; with --plan only say what that would be. What somebody else has changed since is left
    /// alone.
    Undo {
        /// The run.
        id: String,
        /// Only show what would be put back, and what can't be.
        #[arg(long)]
        plan: bool,
        /// Why, for the run log.
        #[arg(long)]
        reason: Option<String>,
        /// The highest number of users in the plan; by default all.
        #[arg(long, value_parser = limit, requires = "plan")]
        limit: Option<Limit>,
        #[command(flatten)]
        shown: AsList,
    },
    /// Remove ended runs from the run log. They can't be undone from there any more. The record of who did what stays.
    Delete {
        /// These runs; without them those that the options select.
        ids: Vec<String>,
        /// Started before then, like 2026-11-21T08:30:00Z.
        #[arg(long, value_name = "TIME", conflicts_with = "ids", required_unless_present = "ids")]
        before: Option<String>,
        /// Of this scheme.
        #[arg(long, conflicts_with = "ids")]
        scheme: Option<String>,
        /// In this source.
        #[arg(long, conflicts_with = "ids")]
        source: Option<String>,
        /// Of this kind: scheme (one event), sweep (a schedule), manual, bulk or undo.
        #[arg(long, conflicts_with = "ids")]
        kind: Option<String>,
        /// In this mode: test or active.
        #[arg(long, conflicts_with = "ids")]
        mode: Option<String>,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// End a run that is held or running: remaining steps are not done.
    Cancel {
        /// The run.
        id: String,
    },
}

/// The filters of runs.
#[derive(Args)]
pub struct Filters {
    /// Of this scheme.
    #[arg(long)]
    scheme: Option<String>,
    /// In this source.
    #[arg(long)]
    source: Option<String>,
    /// That ask for this action, like `add_groups`.
    #[arg(long)]
    action: Option<String>,
    /// With a step of this result: changed, unchanged, tested, held or failed; unknown: with a user with an unknown
    /// fact.
    #[arg(long)]
    result: Option<String>,
    /// In this state: running, held, done, failed or cancelled.
    #[arg(long)]
    state: Option<String>,
    /// Of this kind: scheme (one event), sweep (a schedule), manual, bulk or undo.
    #[arg(long)]
    kind: Option<String>,
    /// That this person asked for; `schedule`: a schedule did.
    #[arg(long)]
    by: Option<String>,
    /// In this mode: test or active.
    #[arg(long)]
    mode: Option<String>,
    /// With a step about this user: the lasting id or the login name.
    #[arg(long)]
    user: Option<String>,
    /// With this text in the id, the scheme, the source or the user.
    #[arg(long, short = 'q')]
    text: Option<String>,
    /// That started then or later, like 2026-11-21T08:30:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// That started then or earlier.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// Runs `usher runs`.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::List { filters, limit, shown } => {
            output.format = shown.output;
            list(api, output, &filters, limit).await?;
        }
        Command::Show { id, result, limit, shown } => {
            output.format = shown.output;
            show(api, output, &id, result.as_deref(), limit.unwrap_or(Limit::All)).await?;
        }
        Command::Wait { id, shown } => {
            output.format = shown.output.into();
            return progress::follow(api, output, &id).await;
        }
        Command::Release { id } => {
            api.send_to("id", Method::POST, &["runs", &id, "release"], None, None).await?;
            output.say(&format!("{id} is released"))?;
        }
        Command::Undo { id, plan: true, limit, shown, .. } => {
            output.format = shown.output;
            let limit = limit.unwrap_or(Limit::All);
            listed::show(api, output, (&["runs", &id, "undo"], &[]), &UNDO, limit, |_| {}).await?;
        }
        Command::Undo { id, reason, .. } => {
            let body = reason.map(|reason| json!({ "reason": reason }).to_string());
            let undo = api.send_to("id", Method::POST, &["runs", &id, "undo"], body, None).await?;
            let undo = undo["id"].as_str().unwrap_or_default();
            output.say(&format!("{id} is being undone by {undo}; wait for it with `usher runs wait {undo}`"))?;
        }
        Command::Delete { ids, before, scheme, source, kind, mode, reason } => {
            let all = [("before", before), ("scheme", scheme), ("source", source), ("kind", kind), ("mode", mode)];
            let query: Vec<_> = all.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?))).collect();
            let ids = (!ids.is_empty()).then_some(ids);
            let body = json!({ "ids": ids, "reason": reason }).to_string();
            let answer = api.send_with("deleted", Method::DELETE, &["runs"], &query, body).await?;
            let left = &answer["left"];
            output.say(&format!(
                "{} removed; left: {} held, {} running, {} being undone, {} not there",
                answer["deleted"], left["held"], left["running"], left["undoing"], left["missing"]
            ))?;
        }
        Command::Cancel { id } => {
            api.send_to("id", Method::POST, &["runs", &id, "cancel"], None, None).await?;
            output.say(&format!("{id} is cancelled"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

const UNDO: [Column; 6] = [
    ("user", "/user"),
    ("name", "/user_name"),
    ("action", "/action"),
    ("target", "/target"),
    ("verdict", "/verdict"),
    ("why", "/why"),
];

const RUNS: [Column; 9] = [
    ("run", "/id"),
    ("scheme", "/scheme"),
    ("trigger", "/trigger"),
    ("user", "/who"),
    ("state", "/shown_state"),
    ("started", "/started"),
    ("test mode", "/test_mode"),
    ("actions", "/actions"),
    ("counts", "/counts"),
];

/// The columns of runs as CSV. New ones come at the end.
const RUNS_CSV: [Column; 35] = [
    ("run", "/id"),
    ("scheme", "/scheme"),
    ("scheme_version", "/scheme_version"),
    ("source", "/source"),
    ("trigger", "/trigger"),
    ("via", "/via"),
    ("event", "/event"),
    ("sweep", "/sweep"),
    ("state", "/state"),
    ("why", "/why"),
    ("test_mode", "/test_mode"),
    ("started", "/started"),
    ("finished", "/finished"),
    ("actions", "/actions"),
    ("seen", "/counts/seen"),
    ("selected", "/counts/selected"),
    ("changed", "/counts/changed"),
    ("unchanged", "/counts/unchanged"),
    ("tested", "/counts/tested"),
    ("held", "/counts/held"),
    ("failed", "/counts/failed"),
    ("would_change", "/counts/would_change"),
    ("already_so", "/counts/already_so"),
    ("protected", "/counts/protected"),
    ("unknown", "/counts/unknown"),
    ("complete", "/complete"),
    ("incomplete_why", "/incomplete_why"),
    ("user", "/user"),
    ("name", "/user_name"),
    ("kind", "/kind"),
    ("by", "/by"),
    ("reason", "/reason"),
    ("undo_of", "/undo_of"),
    ("undone_by", "/undone_by"),
    ("fell_out", "/fell_out"),
];

async fn list(api: &Api, output: &mut Output<'_>, filters: &Filters, limit: Option<Limit>) -> Result<(), Error> {
    let Filters { scheme, source, action, result, state, kind, by, mode, user, text, since, until } = filters;
    let (scheme, source, action) = (("scheme", scheme), ("source", source), ("action", action));
    let all =
        [scheme, source, action, ("result", result), ("state", state), ("kind", kind), ("by", by), ("mode", mode)];
    let more = [("user", user), ("q", text), ("since", since), ("until", until)];
    let query: Vec<_> = all.iter().chain(&more).filter_map(|(key, value)| Some((*key, value.as_deref()?))).collect();
    let columns = if output.format == Format::Csv { RUNS_CSV.as_slice() } else { &RUNS };
    // An error about a missing scheme or source comes before any output.
    if api.list(&["runs"], &query, 1).await?.is_empty() {
        are_there(api, filters).await?;
    }
    let limit = Limit::or(limit, DEFAULT_LIMIT, output.format);
    let who = if output.format == Format::Table { with_who } else { |_: &mut Value| {} };
    listed::show(api, output, (&["runs"], &query), columns, limit, who).await.map(drop)
}

/// Adds the subject of a run: the user, or the number of users that a sweep selected.
fn with_who(run: &mut Value) {
    let who = match (&run["user_name"], &run["user"], run["counts"]["selected"].as_u64()) {
        (Value::String(name), ..) => name.clone(),
        (_, Value::String(id), _) => id.clone(),
        (.., Some(1)) => "1 user".to_owned(),
        (.., Some(users)) => format!("{users} users"),
        (.., None) => return,
    };
    run["who"] = who.into();
}

/// Whether a scheme and a source without runs are there at all. One that is deleted may have runs still.
async fn are_there(api: &Api, filters: &Filters) -> Result<(), Error> {
    if let Some(scheme) = &filters.scheme {
        api.get(&["schemes", scheme]).await?;
    }
    if let Some(source) = &filters.source {
        api.get(&["sources", source]).await?;
    }
    Ok(())
}

const ENTRIES: [Column; 7] = [
    ("user", "/user"),
    ("name", "/user_name"),
    ("action", "/action"),
    ("target", "/target"),
    ("result", "/result"),
    ("reason", "/reason"),
    ("error", "/error"),
];

/// The columns of entries as CSV. New ones come at the end.
const ENTRIES_CSV: [Column; 18] = [
    ("run", "/run"),
    ("scheme", "/scheme"),
    ("scheme_version", "/scheme_version"),
    ("source", "/source"),
    ("user", "/user"),
    ("name", "/user_name"),
    ("action", "/action"),
    ("target", "/target"),
    ("result", "/result"),
    ("reason", "/reason"),
    ("before", "/before"),
    ("at", "/at"),
    ("duration_ms", "/duration_ms"),
    ("error", "/error"),
    ("after", "/after"),
    ("attempts", "/attempts"),
    ("operation", "/call/operation"),
    ("status", "/call/status"),
];

async fn show(api: &Api, output: &mut Output<'_>, id: &str, result: Option<&str>, limit: Limit) -> Result<(), Error> {
    let run = api.get(&["runs", id]).await?;
    let path = ["runs", id, "entries"];
    let query: Vec<_> = result.map(|result| ("result", result)).into_iter().collect();
    let mut pages = api.pages(&path, &query, limit.number());
    let mut first = pages.next().await?.unwrap_or_default();
    let format = output.format;
    if format == Format::Table {
        output.one(&run, &progress::FIRST)?;
        if first.is_empty() {
            return Ok(());
        }
        output.say("")?;
    }
    let mut listing = match format {
        Format::Table => Listing::begin(output, &ENTRIES)?,
        Format::Csv => Listing::begin(output, &ENTRIES_CSV)?,
        Format::Json | Format::Yaml => Listing::within(output, &[], &run, "entries")?,
    };
    loop {
        if format == Format::Csv {
            first.iter_mut().for_each(|entry| of_run(entry, &run));
        }
        listing.page(&first)?;
        match pages.next().await? {
            Some(page) => first = page,
            None => break,
        }
    }
    let shown = listing.written();
    listing.end(pages.rest())?;
    if pages.rest().is_some() { listed::cut(output, shown) } else { Ok(()) }
}

/// Adds the fields that a row needs if it is read without its run.
fn of_run(entry: &mut Value, run: &Value) {
    let Value::Object(fields) = entry else { return };
    fields.insert("run".to_owned(), json!(run["id"]));
    for key in ["scheme", "scheme_version", "source"] {
        fields.insert(key.to_owned(), run[key].clone());
    }
}
