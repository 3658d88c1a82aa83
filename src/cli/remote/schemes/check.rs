//! Checks of schemes by a running usher, which knows the products and the other schemes; nothing is stored.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::{
    super::{
        Api, AsList, AsOne, Error,
        output::{Column, Format, Output},
    },
    file::SchemeFile,
    on_server::text,
};
use crate::cli::FAILED;

/// The schemes to check.
#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    file: SchemeFile,
    #[command(flatten)]
    shown: AsOne,
}

/// A schedule.
#[derive(Args)]
pub struct Next {
    /// Minute, hour, day of month, month and day of week: "0 3 * * MON".
    cron: String,
    /// The time zone, a name of the IANA database.
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    timezone: String,
    #[command(flatten)]
    shown: AsList,
}

const CONFLICTS: [Column; 5] = [
    ("kind", "/kind"),
    ("schemes", "/schemes"),
    ("group", "/group"),
    ("why", "/why"),
    ("for example", "/witness/text"),
];
const TIMES: [Column; 3] = [("in the zone", "/local"), ("at", "/at"), ("when", "/when")];

/// Has usher check the schemes of a file, and prints what it says. The exit code is 1 if one can't be used.
///
/// # Errors
/// [`Error::File`] and [`Error::Problems`] if the file can't be read or is wrong; those of [`Api::get`];
/// [`Error::Output`] if the output can't be written.
pub async fn check(api: &Api, output: &mut Output<'_>, asked: &Check) -> Result<ExitCode, Error> {
    output.format = asked.shown.output.into();
    let mut all_ok = true;
    let mut answers = Vec::new();
    for scheme in asked.file.read()? {
        let mut answer = api.ask("problems", &["schemes", "check"], &[], text(&scheme)?.to_string()).await?;
        let ok = answer["ok"] == true;
        all_ok &= ok;
        let id = scheme.id.as_str();
        if output.format == Format::Table {
            output.say(&format!("{id} {}", if ok { "can be stored" } else { "can't be used" }))?;
            told(output, id, &answer)?;
        }
        answer["id"] = id.into();
        answers.push(answer);
    }
    if output.format != Format::Table {
        output.whole(&answers)?;
    }
    Ok(if all_ok { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// Prints the problems, warnings and conflicts. The places belong to the sent text, which nobody has seen.
fn told(output: &mut Output<'_>, id: &str, answer: &Value) -> Result<(), Error> {
    let each = |key: &str| answer[key].as_array().map_or(&[][..], Vec::as_slice);
    let word = |item: &Value, path: &str| item.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    for problem in each("problems") {
        output.note(&format!("{id}: {}", word(problem, "/message")))?;
    }
    for warning in each("warnings") {
        output.note(&format!("{id}: {} (warning)", word(warning, "/message")))?;
    }
    for conflict in each("conflicts") {
        let (why, witness) = (word(conflict, "/why"), word(conflict, "/witness/text"));
        output.note(&format!("{id}: {why}, for example {witness} (warning)"))?;
    }
    if answer["ok"] == true && answer["conflicts_complete"] == false {
        output
            .note(&format!("{id}: not all schemes were compared to the end; there may be more conflicts (warning)"))?;
    }
    Ok(())
}

/// Lists the schemes that undo each other.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn conflicts(api: &Api, output: &mut Output<'_>, shown: AsList) -> Result<(), Error> {
    output.format = shown.output;
    let found = api.list(&["scheme-conflicts"], &[], None).await?;
    output.list(&CONFLICTS, &found)
}

/// Lists the next times of a schedule.
///
/// # Errors
/// As [`conflicts`].
pub async fn next(api: &Api, output: &mut Output<'_>, asked: &Next) -> Result<(), Error> {
    output.format = asked.shown.output;
    let body = json!({ "trigger": { "cron": asked.cron, "timezone": asked.timezone } });
    let told = api.ask("items", &["schemes", "next"], &[], body.to_string()).await?;
    if matches!(output.format, Format::Json | Format::Yaml) {
        return output.whole(&told);
    }
    let times = |items: &Value, when: &str| {
        let items = items.as_array().cloned().unwrap_or_default();
        items
            .into_iter()
            .map(|mut item| {
                item["when"] = when.into();
                item
            })
            .collect::<Vec<_>>()
    };
    let mut rows = times(&told["items"], "next");
    rows.extend(times(&told["clock_change"]["items"], "around the change of the clocks"));
    output.list(&TIMES, &rows)?;
    if let (Format::Table, Some(at)) = (output.format, told["clock_change"]["at"].as_str()) {
        let offset = |key: &str| told["clock_change"][key].as_str().unwrap_or_default();
        output.note(&format!("the clocks change at {at}, from {} to {}", offset("before"), offset("after")))?;
    }
    Ok(())
}
