//! The health of this process, component by component: each component reports its state, and `/readyz` shows it.
//!
//! A component that fails and can recover by itself is [`Component::failing`]. A failure that only a restart ends is
//! [`Health::end_process`]: the process ends with exit code 1, and its supervisor starts it again. A product that is
//! away is neither: it is the state of a source. The work of a component before it works for the first time is a
//! [`WarmUp`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

/// The health of all components. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Health {
    /// Why each component fails; none: it works.
    components: Arc<Mutex<BTreeMap<Id, Option<String>>>>,
    warm_ups: Arc<Mutex<WarmUps>>,
    end: watch::Sender<Option<String>>,
}

/// A component that waits for that long, and hears of no error, works.
const QUIET_AFTER: Duration = Duration::from_secs(1);

/// The name of a component and a number, so that two of the same name don't speak for each other.
type Id = (String, u64);

impl Default for Health {
    fn default() -> Self {
        Self { components: Arc::default(), warm_ups: Arc::default(), end: watch::Sender::new(None) }
    }
}

impl Health {
    /// A component named `name`, which works until it reports otherwise. `/readyz` shows the name without a token, so
    /// it contains no users and no addresses.
    pub fn component(&self, name: impl Into<String>) -> Component {
        let id = (name.into(), rand::random());
        self.lock().insert(id.clone(), None);
        Component { health: self.clone(), id }
    }

    /// The failing components with their reasons, in the order of their names, each name once.
    pub fn failing(&self) -> Vec<(String, String)> {
        let components = self.lock();
        let failing = components.iter().filter_map(|((name, _), why)| Some((name.clone(), why.clone()?)));
        let mut told: Vec<_> = failing.collect();
        told.dedup_by(|next, kept| next.0 == kept.0);
        told
    }

    /// The name of each component, and whether it fails.
    pub fn components(&self) -> BTreeMap<String, bool> {
        let mut told = BTreeMap::new();
        for ((name, _), why) in &*self.lock() {
            *told.entry(name.clone()).or_default() |= why.is_some();
        }
        told
    }

    /// A warm-up of the component named `name`. One that was done before is done for good: it is not waited for again.
    pub fn warm_up(&self, name: impl Into<String>) -> WarmUp {
        let id = (name.into(), rand::random());
        let mut warm_ups = self.warm_ups();
        if !warm_ups.done.contains(&id.0) {
            warm_ups.going_on.insert(id.clone(), String::new());
        }
        drop(warm_ups);
        WarmUp { health: self.clone(), id }
    }

    /// Nobody waits for the warm-up of the component named `name`: it is begun while the others work.
    pub fn needs_no_warm_up(&self, name: impl Into<String>) {
        self.warm_ups().done.insert(name.into());
    }

    /// The components that have not worked yet, with their progress, in the order of their names.
    pub fn warming_up(&self) -> Vec<(String, String)> {
        let warm_ups = self.warm_ups();
        warm_ups.going_on.iter().map(|((name, _), progress)| (name.clone(), progress.clone())).collect()
    }

    /// Ends the process with exit code 1 and `why` as its one line: only a restart can help. The first reason holds.
    pub fn end_process(&self, why: impl Into<String>) {
        self.end.send_if_modified(|end| {
            let first = end.is_none();
            end.get_or_insert_with(|| why.into());
            first
        });
    }

    /// Returns when the process has to end, with the reason.
    pub async fn process_must_end(&self) -> String {
        let mut end = self.end.subscribe();
        // The sender is this very value: it is not gone.
        let why = end.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        why.unwrap_or_default()
    }

