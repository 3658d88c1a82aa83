//! The chapters about the two Jiras: Acme's in its own data center, Globex's in the cloud.

use std::time::{Duration, Instant};

use reqwest::StatusCode;

use super::{changes_of, explain, text};
use crate::{
    demo::{
        Error, Stage,
        narrator::Narrator,
        stage::{ACME_SECRET, GLOBEX_SECRET},
    },
    domain::Product::{JiraCloud, JiraDc},
    sandbox::{
        Account, Effect, Fault, When,
        webhook::{Delivery, Happening},
    },
};

/// Tells them.
///
/// # Errors
/// Those of the calls, if one fails.
pub(super) async fn play(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    a_contractor_joins(stage, narrator).await?;
    somebody_else_joins(stage, narrator).await?;
    the_webhook_comes_again(stage, narrator).await?;
    a_forger_tries(stage, narrator).await?;
    the_contractor_logs_in(stage, narrator).await?;
    a_scheme_is_tried_out(stage, narrator).await?;
    somebody_joins_in_the_cloud(stage, narrator).await?;
    jira_asks_to_slow_down(stage, narrator).await?;
    an_answer_gets_lost(stage, narrator).await
}

fn carla() -> Account {
    Account::new("JIRAUSER10100", "carla").email("carla@contractor.example")
}

fn sam() -> Account {
    Account::new("JIRAUSER10101", "sam").email("sam@acme.example")
}

fn created(account: &Account) -> Delivery {
    Delivery::of(JiraDc, Happening::Created, account).sign(ACME_SECRET)
}

async fn a_contractor_joins(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Carla, a contractor, is created in Acme Jira.");
    stage.sandbox.put_user(JiraDc, carla());
    let (status, answer) = stage.deliver("acme", &created(&carla())).await?;
    narrator.happens(&format!("Jira posts the signed webhook user_created; usher answers {status} once it is on disk"));
    explain(narrator, &stage.decided("carla", &answer).await?);
    let there = stage.comes_to(JiraDc, "JIRAUSER10100", &["contractors", "vpn-info"]).await?;
    narrator.check("Carla is in contractors and vpn-info", status == StatusCode::OK && there);
    Ok(())
}

async fn somebody_else_joins(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Sam, an employee, is created.");
    stage.sandbox.put_user(JiraDc, sam());
    let (_, answer) = stage.deliver("acme", &created(&sam())).await?;
    explain(narrator, &stage.decided("sam", &answer).await?);
    let there = stage.comes_to(JiraDc, "JIRAUSER10101", &["staff"]).await?;
    narrator.check("Sam is in staff, and in no contractors' group", there);
    Ok(())
}

async fn the_webhook_comes_again(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("The network is nervous: the webhook about Robin is delivered 20 times at once.");
    let robin = Account::new("JIRAUSER10102", "robin").email("robin@north.partner.example");
    stage.sandbox.put_user(JiraDc, robin.clone());
    let delivery = created(&robin);
    let answers = futures::future::try_join_all((0..20).map(|_| stage.deliver("acme", &delivery))).await?;
    let same = answers.iter().all(|(status, answer)| *status == StatusCode::OK && *answer == answers[0].1);
    narrator.check("every delivery is answered 200 with the same event id", same);
    let there = stage.comes_to(JiraDc, "JIRAUSER10102", &["contractors", "vpn-info"]).await?;
    let recognised = stage
        .eventually(|| async { Ok(stage.metrics().await?.contains("usher_duplicates_total{stage=\"planner\"} 19")) })
        .await?;
    narrator.check("19 of them are recognised as duplicates", recognised);
    narrator.check("Robin was put into each of two groups once", there && changes_of(stage, "JIRAUSER10102") == 2);
    Ok(())
}

async fn a_forger_tries(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Somebody who doesn't know the secret posts a webhook about Mallory.");
    let mallory = Account::new("JIRAUSER10666", "mallory").email("mallory@contractor.example");
    stage.sandbox.put_user(JiraDc, mallory.clone());
    let forged = Delivery::of(JiraDc, Happening::Created, &mallory).sign("guessed");
    let (status, _) = stage.deliver("acme", &forged).await?;
    narrator.happens(&format!("usher answers {status}"));
    let (elsewhere, _) = stage.deliver("no-such-source", &forged).await?;
    narrator.check("a forged webhook is refused, like one for a source that doesn't exist", {
        status == StatusCode::UNAUTHORIZED && elsewhere == status
    });
    let none = stage.ask("api/v1/decisions?user=mallory").await?["items"].as_array().is_some_and(Vec::is_empty);
    narrator.check("nothing was decided about Mallory", none && changes_of(stage, "JIRAUSER10666") == 0);
    Ok(())
}

