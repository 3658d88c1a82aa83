//! Deleting what was stored by the API.

use std::process::ExitCode;

use reqwest::Method;

use super::{Api, Error, confirm::Sure, output::Output};
use crate::cli::FAILED;

/// Deletes the item `id` of `list`, in its state at the moment of the question if it has a tag: then it stays if somebody
/// else has changed it since. `question` is a sentence without a full stop.
///
/// # Errors
/// [`Error::Declined`] if it is in the configuration file, [`Error::Unconfirmed`] if nobody can be asked, those of
/// [`Api::get`], [`Error::Output`] if the output can't be written.
pub async fn delete(
    api: &Api,
    output: &mut Output<'_>,
    (list, id): (&str, &str),
    question: &str,
    sure: Sure,
) -> Result<ExitCode, Error> {
    let there = api.get(&[list, id]).await?;
    if there["provisioned"] == true {
        return Err(Error::Declined(format!("{id} stands in the configuration file; take it out there")));
    }
    if !sure.is_wanted(question)? {
        output.note("nothing is deleted")?;
        return Ok(ExitCode::from(FAILED));
    }
    let if_match = there["tag"].as_str().map_or("*".to_owned(), |tag| format!("\"{tag}\""));
    api.order(Method::DELETE, &[list, id], Some(&if_match)).await?;
    output.say(&format!("{id} deleted"))?;
    Ok(ExitCode::SUCCESS)
}
