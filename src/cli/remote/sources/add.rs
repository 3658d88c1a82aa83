//! Making sources that usher keeps itself.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use reqwest::Method;

use super::{
    super::{Api, Error, input, output::Output},
    CHECKS, fails, of_test,
};
use crate::cli::FAILED;

/// The source to make.
#[derive(Args)]
pub struct Add {
    /// A file with one source, as an item of `sources` in the configuration; YAML or JSON. Its secrets are
    /// `{ value: "..." }`. `-` reads standard input.
    #[arg(long, short)]
    file: PathBuf,
    /// Store it without a look at its connection.
    #[arg(long)]
    unchecked: bool,
}

/// Has usher store a source and work with it, once its connection was seen to work.
///
/// # Errors
/// [`Error::File`] if the file can't be read, those of [`Api::get`], [`Error::Output`] if the output can't be written.
pub async fn add(api: &Api, output: &mut Output<'_>, asked: &Add) -> Result<ExitCode, Error> {
    let (_, text) = input::read(&asked.file)?;
    if !asked.unchecked {
        let checked = api.ask("checks", &["sources", "test"], &[], text.clone()).await?;
        let checks = of_test(&checked);
        if fails(&checks) {
            output.list(&CHECKS, &checks)?;
            output.note("nothing is stored; with --unchecked it is stored all the same")?;
            return Ok(ExitCode::from(FAILED));
        }
    }
    let made = api.send_to("id", Method::POST, &["sources"], Some(text), None).await?;
    let id = made["id"].as_str().unwrap_or_default();
    output.say(&format!("{id} is stored and works; set up its webhook in the product now"))?;
    Ok(ExitCode::SUCCESS)
}
