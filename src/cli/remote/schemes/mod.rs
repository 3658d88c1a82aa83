//! `usher schemes`: lists, shows, exports, checks, applies, previews and runs schemes.

mod apply;
mod check;
mod file;
mod on_server;
mod preview;
mod versions;

use std::{collections::BTreeMap, process::ExitCode};

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::Value;
use similar::TextDiff;

use self::{
    apply::{Apply, apply},
    check::{Check, Next},
    file::SchemeFile,
    on_server::{Readable, text, there},
    preview::{Preview, preview},
    versions::{Changes, bring_back, changes, history},
};
use super::{
    Api, AsList, AsOne, Error,
    confirm::Sure,
    deletion::delete,
    output::{Column, Format, Output, yaml},
    progress,
    references::unresolved,
};
use crate::{cli::FAILED, domain::Scheme};

/// The commands for schemes.
#[derive(Subcommand)]
pub enum Command {
    /// List all schemes, those of the configuration file and the stored ones.
    List(AsList),
    /// Show one scheme, and usher's warnings about it.
    Show {
        /// The scheme.
        id: String,
        /// The format.
        #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t = FileFormat::Yaml)]
        output: FileFormat,
    },
    /// Print the stored schemes as a file that `apply` takes.
    Export {
        /// Those of the configuration file too.
        #[arg(long)]
        all: bool,
        /// The format.
        #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t = FileFormat::Yaml)]
        output: FileFormat,
    },
    /// Store the schemes of a file: new ones are added, others are changed to those of the file.
    Apply(Apply),
    /// Show how a file differs from usher's schemes: exit code 0 if it doesn't, 1 if it does.
    Diff(SchemeFile),
    /// Show which users a scheme would select, and its steps. Nothing is changed or kept.
    Preview(Preview),
    /// Have usher check the schemes of a file: exit code 0 if they can be stored, 1 if not. Nothing is stored.
    Check(Check),
    /// List the schemes that undo each other, each with a user whom both select.
    Conflicts(AsList),
    /// Show the next times of a schedule, and those around the next change of the clocks.
    Next(Next),
    /// Show the changes of a stored scheme, with author and time.
    History {
        /// The scheme; one that was deleted too.
        id: String,
        #[command(flatten)]
        shown: AsList,
    },
    /// Show what was changed between two versions of a stored scheme, word by word.
    Changes(Changes),
    /// Store an earlier version of a scheme again.
    BringBack {
        /// The scheme; one that was deleted too.
        id: String,
        /// Its revision or version, as in the history.
        version: String,
    },
    /// Delete a stored scheme. Its history is kept for a year.
    Delete {
        /// The scheme.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Run a scheme now over all users of its source, and wait for the end.
    Run(Run),
    /// Ask a scheme nothing until it is resumed.
    Pause {
        /// The scheme.
        id: String,
    },
    /// Ask it again.
    Resume {
        /// The scheme.
        id: String,
    },
}

/// A scheme to run now.
#[derive(Args)]
pub struct Run {
    /// The scheme.
    id: String,
    /// Don't wait: print the run's id.
    #[arg(long, conflicts_with = "output")]
    no_wait: bool,
    #[command(flatten)]
    shown: AsOne,
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// YAML, as people write it.
    Yaml,
    /// JSON.
    Json,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Yaml => Self::Yaml,
            FileFormat::Json => Self::Json,
        }
    }
}

