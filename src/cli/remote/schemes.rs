//! `usher schemes`: what is there, as a file and back, and "run now".

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use reqwest::Method;
use serde::{Serialize, Serializer};
use serde_json::Value;
use similar::TextDiff;

use super::{
    Api, Error,
    output::{Output, in_order, yaml},
    progress,
};
use crate::{cli::FAILED, config, domain::Scheme};

/// What a scheme is made of in a file, in the order in which people write it; the rest of what the API tells is about it.
const KEYS: [&str; 12] = [
    "id",
    "name",
    "source",
    "trigger",
    "enabled",
    "test_mode",
    "select",
    "only_groups",
    "exempt",
    "actions",
    "limits",
    "audit",
];

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
    output.list(&columns, &schemes)
}

async fn export(api: &Api, output: &mut Output<'_>, all: bool) -> Result<(), Error> {
    let there = there(api).await?;
    let wanted = there.values().filter(|scheme| all || !scheme.provisioned);
    let schemes: Vec<_> = wanted.map(|known| Readable(&known.text)).collect();
    output.whole(&BTreeMap::from([("schemes", schemes)]))
}

async fn apply(
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
            Some(_) => ("changed", put(api, id, &text).await),
            None => ("added", api.send_to(Method::POST, &["schemes"], Some(text.to_string()), None).await),
        };
        failed |= tell(output, id, &format!("{would}{done}"), result)?;
    }
    let gone = there.iter().filter(|(id, known)| {
        prune && !known.provisioned && !wanted.iter().any(|scheme| scheme.id.as_str() == id.as_str())
    });
    for (id, _) in gone {
        let result = if dry_run { Ok(Value::Null) } else { delete(api, id).await };
        failed |= tell(output, id, &format!("{would}deleted"), result)?;
    }
    Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// One line about one scheme, and what usher warns of; true where it failed. The others go on.
fn tell(output: &mut Output<'_>, id: &str, done: &str, result: Result<Value, Error>) -> Result<bool, Error> {
    match result {
        Ok(answer) => {
            output.say(&format!("{id} {done}"))?;
            for warning in answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                output.note(&format!("{id}: {warning} (warning)"))?;
            }
            Ok(false)
        }
        Err(error @ (Error::Refused { .. } | Error::Provisioned)) => {
            output.note(&format!("{id}: {error}")).map(|()| true)
        }
        Err(error) => Err(error),
    }
}

async fn put(api: &Api, id: &str, text: &Value) -> Result<Value, Error> {
    let etag = api.get_versioned(&["schemes", id]).await?.etag;
    api.send_to(Method::PUT, &["schemes", id], Some(text.to_string()), etag.as_deref()).await
}

async fn delete(api: &Api, id: &str) -> Result<Value, Error> {
    let etag = api.get_versioned(&["schemes", id]).await?.etag;
    api.send_to(Method::DELETE, &["schemes", id], None, etag.as_deref()).await
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

/// A scheme that usher has.
struct Known {
    /// As a file says it.
    text: Value,
    provisioned: bool,
}

/// A scheme in the order in which people write one.
struct Readable<'v>(&'v Value);

impl Serialize for Readable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => serializer.collect_map(in_order(fields, &KEYS)),
            other => other.serialize(serializer),
        }
    }
}

/// All schemes that usher has, by id.
async fn there(api: &Api) -> Result<BTreeMap<String, Known>, Error> {
    let rows = api.list(&["schemes"], &[], usize::MAX).await?;
    let known = rows.into_iter().filter_map(|row| {
        let Value::Object(mut fields) = row else { return None };
        let provisioned = fields.get("provisioned").and_then(Value::as_bool).unwrap_or(false);
        let id = fields.get("id")?.as_str()?.to_owned();
        let text = match fields.get("text").and_then(Value::as_str) {
            // What this usher can't use is kept as it stands.
            Some(broken) => serde_json::from_str(broken).unwrap_or(Value::Null),
            None => {
                fields.retain(|key, _| KEYS.contains(&key.as_str()));
                Value::Object(fields)
            }
        };
        Some((id, Known { text, provisioned }))
    });
    Ok(known.collect())
}

fn text(scheme: &Scheme) -> Result<Value, Error> {
    serde_json::to_value(scheme).map_err(|error| Error::Local(error.to_string()))
}
