//! One of the processes, as the chart runs it: a name, a volume and addresses of its own, all of which outlive a restart.

use std::{
    fs::{self, OpenOptions},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::support::{
    face::{WAIT_TIMEOUT, eventually},
    ground::Ground,
    kafka::lasting_port,
    usher::serve,
};

/// Two sources, with three groups each.
const GROUPS: usize = 6;

/// How many partitions each process has in the end, over all of its groups.
pub fn fair_share(partitions: u16, processes: usize) -> usize {
    GROUPS * usize::from(partitions) / processes
}

/// Where a process listens.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    pub webhooks: SocketAddr,
    pub admin: SocketAddr,
}

/// See the module. Dropped, it is killed.
pub struct Replica {
    number: usize,
    doors: Doors,
    child: Child,
    log: PathBuf,
    starts: usize,
}

impl Replica {
    pub fn start(ground: &Ground, number: usize) -> Self {
        let port = || SocketAddr::from((Ipv4Addr::LOCALHOST, lasting_port()));
        let doors = Doors { webhooks: port(), admin: port() };
        let (child, log) = spawn(ground, number, doors, 0);
        Self { number, doors, child, log, starts: 1 }
    }

    pub fn number(&self) -> usize {
        self.number
    }

    pub fn doors(&self) -> Doors {
        self.doors
    }

    /// Waits until it is ready.
    pub async fn is_ready(&mut self) {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().expect("a client");
        let url = format!("http://{}/readyz", self.doors.admin);
        let deadline = Instant::now() + WAIT_TIMEOUT;
        while !http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            let ended = self.child.try_wait().expect("a state");
            assert!(ended.is_none() && Instant::now() < deadline, "not ready: {}", self.text());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops it in order and starts it again. Gives how long its partitions rested: from the end of the work of the one to the
    /// coming of the last partitions of the other, each by its own log.
    pub async fn restart(&mut self, ground: &Ground) -> Duration {
        self.terminated().await;
        let stopping = self.at("stopping: no new deliveries").pop().expect("it has stopped");
        let held = self.held_before("stopping: no new deliveries");
        (self.child, self.log) = spawn(ground, self.number, self.doors, self.starts);
        self.starts += 1;
        self.is_ready().await;
        eventually("it has its partitions again", || std::future::ready((self.held() == held).then_some(()))).await;
        let back = self.at("kafka: partitions come").pop().expect("they came");
        assert_eq!(self.moves(), GROUPS, "they came at once and stayed: {}", self.text());
        (back - stopping).to_std().unwrap_or_default()
    }

    /// Stops it in order.
    pub async fn stop(mut self) {
        self.terminated().await;
    }

    async fn terminated(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        let deadline = Instant::now() + WAIT_TIMEOUT;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a state") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not stop: {}", self.text());
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(status.success(), "{status}: {}", self.text());
    }

    /// How often partitions of it came or went since it was started.
    pub fn moves(&self) -> usize {
        self.lines().filter(|line| moves(line) != 0).count()
    }

    /// How many partitions it holds, over all of its groups.
    pub fn held(&self) -> usize {
        sum(self.lines())
    }

    fn held_before(&self, what: &str) -> usize {
        sum(self.lines().take_while(|line| !message(line).contains(what)))
    }

    /// When it logged `what`.
    fn at(&self, what: &str) -> Vec<DateTime<Utc>> {
        let of_it = self.lines().filter(|line| message(line).contains(what));
        of_it.map(|line| line["timestamp"].as_str().expect("a time").parse().expect("a time")).collect()
    }

    fn lines(&self) -> impl Iterator<Item = Value> {
        let text = self.text();
        let lines: Vec<_> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        lines.into_iter()
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.log).expect("its log")
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

fn spawn(ground: &Ground, number: usize, doors: Doors, start: usize) -> (Child, PathBuf) {
    let log = ground.folder().join(format!("usher-{number}-{start}.jsonl"));
    let stderr = OpenOptions::new().create(true).append(true).open(&log).expect("a file");
    let child = serve(ground)
        .env("TEST_POD_NAME", format!("usher-{number}"))
        .env("USHER_DATA_DIR", ground.folder().join(format!("usher-{number}")))
        .env("USHER_WEBHOOKS__LISTEN", doors.webhooks.to_string())
        .env("USHER_ADMIN__LISTEN", doors.admin.to_string())
        .env("USHER_LOG_FORMAT", "json")
        .stderr(stderr)
        .spawn()
        .expect("started");
    (child, log)
}

fn message(line: &Value) -> &str {
    line["message"].as_str().unwrap_or_default()
}

fn sum(lines: impl Iterator<Item = Value>) -> usize {
    usize::try_from(lines.map(|line| moves(&line)).sum::<isize>()).unwrap_or_default()
}

/// How many partitions came by this line; less than none: they went.
fn moves(line: &Value) -> isize {
    let partitions = line["partitions"].as_str().unwrap_or_default();
    let count = isize::try_from(partitions.matches(|c: char| c.is_ascii_digit()).count()).unwrap_or_default();
    match message(line) {
        "kafka: partitions come" => count,
        "kafka: partitions go" => -count,
        _ => 0,
    }
}
