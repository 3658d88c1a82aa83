//! The real binary as a child process, and what memory it takes.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::Context;

/// A child that is killed when it is dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `usher` with `arguments`; what it says goes to `log`.
    pub fn start(arguments: &[&str], log: &Path) -> anyhow::Result<Self> {
        let log = File::create(log)?;
        let child = Command::new(env!("CARGO_BIN_EXE_usher"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("usher starts")?;
        Ok(Self { child })
    }

    /// The resident memory now, in bytes.
    pub fn memory(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("it has ended")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Where it has ended by itself there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
