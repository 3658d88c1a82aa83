//! The real binary as a process of its own.

use std::{
    fs::{self, File},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::Deref,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    face::{Face, WAIT_TIMEOUT, eventually},
    ground::Ground,
    reserved::Reserved,
};

/// Nothing can listen there.
pub const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// `usher serve` in a process of its own; killed when dropped.
pub struct Usher {
    child: Child,
    face: Face,
    stderr: PathBuf,
    /// Its ports, where it could not be told to take any.
    _reserved: Vec<Reserved>,
}

impl Usher {
    /// Starts it on `ground` and waits until it listens.
    pub async fn start(ground: &Ground) -> Self {
        Self::replica(ground, "data").await
    }

    /// One of several on `ground`, with its data in a folder of its own.
    pub async fn replica(ground: &Ground, data: &str) -> Self {
        Self::replica_with(ground, data, &[]).await
    }

    /// One of several on `ground`, with `more` variables than the others.
    pub async fn replica_with(ground: &Ground, data: &str, more: &[(&str, &str)]) -> Self {
        let mut command = serve(ground);
        command.envs(more.iter().copied());
        Self::spawn(ground, data, command).await
    }

    /// The process of a split installation that has `role` alone, with `more` variables. One that takes no webhooks in has
    /// [`NOWHERE`] as the address for them.
    pub async fn part(ground: &Ground, role: &str, more: &[(&str, &str)]) -> Self {
        let mut command = serve(ground);
        command.args(["--roles", role]).envs(more.iter().copied());
        Self::spawn(ground, role, command).await
    }

    /// Starts it in the folder of `ground` without telling it where its configuration is.
    pub async fn in_its_folder(ground: &Ground) -> Self {
        let mut command = command();
        command.arg("serve").current_dir(ground.folder()).envs(ground.env());
        Self::spawn(ground, "data", command).await
    }

    async fn spawn(ground: &Ground, data: &str, mut command: Command) -> Self {
        let stderr = ground.folder().join(format!("stderr-{}.jsonl", rand::random::<u64>()));
        let mut child = command
            .env("USHER_DATA_DIR", ground.folder().join(data))
            .env("USHER_LOG_FORMAT", "json")
            .stderr(File::create(&stderr).expect("a file"))
            .spawn()
            .expect("started");
        let (webhooks, admin) = eventually("usher is running", || {
            let ended = child.try_wait().expect("a state");
            assert!(ended.is_none(), "it ended: {}", fs::read_to_string(&stderr).expect("text"));
            std::future::ready(addresses(&stderr))
        })
        .await;
        Self { child, face: Face::new(webhooks, admin, ground.ledger()), stderr, _reserved: Vec::new() }
    }

    /// Starts it on `ground` with another standard error, which nothing is read from here.
    pub async fn with_stderr(ground: &Ground, stderr: impl Into<Stdio>, level: &str) -> Self {
        let reserved = [Reserved::new(), Reserved::new()];
        let [webhooks, admin] = [&reserved[0], &reserved[1]].map(|port| port.address);
        let mut child = serve(ground)
            .env("USHER_WEBHOOKS__LISTEN", webhooks.to_string())
            .env("USHER_ADMIN__LISTEN", admin.to_string())
            .env("USHER_LOG_FORMAT", "json")
            .env("RUST_LOG", level)
            .stderr(stderr)
            .spawn()
            .expect("started");
        let face = Face::new(webhooks, admin, ground.ledger());
        let alive = format!("http://{admin}/healthz");
        eventually("usher is alive", || {
            let ended = child.try_wait().expect("a state");
            assert!(ended.is_none(), "it ended: {ended:?}");
            let asked = face.http.get(&alive).send();
            async { asked.await.ok() }
        })
        .await;
        Self { child, face, stderr: PathBuf::from("/dev/null"), _reserved: reserved.into() }
    }

    /// Starts it on `ground` and waits until it answers probes; the log it needs may be away.
    pub async fn waiting(ground: &Ground) -> Self {
        let stderr = ground.folder().join(format!("stderr-{}.jsonl", rand::random::<u64>()));
        let mut usher = Self::with_stderr(ground, File::create(&stderr).expect("a file"), "info").await;
        usher.stderr = stderr;
        usher
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        signal(self.child.id(), "TERM");
    }

    /// Sends SIGHUP: it reads its configuration again.
    pub fn hang_up(&self) {
        signal(self.child.id(), "HUP");
    }

    /// Halts it as it stands: connections stay, nothing is done. [`Self::thaw`] lets it go on.
    pub fn freeze(&self) {
        signal(self.child.id(), "STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        signal(self.child.id(), "CONT");
    }

    /// Waits until it has ended by itself; gives how, and all that it logged.
    pub fn wait(mut self) -> (ExitStatus, String) {
        let status = within_patience(&mut self.child);
        (status, self.log())
    }

    /// All that it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.stderr).expect("text")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its resident memory, in KiB.
    pub fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most resident memory that it has had, in KiB.
    pub fn peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// How long its threads have run.
    pub fn processor(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it is alive");
        let fields: Vec<_> = stat.rsplit_once(')').expect("a name").1.split_whitespace().collect();
        // Fields 14 and 15, in hundredths of a second on every Linux.
        let ticks = |field: usize| fields[field - 3].parse::<u64>().expect("a number");
        Duration::from_millis((ticks(14) + ticks(15)) * 10)
    }

    fn memory(&self, figure: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it is alive");
        let line = status.lines().find_map(|line| line.strip_prefix(figure)).expect("a figure");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Deref for Usher {
    type Target = Face;

    fn deref(&self) -> &Face {
        &self.face
    }
}

impl Drop for Usher {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

/// The addresses in the log line that says that it is running, once that is there.
fn addresses(stderr: &Path) -> Option<(SocketAddr, SocketAddr)> {
    let log = fs::read_to_string(stderr).expect("text");
    let running = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let line = running.into_iter().find(|line| line["message"] == "usher is running")?;
    let address = |field: &str| line[field].as_str().map(|text| text.parse().expect("an address"));
    Some((address("webhooks").unwrap_or(NOWHERE), address("admin").expect("each process answers probes")))
}

/// The command `usher`, with nothing of this process's environment that it would read. `USHER_TEST_BIN` is another build of it,
/// where figures are measured.
pub fn command() -> Command {
    let binary = std::env::var_os("USHER_TEST_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_usher").into());
    let mut command = Command::new(binary);
    let read = |name: &str| name.starts_with("USHER_") || name == "RUST_LOG";
    for (name, _) in std::env::vars().filter(|(name, _)| read(name)) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// The command `usher serve` on `ground`.
pub fn serve(ground: &Ground) -> Command {
    let mut command = command();
    command.arg("serve").arg("--config").arg(ground.config_path()).envs(ground.env());
    command
}

/// Runs a command that is to end by itself, its log as text; gives its exit code and stderr.
pub fn ends(command: &mut Command) -> (Option<i32>, String) {
    let mut stderr = tempfile::NamedTempFile::new().expect("a file");
    let file = stderr.as_file_mut().try_clone().expect("a file");
    let mut child = command.env("USHER_LOG_FORMAT", "text").stderr(file).spawn().expect("started");
    let status = within_patience(&mut child);
    assert_eq!(status.signal(), None);
    (status.code(), fs::read_to_string(stderr.path()).expect("text"))
}

fn within_patience(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + WAIT_TIMEOUT;
    loop {
        if let Some(status) = child.try_wait().expect("a state") {
            return status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status().expect("kill");
    assert!(sent.success());
}
