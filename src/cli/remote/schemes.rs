//! `usher schemes`: what is there, as a file and back, and "run now".

mod apply;
mod known;

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;
use similar::TextDiff;

use self::{
    apply::apply,
    known::{Readable, text, there},
};
use super::{
    Api, Error,
    output::{Format, Output, yaml},
    progress,
};
use crate::{cli::FAILED, config, domain::Scheme};

/// What to do with schemes.
#[derive(Subcommand)]
pub enum Command {
    /// All schemes, those of the configuration file and those stored by usher.
    List,
    /// Print the stored schemes as a file that `apply` takes.
    Export {
        /// Those of the configuration file too.
        #[arg(long)]
        all: bool,
    },
    /// Store the schemes of a file: new ones are added, others changed to what the file says.
    Apply {
        #[command(flatten)]
        file: SchemeFile,
        /// Delete stored schemes that are not in the file.
        #[arg(long)]
        prune: bool,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show how a file differs from what is there: exit code 0 where it doesn't, 1 where it does.
    Diff {
        #[command(flatten)]
        file: SchemeFile,
    },
    /// Run a scheme now over all users of its source, and wait for the end.
    Run {
        /// The scheme.
        id: String,
        /// Don't wait: print the run's id.
        #[arg(long)]
        no_wait: bool,
    },
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

/// A file with schemes.
#[derive(Args)]
pub struct SchemeFile {
    /// A file with a key `schemes`, as in the configuration, or a list of schemes; YAML or JSON.
    #[arg(long, short)]
    file: PathBuf,
}

impl SchemeFile {
    fn read(&self) -> Result<Vec<Scheme>, Error> {
        let path = self.file.display().to_string();
        let text = fs::read_to_string(&self.file)
            .map_err(|error| Error::File { path: path.clone(), why: error.to_string() })?;
        config::read_schemes(&text, &path).map_err(|problems| Error::Problems(problems.to_string()))
    }
}

pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::List => list(api, output).await?,
        Command::Export { all } => export(api, output, all).await?,
        Command::Apply { file, prune, dry_run } => return apply(api, output, &file.read()?, prune, dry_run).await,
        Command::Diff { file } => return diff(api, output, &file.read()?).await,
        Command::Run { id, no_wait } => return run_now(api, output, &id, no_wait).await,
        Command::Pause { id } => {
            api.send_to(Method::POST, &["schemes", &id, "pause"], None, None).await?;
            output.say(&format!("{id} is paused"))?;
        }
        Command::Resume { id } => {
            api.send_to(Method::POST, &["schemes", &id, "resume"], None, None).await?;
            output.say(&format!("{id} goes on"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(api: &Api, output: &mut Output<'_>) -> Result<(), Error> {
    let schemes = api.list(&["schemes"], &[], usize::MAX).await?;
    let columns = [
        ("scheme", "/id"),
        ("name", "/name"),
        ("source", "/source"),
        ("trigger", "/trigger"),
        ("enabled", "/enabled"),
        ("test mode", "/test_mode"),
        ("paused", "/paused"),
        ("from the file", "/provisioned"),
        ("version", "/version"),
    ];
    output.list(&columns, &schemes)?;
    if output.format == Format::Table {
        schemes.iter().try_for_each(|scheme| doubts(output, scheme))?;
    }
    Ok(())
}

/// What a table has no room for: that a scheme can't be used, or should be otherwise.
fn doubts(output: &mut Output<'_>, scheme: &Value) -> Result<(), Error> {
    let id = scheme["id"].as_str().unwrap_or_default();
    if let Some(why) = scheme["broken"].as_str() {
        output.note(&format!("{id}: this usher can't use it and does not ask it: {why}"))?;
    }
    warnings(output, id, scheme)
}

/// What usher warns of in a scheme, each on a line.
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

async fn run_now(api: &Api, output: &mut Output<'_>, id: &str, no_wait: bool) -> Result<ExitCode, Error> {
    let answer = api.send_to(Method::POST, &["schemes", id, "run"], None, None).await?;
    let Some(run) = answer["run"].as_str().or(answer["id"].as_str()) else {
        return Err(Error::Unreadable("the run".to_owned()));
    };
    if no_wait {
        output.say(run)?;
        return Ok(ExitCode::SUCCESS);
    }
    output.note(&format!("run {run}"))?;
    progress::follow_new(api, output, run).await
}
