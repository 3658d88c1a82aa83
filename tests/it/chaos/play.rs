//! Playing courses.

use std::{env, sync::Arc, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    course::{Course, Form},
    fault::Fault,
    installation::Installation,
};
use crate::crash::{
    ending::Suffered,
    load::{History, Load},
    scene,
};

/// How long it may take until the last webhook is accepted, once usher is ready.
const ACCEPTED: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn on_the_embedded_log_what_was_accepted_is_done_once_whatever_happens() {
    play(Duration::from_secs(18), &[Form::Embedded]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_kafka_what_was_accepted_is_done_once_whatever_happens() {
    play(Duration::from_secs(24), &[Form::Kafka { processes: 3 }, Form::Kafka { processes: 1 }]).await;
}

/// Plays one short course, or as many long ones as are asked for, on one form after the other. A course that fails does
/// not keep the others from being played.
async fn play(short: Duration, forms: &[Form]) {
    let number = |name| env::var(name).ok().map(|number| number.parse::<f64>().expect("a number"));
    let length = number("USHER_TEST_CHAOS_MINUTES").map_or(short, |minutes| Duration::from_secs_f64(minutes * 60.0));
    let courses = number("USHER_TEST_COURSES").map_or(1, |courses| courses as usize);
    // Of so many processes only, where that is asked for.
    let processes = number("USHER_TEST_PROCESSES").map(|processes| processes as usize);
    let forms: Vec<_> = forms.iter().filter(|form| processes.is_none_or(|asked| form.processes() == asked)).collect();
    let mut failed = Vec::new();
    for (nth, form) in forms.into_iter().cycle().take(courses).enumerate() {
        let course = Course { form: *form, seed: scene::seed().wrapping_add(nth as u64), length };
        if tokio::spawn(course.play()).await.is_err() {
            failed.push(format!("{form}: USHER_TEST_SEED={}", course.seed));
        }
    }
    assert!(failed.is_empty(), "courses failed: {failed:?}");
}

impl Course {
    async fn play(self) {
        let name = format!("chaos {} ({}, {:?})", self.seed, self.form, self.length);
        let planned = self.faults();
        let (installation, doors) = Installation::start(self.form, self.seed).await;
        let installation = Arc::new(installation);
        // About twenty events a second, however long it takes.
        let pause = if self.is_long() { 4_000 } else { 1_500 };
        let load = Load::start(&installation.scene.people, &doors, self.seed, Duration::from_millis(pause));

        let begun = Instant::now();
        let mut faults = JoinSet::new();
        for one in &planned {
            let (one, name, installation) = (*one, name.clone(), Arc::clone(&installation));
            faults.spawn(async move {
                sleep_until(begun + one.at).await;
                eprintln!("{name}: {one}");
                installation.suffer(one.fault, one.lasts).await;
            });
        }
        let load = people_arrive(load, &installation, self.seed, begun + self.length).await;
        faults.join_all().await;
        installation.lift_everything();
        let ready = installation.is_ready_again().await;
        eprintln!("{name}: ready again after {:.1} s", ready.as_secs_f64());
        let histories = timeout(ACCEPTED, load.finish()).await.expect("usher accepts webhooks when it is ready");
        let installation = Arc::into_inner(installation).expect("nothing else has it");
        let suffered = Suffered {
            halted: planned.iter().any(|planned| matches!(planned.fault, Fault::Pause(_))),
            broker_killed: planned.iter().any(|planned| planned.fault == Fault::KillBroker),
            outcomes_lost: installation.deletions.lock().expect("no panic").clone(),
        };
        installation.end(&histories, &name, suffered).await;
    }
}

/// Until `end` somebody new comes every other moment.
async fn people_arrive(mut load: Load, installation: &Installation, seed: u64, end: Instant) -> Load {
    let mut random = StdRng::seed_from_u64(seed);
    for number in 0.. {
        let pause = random.random_range(Duration::from_millis(200)..Duration::from_millis(800));
        if Instant::now() + pause > end {
            break;
        }
        sleep(pause).await;
        load.arrives(installation.scene.newcomer(number).await);
    }
    sleep_until(end).await;
    load
}

impl Installation {
    /// Has it do what was accepted, stops it in order, and judges.
    async fn end(mut self, histories: &[History], name: &str, suffered: Suffered) {
        let lossy = self.kafka.as_ref().filter(|_| !suffered.outcomes_lost.is_empty()).map(|kafka| &kafka.config);
        self.scene.everything_is_done(self.processes[0].doors(), histories, lossy).await;
        let mut wrong = Vec::new();
        for (number, process) in self.processes.drain(..).enumerate() {
            let ends = process.ends();
            eprintln!("{name}: process {number} ended meanwhile: {ends:?}");
            // By `kill -9`, when asked to, or because only another start can help. A broker that comes back may have
            // librdkafka read beyond its memory (its issue 5280, open): the leader that is none yet is not written down.
            let allowed = ["signal 9", "exit 0", "exit 1"];
            let is_allowed = |end: &str| allowed.contains(&end) || (suffered.broker_killed && end == "signal 11");
            wrong.extend(ends.into_iter().filter(|end| !is_allowed(end)));
            wrong.extend(process.stop().await.err());
        }
        assert!(wrong.is_empty(), "{wrong:?}");
        self.scene.kills = std::mem::take(&mut *self.cuts.lock().expect("no panic"));
        let figures = self.judge(histories, suffered).await;
        assert!(figures.issues > 10, "too few effects that would show twice");
        eprintln!("{name}: 0 lost, 0 twice, in order");
    }
}
