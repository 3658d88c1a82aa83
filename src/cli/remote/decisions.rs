//! `usher decisions`: shows the decisions about a user, with their reasons.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::{
    Api, AsList, Error, Format, explain,
    listed::{self, Limit, limit},
    output::{Column, Output},
};

/// The default number of decisions.
const DEFAULT_LIMIT: usize = 20;

/// The user.
#[derive(Args)]
pub struct Decisions {
    /// The user: the product's lasting id, or the login name.
    #[arg(long)]
    user: String,
    /// In this source; by default in all.
    #[arg(long)]
    source: Option<String>,
    /// The highest number, or `all`; by default 20 as text, else all.
    #[arg(long, value_parser = limit)]
    limit: Option<Limit>,
    #[command(flatten)]
    shown: AsList,
}

const COLUMNS: [Column; 11] = [
    ("decided", "/decided"),
    ("accepted", "/accepted"),
    ("source", "/source"),
    ("user", "/user"),
    ("user_name", "/user_name"),
    ("kind", "/kind"),
    ("via", "/via"),
    ("event", "/event"),
    ("mode", "/mode"),
    ("no_action", "/no_action/why"),
    ("scheme", "/schemes/0/scheme"),
];

/// Runs `usher decisions`.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, asked: &Decisions) -> Result<ExitCode, Error> {
    output.format = asked.shown.output;
    let mut query = vec![("user", asked.user.as_str())];
    query.extend(asked.source.as_deref().map(|source| ("source", source)));
    let limit = Limit::or(asked.limit, DEFAULT_LIMIT, output.format);
    if output.format != Format::Table {
        listed::show(api, output, (&["decisions"], &query), &COLUMNS, limit, |_| ()).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut pages = api.pages(&["decisions"], &query, limit.number());
    let mut shown = 0;
    while let Some(page) = pages.next().await? {
        for decision in &page {
            if shown > 0 {
                output.say("")?;
            }
            in_words(decision).iter().try_for_each(|line| output.say(line))?;
            shown += 1;
        }
    }
    if pages.rest().is_some() {
        listed::cut(output, shown)?;
    }
    if shown == 0 {
        output.note(&format!("nothing was decided about {}", asked.user))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A decision for people, line by line.
fn in_words(decision: &Value) -> Vec<String> {
    let text = |key: &str| decision[key].as_str().unwrap_or_default();
    let user = match decision["user_name"].as_str() {
        Some(name) if name != text("user") => format!("{name} ({})", text("user")),
        _ => text("user").to_owned(),
    };
    let observed = if text("mode") == "observe" { ", in observe mode" } else { "" };
    let (decided, source, kind, via) = (text("decided"), text("source"), text("kind"), text("via"));
    let mut lines = vec![format!("{decided}  {user} in {source}: {kind}, told by {via}{observed}")];
    match decision["no_action"]["why"].as_str() {
        Some("no_scheme_for_event") => lines.push("  nothing: no scheme waits for this".into()),
        Some("not_a_person") => lines.push("  nothing: the account is not a person's".into()),
        Some("known_since") => lines.push("  nothing: the creation was known already".into()),
        Some(other) => lines.push(format!("  nothing: {other}")),
        None => {}
    }
    for verdict in explain::list(&decision["schemes"]) {
        scheme(verdict, &mut lines);
    }
    lines
}

fn scheme(verdict: &Value, lines: &mut Vec<String>) {
    let id = verdict["scheme"].as_str().unwrap_or_default();
    let (selected, but) = match verdict["selected"].as_str() {
        Some("true") => ("selected", ""),
        Some("false") => ("did not select", ""),
        _ => ("did not select", ": too little was known"),
    };
    let tested = if verdict["test_mode"].as_bool() == Some(true) { ", in test mode" } else { "" };
    lines.push(format!("  the scheme `{id}` {selected} the user{but}{tested}"));
    for part in explain::list(&verdict["reasons"]["parts"]) {
        explain::tree(part, 2, lines);
    }
    for step in explain::list(&verdict["steps"]) {
        let words = ["action", "target"].map(|key| step[key].as_str().unwrap_or_default());
        lines.push(format!("      -> {}", words.join(" ").trim_end()));
    }
    if let Some(run) = verdict["run"].as_str() {
        lines.push(format!("      what became of it: usher runs show {run}"));
    }
}
