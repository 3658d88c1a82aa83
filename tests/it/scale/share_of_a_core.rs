//! A part of one core for a process, by a control group: the kernel lets it run that long in each tenth of a second.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

const PERIOD_MICROS: u32 = 100_000;

/// A control group of its own for one process. Dropped, the process may run as it likes.
pub struct ShareOfACore {
    dir: PathBuf,
    process: u32,
}

impl ShareOfACore {
    /// Lets `process` have so many hundredths of a core. Needs root.
    pub fn give(process: u32, percent: u32) -> Self {
        let quota = PERIOD_MICROS / 100 * percent;
        let (root, settings) = if Path::new("/sys/fs/cgroup/cpu").is_dir() {
            let settings =
                vec![("cpu.cfs_period_us", PERIOD_MICROS.to_string()), ("cpu.cfs_quota_us", quota.to_string())];
            ("/sys/fs/cgroup/cpu", settings)
        } else {
            // The controller has to be handed down first; where it is already, that changes nothing.
            let _ = fs::write("/sys/fs/cgroup/cgroup.subtree_control", "+cpu");
            ("/sys/fs/cgroup", vec![("cpu.max", format!("{quota} {PERIOD_MICROS}"))])
        };
        let dir = Path::new(root).join(format!("usher-test-{process}"));
        fs::create_dir(&dir).expect("a control group: run this as root where /sys/fs/cgroup can be written");
        let share = Self { dir, process };
        for (setting, value) in settings {
            fs::write(share.dir.join(setting), value).expect("the setting is there");
        }
        fs::write(share.dir.join("cgroup.procs"), process.to_string()).expect("it is alive");
        share
    }
}

impl Drop for ShareOfACore {
    fn drop(&mut self) {
        let root = self.dir.parent().expect("it has one");
        let _ = fs::write(root.join("cgroup.procs"), self.process.to_string()); // it may have ended
        for _ in 0..50 {
            if fs::remove_dir(&self.dir).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
