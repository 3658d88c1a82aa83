//! `usher bulk`: does something once to the users of a pick.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Api, AsOne, Error, Format,
    confirm::Sure,
    input,
    output::{Column, Output},
};

/// The commands for bulk actions.
#[derive(Subcommand)]
pub enum Command {
    /// Show what actions would do to the users of a pick. Nothing is changed.
    Plan(Wanted),
    /// Do it: a test run, unless `--real` is given. The plan is shown first.
    Run {
        #[command(flatten)]
        wanted: Wanted,
        /// Change the users. Without it everything is recorded and nothing is changed.
        #[arg(long)]
        real: bool,
        /// Why; needed where an action can't be undone.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        sure: Sure,
    },
}

/// The users and the actions.
#[derive(Args)]
pub struct Wanted {
    /// The pick; `usher picks add` makes one.
    #[arg(long)]
    pick: String,
    /// A file with the actions in JSON, a list as in a scheme: `[{"remove_groups": ["vpn"]}, {"deactivate": {}}]`; `-` is standard
    /// input.
    #[arg(long)]
    actions: PathBuf,
    #[command(flatten)]
    shown: AsOne,
}

const STEPS: [Column; 6] = [
    ("action", "/action"),
    ("target", "/target"),
    ("change", "/change"),
    ("so already", "/already"),
    ("protected", "/protected"),
    ("not known", "/unknown"),
];

/// Runs `usher bulk`.
///
/// # Errors
/// Those of [`Api::get`]; [`Error::File`] if the actions can't be read, [`Error::Local`] if they are no JSON,
/// [`Error::Unconfirmed`] if nobody can be asked, [`Error::Output`] if the output can't be written.
pub async fn run(api: &Api, output: &mut Output<'_>, command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Plan(wanted) => {
            output.format = wanted.shown.output.into();
            let plan = wanted.plan(api, &wanted.actions()?).await?;
            if output.format == Format::Table { show(output, &plan)? } else { output.whole(&plan)? }
        }
        Command::Run { wanted, real, reason, sure } => {
            let actions = wanted.actions()?;
            let plan = wanted.plan(api, &actions).await?;
            show(output, &plan)?;
            if !sure.is_wanted(&question(&plan, real))? {
                output.say("nothing was done")?;
                return Ok(ExitCode::SUCCESS);
            }
            let order = json!({
                "pick": wanted.pick, "actions": actions, "plan": plan["plan"], "test_mode": !real, "reason": reason,
            });
            let run = api.send_to("id", Method::POST, &["bulk"], Some(order.to_string()), None).await?;
            let run = run["id"].as_str().unwrap_or_default();
            output.say(&format!("it is run {run}; wait for it with `usher runs wait {run}`"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Wanted {
    fn actions(&self) -> Result<Value, Error> {
        let (name, text) = input::read(&self.actions)?;
        let unreadable =
            |error| Error::Local(format!("{name} is not JSON: {error}; write a list of actions as in a scheme"));
        serde_json::from_str(&text).map_err(unreadable)
    }

    async fn plan(&self, api: &Api, actions: &Value) -> Result<Value, Error> {
        let body = json!({"pick": self.pick, "actions": actions}).to_string();
        api.ask("plan", &["bulk", "plan"], &[], body).await
    }
}

/// Prints a plan for people.
fn show(output: &mut Output<'_>, plan: &Value) -> Result<(), Error> {
    output.list(&STEPS, plan["steps"].as_array().map(Vec::as_slice).unwrap_or_default())?;
    in_words(plan).iter().try_for_each(|line| output.say(line))
}

fn in_words(plan: &Value) -> Vec<String> {
    let count = |key: &str| plan[key].as_u64().unwrap_or_default();
    let mut lines = vec![format!("{} users, {} of them read just now", count("users"), count("read"))];
    if count("read") < count("users") {
        lines
            .push("the others are counted by the last list of the source, which does not tell their groups".to_owned());
    }
    let time = plan["seconds"].as_u64().map(|seconds| format!(", {seconds} s at the highest pace")).unwrap_or_default();
    lines.push(format!("at most {} calls{time}", count("calls")));
    for (key, what) in [("irreversible", "can't be undone"), ("undone_in_part", "may be undone in part only")] {
        let actions: Vec<_> = plan[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !actions.is_empty() {
            lines.push(format!("{what}: {}", actions.join(", ")));
        }
    }
    lines
}

fn question(plan: &Value, real: bool) -> String {
    match real {
        true => format!("{} users are changed as the plan says", plan["users"]),
        false => format!("A test run over {} users is made, which changes nothing", plan["users"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_what_it_rests_on_and_what_cant_be_undone() {
        let plan = json!({
            "users": 412, "read": 200, "calls": 824, "seconds": 83, "irreversible": ["delete"], "undone_in_part": [],
        });
        assert_eq!(
            in_words(&plan),
            [
                "412 users, 200 of them read just now",
                "the others are counted by the last list of the source, which does not tell their groups",
                "at most 824 calls, 83 s at the highest pace",
                "can't be undone: delete",
            ]
        );
        assert_eq!(question(&plan, true), "412 users are changed as the plan says");
    }
}
