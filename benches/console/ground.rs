//! A log with very many records, usher on it, and the sandbox with the users that they are about.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use url::Url;
use usher::{
    domain::Product,
    sandbox::{Account, Control, Population, TOKEN},
};

use super::{
    history,
    pages::Found,
    process::Process,
    records::{Records, user_id},
    report::progress,
    starting::{free_ports, until_it_works},
};

pub const ADMIN_TOKEN: &str = "bench";
/// Users of this domain are selected by the scheme that is held; one in so many.
const PARTNERS: u64 = 100;
/// Fewer than there are of them.
const LIMIT: u64 = 10;
/// How long the reading of the log, and a list of all users, may take.
const PATIENCE: Duration = Duration::from_mins(20);

/// Everything at work.
pub struct Ground {
    pub usher: Process,
    pub console: Url,
    http: reqwest::Client,
    _sandbox: Process,
    _folder: TempDir,
}

impl Ground {
    /// Writes the log, starts sandbox and usher, and waits until all of it is there to be looked at.
    pub async fn prepare(records: Records, schemes: u64) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let [sandbox_port, admin_port] = free_ports()?;
        let origin: Url = format!("http://127.0.0.1:{sandbox_port}/").parse()?;
        let listen = format!("127.0.0.1:{sandbox_port}");
        let sandbox = Process::start(&["sandbox", "--listen", &listen], &folder.path().join("sandbox.log"))?;
        fill(&Control::new(origin.clone())?, records).await?;
        progress(&format!("writing {} entries to the log", records.entries()));
        history::write(&folder.path().join("data/log"), records).await?;
        let config = folder.path().join("usher.yaml");
        fs::write(&config, configuration(folder.path(), &origin, admin_port))?;
        let config = config.to_str().context("a path in UTF-8")?;
        let usher = Process::start(&["serve", "--config", config], &folder.path().join("usher.log"))?;
        let console = format!("http://127.0.0.1:{admin_port}/").parse()?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        let ground = Self { usher, console, http, _sandbox: sandbox, _folder: folder };
        ground.wait("usher reads the log", "readyz", |ready| ready["warming_up"].is_null()).await?;
        ground.write_schemes(schemes).await?;
        Ok(ground)
    }

    /// The addresses of things of which there are many, and of one run that is held.
    pub async fn found(&self, records: Records) -> anyhow::Result<Found> {
        let _: Value = self.api(Method::POST, "sources/acme/roster/refresh", String::new()).await?;
        let all = records.users;
        self.wait("the users are listed", "api/v1/sources/acme", |source| {
            source["roster"]["users"].as_u64().is_some_and(|users| users >= all)
        })
        .await?;
        let held = self.api(Method::POST, "schemes/partners/run", String::new()).await?;
        let held = held["id"].as_str().context("a run")?.to_owned();
        self.wait("a run is held", &format!("api/v1/runs/{held}"), |run| run["state"] == "held").await?;
        let draft = r#"{"scheme": {"id": "new-one", "name": "Leavers", "source": "acme", "trigger": "manual",
            "select": {"email_domain": ["partner.example"]}, "actions": [{"add_groups": ["contractors"]}]}}"#;
        let draft = self.api(Method::POST, "drafts", draft.to_owned()).await?;
        let failed = self.api(Method::GET, "runs?result=failed&scheme=scheme-0&limit=1", String::new()).await?;
        let letters = self.api(Method::GET, "dead-letters/groups?limit=1", String::new()).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a text");
        Ok(Found {
            user: text(&failed["items"][0]["user"])?,
            failed: text(&failed["items"][0]["id"])?,
            sweep: usher::domain::RunId::of_sweep(&super::records::sweep(0), &"idle".parse()?).to_string(),
            other_sweep: usher::domain::RunId::of_sweep(&super::records::sweep(1), &"idle".parse()?).to_string(),
            held,
            draft: text(&draft["id"])?,
            letters: text(&letters["items"][0]["id"])?,
        })
    }

    /// Some by the clock, some on events; those of the records are among them.
    async fn write_schemes(&self, count: u64) -> anyhow::Result<()> {
        progress(&format!("making {count} schemes"));
        for number in 0..count {
            let (id, trigger) = match number {
                0 => ("idle".to_owned(), "manual".to_owned()),
                1 => ("partners".to_owned(), "manual".to_owned()),
                number => {
                    let trigger = match number % 3 {
                        0 => r#"{ cron: "15 4 1 1 *", timezone: Europe/Berlin }"#,
                        1 => "on_create",
                        _ => "on_login",
                    };
                    (format!("scheme-{}", number - 2), trigger.to_owned())
                }
            };
            let scheme = format!(
                "{{ id: {id}, name: \"People of department {number} get what they need\", source: acme, trigger: {trigger}, \
                 test_mode: {}, select: {{ email_domain: [partner.example, \"*.d{number}.example\"] }}, actions: \
                 [{{ add_groups: [contractors] }}, {{ remove_groups: [onboarding] }}], limits: {{ users: {LIMIT} }} }}",
                number % 2 == 0
            );
            self.api(Method::POST, "schemes", scheme).await?;
        }
        Ok(())
    }

    async fn api(&self, method: Method, path: &str, body: String) -> anyhow::Result<Value> {
        let url = self.console.join("api/v1/")?.join(path)?;
        answer(self.http.request(method, url).body(body)).await
    }

    /// Waits until what `path` answers is as it should be.
    async fn wait(&self, what: &str, path: &str, is_so: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
        progress(what);
        let deadline = Instant::now() + PATIENCE;
        loop {
            // The listener may not be there yet, and answers 503 while it starts.
            let asked = answer(self.http.get(self.console.join(path)?)).await;
            if asked.as_ref().is_ok_and(&is_so) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}, but {asked:?}");
            sleep(Duration::from_millis(500)).await;
        }
    }
}

async fn answer(request: RequestBuilder) -> anyhow::Result<Value> {
    let answer = request.bearer_auth(ADMIN_TOKEN).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "{status}: {text}");
    Ok(serde_json::from_str(&text)?)
}

async fn fill(control: &Control, records: Records) -> anyhow::Result<()> {
    let groups = ["contractors", "onboarding"];
    until_it_works(|| async { control.put_groups(Product::JiraDc, &groups).await.map_err(Into::into) })
        .await
        .context("the sandbox answers")?;
    let partners = records.users / PARTNERS;
    for (first, count, domain) in
        [(0, partners, "partner.example"), (partners, records.users - partners, "acme.example")]
    {
        let account = Account::new(user_id("{n}"), "name-{n}").email(format!("name-{{n}}@{domain}"));
        control.put_crowd(Product::JiraDc, &Population::new(count, account).from(first)).await?;
    }
    Ok(())
}

fn configuration(folder: &Path, origin: &Url, admin_port: u16) -> String {
    format!(
        r#"data_dir: "{}"
webhooks: {{ listen: "127.0.0.1:0" }}
admin: {{ listen: "127.0.0.1:{admin_port}", token: {{ value: "{ADMIN_TOKEN}" }} }}
sources:
  - id: acme
    name: Acme Jira
    product: jira-dc
    base_url: "{origin}jira-dc"
    auth: {{ bearer: {{ value: "{TOKEN}" }} }}
    reconcile: off
    rate: {{ per_second: 1000, concurrency: 8 }}
"#,
        folder.join("data").display()
    )
}