async fn the_contractor_logs_in(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Carla, who is still in onboarding, logs in. The login names her by user name only.");
    put_into(stage, "JIRAUSER10100", "onboarding");
    let login = serde_json::json!({ "webhookEvent": "user_login", "timestamp": 1_763_715_600_000_u64, "user": { "name": "carla" } });
    let (_, answer) = stage.deliver("acme", &Delivery::json(&login).sign(ACME_SECRET)).await?;
    narrator.happens("usher looks up her lasting id, then decides");
    explain(narrator, &stage.decided("carla", &answer).await?);
    let there = stage.comes_to(JiraDc, "JIRAUSER10100", &["active-contractors", "contractors", "vpn-info"]).await?;
    narrator.check("Carla is in active-contractors and no longer in onboarding", there);
    Ok(())
}

async fn a_scheme_is_tried_out(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Sam logs in. The scheme tidy-up would take him out of legacy, but it is in test mode.");
    put_into(stage, "JIRAUSER10101", "legacy");
    let login = Delivery::of(JiraDc, Happening::LoggedIn, &sam()).sign(ACME_SECRET);
    let (_, answer) = stage.deliver("acme", &login).await?;
    let event = answer["event"].as_str().unwrap_or_default().to_owned();
    let path = format!("api/v1/runs/{event}.tidy-up/entries");
    let tested = stage.eventually(|| async { Ok(stage.ask(&path).await?["items"][0]["result"] == "tested") }).await?;
    let entry = stage.ask(&path).await?["items"][0].clone();
    narrator.says(&format!(
        "run log: {} {}: {} ({}; before: {})",
        text(&entry["action"]),
        text(&entry["target"]),
        text(&entry["result"]),
        text(&entry["reason"]),
        text(&entry["before"]),
    ));
    let still = stage.comes_to(JiraDc, "JIRAUSER10101", &["legacy", "staff"]).await?;
    narrator.check("it only reports: Sam is still in legacy", tested && still);
    Ok(())
}

async fn somebody_joins_in_the_cloud(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator
        .chapter("Dana and a build bot are created in Globex Jira. In Cloud a webhook has no e-mail and no groups.");
    let dana = Account::new("712020:dana", "Dana").email("dana@globex.example").hide_email();
    let bot = Account::new("712020:bot", "Build bot").account_type("app");
    for account in [&dana, &bot] {
        stage.sandbox.put_user(JiraCloud, account.clone());
        let delivery = Delivery::of(JiraCloud, Happening::Created, account).sign(GLOBEX_SECRET);
        let (_, answer) = stage.deliver("globex", &delivery).await?;
        explain(narrator, &stage.decided(&account.id, &answer).await?);
    }
    narrator.check("Dana is in newcomers", stage.comes_to(JiraCloud, "712020:dana", &["newcomers"]).await?);
    narrator.check("the bot is recorded and left alone", changes_of(stage, "712020:bot") == 0);
    Ok(())
}

async fn jira_asks_to_slow_down(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Acme Jira is busy: its next answer is 429 with Retry-After: 2. Erik is created meanwhile.");
    let erik = Account::new("JIRAUSER10103", "erik").email("erik@contractor.example");
    stage.sandbox.put_user(JiraDc, erik.clone());
    let busy = Effect::TooManyRequests { retry_after: Some(2) };
    stage.sandbox.inject(Fault::new(busy).site(JiraDc).when(When::Next(1)));
    let began = Instant::now();
    stage.deliver("acme", &created(&erik)).await?;
    let there = stage.comes_to(JiraDc, "JIRAUSER10103", &["contractors", "vpn-info"]).await?;
    let waited = began.elapsed();
    narrator.happens(&format!("usher waits, and is done after {:.1} s", waited.as_secs_f64()));
    narrator.check("Erik is in his groups, and Jira was left alone for 2 s", there && waited >= Duration::from_secs(2));
    Ok(())
}

async fn an_answer_gets_lost(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Acme Jira puts Frida into a group, but the connection breaks before it can say so.");
    let frida = Account::new("JIRAUSER10104", "frida").email("frida@contractor.example");
    stage.sandbox.put_user(JiraDc, frida.clone());
    let cut = Fault::new(Effect::Cut { after_work: true }).site(JiraDc).method("POST").when(When::Next(1));
    stage.sandbox.inject(cut);
    let (_, answer) = stage.deliver("acme", &created(&frida)).await?;
    let there = stage.comes_to(JiraDc, "JIRAUSER10104", &["contractors", "vpn-info"]).await?;
    let event = answer["event"].as_str().unwrap_or_default().to_owned();
    let path = format!("api/v1/runs/{event}.contractors");
    let done = stage.eventually(|| async { Ok(stage.ask(&path).await?["state"] == "done") }).await?;
    let counts = stage.ask(&path).await?["counts"].clone();
    narrator.happens("usher reads Frida's groups, sees that it is done, and doesn't do it again");
    narrator.check("both steps are recorded as changed, and each was made once", {
        there && done && counts["changed"] == 2 && changes_of(stage, "JIRAUSER10104") == 2
    });
    Ok(())
}

/// Puts a user into a group by hand. The story has made both before.
fn put_into(stage: &Stage, user: &str, group: &str) {
    stage.sandbox.add_member(JiraDc, user, group).expect("the user and the group are there");
}
