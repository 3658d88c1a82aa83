//! A running installation: the log, usher once or several times, and what is around it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tokio::{sync::watch, task::spawn_blocking};
use url::Url;
use usher::{
    clock::{Clock, SystemClock},
    config::KafkaConfig,
    domain::Timestamp,
    log::{
        Log,
        embedded::{EmbeddedLog, Options},
        kafka::KafkaLog,
    },
};

use super::{course::Form, supervisor::Supervised};
use crate::{
    crash::{
        ending::{Suffered, judge_after},
        kafka::section,
        load::History,
        scene::Scene,
        verdict::Figures,
    },
    support::{kafka::KafkaBroker, small_disk::SmallDisk},
};

/// More than processes, so that each has some.
const PARTITIONS: u16 = 6;
/// The size of the disk of the embedded log, in MiB.
const DISK: u64 = 512;
/// How long usher may take to be ready again once nothing hinders it.
const READY_AGAIN: Duration = Duration::from_secs(60);

/// The Kafka of an installation.
pub struct Kafka {
    pub broker: KafkaBroker,
    pub config: KafkaConfig,
    /// Held while the broker is away: it is killed once at a time.
    pub away: tokio::sync::Mutex<()>,
}

/// The order counts when it is dropped: first the processes end, last the folder goes.
pub struct Installation {
    pub processes: Vec<Supervised>,
    pub kafka: Option<Arc<Kafka>>,
    /// What the embedded log is on.
    pub disk: Option<SmallDisk>,
    pub scene: Scene,
    /// When a process was killed or halted.
    pub cuts: Mutex<Vec<Timestamp>>,
    /// When the topic of the outcomes began to be deleted.
    pub deletions: Mutex<Vec<Timestamp>>,
}

impl Installation {
    /// Starts everything; returns when all processes are ready.
    pub async fn start(form: Form, seed: u64) -> (Self, watch::Receiver<Vec<Url>>) {
        let kafka = match form {
            Form::Embedded => None,
            Form::Kafka { .. } => Some(Arc::new(spawn_blocking(Kafka::start).await.expect("no panic"))),
        };
        let log = kafka.as_ref().map_or("log: { kind: embedded }".to_owned(), |kafka| section(&kafka.config));
        let mut scene = Scene::of_seed(&log, seed).await;
        scene.issues = true;
        let disk = (form == Form::Embedded).then(|| SmallDisk::mount(&scene.data_dir(0), DISK));
        let (open, doors) = watch::channel(Vec::new());
        let start = |number| {
            let folder = scene.folder().to_owned();
            Supervised::start(number, folder, |ports| scene.configure(number, ports), &open)
        };
        let processes = (0..form.processes()).map(start).collect();
        let installation = Self { scene, processes, kafka, disk, cuts: Mutex::default(), deletions: Mutex::default() };
        installation.is_ready_again().await;
        (installation, doors)
    }

    /// Notes that a process is cut off in the middle of something.
    pub fn cut(&self) {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner).push(SystemClock.now());
    }

    /// Notes that the topic of the outcomes is about to be deleted.
    pub fn deletes(&self) {
        self.deletions.lock().unwrap_or_else(PoisonError::into_inner).push(SystemClock.now());
    }

    /// Takes away all that still hinders; the faults of a product go when their time is over.
    pub fn lift_everything(&self) {
        for process in &self.processes {
            process.signal(Signal::CONT);
            process.stall_stderr(false);
            process.move_clock(0);
        }
    }

    /// Waits until every process says that it is ready; how long that took.
    pub async fn is_ready_again(&self) -> Duration {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().expect("a client");
        let begun = Instant::now();
        loop {
            let answers = futures::future::join_all(self.processes.iter().map(|process| process.is_ready(&http))).await;
            let waiting: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
            if waiting.is_empty() {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < READY_AGAIN, "not ready within {READY_AGAIN:?}: {waiting:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Judges what is in the log, at which nobody may be working any more.
    pub async fn judge(&self, histories: &[History], suffered: Suffered) -> Figures {
        if let Some(kafka) = &self.kafka {
            let log = KafkaLog::open(&kafka.config).await.expect("the broker answers");
            return judge_after(&self.scene, &log, histories, suffered).await;
        }
        let dir = self.scene.data_dir(0).join("log");
        let log = Arc::new(EmbeddedLog::open(&dir, Options::default()).expect("nobody has it open"));
        let figures = judge_after(&self.scene, log.as_ref(), histories, suffered).await;
        log.close().await;
        figures
    }
}

impl Kafka {
    fn start() -> Self {
        let broker = KafkaBroker::own();
        let config = broker.config(PARTITIONS);
        Self { broker, config, away: tokio::sync::Mutex::default() }
    }
}