/// Runs `usher schemes`.
///
/// # Errors
/// Those of [`Api::get`], [`apply()`] and [`delete()`]; [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::List(shown) => list(api, output, shown).await?,
        Command::Show { id, output: format } => {
            output.format = format.into();
            output.whole(&Readable(&api.get(&["schemes", &id]).await?))?;
        }
        Command::Export { all, output: format } => {
            output.format = format.into();
            export(api, output, all).await?;
        }
        Command::Apply(asked) => return apply(api, output, &asked).await,
        Command::Diff(file) => return diff(api, output, &file.read()?).await,
        Command::Preview(asked) => preview(api, output, &asked).await?,
        Command::Check(asked) => return check::check(api, output, &asked).await,
        Command::Conflicts(shown) => check::conflicts(api, output, shown).await?,
        Command::Next(asked) => check::next(api, output, &asked).await?,
        Command::History { id, shown } => history(api, output, &id, shown).await?,
        Command::Changes(asked) => changes(api, output, &asked).await?,
        Command::BringBack { id, version } => bring_back(api, output, &id, &version).await?,
        Command::Delete { id, sure } => {
            let question = format!("This deletes the stored scheme {id}");
            return delete(api, output, ("schemes", &id), &question, sure).await;
        }
        Command::Run(asked) => return run_now(api, output, &asked).await,
        Command::Pause { id } => {
            api.order(Method::POST, &["schemes", &id, "pause"], None).await?;
            output.say(&format!("{id} is paused"))?;
        }
        Command::Resume { id } => {
            api.order(Method::POST, &["schemes", &id, "resume"], None).await?;
            output.say(&format!("{id} goes on"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

const SCHEMES: [Column; 10] = [
    ("scheme", "/id"),
    ("name", "/name"),
    ("source", "/source"),
    ("trigger", "/trigger"),
    ("enabled", "/enabled"),
    ("test mode", "/test_mode"),
    ("paused", "/paused"),
    ("from the file", "/provisioned"),
    ("version", "/version"),
    ("held runs", "/runs_held"),
];

async fn list(api: &Api, output: &mut Output<'_>, shown: AsList) -> Result<(), Error> {
    output.format = shown.output;
    let schemes = api.list(&["schemes"], &[], None).await?;
    output.list(&SCHEMES, &schemes)?;
    if output.format == Format::Table {
        schemes.iter().try_for_each(|scheme| doubts(output, scheme))?;
    }
    Ok(())
}

/// Prints what a table has no room for: the scheme can't be used, or has a warning.
fn doubts(output: &mut Output<'_>, scheme: &Value) -> Result<(), Error> {
    let id = scheme["id"].as_str().unwrap_or_default();
    if let Some(why) = scheme["broken"].as_str() {
        output.note(&format!("{id}: this usher can't use it and does not ask it: {why}"))?;
    }
    warnings(output, id, scheme)?;
    unresolved(output, scheme)
}

/// Prints the warnings about a scheme, each on a line.
fn warnings(output: &mut Output<'_>, id: &str, scheme: &Value) -> Result<(), Error> {
    let warnings = scheme["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str);
    warnings.into_iter().try_for_each(|warning| output.note(&format!("{id}: {warning} (warning)")))
}

async fn export(api: &Api, output: &mut Output<'_>, all: bool) -> Result<(), Error> {
    let there = there(api).await?;
    let wanted = there.values().filter(|scheme| all || !scheme.provisioned);
    let schemes: Vec<_> = wanted.map(|known| Readable(&known.text)).collect();
    output.whole(&BTreeMap::from([("schemes", schemes)]))
}

async fn diff(api: &Api, output: &mut Output<'_>, wanted: &[Scheme]) -> Result<ExitCode, Error> {
    let there = there(api).await?;
    let mut differs = false;
    for scheme in wanted {
        let (before, after) = (there.get(scheme.id.as_str()), text(scheme)?);
        let before = before.map_or(Ok(String::new()), |known| yaml(&Readable(&known.text)))?;
        let after = yaml(&Readable(&after))?;
        if before != after {
            differs = true;
            let diff = TextDiff::from_lines(&before, &after);
            let (old, new) = (format!("{} (there)", scheme.id), format!("{} (file)", scheme.id));
            write!(output.out, "{}", diff.unified_diff().context_radius(3).header(&old, &new))?;
        }
    }
    let named = |id: &str| wanted.iter().any(|scheme| scheme.id.as_str() == id);
    for (id, _) in there.iter().filter(|(id, known)| !known.provisioned && !named(id)) {
        differs = true;
        output.say(&format!("{id} is not in the file"))?;
    }
    Ok(if differs { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

async fn run_now(api: &Api, output: &mut Output<'_>, asked: &Run) -> Result<ExitCode, Error> {
    let Run { id, no_wait, shown } = asked;
    output.format = shown.output.into();
    let answer = api.send_to("id", Method::POST, &["schemes", id, "run"], None, None).await?;
    let run = answer["id"].as_str().ok_or_else(|| Error::Unreadable("the run".to_owned()))?;
    if *no_wait {
        output.say(run)?;
        return Ok(ExitCode::SUCCESS);
    }
    output.note(&format!("run {run}"))?;
    progress::follow_new(api, output, run).await
}
