//! `usher schemes preview`: the users that a scheme would select.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{
    super::{
        Api, AsList, Error,
        output::{Column, Format, Output},
        progress,
    },
    file,
    on_server::text,
    warnings,
};

/// The default number of users in a table.
const DEFAULT_LIMIT: usize = 1_000;
/// The default number of users in other formats.
const MANY: usize = 10_000_000;

/// The scheme to preview.
#[derive(Args)]
pub struct Preview {
    /// The scheme that usher has under this id; with --file, the one of the file.
    #[arg(required_unless_present = "file")]
    id: Option<String>,
    /// A file with a key `schemes`, as in the configuration, or a list of schemes; YAML or JSON. `-` reads standard
    /// input.
    #[arg(long, short)]
    file: Option<PathBuf>,
    /// The highest number of named users; by default 1000 in a table, else all.
    #[arg(long, value_name = "NUMBER")]
    users: Option<usize>,
    #[command(flatten)]
    shown: AsList,
}

const USERS: [Column; 3] = [("user", "/user"), ("name", "/user_name"), ("steps", "/steps")];

/// Asks usher to look at all users of the source, and prints those that the scheme would select.
///
/// # Errors
/// [`Error::File`] and [`Error::Problems`] if the file can't be read or is wrong; those of [`Api::get`];
/// [`Error::Output`] if the output can't be written.
pub async fn preview(api: &Api, output: &mut Output<'_>, asked: &Preview) -> Result<(), Error> {
    output.format = asked.shown.output;
    let scheme = scheme(api, asked).await?;
    let most = asked.users.unwrap_or(if output.format == Format::Table { DEFAULT_LIMIT } else { MANY });
    let users = [("users", &*most.to_string())];
    let answer = api.ask("seen", &["schemes", "preview"], &users, scheme.to_string()).await?;
    let answer = progress::follow_preview(api, output, answer).await?;
    let named = answer["users"].as_array().map_or(&[][..], Vec::as_slice);
    match output.format {
        Format::Json | Format::Yaml => output.whole(&answer)?,
        Format::Csv => output.list(&USERS, &in_words(named))?,
        Format::Table => {
            let count = |key: &str| answer[key].as_u64().unwrap_or_default();
            let (seen, selected, unknown) = (count("seen"), count("selected"), count("unknown"));
            output.say(&format!("{seen} users looked at: {selected} would be selected, {unknown} are not known"))?;
            if !named.is_empty() {
                output.say("")?;
                output.list(&USERS, &in_words(named))?;
            }
        }
    }
    warnings(output, scheme["id"].as_str().unwrap_or_default(), &answer)?;
    let selected = answer["selected"].as_u64().and_then(|selected| usize::try_from(selected).ok()).unwrap_or(0);
    if named.len() < selected {
        output.note(&format!("only the first {} of {selected} are named: write --users {selected}", named.len()))?;
    }
    if answer["complete"] == false {
        output.note("not everybody was looked at: time ran out")?;
    }
    Ok(())
}

/// The scheme as the API takes it.
async fn scheme(api: &Api, asked: &Preview) -> Result<Value, Error> {
    match (&asked.file, &asked.id) {
        (Some(path), id) => {
            let schemes = file::read(path)?;
            let named = schemes.iter().find(|scheme| id.as_deref().is_some_and(|id| id == scheme.id.as_str()));
            let (path, only) = (path.display().to_string(), schemes.len() == 1 && id.is_none());
            let why = match id {
                Some(id) => format!("there is no scheme `{id}` in it"),
                None => format!("there are {} schemes in it; name one of them", schemes.len()),
            };
            let wanted = if only { schemes.first() } else { named };
            text(wanted.ok_or(Error::File { path, why })?)
        }
        (None, Some(id)) => {
            let row = api.get(&["schemes", id]).await?;
            let known = super::on_server::known(row).ok_or_else(|| Error::Unreadable(format!("the scheme {id}")))?;
            Ok(known.1.text)
        }
        (None, None) => Ok(Value::Null), // the command line does not allow it
    }
}

/// The users with their steps as texts.
fn in_words(users: &[Value]) -> Vec<Value> {
    let step = |step: &Value| {
        let words = ["action", "target"].map(|key| step[key].as_str().unwrap_or_default());
        words.join(" ").trim_end().to_owned()
    };
    let row = |user: &Value| {
        let steps: Vec<_> = user["steps"].as_array().into_iter().flatten().map(step).collect();
        json!({ "user": user["user"], "user_name": user["user_name"], "steps": steps })
    };
    users.iter().map(row).collect()
}
