//! `usher sources`: lists, makes, checks, pauses, resumes and deletes sources, and handles held newcomers.

mod add;

use std::process::ExitCode;

use clap::Subcommand;
use reqwest::Method;
use serde_json::Value;

use self::add::{Add, add};
use super::{
    Api, AsList, AsOne, Error, Format,
    confirm::Sure,
    deletion::delete,
    output::{Column, Output},
    references::unresolved,
};

/// The commands for sources.
#[derive(Subcommand)]
pub enum Command {
    /// All sources and how they are doing.
    List(AsList),
    /// One source, and all that usher knows about it.
    Show {
        /// The source.
        id: String,
        #[command(flatten)]
        shown: AsOne,
    },
    /// Check the connection to a source: reached, credentials, rights, seats, clock. Changes nothing; exit code 1 if
    /// anything fails.
    Test {
        /// The source.
        id: String,
        #[command(flatten)]
        shown: AsOne,
    },
    /// Have usher keep a source and work with it, once its connection was seen to work.
    Add(Add),
    /// Delete a source that usher keeps. One that a scheme or a run needs stays.
    Delete {
        /// The source.
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Call nothing in a source until it is resumed; new work waits.
    Pause {
        /// The source.
        id: String,
    },
    /// Continue with the waiting work.
    Resume {
        /// The source.
        id: String,
    },
    /// Listed users without a reported creation, held because they are many.
    #[command(subcommand)]
    Newcomers(Newcomers),
    /// The same as `newcomers release`.
    #[command(hide = true)]
    Release {
        /// The source.
        id: String,
    },
    /// The same as `newcomers dismiss`.
    #[command(hide = true)]
    Dismiss {
        /// The source.
        id: String,
    },
}

/// The commands for held newcomers.
#[derive(Subcommand)]
pub enum Newcomers {
    /// List their number in each source, and the state of the comparison.
    List(AsList),
    /// They were created: ask the schemes about them.
    Release {
        /// The source.
        id: String,
    },
    /// They were there before: do nothing to them.
    Dismiss {
        /// The source.
        id: String,
    },
}

const SOURCES: [Column; 11] = [
    ("source", "/id"),
    ("product", "/product"),
    ("state", "/state"),
    ("paused", "/paused"),
    ("newcomers", "/reconciliation/state"),
    ("users", "/shown_users"),
    ("accepted", "/webhook/last_accepted"),
    ("refused", "/webhook/last_refused/at"),
    ("address", "/base_url"),
    ("why", "/why"),
    ("held runs", "/runs_held"),
];

const NEWCOMERS: [Column; 7] = [
    ("source", "/id"),
    ("state", "/reconciliation/state"),
    ("held", "/reconciliation/held"),
    ("known", "/reconciliation/known"),
    ("counted since", "/reconciliation/baseline"),
    ("as of", "/reconciliation/as_of"),
    ("why", "/reconciliation/why"),
];

const CHECKS: [Column; 4] = [("check", "/what"), ("result", "/result"), ("why", "/why"), ("do", "/do")];

/// The first fields of a source.
const FIRST: [&str; 7] = ["id", "name", "product", "base_url", "state", "why", "since"];

/// Runs `usher sources`.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::List(shown) => list(api, output, shown, &SOURCES).await?,
        Command::Show { id, shown } => {
            output.format = shown.output.into();
            let source = api.get(&["sources", &id]).await?;
            output.one(&source, &FIRST)?;
            if output.format == Format::Table {
                unresolved(output, &source)?;
            }
        }
        Command::Test { id, shown } => return test(api, output, &id, shown).await,
        Command::Add(asked) => return add(api, output, &asked).await,
        Command::Delete { id, sure } => {
            let question = format!(
                "This deletes the source {id}; its webhooks are refused at once, and its id stays taken for 30 days"
            );
            return delete(api, output, ("sources", &id), &question, sure).await;
        }
        Command::Newcomers(Newcomers::List(shown)) => list(api, output, shown, &NEWCOMERS).await?,
        Command::Pause { id } => {
            api.order(Method::POST, &["sources", &id, "pause"], None).await?;
            output.say(&format!("{id} is paused"))?;
        }
        Command::Resume { id } => {
            api.order(Method::POST, &["sources", &id, "resume"], None).await?;
            output.say(&format!("{id} goes on"))?;
        }
        Command::Release { id } | Command::Newcomers(Newcomers::Release { id }) => {
            let held = newcomers(api, &id, "release").await?;
            asked(output, &held, &format!("{id} to count as created"))?;
        }
        Command::Dismiss { id } | Command::Newcomers(Newcomers::Dismiss { id }) => {
            let held = newcomers(api, &id, "dismiss").await?;
            asked(output, &held, &format!("{id} to count as there before"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(api: &Api, output: &mut Output<'_>, shown: AsList, columns: &[Column]) -> Result<(), Error> {
    output.format = shown.output;
    let mut sources = api.list(&["sources"], &[], None).await?;
    if output.format == Format::Table {
        sources.iter_mut().for_each(with_users);
    }
    output.list(columns, &sources)
}

/// Checks a connection; the exit code says whether anything fails.
async fn test(api: &Api, output: &mut Output<'_>, id: &str, shown: AsOne) -> Result<ExitCode, Error> {
    output.format = shown.output.into();
    let checked = api.send_to("checks", Method::POST, &["sources", id, "test"], None, None).await?;
    let checks = of_test(&checked);
    match output.format {
        Format::Table => output.list(&CHECKS, &checks)?,
        _ => output.one(&checked, &["acts_as", "checks"])?,
    }
    Ok(if fails(&checks) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The checks in the answer to a test.
fn of_test(checked: &Value) -> Vec<Value> {
    checked["checks"].as_array().cloned().unwrap_or_default()
}

fn fails(checks: &[Value]) -> bool {
    checks.iter().any(|check| check["result"] == "fail")
}

fn asked(output: &mut Output<'_>, held: &Value, what: &str) -> Result<(), Error> {
    let (users, steps) = (held["users"].as_u64().unwrap_or_default(), held["steps"].as_u64().unwrap_or_default());
    if steps > 0 {
        output.say(&format!(
            "asked for {steps} steps on users who were created at once; see `usher dead-letters list`"
        ))?;
    }
    if held["more"].as_bool() == Some(true) {
        output.note("more steps are held: say it again")?;
    }
    if users == 0 {
        return Ok(());
    }
    output.say(&format!("asked for {users} newcomers of {what}; see `usher sources newcomers list`"))
}

/// The users of `source` as the list shows them: how many, and whether that is known to be all.
fn with_users(source: &mut Value) {
    let users = &source["users"];
    let shown = match (users["complete"].as_bool(), users["count"].as_u64(), users["why"].as_str()) {
        (Some(true), Some(count), _) => count.to_string(),
        (Some(false), _, why) => format!("not known to be whole ({})", why.unwrap_or("nobody can tell why")),
        _ => return,
    };
    source["shown_users"] = shown.into();
}

/// Releases or dismisses the held newcomers; returns those that were held.
async fn newcomers(api: &Api, source: &str, what: &str) -> Result<Value, Error> {
    api.send_to("users", Method::POST, &["sources", source, "newcomers", what], None, None).await
}

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;

    use super::*;
    use crate::cli::remote::{Format, output::OneFormat, testing::answered_by};

    /// The output of `command`, if usher accepts it.
    async fn said(command: Command) -> String {
        answered(command, serde_json::json!({ "users": 60 })).await.0
    }

    /// The output of `command` and its exit code, if usher answers with `body`.
    async fn answered(command: Command, body: Value) -> (String, ExitCode) {
        let accepts = move || std::future::ready(HttpResponse::Accepted().json(&body));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output { format: Format::Table, out: &mut out, err: &mut err };
        let code = answered_by(accepts, async |api| run(api, &mut output, command).await.expect("accepted")).await;
        (String::from_utf8([out, err].concat()).expect("text"), code)
    }

    #[test]
    fn a_list_of_users_that_is_not_known_to_be_whole_is_shown_with_the_reason() {
        let shown = |users: Value| {
            let mut source = serde_json::json!({ "users": users });
            with_users(&mut source);
            source["shown_users"].clone()
        };
        let cut = serde_json::json!({ "complete": false, "count": 100, "why": "it ends early" });
        assert_eq!(shown(cut), "not known to be whole (it ends early)");
        assert_eq!(shown(serde_json::json!({ "complete": true, "count": 7, "why": null })), "7");
        assert_eq!(shown(serde_json::json!({ "complete": null })), Value::Null);
    }

    #[tokio::test]
    async fn a_failed_check_is_shown_with_the_remedy_and_ends_with_1() {
        let checked = |result: &str| {
            let check =
                serde_json::json!({ "what": "change_users", "result": result, "why": "w", "do": "grant\u{1b}[2J it" });
            serde_json::json!({ "acts_as": "usher", "checks": [check] })
        };
        let shown = AsOne { output: OneFormat::Table };
        let test = || Command::Test { id: "acme".to_owned(), shown };
        let (text, code) = answered(test(), checked("fail")).await;
        assert_eq!(code, ExitCode::FAILURE);
        assert!(text.contains("change_users") && text.contains("grant") && !text.contains('\u{1b}'), "{text}");
        assert_eq!(answered(test(), checked("not_told")).await.1, ExitCode::SUCCESS);
    }

    #[tokio::test]
    async fn what_is_only_accepted_is_not_said_to_be_so() {
        let id = || "acme".to_owned();
        let asked = |what: &str| {
            format!("asked for 60 newcomers of acme to count as {what}; see `usher sources newcomers list`\n")
        };
        let newcomers = Command::Newcomers;
        assert_eq!(said(newcomers(Newcomers::Release { id: id() })).await, asked("created"));
        assert_eq!(said(newcomers(Newcomers::Dismiss { id: id() })).await, asked("there before"));
        assert_eq!(said(Command::Release { id: id() }).await, asked("created"));
        assert_eq!(said(Command::Dismiss { id: id() }).await, asked("there before"));
    }
}
