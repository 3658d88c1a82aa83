//! A chapter for each of the other products, and for the other ways in which usher learns of things.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{changes_of, explain, text};
use crate::{
    demo::{
        Error, Stage,
        narrator::Narrator,
        stage::{ORG_AUDIT_LOG, WIKI_SECRET},
    },
    domain::Product::{AtlassianOrg, BitbucketDc, ConfluenceCloud, ConfluenceDc, Crowd},
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

/// Tells them.
///
/// # Errors
/// Those of the calls, if one fails.
pub(super) async fn play(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    confluence_has_thin_webhooks(stage, narrator).await?;
    bitbucket_has_an_audit_log(stage, narrator).await?;
    a_run_over_crowd_is_held(stage, narrator).await?;
    confluence_cloud_has_no_webhooks(stage, narrator).await?;
    the_organisation_tells_of_a_login(stage, narrator).await
}

async fn confluence_has_thin_webhooks(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Acme Confluence: Wanda is created. Its webhook has hardly more than her key.");
    let wanda = Account::new("4028d0wanda", "wanda");
    stage.sandbox.put_group(ConfluenceDc, "wiki-readers");
    stage.sandbox.put_user(ConfluenceDc, wanda.clone());
    let delivery = Delivery::of(ConfluenceDc, Happening::Created, &wanda).sign(WIKI_SECRET);
    let (_, answer) = stage.deliver("acme-wiki", &delivery).await?;
    explain(narrator, &stage.decided("wanda", &answer).await?);
    narrator.check("Wanda is in wiki-readers", stage.comes_to(ConfluenceDc, &wanda.id, &["wiki-readers"]).await?);
    Ok(())
}

async fn bitbucket_has_an_audit_log(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Acme Bitbucket has no webhooks about users. usher follows its audit log, and Bo logs in.");
    let bo = Account::new("4711", "bo").email("bo@acme.example");
    stage.sandbox.put_group(BitbucketDc, "seen-lately");
    stage.sandbox.put_user(BitbucketDc, bo.clone());
    // A feed begins when it is first followed: earlier entries of the log are old.
    let followed = || async { Ok(stage.metrics().await?.contains("usher_feed_lag_seconds{source=\"acme-code\"}")) };
    let followed = stage.eventually(followed).await?;
    let logged_in = stage.sandbox.log_in(BitbucketDc, &bo.id).is_ok();
    let there = stage.comes_to(BitbucketDc, &bo.id, &["seen-lately"]).await?;
    narrator.happens("the next look at the audit log finds the login; no webhook was sent");
    narrator.check("Bo is in seen-lately", followed && logged_in && there);
    let told = || async {
        let decisions = stage.ask("api/v1/decisions?user=bo&source=acme-code").await?;
        Ok(decisions["items"][0]["via"] == "feed")
    };
    narrator.check("the decision says how usher learnt of it: by the feed", stage.eventually(told).await?);
    Ok(())
}

async fn a_run_over_crowd_is_held(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("Acme Crowd: an administrator runs `leavers`, which deactivates whoever is at former.example.");
    let leavers = ["32769:ada", "32769:ben", "32769:cy"];
    for id in leavers {
        let name = id.trim_start_matches("32769:");
        stage.sandbox.put_user(Crowd, Account::new(id, name).email(format!("{name}@former.example")));
    }
    stage.sandbox.put_user(Crowd, Account::new("32769:dee", "dee").email("dee@acme.example"));
    let (status, run) = stage.order("api/v1/schemes/leavers/run").await?;
    let path = format!("api/v1/runs/{}", text(&run["id"]));
    let state = |wanted: &'static str| {
        let path = path.clone();
        move || {
            let path = path.clone();
            async move { Ok(stage.ask(&path).await?["state"] == wanted) }
        }
    };
    let held = stage.eventually(state("held")).await?;
    let counts = stage.ask(&path).await?["counts"].clone();
    narrator.happens(&format!(
        "{} users are listed, {} are selected; the scheme's limit is 2, so the run is held",
        counts["seen"], counts["selected"]
    ));
    narrator.check("nobody was touched", status == StatusCode::ACCEPTED && held && active(stage, &leavers) == 3);
    stage.order(&format!("{path}/release")).await?;
    let done = stage.eventually(state("done")).await?;
    narrator.happens("the administrator looks at the list and releases the run");
    narrator.check("the three are deactivated, and Dee is not", {
        done && active(stage, &leavers) == 0 && active(stage, &["32769:dee"]) == 1
    });
    Ok(())
}

/// The number of these users of Crowd who may log in.
fn active(stage: &Stage, ids: &[&str]) -> usize {
    let users = stage.sandbox.users(Crowd);
    users.iter().filter(|user| ids.contains(&user.account.id.as_str()) && user.account.active).count()
}

async fn confluence_cloud_has_no_webhooks(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator
        .chapter("Globex Confluence: everybody is to be in `announcements`, whoever they are. Another run by hand.");
    stage.sandbox.put_group(ConfluenceCloud, "announcements");
    for id in ["712020:gil", "712020:hana"] {
        stage.sandbox.put_user(ConfluenceCloud, Account::new(id, id));
    }
    stage.sandbox.put_user(ConfluenceCloud, Account::new("712020:macro-bot", "Macro bot").account_type("app"));
    stage.order("api/v1/schemes/announcements/run").await?;
    let mut there = true;
    for id in ["712020:gil", "712020:hana"] {
        there &= stage.comes_to(ConfluenceCloud, id, &["announcements"]).await?;
    }
    narrator.check("the people are in announcements, the bot is left alone", {
        there && changes_of(stage, "712020:macro-bot") == 0
    });
    Ok(())
}

async fn the_organisation_tells_of_a_login(stage: &Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.chapter("The Globex organisation: its audit log posts that Iris has logged in to her Atlassian account.");
    stage.sandbox.put_group(AtlassianOrg, "has-logged-in");
    stage.sandbox.put_user(AtlassianOrg, Account::new("712020:iris", "Iris").email("iris@globex.example"));
    let entry = login_entry("712020:iris");
    let delivery = Delivery::json(&entry).header("Authorization", ORG_AUDIT_LOG);
    let (_, answer) = stage.deliver("globex-org", &delivery).await?;
    explain(narrator, &stage.decided("712020:iris", &answer).await?);
    let there = stage.comes_to(AtlassianOrg, "712020:iris", &["has-logged-in"]).await?;
    narrator.check("Iris is in has-logged-in, in the organisation's directory", there);
    Ok(())
}

/// A login, as in the organisation's audit log.
fn login_entry(account: &str) -> Value {
    json!({
        "type": "events", "id": "a1000001-0000-4000-8000-000000000001",
        "attributes": { "time": "2026-05-19T10:00:00Z", "action": "user_login", "actor": { "id": account } },
    })
}
