//! `usher schemes apply`: stores the schemes of a file.

use std::{collections::BTreeMap, process::ExitCode};

use clap::Args;
use reqwest::Method;
use serde_json::Value;

use super::{
    super::{Api, Error, confirm::Sure, output::Output},
    file::SchemeFile,
    on_server::{ServerScheme, text, there},
    warnings,
};
use crate::{cli::FAILED, domain::Scheme};

/// The schemes to store.
#[derive(Args)]
pub struct Apply {
    #[command(flatten)]
    file: SchemeFile,
    /// Delete stored schemes that are not in the file. Asks first if these are all stored schemes.
    #[arg(long)]
    prune: bool,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    sure: Sure,
}

/// Stores the schemes of the file; with `prune` also deletes the others.
///
/// # Errors
/// [`Error::File`] and [`Error::Problems`] if the file can't be read or is wrong, [`Error::Unconfirmed`] if nobody can
/// be asked, those of [`Api::get`] if the stored schemes can't be read, [`Error::Output`] if the output can't be
/// written. If usher refuses one scheme, the others are stored and the exit code is 1.
pub async fn apply(api: &Api, output: &mut Output<'_>, asked: &Apply) -> Result<ExitCode, Error> {
    let Apply { file, prune, dry_run, sure } = asked;
    let (wanted, there) = (file.read()?, there(api).await?);
    let stored = there.values().filter(|known| !known.provisioned).count();
    let gone: Vec<_> = if *prune { unnamed(&there, &wanted).collect() } else { Vec::new() };
    if !dry_run && !gone.is_empty() && gone.len() == stored {
        let what = format!("The file names none of the stored schemes, so --prune deletes all {stored} of them");
        if !sure.is_wanted(&what)? {
            output.note("nothing is changed")?;
            return Ok(ExitCode::from(FAILED));
        }
    }
    let (mut failed, would) = (false, if *dry_run { "would be " } else { "" });
    for scheme in &wanted {
        let (id, text) = (scheme.id.as_str(), text(scheme)?);
        let (done, result) = match there.get(id) {
            Some(known) if known.text == text => {
                output.say(&format!("{id} unchanged"))?;
                continue;
            }
            Some(known) if known.provisioned => ("changed", Err(Error::Provisioned)),
            Some(_) if *dry_run => ("changed", Ok(Value::Null)),
            None if *dry_run => ("added", Ok(Value::Null)),
            Some(known) => ("changed", put(api, id, &text, known).await),
            None => ("added", api.send_to("id", Method::POST, &["schemes"], Some(text.to_string()), None).await),
        };
        failed |= print_result(output, id, &format!("{would}{done}"), result)?;
    }
    for (id, known) in gone {
        let result = if *dry_run { Ok(Value::Null) } else { delete(api, id, known).await };
        failed |= print_result(output, id, &format!("{would}deleted"), result)?;
    }
    Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// The stored schemes that are not among `wanted`.
fn unnamed<'t>(
    there: &'t BTreeMap<String, ServerScheme>,
    wanted: &'t [Scheme],
) -> impl Iterator<Item = (&'t String, &'t ServerScheme)> {
    let is_named = |id: &str| wanted.iter().any(|scheme| scheme.id.as_str() == id);
    there.iter().filter(move |(id, known)| !known.provisioned && !is_named(id))
}

/// Prints one line about a scheme, and the warnings of usher. True if it failed. The other schemes are still handled.
fn print_result(output: &mut Output<'_>, id: &str, done: &str, result: Result<Value, Error>) -> Result<bool, Error> {
    match result {
        Ok(answer) => {
            output.say(&format!("{id} {done}"))?;
            warnings(output, id, &answer)?;
            Ok(false)
        }
        Err(error @ (Error::Refused { .. } | Error::Provisioned)) => {
            output.note(&format!("{id}: {error}")).map(|()| true)
        }
        Err(error) => Err(error),
    }
}

/// Stores it only if its state is the compared one: a later change by somebody else is not overwritten.
async fn put(api: &Api, id: &str, text: &Value, compared_with: &ServerScheme) -> Result<Value, Error> {
    let if_match = compared_with.if_match.as_deref();
    api.send_to("id", Method::PUT, &["schemes", id], Some(text.to_string()), if_match).await
}

/// Deletes it, under the same condition as [`put`].
async fn delete(api: &Api, id: &str, compared_with: &ServerScheme) -> Result<Value, Error> {
    api.order(Method::DELETE, &["schemes", id], compared_with.if_match.as_deref()).await?;
    Ok(Value::Null)
}
