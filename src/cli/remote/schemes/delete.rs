//! Deleting a stored scheme.

use std::process::ExitCode;

use reqwest::Method;

use super::super::{Api, Error, confirm::Sure, output::Output};
use crate::cli::FAILED;

/// Deletes the scheme in its state at the moment of the question. A scheme that somebody else has changed since then
/// stays.
///
/// # Errors
/// [`Error::Declined`] if the scheme is in the configuration file, [`Error::Unconfirmed`] if nobody can be asked, those
/// of [`Api::get`], [`Error::Output`] if the output can't be written.
pub async fn delete(api: &Api, output: &mut Output<'_>, id: &str, sure: Sure) -> Result<ExitCode, Error> {
    let there = api.get(&["schemes", id]).await?;
    if there["provisioned"] == true {
        return Err(Error::Declined(format!("{id} stands in the configuration file; take it out there")));
    }
    if !sure.is_wanted(&format!("This deletes the stored scheme {id}"))? {
        output.note("nothing is deleted")?;
        return Ok(ExitCode::from(FAILED));
    }
    let if_match = there["tag"].as_str().map_or("*".to_owned(), |tag| format!("\"{tag}\""));
    api.order(Method::DELETE, &["schemes", id], Some(&if_match)).await?;
    output.say(&format!("{id} deleted"))?;
    Ok(ExitCode::SUCCESS)
}
