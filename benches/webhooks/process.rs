//! Child processes, seen from the one that started them.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use super::{child::Listening, cpu};

/// How long a child may take to end once it is told to.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// A child process. Dropped, it is killed.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub listening: Listening,
}

impl Process {
    /// Starts this program again on `core`, as what `role` says, and waits until it listens. What it logs goes to
    /// the file `log`.
    pub fn start(core: usize, role: &[&str], log: &Path) -> anyhow::Result<Self> {
        let mut child = under(&env::current_exe()?)
            .args(["child", "--core", &core.to_string()])
            .args(role)
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()?;
        let stdout = child.stdout.take().context("the child has no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let Ok(listening) = serde_json::from_str(&line) else {
            let _ = child.kill();
            child.wait()?;
            bail!("{role:?} did not start: {}", std::fs::read_to_string(log)?);
        };
        Ok(Self { child, listening })
    }

    /// Where webhooks go.
    pub fn webhooks(&self) -> anyhow::Result<SocketAddr> {
        match self.listening {
            Listening::Bare { webhooks } | Listening::Usher { webhooks, .. } => Ok(webhooks),
            Listening::Sandbox { .. } => bail!("the sandbox takes no webhooks"),
        }
    }

    /// How much processor time it has taken so far.
    pub fn time(&self) -> io::Result<Duration> {
        cpu::time_of(self.child.id())
    }

    /// How often its present threads have left a core so far.
    pub fn context_switches(&self) -> io::Result<u64> {
        cpu::context_switches_of(self.child.id())
    }

    /// For how long its present threads could have run and had no core so far.
    pub fn kept_waiting(&self) -> io::Result<Duration> {
        cpu::kept_waiting(self.child.id())
    }

    /// Tells it to end, and waits until it has.
    pub fn stop(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + WAIT_TIMEOUT;
        while Instant::now() < deadline {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("a child process ended with {status}"),
                None => thread::sleep(Duration::from_millis(10)),
            }
        }
        bail!("a child process does not end");
    }
}

/// The command that runs `program`, under a profiler if `USHER_BENCH_UNDER` names one with its arguments.
fn under(program: &Path) -> Command {
    let profiler = env::var("USHER_BENCH_UNDER").unwrap_or_default();
    let mut words = profiler.split_whitespace().map(OsString::from).chain([program.into()]);
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
