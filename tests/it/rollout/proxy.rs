//! A proxy like the endpoints of a Service: it sends connections to processes that were ready a while ago.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_util::task::AbortOnDropHandle;

use super::replica::Doors;
use crate::support::face::eventually;

/// How often each process is asked whether it is ready.
const EVERY: Duration = Duration::from_millis(200);

/// See the module.
pub struct Proxy {
    pub address: SocketAddr,
    backends: Arc<Vec<Backend>>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

struct Backend {
    doors: Doors,
    lag: Duration,
    /// What probes have said, and when; the oldest one is no younger than the lag.
    said: Mutex<VecDeque<(Instant, bool)>>,
    /// Whether it is to end, so that what probes say does not count any more.
    withdrawn: AtomicBool,
}

impl Backend {
    /// Notes what a probe has said; none: the same as before.
    fn note(&self, ready: Option<bool>) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let before = said.back().is_some_and(|(_, ready)| *ready);
        said.push_back((Instant::now(), ready.unwrap_or(before)));
        while said.get(1).is_some_and(|(at, _)| at.elapsed() >= self.lag) {
            said.pop_front();
        }
    }

    /// Whether it was ready a lag ago.
    fn is_ready(&self) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.front().is_some_and(|(at, ready)| *ready && at.elapsed() >= self.lag)
    }

    async fn watch(&self) {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(3)).build().expect("a client");
        loop {
            let withdrawn = self.withdrawn.load(Ordering::Relaxed);
            self.note(if withdrawn { Some(false) } else { self.probe(&http).await });
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Whether it is ready. A kubelet takes a pod out after two failures that are seconds apart: an answer that is late on a
    /// busy machine, or a log that is slow for a moment, says nothing here.
    async fn probe(&self, http: &reqwest::Client) -> Option<bool> {
        match http.get(format!("http://{}/readyz", self.doors.admin)).send().await {
            Ok(answer) if answer.status().is_success() => Some(true),
            Ok(answer) => answer.text().await.is_ok_and(|text| text.contains("stopping")).then_some(false),
            Err(error) => error.is_connect().then_some(false),
        }
    }
}

impl Proxy {
    /// Starts it before the processes behind `doors`, and waits until it sends to all of them.
    pub async fn start(doors: Vec<Doors>, lag: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let backend = |doors| Backend { doors, lag, said: Mutex::default(), withdrawn: AtomicBool::default() };
        let backends: Arc<Vec<_>> = Arc::new(doors.into_iter().map(backend).collect());
        let watch = |number: usize| {
            let backends = Arc::clone(&backends);
            AbortOnDropHandle::new(tokio::spawn(async move { backends[number].watch().await }))
        };
        let mut tasks: Vec<_> = (0..backends.len()).map(watch).collect();
        tasks.push(AbortOnDropHandle::new(tokio::spawn(serve(listener, Arc::clone(&backends)))));
        let proxy = Self { address, backends, _tasks: tasks };
        for number in 0..proxy.backends.len() {
            proxy.knows_ready(number).await;
        }
        proxy
    }

    /// Has it send nothing more to a process, as soon as it notices, or something again.
    pub fn withdraw(&self, number: usize, withdrawn: bool) {
        self.backends[number].withdrawn.store(withdrawn, Ordering::Relaxed);
    }

    /// Waits until it sends to a process.
    pub async fn knows_ready(&self, number: usize) {
        let backend = &self.backends[number];
        eventually("the proxy sends to it", || std::future::ready(backend.is_ready().then_some(()))).await;
    }
}

async fn serve(listener: TcpListener, backends: Arc<Vec<Backend>>) {
    let turn = AtomicUsize::new(0);
    while let Ok((mut from, _)) = listener.accept().await {
        let ready: Vec<_> = backends.iter().filter(|backend| backend.is_ready()).collect();
        // Without anybody to send it to it is closed, which its sender counts as a refusal.
        let Some(chosen) = ready.get(turn.fetch_add(1, Ordering::Relaxed) % ready.len().max(1)) else { continue };
        let to = chosen.doors.webhooks;
        tokio::spawn(async move {
            if let Ok(mut to) = TcpStream::connect(to).await {
                let _ = copy_bidirectional(&mut from, &mut to).await; // the sender sees how it ended
            }
        });
    }
}
