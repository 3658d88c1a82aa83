//! Which core a process runs on, and how much of it it takes.

use std::{fs, io, process, time::Duration};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores that this process may use: the first for the server, the last for all that is outside of it. They are
/// one and the same where there is only one.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    /// For the server under test.
    pub server: usize,
    /// For the load, and for what stands for the outside world.
    pub load: usize,
}

impl Cores {
    /// Asks the system. To be called before this process is pinned.
    pub fn find() -> io::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
        let server = cores.next().ok_or_else(|| io::Error::other("no core to run on"))?;
        Ok(Self { server, load: cores.next_back().unwrap_or(server) })
    }
}

/// Keeps this process, with the threads and processes it starts from now on, on one core.
pub fn pin(core: usize) -> io::Result<()> {
    let mut only = CpuSet::new();
    only.set(core);
    Ok(sched_setaffinity(None, &only)?)
}

/// How much processor time the process `pid` has taken so far, over all its threads.
pub fn time_of(pid: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the program stands in brackets and may hold anything; user and system time are the 12th and 13th
    // field behind it.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_ascii_whitespace().skip(11).take(2));
    let ticks =
        fields.into_iter().flatten().map(str::parse::<u64>).sum::<Result<u64, _>>().map_err(io::Error::other)?;
    Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
}

/// How often the threads that the process `pid` has now have left a core so far, by themselves or not.
pub fn context_switches_of(pid: u32) -> io::Result<u64> {
    let mut switches = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread that has ended meanwhile is not there any more.
        let status = fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
        let counts = status.lines().filter_map(|line| line.split_once("ctxt_switches:"));
        switches += counts.filter_map(|(_, count)| count.trim().parse::<u64>().ok()).sum::<u64>();
    }
    Ok(switches)
}

/// For how long the threads that the process `pid` has now could have run and had no core, all of them together.
pub fn kept_waiting(pid: u32) -> io::Result<Duration> {
    let mut waited = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // On a core, waiting for one, and how often it got one: nanoseconds.
        let statistics = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        waited += statistics.split_ascii_whitespace().nth(1).and_then(|waited| waited.parse().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(waited))
}

/// How much processor time this process has taken so far.
pub fn own_time() -> io::Result<Duration> {
    time_of(process::id())
}
