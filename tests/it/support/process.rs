//! usher and its sandbox as processes of their own: started like a user starts them, killed like nobody would.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use url::Url;
use usher::{domain::Product, sandbox::Control};

/// How long a start or an orderly end may take: a machine may be busy with other tests.
const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

/// The binary of this build, without variables of the tests, which it might take for its own.
pub fn usher(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    command.args(arguments);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("USHER_")) {
        command.env_remove(name);
    }
    command
}

/// `usher serve`, from its start on. Dropped, it is killed.
pub struct Usher {
    child: Child,
    log: PathBuf,
}

/// Where a running usher listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doors {
    pub webhooks: Url,
    pub admin: Url,
}

impl Usher {
    /// Starts it with a configuration; what it logs goes to the file `log`.
    pub fn start(config: &Path, log: PathBuf) -> Self {
        let child = usher(&["serve", "--log-format", "json", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file for the log"))
            .spawn()
            .expect("the binary of this build");
        Self { child, log }
    }

    /// Waits until it runs, and reads where from its log.
    pub async fn running(&mut self) -> Doors {
        let doors = self.running_or_ended().await;
        assert!(doors.is_some(), "usher ended at start, {:?}: {}", self.ended(), self.last_words());
        doors.expect("it runs")
    }

    /// The same; none if it ended by itself.
    pub async fn running_or_ended(&mut self) -> Option<Doors> {
        let deadline = Instant::now() + WAIT_TIMEOUT;
        loop {
            if let Some(doors) = self.doors() {
                return Some(doors);
            }
            if self.ended().is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "usher does not get to run: {}", self.last_words());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn doors(&self) -> Option<Doors> {
        let text = fs::read_to_string(&self.log).expect("its log");
        let line = text.lines().find(|line| line.contains("usher is running"))?;
        let line: Value = serde_json::from_str(line).ok()?; // it may be half written
        let url = |listener: &str| {
            let address: SocketAddr = line[listener].as_str()?.parse().ok()?;
            Url::parse(&format!("http://{address}/")).ok()
        };
        Some(Doors { webhooks: url("webhooks")?, admin: url("admin")? })
    }

    /// Waits until something is in its log.
    pub async fn has_logged(&mut self, what: &str) {
        let deadline = Instant::now() + WAIT_TIMEOUT;
        while !fs::read_to_string(&self.log).expect("its log").contains(what) {
            assert!(self.is_alive() && Instant::now() < deadline, "no `{what}`: {}", self.last_words());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("its log")
    }

    /// How it ended by itself, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child")
    }

    /// Whether it has not ended by itself.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// `kill -9`; returns when it is dead.
    pub fn kill(mut self) {
        assert!(self.is_alive(), "usher ended before it was killed: {}", self.last_words());
        self.child.kill().expect("it is alive");
        self.child.wait().expect("a child");
    }

    /// Asks it to stop, and waits until it has.
    pub async fn stop(self) -> ExitStatus {
        self.stop_with_log().await.0
    }

    /// The same, with all that it has logged.
    pub async fn stop_with_log(mut self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        let deadline = Instant::now() + WAIT_TIMEOUT;
        loop {
            if let Some(status) = self.ended() {
                return (status, self.log());
            }
            assert!(Instant::now() < deadline, "usher does not stop: {}", self.last_words());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The memory it has in use, in MiB.
    pub fn resident_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it is alive");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line about memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Usher {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may be dead
        let _ = self.child.wait();
    }
}

/// `usher sandbox`. Dropped, it is killed.
pub struct Sandbox {
    child: Child,
    /// Its controls.
    pub control: Control,
    sites: Vec<(String, Url)>,
}

impl Sandbox {
    /// Starts one on a free port, and reads from its greeting where.
    pub fn start() -> Self {
        let mut child = usher(&["sandbox", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary of this build");
        let greeting = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut greeting = greeting.filter_map(|line| site(&line.expect("a line")));
        let mut sites = Vec::new();
        let controls = loop {
            match greeting.next().expect("it says where its controls are") {
                (name, url) if name == "controls" => break url,
                other => sites.push(other),
            }
        };
        let control = Control::new(controls).expect("a client");
        Self { child, control, sites }
    }

    /// The base URL of a product's site.
    pub fn base_url(&self, product: Product) -> &Url {
        let mut named = self.sites.iter().filter(|(name, _)| name == product.as_str());
        &named.next().expect("a site for every product").1
    }
}

/// `NAME: URL`, and whatever follows; none where it names something else.
fn site(line: &str) -> Option<(String, Url)> {
    let mut words = line.split_whitespace();
    let (name, url) = (words.next()?, words.next()?);
    Some((name.trim_end_matches(':').to_owned(), url.parse().ok()?))
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may be dead
        let _ = self.child.wait();
    }
}
