//! The two sorts of load: as fast as the answers come, and at a steady rate whatever the answers do.

use std::{
    cell::Cell,
    io,
    net::SocketAddr,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Mutex, mpsc},
    task::LocalSet,
};

use super::{connection::Connection, deliveries::Deliveries, latencies::Latencies};

/// Connections that send at the same time.
pub const CONNECTIONS: usize = 64;

/// What came of a load.
pub struct Sent {
    /// Of the deliveries that were accepted while it was measured.
    pub latencies: Latencies,
    /// Deliveries that got another answer than 200.
    pub refused: usize,
    /// How long it was measured.
    pub measured: Duration,
}

impl Sent {
    /// Deliveries accepted per second.
    pub fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.measured.as_secs_f64()
    }
}

/// How long to send before, and while, it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// First this long, which does not count.
    pub warm_up: Duration,
    /// Then this long, which does.
    pub measure: Duration,
}

/// Sends over [`CONNECTIONS`] connections, on each the next as soon as the last is answered.
pub async fn as_fast_as_answered<D: Deliveries>(
    address: SocketAddr,
    span: Span,
    deliveries: impl Fn(usize) -> D,
) -> io::Result<Sent> {
    let number = Rc::new(Cell::new(0));
    let begin = Instant::now() + span.warm_up;
    let end = begin + span.measure;
    on_connections(address, span.measure, |index, mut connection| {
        let (number, mut deliveries) = (Rc::clone(&number), deliveries(index));
        async move {
            let mut seen = Seen::default();
            let mut sent = Instant::now();
            while sent < end {
                let status = connection.exchange(deliveries.request(number.replace(number.get() + 1))).await?;
                let answered = Instant::now();
                if answered >= begin && answered < end {
                    seen.answer(status, answered - sent);
                }
                sent = answered;
            }
            Ok(seen)
        }
    })
    .await
}

/// Sends `rate` deliveries a second, evenly spaced, over [`CONNECTIONS`] connections. A delivery that finds none free
/// waits for one, and that counts: its time runs from the moment it was due.
pub async fn at_rate<D: Deliveries>(
    address: SocketAddr,
    span: Span,
    rate: f64,
    deliveries: impl Fn(usize) -> D,
) -> io::Result<Sent> {
    let (give, take) = mpsc::unbounded_channel();
    let start = Instant::now() + Duration::from_millis(50);
    let (begin, end) = (start + span.warm_up, start + span.warm_up + span.measure);
    let pacer = thread::spawn(move || {
        for number in 0.. {
            let due = start + Duration::from_secs_f64(number as f64 / rate);
            // Timers of the runtime go by milliseconds; this one is good to some ten microseconds.
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if due >= end || give.send((number, due)).is_err() {
                break;
            }
        }
    });
    let take = Rc::new(Mutex::new(take));
    let sent = on_connections(address, span.measure, |index, mut connection| {
        let (take, mut deliveries) = (Rc::clone(&take), deliveries(index));
        async move {
            let mut seen = Seen::default();
            loop {
                let next = take.lock().await.recv().await;
                let Some((number, due)) = next else { return Ok(seen) };
                let status = connection.exchange(deliveries.request(number)).await?;
                if due >= begin {
                    seen.answer(status, due.elapsed());
                }
            }
        }
    })
    .await;
    drop(take);
    pacer.join().map_err(|_| io::Error::other("the pacer panicked"))?;
    sent
}

/// What one connection has seen.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    refused: usize,
}

impl Seen {
    fn answer(&mut self, status: u16, took: Duration) {
        if status == 200 { self.latencies.push(took) } else { self.refused += 1 }
    }
}

/// Runs `send` on each connection, and puts together what they have seen.
async fn on_connections<F: Future<Output = io::Result<Seen>> + 'static>(
    address: SocketAddr,
    measured: Duration,
    mut send: impl FnMut(usize, Connection) -> F,
) -> io::Result<Sent> {
    let tasks = LocalSet::new();
    let mut running = Vec::new();
    for index in 0..CONNECTIONS {
        running.push(tasks.spawn_local(send(index, Connection::open(address).await?)));
    }
    tasks.await;
    let (mut latencies, mut refused) = (Vec::new(), 0);
    for task in running {
        let seen = task.await.map_err(io::Error::other)??;
        latencies.extend(seen.latencies);
        refused += seen.refused;
    }
    Ok(Sent { latencies: Latencies::new(latencies), refused, measured })
}
