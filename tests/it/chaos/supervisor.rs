//! One usher under a supervisor that starts it again when it has ended, as Kubernetes does.

use std::{
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    task::JoinHandle,
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{clock::ProcessClock, stderr::Reader};
use crate::{
    crash::ending::Open,
    support::{
        kafka::lasting_port,
        process::{Doors, usher},
    },
};

/// How long the supervisor waits before it starts usher again.
const BACK_OFF: Duration = Duration::from_secs(1);
/// How long usher may take to end when it is asked to; the supervisor kills it then.
const GRACE: Duration = Duration::from_secs(60);

/// What is known of the process.
struct Shared {
    number: usize,
    folder: PathBuf,
    config: PathBuf,
    clock: ProcessClock,
    stderr: Reader,
    doors: Doors,
    open: Open,
    running: Mutex<Option<Pid>>,
    /// How it ended, each time.
    ends: Mutex<Vec<ExitStatus>>,
    stop: CancellationToken,
}

pub struct Supervised {
    shared: Arc<Shared>,
    task: JoinHandle<Result<(), String>>,
}

impl Supervised {
    /// Starts it. While it is alive its door is among those that are `open`.
    pub fn start(number: usize, folder: PathBuf, configure: impl FnOnce([u16; 2]) -> PathBuf, open: &Open) -> Self {
        let ports = [lasting_port(), lasting_port()];
        let url = |port| Url::parse(&format!("http://127.0.0.1:{port}/")).expect("a URL");
        let shared = Arc::new(Shared {
            number,
            config: configure(ports),
            clock: ProcessClock::new(folder.join(format!("clock-{number}"))),
            folder,
            stderr: Reader::default(),
            doors: Doors { webhooks: url(ports[0]), admin: url(ports[1]) },
            open: open.clone(),
            running: Mutex::default(),
            ends: Mutex::default(),
            stop: CancellationToken::new(),
        });
        let task = tokio::spawn(supervise(Arc::clone(&shared)));
        Self { shared, task }
    }

    pub fn doors(&self) -> &Doors {
        &self.shared.doors
    }

    /// Where webhooks are taken in.
    pub fn webhooks(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.shared.doors.webhooks.port().expect("a port")).into()
    }

    /// Sends a signal, if it runs.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = *lock(&self.shared.running) {
            let _ = kill_process(pid, signal); // it may have ended just now
        }
    }

    pub fn move_clock(&self, seconds: i64) {
        self.shared.clock.set(seconds);
    }

    pub fn stall_stderr(&self, stalled: bool) {
        self.shared.stderr.stall(stalled);
    }

    /// Whether it says that it is ready; else what it says.
    pub async fn is_ready(&self, http: &Client) -> Result<(), String> {
        let answer = http.get(self.shared.doors.admin.join("readyz").expect("a URL")).send().await;
        let answer = answer.map_err(|error| format!("process {}: {error}", self.shared.number))?;
        if answer.status() == StatusCode::OK {
            return Ok(());
        }
        Err(format!("process {}: {}", self.shared.number, answer.text().await.unwrap_or_default()))
    }

    /// How it has ended so far: by which signal, or with which code.
    pub fn ends(&self) -> Vec<String> {
        let said = |status: &ExitStatus| match (status.signal(), status.code()) {
            (Some(signal), _) => format!("signal {signal}"),
            (None, code) => format!("exit {}", code.unwrap_or_default()),
        };
        lock(&self.shared.ends).iter().map(said).collect()
    }

    /// Ends it in order, for good.
    pub async fn stop(mut self) -> Result<(), String> {
        self.shared.stop.cancel();
        (&mut self.task).await.expect("no panic")
    }
}

impl Drop for Supervised {
    /// Ends the supervisor, and with it the process.
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn supervise(shared: Arc<Shared>) -> Result<(), String> {
    for start in 0.. {
        let mut child = start_once(&shared, start);
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        *lock(&shared.running) = pid;
        let ended = tokio::select! {
            ended = child.wait() => Some(ended.expect("a child")),
            () = shared.stop.cancelled() => None,
            () = keep_its_door_open(&shared) => unreachable!("it never ends"),
        };
        shared.open.send_modify(|open| open.retain(|door| *door != shared.doors.webhooks));
        let Some(ended) = ended else { return end_in_order(&shared, child).await };
        *lock(&shared.running) = None;
        lock(&shared.ends).push(ended);
        if shared.stop.run_until_cancelled(sleep(BACK_OFF)).await.is_none() {
            return Err(format!("process {} was not running in the end", shared.number));
        }
    }
    Ok(())
}

fn start_once(shared: &Shared, start: u32) -> Child {
    let log = shared.folder.join(format!("usher-{}-{start}.log", shared.number));
    let mut command = Command::from(usher(&["serve", "--log-format", "json", "--config"]));
    command
        .arg(&shared.config)
        .envs(shared.clock.environment())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(shared.stderr.pipe(log))
        .kill_on_drop(true);
    command.spawn().expect("the binary of this build")
}

/// Adds its door to those that are open as soon as it answers.
async fn keep_its_door_open(shared: &Shared) {
    let http = Client::builder().no_proxy().timeout(Duration::from_secs(2)).build().expect("a client");
    let health = shared.doors.admin.join("healthz").expect("a URL");
    while !http.get(health.clone()).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK) {
        sleep(Duration::from_millis(50)).await;
    }
    shared.open.send_modify(|open| open.push(shared.doors.webhooks.clone()));
    std::future::pending().await
}

async fn end_in_order(shared: &Shared, mut child: Child) -> Result<(), String> {
    if let Some(pid) = *lock(&shared.running) {
        let _ = kill_process(pid, Signal::TERM); // it may have ended just now
    }
    let number = shared.number;
    match tokio::time::timeout(GRACE, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(ended) => Err(format!("process {number} did not end as it should: {ended:?}")),
        Err(_) => Err(format!("process {number} did not end within {GRACE:?}")),
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
