//! A sandbox with very many users, and usher beside it with schemes for them.

use std::{fmt::Write, fs, time::Duration};

use anyhow::{Context, ensure};
use chrono::{TimeDelta, Utc};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;
use usher::{
    domain::Product,
    sandbox::{Account, Control, Limit, Population, RequestCount, TOKEN},
};

use super::{
    process::Process,
    starting::{free_ports, until_it_works},
};

const ADMIN_TOKEN: &str = "bench";

/// What is measured.
pub struct Plan {
    pub users: u64,
    pub selected: u64,
    pub schemes: u64,
    pub per_second: u32,
}

/// Everything at work.
pub struct Ground {
    pub usher: Process,
    control: Control,
    api: Url,
    http: reqwest::Client,
    _sandbox: Process,
    _folder: TempDir,
}

impl Ground {
    /// Starts both and fills the sandbox.
    pub async fn prepare(plan: Plan) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let [sandbox_port, admin_port] = free_ports()?;
        let origin: Url = format!("http://127.0.0.1:{sandbox_port}/").parse()?;
        let listen = format!("127.0.0.1:{sandbox_port}");
        let sandbox = Process::start(&["sandbox", "--listen", &listen], &folder.path().join("sandbox.log"))?;
        let control = Control::new(origin.clone())?;
        fill(&control, &plan).await?;
        let config = folder.path().join("usher.yaml");
        let data_dir = folder.path().join("data").display().to_string();
        fs::write(&config, configuration(&plan, &origin, &data_dir, admin_port)?)?;
        let config = config.to_str().context("a path in UTF-8")?;
        let usher = Process::start(&["serve", "--config", config], &folder.path().join("usher.log"))?;
        let api = format!("http://127.0.0.1:{admin_port}/api/v1/").parse()?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        let ground = Self { usher, control, api, http, _sandbox: sandbox, _folder: folder };
        until_it_works(|| ground.get("runs")).await.context("usher answers")?;
        Ok(ground)
    }

    /// One run as it is now.
    pub async fn run(&self, id: &str) -> anyhow::Result<Value> {
        self.get(&format!("runs/{id}")).await
    }

    /// The newest run of `scheme`.
    pub async fn newest_run(&self, scheme: &str) -> anyhow::Result<Option<Value>> {
        Ok(self.get(&format!("runs?scheme={scheme}&limit=1")).await?["items"].get(0).cloned())
    }

    /// What was asked of the product.
    pub async fn requests(&self) -> anyhow::Result<Vec<RequestCount>> {
        Ok(self.control.requests().await?)
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.http.get(self.api.join(path)?).bearer_auth(ADMIN_TOKEN).send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        Ok(answer.json().await?)
    }
}

async fn fill(control: &Control, plan: &Plan) -> anyhow::Result<()> {
    until_it_works(|| async { control.put_groups(Product::JiraDc, &["found"]).await.map_err(Into::into) })
        .await
        .context("the sandbox answers")?;
    let crowd = |what: &str, count: u64| {
        let account =
            Account::new(format!("{what}-id-{{n}}"), format!("{what}-{{n}}")).email(format!("{{n}}@{what}.example"));
        Population::new(count, account)
    };
    control.put_crowd(Product::JiraDc, &crowd("staff", plan.users - plan.selected)).await?;
    control.put_crowd(Product::JiraDc, &crowd("partner", plan.selected)).await?;
    // Twice what usher is told to keep to: it must not come near.
    let limit = Limit { capacity: 2 * plan.per_second, fill: 2 * plan.per_second, interval_seconds: 1 };
    control.limit(Product::JiraDc, Some(limit)).await?;
    Ok(())
}

/// The minute after next, once only: a run that takes longer must not meet the next one.
fn once() -> String {
    (Utc::now() + TimeDelta::seconds(75)).format("%-M %-H %-d %-m *").to_string()
}

/// One scheme that selects, and others that the product's list of users rules out: by domain, by state, by expression.
fn configuration(plan: &Plan, origin: &Url, data_dir: &str, admin_port: u16) -> anyhow::Result<String> {
    let mut text = format!(
        r#"data_dir: "{data_dir}"
webhooks: {{ listen: "127.0.0.1:0" }}
admin: {{ listen: "127.0.0.1:{admin_port}", token: {{ value: "{ADMIN_TOKEN}" }} }}
sources:
  - id: acme
    product: jira-dc
    base_url: "{origin}jira-dc"
    auth: {{ bearer: {{ value: "{TOKEN}" }} }}
    rate: {{ per_second: {}, concurrency: 8 }}
schemes:
"#,
        plan.per_second
    );
    let trigger = format!("{{ cron: \"{}\", timezone: UTC }}", once());
    for number in 1..plan.schemes {
        let select = match number % 3 {
            0 => "deactivated: true".to_owned(),
            1 => format!(r#"email_domain: [d{number}.example, "*.d{number}.example"]"#),
            _ => format!(r#"where: 'user.domain == "e{number}.example" || !user.active'"#),
        };
        scheme(&mut text, &format!("s{number}"), &trigger, true, &select)?;
    }
    scheme(&mut text, "selects", &trigger, false, "email_domain: [partner.example]")?;
    Ok(text)
}

fn scheme(text: &mut String, id: &str, trigger: &str, test_mode: bool, select: &str) -> std::fmt::Result {
    writeln!(
        text,
        "  - {{ id: {id}, source: acme, trigger: {trigger}, test_mode: {test_mode}, select: {{ {select} }}, actions: \
         [{{ add_groups: [found] }}] }}"
    )
}
