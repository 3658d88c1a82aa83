//! `usher explain`: why, or why not, condition by condition.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::{Api, AsOne, Error, Format, output::Output};

/// The user and the scheme.
#[derive(Args)]
pub struct Explain {
    /// The scheme's id.
    #[arg(long)]
    scheme: String,
    /// The user: the product's lasting id, or the login name.
    #[arg(long)]
    user: String,
    #[command(flatten)]
    shown: AsOne,
}

/// Asks usher and shows the tree.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, asked: &Explain) -> Result<ExitCode, Error> {
    let query = [("scheme", asked.scheme.as_str()), ("user", asked.user.as_str())];
    output.format = asked.shown.output.into();
    let answer = api.get_with("selected", &["explain"], &query).await?;
    if output.format == Format::Table {
        for line in in_words(&answer) {
            output.say(&line)?;
        }
    } else {
        output.whole(&answer)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The whole answer for people, line by line.
fn in_words(answer: &Value) -> Vec<String> {
    let text = |key: &str| answer[key].as_str().unwrap_or_default();
    let (selects, too_little, otherwise) = match text("selected") {
        "true" => ("selects", "", "It would no longer select the user if"),
        "false" => ("does not select", "", "It would select the user if"),
        _ => ("does not select", ": too little is known of the user", "It would be clear if"),
    };
    let user = match answer["user_name"].as_str() {
        Some(name) => format!("{name} ({})", text("user")),
        None => text("user").to_owned(),
    };
    let (scheme, source) = (text("scheme"), text("source"));
    let mut lines = vec![format!("The scheme `{scheme}` {selects} {user} in {source}{too_little}."), String::new()];
    for part in list(&answer["reasons"]["parts"]) {
        tree(part, 1, &mut lines);
    }
    let steps = list(&answer["steps"]).iter().map(|step| {
        let words = ["action", "target"].map(|key| step[key].as_str().unwrap_or_default());
        words.join(" ").trim_end().to_owned()
    });
    paragraph("What it would do, in this order:", steps.collect(), &mut lines);
    match &answer["change"] {
        Value::Null => lines.extend([String::new(), "No change to the user would turn this round.".to_owned()]),
        change => paragraph(otherwise, texts(change), &mut lines),
    }
    paragraph("Note that", texts(&answer["notes"]), &mut lines);
    lines
        .extend([String::new(), format!("Looked at on {}, by version {} of the scheme.", text("at"), text("version"))]);
    lines
}

/// A heading and a line for each item; nothing if there are no items.
fn paragraph(heading: &str, items: Vec<String>, lines: &mut Vec<String>) {
    if !items.is_empty() {
        lines.extend([String::new(), heading.to_owned()]);
        lines.extend(items.into_iter().map(|item| format!("  - {item}")));
    }
}

/// A reason, and its parts indented below it.
pub(super) fn tree(reason: &Value, depth: usize, lines: &mut Vec<String>) {
    let mark = match reason["truth"].as_str() {
        Some("true") => "yes",
        Some("false") => "no",
        _ => "?",
    };
    let text = |reason: &Value, key: &str| reason[key].as_str().unwrap_or_default().to_owned();
    let mut because = text(reason, "because");
    if let (Some(age), Some(from)) = (reason["age_seconds"].as_u64(), because.strip_suffix(')')) {
        because = format!("{from}, {})", ago(age));
    }
    // `not` around `exempt` is no condition that anybody wrote: the two are one.
    let exempt = list(&reason["parts"]).first().filter(|part| part["condition"] == "exempt");
    let (name, because, of) = match exempt {
        Some(exempt) => ("not exempt".to_owned(), text(exempt, "because"), exempt),
        None => (text(reason, "condition"), because, reason),
    };
    lines.push(format!("{}{mark:<4} {name}: {because}", "  ".repeat(2 * depth - 1)));
    for part in list(&of["parts"]) {
        tree(part, depth + 1, lines);
    }
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The elapsed time in the largest unit that fits.
fn ago(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    match units.into_iter().map(|(length, unit)| (seconds / length, unit)).find(|(count, _)| *count > 0) {
        None => "just now".to_owned(),
        Some((1, unit)) => format!("1 {unit} ago"),
        Some((count, unit)) => format!("{count} {unit}s ago"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn where_no_change_would_help_it_says_so() {
        let said = |change: Value| in_words(&json!({"selected": "false", "change": change})).join("\n");
        assert!(said(Value::Null).contains("\nNo change to the user would turn this round.\n"));
        assert!(said(json!(["the user logs in"])).contains("\nIt would select the user if\n  - the user logs in\n"));
    }

    #[test]
    fn a_fact_is_told_with_its_age() {
        let age = |seconds| {
            let fact = json!({"condition": "deactivated", "truth": "true", "because": "so (from the log)", "age_seconds": seconds});
            let mut lines = Vec::new();
            tree(&fact, 1, &mut lines);
            lines.remove(0)
        };
        for (seconds, words) in [
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (7_200, "2 hours ago"),
            (86_400, "1 day ago"),
            (90 * 86_400, "90 days ago"),
        ] {
            assert_eq!(age(Some(seconds)), format!("  yes  deactivated: so (from the log, {words})"));
        }
        assert_eq!(age(None), "  yes  deactivated: so (from the log)");
    }
}
