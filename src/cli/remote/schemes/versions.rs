//! The past of a scheme: its changes, the difference between two versions, and an earlier version brought back.

use clap::Args;
use reqwest::Method;
use serde_json::Value;

use super::{
    super::{
        Api, AsList, AsOne, Error,
        output::{Format, Output},
    },
    on_server::Readable,
    warnings,
};

/// Two versions to compare.
#[derive(Args)]
pub struct Changes {
    /// The scheme; one that was deleted too.
    id: String,
    /// The earlier one, its revision or version; by default the one before the later one.
    #[arg(long, value_name = "VERSION")]
    from: Option<String>,
    /// The later one; by default the latest.
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    #[command(flatten)]
    shown: AsOne,
}

/// Lists the changes of the scheme `id`.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn history(api: &Api, output: &mut Output<'_>, id: &str, shown: AsList) -> Result<(), Error> {
    output.format = shown.output;
    let columns =
        [("revision", "/revision"), ("change", "/change"), ("by", "/by"), ("at", "/at"), ("version", "/version")];
    let changes = api.whole(&["schemes", id, "history"]).await?;
    output.list(&columns, &changes)?;
    if changes.is_empty() && output.format == Format::Table {
        output.note(&format!("{id} stands in the configuration file, and what changes there usher does not keep"))?;
    }
    Ok(())
}

/// Prints what was changed between two versions: removed words as `[-90d-]`, added ones as `{+180d+}`.
///
/// # Errors
/// As [`history`].
pub async fn changes(api: &Api, output: &mut Output<'_>, asked: &Changes) -> Result<(), Error> {
    output.format = asked.shown.output.into();
    let named = [("from", asked.from.as_deref()), ("to", asked.to.as_deref())];
    let query: Vec<_> = named.into_iter().filter_map(|(key, version)| Some((key, version?))).collect();
    let diff = api.get_with("hunks", &["schemes", &asked.id, "diff"], &query).await?;
    if output.format != Format::Table {
        return output.whole(&diff);
    }
    let told = |version: &Value| {
        let text = |key: &str| version[key].as_str().unwrap_or_default().to_owned();
        format!("revision {} by {} at {}", version["revision"], text("by"), text("at"))
    };
    output.note(&format!("from {} to {}", told(&diff["from"]), told(&diff["to"])))?;
    let hunks = diff["hunks"].as_array().map_or(&[][..], Vec::as_slice);
    let words: String = hunks.iter().map(marked).collect();
    output.say(words.trim_end_matches('\n'))
}

/// A part of a difference, as `git diff --word-diff` writes it.
fn marked(hunk: &Value) -> String {
    let text = hunk["text"].as_str().unwrap_or_default();
    match hunk["kind"].as_str() {
        Some("removed") => format!("[-{text}-]"),
        Some("added") => format!("{{+{text}+}}"),
        _ => text.to_owned(),
    }
}

/// Stores an earlier version of the scheme `id` again, over its present state or, if it was deleted, anew.
///
/// # Errors
/// As [`history`].
pub async fn bring_back(api: &Api, output: &mut Output<'_>, id: &str, version: &str) -> Result<(), Error> {
    let there = match api.get(&["schemes", id]).await {
        Ok(there) => Some(there),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let earlier = api.get_with("scheme", &["schemes", id, "history", version], &[]).await?;
    let body = serde_json::to_string(&Readable(&earlier["scheme"])).map_err(|_| Error::unmade())?;
    let answer = match there {
        Some(there) => {
            let tag = there["tag"].as_str().map_or("*".to_owned(), |tag| format!("\"{tag}\""));
            api.send_to("id", Method::PUT, &["schemes", id], Some(body), Some(&tag)).await?
        }
        None => api.send_to("id", Method::POST, &["schemes"], Some(body), None).await?,
    };
    output.say(&format!("{id} is as in revision {} again", earlier["revision"]))?;
    warnings(output, id, &answer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_changed_word_is_marked_as_git_does() {
        let hunks = [("same", "age: "), ("removed", "90d"), ("added", "180d"), ("same", "\n")];
        let text: String = hunks.iter().map(|(kind, text)| marked(&json!({"kind": kind, "text": text}))).collect();
        assert_eq!(text, "age: [-90d-]{+180d+}\n");
    }
}
