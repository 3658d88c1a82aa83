//! The story, chapter by chapter.

mod acme;
mod flavours;

use serde_json::Value;

use super::{Error, Stage, narrator::Narrator};
use crate::{
    domain::Product::{JiraCloud, JiraDc},
    sandbox::Application,
};

/// Tells it.
///
/// # Errors
/// Those of the calls, if one fails.
pub(super) async fn play(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    prologue(stage, narrator);
    acme::play(stage, narrator).await?;
    flavours::play(stage, narrator).await
}

fn prologue(stage: &Stage, narrator: &Narrator) {
    narrator.preface(
        "usher demo: a simulated Atlassian with everything that Acme runs (Jira, Confluence, Bitbucket, Crowd) and that\n\
         Globex has in the cloud (Jira, Confluence, the organisation), and usher beside it, on its embedded log. Schemes say\n\
         who belongs where; nobody touches a group by hand.",
    );
    for group in ["contractors", "vpn-info", "staff", "onboarding", "active-contractors", "legacy"] {
        stage.sandbox.put_group(JiraDc, group);
    }
    stage.sandbox.put_group(JiraCloud, "newcomers");
    // No Jira is without one, and the check of a connection looks for free seats.
    for site in [JiraDc, JiraCloud] {
        stage.sandbox.put_application(site, Application::new("jira-software", &[]).seats(50, 12));
    }
}

/// The number of usher's changes to a user.
fn changes_of(stage: &Stage, user: &str) -> usize {
    stage.sandbox.journal().iter().filter(|entry| entry.user == user && entry.by != crate::sandbox::SOMEONE).count()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// The decision of usher with its reasons, a line for each scheme.
fn explain(narrator: &Narrator, decision: &Value) {
    let schemes = decision["schemes"].as_array().map(Vec::as_slice).unwrap_or_default();
    for scheme in schemes {
        let leaves: Vec<_> = leaves(&scheme["reasons"]).map(|leaf| text(&leaf["because"])).collect();
        let answer = if scheme["selected"] == "true" { "selects" } else { "passes over" };
        narrator.says(&format!("{} {answer}: {}", text(&scheme["scheme"]), leaves.join("; ")));
    }
    match (&decision["no_action"]["why"], &decision["no_action"]["account_type"]) {
        (Value::Null, _) => {}
        (_, Value::String(kind)) => {
            narrator.says(&format!("no scheme is asked: the account is not a person's, but of type {kind}"))
        }
        (why, _) => narrator.says(&format!("no scheme is asked: {}", text(why))),
    }
}

fn leaves(reason: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match reason["parts"].as_array().filter(|parts| !parts.is_empty()) {
        Some(parts) => Box::new(parts.iter().flat_map(leaves)),
        None => Box::new(std::iter::once(reason)),
    }
}
