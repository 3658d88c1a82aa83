//! `usher explain`: why, or why not, condition by condition.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::{Api, Error, Format, output::Output};

/// Whom and what to explain.
#[derive(Args)]
pub struct Explain {
    /// The scheme's id.
    #[arg(long)]
    scheme: String,
    /// The user: the product's lasting id, or the login name.
    #[arg(long)]
    user: String,
}

/// Asks usher and shows the tree.
pub async fn run(api: &Api, output: &mut Output<'_>, asked: &Explain) -> Result<ExitCode, Error> {
    let query = [("scheme", asked.scheme.as_str()), ("user", asked.user.as_str())];
    let answer = api.get(&["explain"], &query).await?;
    if output.format != Format::Table {
        output.whole(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    let selects = match text("selected").as_str() {
        "true" => "selects",
        "false" => "does not select",
        _ => "can't tell, and so does not select,",
    };
    let name = answer["user_name"].as_str().map(|name| format!(" ({name})")).unwrap_or_default();
    output.say(&format!(
        "{}@{} {selects} {}{name} in {}",
        text("scheme"),
        text("version"),
        text("user"),
        text("source")
    ))?;
    show(output, &answer["reasons"], 1)?;
    let list = |key: &str| answer[key].as_array().cloned().unwrap_or_default();
    for step in list("steps") {
        let words = ["action", "target"].map(|key| step[key].as_str().unwrap_or_default());
        output.say(format!("it would: {}", words.join(" ")).trim_end())?;
    }
    for (heading, key) in [("to change that", "change"), ("note", "notes")] {
        for line in list(key).iter().filter_map(Value::as_str) {
            output.say(&format!("{heading}: {line}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A reason and, further in, what it is made of.
fn show(output: &mut Output<'_>, reason: &Value, depth: usize) -> Result<(), Error> {
    let mark = match reason["truth"].as_str() {
        Some("true") => "yes",
        Some("false") => "no ",
        _ => " ? ",
    };
    let (condition, because) = (reason["condition"].as_str(), reason["because"].as_str());
    let age = reason["age_seconds"].as_u64().map(|age| format!(", {} old", in_words(age))).unwrap_or_default();
    let indent = "  ".repeat(depth);
    output.say(&format!("{indent}{mark} {}: {}{age}", condition.unwrap_or_default(), because.unwrap_or_default()))?;
    let parts = reason["parts"].as_array().into_iter().flatten();
    parts.into_iter().try_for_each(|part| show(output, part, depth + 1))
}

/// A length of time, in its largest unit.
fn in_words(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let fits = units.into_iter().find(|(length, _)| seconds >= *length);
    fits.map_or(format!("{seconds} s"), |(length, unit)| format!("{} {unit}", seconds / length))
}
