//! Doing a fault to an installation, and lifting it.

use std::{sync::Arc, time::Duration};

use rustix::process::Signal;
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep},
};
use usher::log::Stream;

use super::{
    fault::Fault,
    installation::{Installation, Kafka},
    strangers, topics,
};

/// How long it is tried to delete a topic: the broker may be away for 30 s, and busy when it is back.
const WAIT_TIMEOUT: Duration = Duration::from_secs(300);

impl Installation {
    /// Has it last its time; returns when it is lifted.
    pub async fn suffer(&self, fault: Fault, lasts: Duration) {
        match fault {
            Fault::Kill(process) => {
                self.cut();
                self.processes[process].signal(Signal::KILL);
            }
            Fault::Terminate(process) => self.processes[process].signal(Signal::TERM),
            Fault::Pause(process) => {
                self.cut();
                self.processes[process].signal(Signal::STOP);
                sleep(lasts).await;
                self.processes[process].signal(Signal::CONT);
            }
            Fault::StallStderr(process) => {
                self.processes[process].stall_stderr(true);
                sleep(lasts).await;
                self.processes[process].stall_stderr(false);
            }
            Fault::MoveClock(process, seconds) => {
                self.processes[process].move_clock(seconds);
                sleep(lasts).await;
                self.processes[process].move_clock(0);
            }
            Fault::Strangers(process) => strangers::hold_bodies(self.processes[process].webhooks(), lasts).await,
            Fault::FillDisk => {
                let filled = self.disk.as_ref().expect("only where the log is on it").fill();
                sleep(lasts).await;
                drop(filled);
            }
            Fault::KillBroker => kill_broker(self.kafka(), lasts).await,
            Fault::DeleteOutcomes => self.delete_outcomes().await,
            Fault::Product(product, fault) => {
                let control = &self.scene.sandbox.control;
                let id = control.inject(&fault.of(product)).await.expect("injected");
                sleep(lasts).await;
                control.remove_fault(id).await.expect("removed");
            }
        }
    }

    async fn delete_outcomes(&self) {
        let (kafka, deadline) = (self.kafka(), Instant::now() + WAIT_TIMEOUT);
        loop {
            // Not while it is away: a request that waits for it may be carried out, and its answer be late.
            let _there = kafka.away.lock().await;
            self.deletes();
            match topics::delete(&kafka.config, Stream::Outcomes).await {
                Ok(()) => return,
                Err(why) => assert!(Instant::now() < deadline, "the topic of the outcomes can't be deleted: {why}"),
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    fn kafka(&self) -> &Arc<Kafka> {
        self.kafka.as_ref().expect("only on Kafka")
    }
}

async fn kill_broker(kafka: &Arc<Kafka>, lasts: Duration) {
    let _alone = kafka.away.lock().await;
    let broker = Arc::clone(kafka);
    spawn_blocking(move || broker.broker.kill()).await.expect("killed");
    sleep(lasts).await;
    let broker = Arc::clone(kafka);
    spawn_blocking(move || broker.broker.start()).await.expect("started");
}
