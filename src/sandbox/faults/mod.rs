//! The faults in force.

pub(super) mod fault;
pub(super) mod foreign;
pub(super) mod limits;
pub(super) mod list_fault;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio_util::sync::CancellationToken;

use crate::domain::Product;
use fault::Effect;
use fault::Fault;
use fault::Injected;
use fault::When;

/// The effect of a fault on one request.
pub(super) struct FaultHit {
    pub effect: Effect,
    /// Cancelled when the fault is removed.
    pub removed: CancellationToken,
}

/// The faults in force.
pub(super) struct Faults {
    list: Vec<(Injected, CancellationToken)>,
    last_id: u64,
    random: StdRng,
}

impl Faults {
    pub fn new(seed: u64) -> Self {
        Self { list: Vec::new(), last_id: 0, random: StdRng::seed_from_u64(seed) }
    }

    /// Puts a fault in force; the answer is its id.
    pub fn inject(&mut self, fault: Fault) -> u64 {
        self.last_id += 1;
        let injected = Injected { id: self.last_id, matched: 0, fired: 0, fault };
        self.list.push((injected, CancellationToken::new()));
        self.last_id
    }

    /// Removes one fault, or all; false if there was none.
    pub fn remove(&mut self, id: Option<u64>) -> bool {
        let before = self.list.len();
        self.list.retain(|(injected, removed)| {
            let stays = id.is_some_and(|id| id != injected.id);
            if !stays {
                removed.cancel();
            }
            stays
        });
        self.list.len() < before
    }

    pub fn list(&self) -> Vec<Injected> {
        self.list.iter().map(|(injected, _)| injected.clone()).collect()
    }

    /// Decides what befalls a request; `adds` says whether it adds a member.
    pub fn hit(&mut self, site: Product, method: &str, path: &str, adds: bool) -> Option<FaultHit> {
        for (injected, removed) in &mut self.list {
            if !injected.fault.matches(site, method, path, adds) {
                continue;
            }
            injected.matched += 1;
            let fires = match injected.fault.when {
                When::Always => true,
                When::Next(count) => injected.fired < count,
                When::Every(nth) => nth > 0 && injected.matched.is_multiple_of(nth),
                When::Chance(probability) => self.random.random::<f64>() < probability,
            };
            if fires {
                injected.fired += 1;
                return Some(FaultHit { effect: injected.fault.effect, removed: removed.clone() });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(when: When, requests: usize) -> Vec<bool> {
        let mut faults = Faults::new(7);
        faults.inject(Fault::new(Effect::Hang).when(when));
        (0..requests).map(|_| faults.hit(Product::JiraDc, "GET", "/x", false).is_some()).collect()
    }

    #[test]
    fn next_every_and_always_hit_the_requests_they_name() {
        assert_eq!(hits(When::Next(2), 4), [true, true, false, false]);
        assert_eq!(hits(When::Every(2), 5), [false, true, false, true, false]);
        assert_eq!(hits(When::Every(0), 2), [false, false]);
        assert_eq!(hits(When::Always, 2), [true, true]);
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed_and_about_as_often_as_said() {
        assert_eq!(hits(When::Chance(0.3), 1_000), hits(When::Chance(0.3), 1_000));
        let fired = hits(When::Chance(0.3), 1_000).iter().filter(|hit| **hit).count();
        assert!((250..350).contains(&fired), "{fired}");
        assert_eq!(hits(When::Chance(1.0), 3), [true; 3]);
        assert_eq!(hits(When::Chance(f64::NAN), 3), [false; 3]);
    }

    #[test]
    fn site_method_and_path_narrow_it_down() {
        let mut faults = Faults::new(0);
        faults.inject(Fault::new(Effect::Hang).site(Product::JiraDc).method("post").path("group/user"));
        assert!(faults.hit(Product::JiraCloud, "POST", "/rest/api/3/group/user", true).is_none());
        assert!(faults.hit(Product::JiraDc, "DELETE", "/rest/api/2/group/user", false).is_none());
        assert!(faults.hit(Product::JiraDc, "POST", "/rest/api/2/user", false).is_none());
        assert!(faults.hit(Product::JiraDc, "POST", "/rest/api/2/group/user", true).is_some());
    }

    #[test]
    fn a_full_licence_hits_only_what_adds() {
        let mut faults = Faults::new(0);
        faults.inject(Fault::new(Effect::LicenceFull { status: 400 }));
        assert!(faults.hit(Product::JiraDc, "GET", "/x", false).is_none());
        assert!(faults.hit(Product::JiraDc, "POST", "/x", true).is_some());
    }

    #[test]
    fn removing_a_fault_lets_go_of_what_it_holds() {
        let mut faults = Faults::new(0);
        let id = faults.inject(Fault::new(Effect::Hang));
        let hit = faults.hit(Product::JiraDc, "GET", "/x", false).expect("a fault");
        assert!(!faults.remove(Some(id + 1)) && !hit.removed.is_cancelled());
        assert!(faults.remove(Some(id)) && hit.removed.is_cancelled());
        assert!(faults.hit(Product::JiraDc, "GET", "/x", false).is_none());
    }
}