    fn warm_ups(&self) -> MutexGuard<'_, WarmUps> {
        self.warm_ups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Id, Option<String>>> {
        self.components.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct WarmUps {
    /// The progress of each.
    going_on: BTreeMap<Id, String>,
    /// The names of components that have worked.
    done: BTreeSet<String>,
}

/// The work of a component before it works for the first time. If it is dropped before it is done, nobody waits for it;
/// the component begins another one.
#[derive(Debug)]
pub struct WarmUp {
    health: Health,
    id: Id,
}

impl WarmUp {
    /// Reports the progress. `/readyz` shows the text without a token, so it contains no secrets, users or addresses.
    pub fn report(&self, progress: impl Into<String>) {
        if let Some(kept) = self.health.warm_ups().going_on.get_mut(&self.id) {
            *kept = progress.into();
        }
    }

    /// The component works from now on.
    pub fn done(self) {
        self.health.warm_ups().done.insert(self.id.0.clone());
    }
}

impl Drop for WarmUp {
    fn drop(&mut self) {
        self.health.warm_ups().going_on.remove(&self.id);
    }
}

/// One component, that says how it is doing. Dropped, it is not asked any more.
#[derive(Debug)]
pub struct Component {
    health: Health,
    id: Id,
}

impl Component {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.id.0
    }

    /// The component works.
    pub fn working(&self) {
        self.health.lock().insert(self.id.clone(), None);
    }

    /// The component fails, and tries again by itself. `/readyz` shows `why` without a token, so it contains no
    /// secrets, users or addresses.
    pub fn failing(&self, why: impl Into<String>) {
        self.health.lock().insert(self.id.clone(), Some(why.into()));
    }
}

impl Component {
    /// Waits for `next`. If nothing comes within a second, the component works: there was no error either.
    pub async fn waiting<T>(&self, next: impl Future<Output = T>) -> T {
        let mut next = std::pin::pin!(next);
        if let Ok(came) = tokio::time::timeout(QUIET_AFTER, &mut next).await {
            return came;
        }
        self.working();
        next.await
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        self.health.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_failing_until_it_works_or_is_gone() {
        let health = Health::default();
        let (views, planner) = (health.component("views"), health.component("planner acme 3"));
        assert_eq!(health.failing(), []);
        views.failing("a partition can't be read");
        planner.failing("the group can't be joined");
        let told = |name: &str, why: &str| (name.to_owned(), why.to_owned());
        let views_fail = told("views", "a partition can't be read");
        let components = health.components().into_iter().collect::<Vec<_>>();
        assert_eq!(components, [("planner acme 3".to_owned(), true), ("views".to_owned(), true)]);
        assert_eq!(health.failing(), [told("planner acme 3", "the group can't be joined"), views_fail.clone()]);
        drop(planner);
        assert_eq!(health.failing(), [views_fail]);
        views.working();
        assert_eq!(health.failing(), []);
        assert_eq!(health.components().get("views"), Some(&false));
    }

    #[test]
    fn two_components_of_one_name_do_not_speak_for_each_other() {
        let health = Health::default();
        let (one, other) = (health.component("planner"), health.component("planner"));
        one.failing("it fails");
        other.working();
        drop(other);
        assert_eq!(health.failing().len(), 1);
    }

    #[test]
    fn a_component_warms_up_once_in_the_life_of_a_process() {
        let health = Health::default();
        let views = health.warm_up("views");
        views.report("they are 7 records behind the log");
        assert_eq!(health.warming_up(), [("views".to_owned(), "they are 7 records behind the log".to_owned())]);
        drop(views);
        let views = health.warm_up("views");
        assert_eq!(health.warming_up().len(), 1, "it was not done");
        views.done();
        let again = health.warm_up("views");
        again.report("they are 9 records behind the log");
        assert_eq!((health.warming_up(), health.failing()), (vec![], vec![]));
        health.needs_no_warm_up("planner new");
        health.warm_up("planner new").report("its group is not joined yet");
        assert_eq!(health.warming_up(), []);
    }

    #[tokio::test]
    async fn the_first_reason_to_end_the_process_is_the_one_told() {
        let health = Health::default();
        health.end_process("the disk is gone");
        health.end_process("and so is the log");
        assert_eq!(health.process_must_end().await, "the disk is gone");
    }
}
