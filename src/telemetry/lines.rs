//! Lines on their way to stderr.

use std::{
    fs::File,
    io::{self, Write, stderr},
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait to be written; further ones are dropped.
const QUEUE: usize = 10_000;
/// The rest of the thread after it has written all that there was. The first line after a pause is written at once; where
/// much is said, the thread is not woken for each line.
const GATHER: Duration = Duration::from_millis(5);
/// The interval in which [`Lines::flush`] checks.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// The way to stderr. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(super) struct Lines {
    queue: NonBlocking,
    dropped: ErrorCounter,
    /// Lines that were put into the queue, or dropped.
    sent: Arc<AtomicU64>,
    written: Arc<Written>,
    /// It is never dropped: its end waits for the queue, and writes to stdout if that takes long.
    _worker: Arc<WorkerGuard>,
}

/// The result of the lines that the thread has taken from the queue.
#[derive(Default)]
struct Written {
    taken: AtomicU64,
    failed: AtomicU64,
    /// Whether stderr did not take the latest.
    fails: AtomicBool,
}

impl Lines {
    pub(super) fn to_stderr() -> Self {
        // With a handle of its own the thread never holds the lock of `std::io::stderr` while it waits.
        match stderr().as_fd().try_clone_to_owned() {
            Ok(stderr) => Self::to(File::from(stderr)),
            Err(_) => Self::to(io::sink()),
        }
    }

    fn to(output: impl Write + Send + 'static) -> Self {
        let written = Arc::<Written>::default();
        let writer = Writer { output, written: Arc::clone(&written) };
        let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE).thread_name("stderr");
        let (queue, worker) = builder.finish(writer);
        let dropped = queue.error_counter();
        Self { queue, dropped, sent: Arc::default(), written, _worker: Arc::new(worker) }
    }

    pub(super) fn say(&self, line: &str) {
        // The queue never fails.
        let _ = self.make_writer().write_all(format!("{line}\n").as_bytes());
    }

    /// Waits until all that was sent until now is written or lost, for `limit` at most.
    pub(super) fn flush(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        let queued = self.queued();
        while self.written.taken.load(Ordering::Acquire) < queued && Instant::now() < deadline {
            thread::sleep(POLL_INTERVAL);
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.dropped() + self.written.failed.load(Ordering::Acquire)
    }

    pub(super) fn is_written(&self) -> bool {
        !self.written.fails.load(Ordering::Acquire) && self.written.taken.load(Ordering::Acquire) >= self.queued()
    }

    /// Lines that were put into the queue so far.
    fn queued(&self) -> u64 {
        self.sent.load(Ordering::Acquire).saturating_sub(self.dropped())
    }

    fn dropped(&self) -> u64 {
        u64::try_from(self.dropped.dropped_lines()).unwrap_or(u64::MAX)
    }
}

impl<'l> MakeWriter<'l> for Lines {
    type Writer = Sender;

    fn make_writer(&'l self) -> Sender {
        Sender { queue: self.queue.clone(), sent: Arc::clone(&self.sent) }
    }
}

/// Puts a line into the queue: one call is one line.
pub(super) struct Sender {
    queue: NonBlocking,
    sent: Arc<AtomicU64>,
}

impl Write for Sender {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let written = self.queue.write(line);
        self.sent.fetch_add(1, Ordering::AcqRel);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes on the thread of the queue, and counts. An error is not passed on: nobody could handle it.
struct Writer<W> {
    output: W,
    written: Arc<Written>,
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let failed = self.output.write_all(line).is_err();
        self.written.fails.store(failed, Ordering::Release);
        self.written.failed.fetch_add(u64::from(failed), Ordering::AcqRel);
        self.written.taken.fetch_add(1, Ordering::AcqRel);
        Ok(line.len())
    }

    /// Called when the queue is empty.
    fn flush(&mut self) -> io::Result<()> {
        thread::sleep(GATHER);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    /// Accepts lines, or refuses them while `refuses` is set.
    #[derive(Clone, Default)]
    struct Output {
        text: Arc<Mutex<String>>,
        refuses: Arc<AtomicBool>,
    }

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.refuses.load(Ordering::Acquire) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.text.lock().expect("no panic").push_str(&String::from_utf8_lossy(bytes));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Waits for a word before each line.
    struct Stalled(mpsc::Receiver<()>);

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv(); // gone: it continues
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_in_order_before_flush_returns() {
        let output = Output::default();
        let lines = Lines::to(output.clone());
        (0..100).for_each(|number| lines.say(&number.to_string()));
        lines.flush(Duration::from_secs(60));
        let text = (0..100).map(|number| format!("{number}\n")).collect::<String>();
        assert_eq!((&*output.text.lock().expect("no panic"), lines.lost()), (&text, 0));
    }

    #[test]
    fn lines_behind_one_that_was_just_written_gather() {
        struct Times(Arc<Mutex<Vec<Instant>>>);

        impl Write for Times {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().expect("no panic").push(Instant::now());
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let times = Arc::<Mutex<Vec<Instant>>>::default();
        let lines = Lines::to(Times(Arc::clone(&times)));
        lines.say("one");
        lines.flush(Duration::from_secs(60));
        ["two", "three"].into_iter().for_each(|line| lines.say(line));
        lines.flush(Duration::from_secs(60));
        let times = times.lock().expect("no panic");
        assert!(times.len() == 3 && times[1] - times[0] >= GATHER, "{times:?}");
    }

    #[test]
    fn lines_that_can_not_be_written_are_counted_and_later_ones_are_written() {
        let output = Output::default();
        let lines = Lines::to(output.clone());
        output.refuses.store(true, Ordering::Release);
        lines.say("one");
        lines.flush(Duration::from_secs(60));
        assert_eq!((lines.lost(), lines.is_written()), (1, false));
        output.refuses.store(false, Ordering::Release);
        lines.say("two");
        lines.flush(Duration::from_secs(60));
        assert_eq!((lines.lost(), lines.is_written()), (1, true));
        assert_eq!(*output.text.lock().expect("no panic"), "two\n");
    }

    #[test]
    fn a_full_queue_drops_and_counts_and_nothing_waits_for_it() {
        let (go_on, stalled) = mpsc::channel();
        let lines = Lines::to(Stalled(stalled));
        let most = u64::try_from(QUEUE).expect("a small number");
        (0..most + 100).for_each(|number| lines.say(&number.to_string()));
        // One line may be on its way.
        assert!((99..=100).contains(&lines.lost()), "{}", lines.lost());
        let began = Instant::now();
        lines.flush(Duration::from_millis(50));
        assert!(began.elapsed() >= Duration::from_millis(50) && !lines.is_written());
        drop(go_on);
        lines.flush(Duration::from_secs(60));
        assert!(lines.is_written());
    }
}
