//! Storing what a file says.

use std::process::ExitCode;

use reqwest::Method;
use serde_json::Value;

use super::{
    super::{Api, Error, output::Output},
    known::{Known, text, there},
    warnings,
};
use crate::{cli::FAILED, domain::Scheme};

/// Stores what the file says; with `prune` also deletes what it does not name.
pub async fn apply(
    api: &Api,
    output: &mut Output<'_>,
    wanted: &[Scheme],
    prune: bool,
    dry_run: bool,
) -> Result<ExitCode, Error> {
    let there = there(api).await?;
    let (mut failed, would) = (false, if dry_run { "would be " } else { "" });
    for scheme in wanted {
        let (id, text) = (scheme.id.as_str(), text(scheme)?);
        let (done, result) = match there.get(id) {
            Some(known) if known.text == text => {
                output.say(&format!("{id} unchanged"))?;
                continue;
            }
            Some(known) if known.provisioned => ("changed", Err(Error::Provisioned)),
            Some(_) if dry_run => ("changed", Ok(Value::Null)),
            None if dry_run => ("added", Ok(Value::Null)),
            Some(known) => ("changed", put(api, id, &text, known).await),
            None => ("added", api.send_to(Method::POST, &["schemes"], Some(text.to_string()), None).await),
        };
        failed |= tell(output, id, &format!("{would}{done}"), result)?;
    }
    let gone = there.iter().filter(|(id, known)| {
        prune && !known.provisioned && !wanted.iter().any(|scheme| scheme.id.as_str() == id.as_str())
    });
    for (id, known) in gone {
        let result = if dry_run { Ok(Value::Null) } else { delete(api, id, known).await };
        failed |= tell(output, id, &format!("{would}deleted"), result)?;
    }
    Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// One line about one scheme, and what usher warns of; true where it failed. The others go on.
fn tell(output: &mut Output<'_>, id: &str, done: &str, result: Result<Value, Error>) -> Result<bool, Error> {
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

/// Only if it is still what it was compared with: what somebody else has changed since is not written over.
async fn put(api: &Api, id: &str, text: &Value, compared_with: &Known) -> Result<Value, Error> {
    let if_match = compared_with.if_match.as_deref();
    api.send_to(Method::PUT, &["schemes", id], Some(text.to_string()), if_match).await
}

/// As [`put`].
async fn delete(api: &Api, id: &str, compared_with: &Known) -> Result<Value, Error> {
    api.send_to(Method::DELETE, &["schemes", id], None, compared_with.if_match.as_deref()).await
}
