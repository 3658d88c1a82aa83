//! Deliveries without a pause: each tells of a new user.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use tokio::{task::JoinSet, time::MissedTickBehavior};
use url::Url;
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use crate::support::ground::{ACME, Ground};

/// What became of the deliveries.
#[derive(Default)]
pub struct Told {
    /// The names of the users in deliveries that were answered 200.
    pub accepted: Vec<String>,
    /// How the others ended.
    pub refused: Vec<String>,
    /// The longest that an answer took.
    pub slowest: Duration,
}

/// Senders, until they are stopped.
pub struct Load {
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Load {
    /// Sends so many deliveries a second to `to`; with `keep`, half of them on connections that are kept.
    pub fn start(ground: &Arc<Ground>, to: SocketAddr, rate: f64, keep: bool) -> Self {
        let told = Arc::<Mutex<Told>>::default();
        let stop = Arc::<AtomicBool>::default();
        let ground = Arc::clone(ground);
        let (telling, until) = (Arc::clone(&told), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            let client = || Client::builder().no_proxy().timeout(Duration::from_secs(60));
            // Less than the processes linger: one that is closed at last is not used any more.
            let kept = client().pool_idle_timeout(Duration::from_secs(2)).build().expect("a client");
            let anew = client().pool_max_idle_per_host(0).build().expect("a client");
            let mut every = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut sending = JoinSet::new();
            for number in 0_u64.. {
                every.tick().await;
                if until.load(Ordering::Relaxed) {
                    break;
                }
                let account = Account::new(format!("KEY-{number}"), format!("user-{number}"));
                ground.sandbox.put_user(ACME.product, account.clone());
                let http = if keep && number.is_multiple_of(2) { kept.clone() } else { anew.clone() };
                sending.spawn(deliver(http, to, account, format!("user-{number}"), Arc::clone(&telling)));
            }
            while sending.join_next().await.is_some() {}
        });
        Self { told, stop, task }
    }

    /// How many deliveries were answered 200 so far.
    pub fn accepted(&self) -> usize {
        lock(&self.told).accepted.len()
    }

    /// Sends no more, and waits for the answers that are due.
    pub async fn stop(self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.expect("no panic");
        std::mem::take(&mut *lock(&self.told))
    }
}

async fn deliver(http: Client, to: SocketAddr, account: Account, name: String, told: Arc<Mutex<Told>>) {
    let delivery = Delivery::of(ACME.product, Happening::Created, &account).sign(ACME.secret);
    let url = Url::parse(&format!("http://{to}/webhooks/{}", ACME.id)).expect("a url");
    let began = Instant::now();
    let answer = delivery.send(&http, url).await;
    let mut told = lock(&told);
    match answer {
        Ok(answer) if answer.status() == 200 => {
            told.accepted.push(name);
            told.slowest = told.slowest.max(began.elapsed());
        }
        other => told.refused.push(format!("{name} at {:?}: {other:?}", std::time::SystemTime::now())),
    }
}
