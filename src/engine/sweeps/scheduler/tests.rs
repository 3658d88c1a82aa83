use std::{
    ops::Range,
    sync::{Mutex, atomic::AtomicU64, atomic::Ordering::SeqCst},
};

use async_trait::async_trait;

use super::*;
use crate::{
    clock::SystemClock,
    config::read_scheme,
    domain::Trigger,
    engine::{LastFired, sweeps::schedule::schedule_text},
    log::{Consumer, Error, Records},
};

/// A log that has dropped all of its five hundred records with time.
#[derive(Default)]
struct Outlived(Mutex<Vec<SweepRequest>>, watch::Sender<u64>);

#[async_trait]
impl Log for Outlived {
    fn partitions(&self) -> u16 {
        1
    }

    fn identity(&self) -> &str {
        "outlived"
    }

    async fn append(&self, _: Stream, record: Record) -> Result<Position, Error> {
        self.0.lock().expect("not poisoned").push(codec::decode(&record.payload).expect("a request"));
        self.1.send_modify(|count| *count += 1);
        Ok(Position { partition: Partition(0), offset: 500 })
    }

    async fn bounds(&self, _: Stream, _: Partition) -> Result<Range<u64>, Error> {
        Ok(500..500)
    }

    async fn read(&self, _: Stream, _: Vec<(Partition, u64)>) -> Result<Records, Error> {
        Err(Error::Unavailable("nobody reads here".into()))
    }

    async fn consume(&self, _: Stream, _: &str) -> Result<Consumer, Error> {
        Err(Error::Unavailable("nobody reads here".into()))
    }

    async fn ready(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn close(&self) {}
}

/// One scheme with a due schedule. In the first round it has just fired, in the second the views can't be read.
struct Rounds(SchemeSchedule, AtomicU64, watch::Sender<u64>);

impl Schedules for Rounds {
    fn schedules(&self) -> Option<Vec<SchemeSchedule>> {
        let mut scheduled = self.0.clone();
        match self.1.fetch_add(1, SeqCst) {
            0 => {
                self.2.send_modify(|version| *version += 1);
                scheduled.last_fired.as_mut().expect("it has struck").until = SystemClock.now();
                Some(vec![scheduled])
            }
            1 => None,
            _ => Some(vec![scheduled]),
        }
    }

    fn read_until(&self, _: Partition) -> u64 {
        0
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.2.subscribe()
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_strikes_although_old_requests_are_dropped_and_clocks_could_not_be_told_once() {
    let text = "{ id: idle, source: acme, trigger: { cron: '* * * * *', timezone: UTC }, select: { everyone: true }, \
                actions: [{ add_groups: [g] }] }";
    let scheme = read_scheme(text, "test").expect("a scheme");
    let Trigger::Schedule(schedule) = &scheme.trigger else { panic!("it has a schedule") };
    let last_fired = LastFired { schedule: schedule_text(schedule), until: Timestamp::from_millis(0) };
    let scheduled = SchemeSchedule { last_fired: Some(last_fired), scheme, suspended: false };
    let (log, schedules) =
        (Arc::new(Outlived::default()), Arc::new(Rounds(scheduled, AtomicU64::new(0), watch::Sender::new(0))));
    let metrics = Metrics::new().expect("metrics");
    let scheduler =
        Scheduler::new(schedules, Arc::clone(&log) as Arc<dyn Log>, Arc::new(SystemClock), metrics, Arc::default());
    let stop = CancellationToken::new();
    let mut appended = log.1.subscribe();
    let running = tokio::spawn(Arc::new(scheduler).run(Health::default(), stop.clone()));
    let asked = tokio::time::timeout(Duration::from_secs(120), appended.wait_for(|count| *count > 0)).await;
    assert!(asked.is_ok_and(|asked| asked.is_ok()), "it rings");
    stop.cancel();
    running.await.expect("no panic");
    let requests = log.0.lock().expect("not poisoned");
    assert!(matches!(requests[..], [SweepRequest::Asked(_)]), "it is no new clock: {requests:?}");
}
