//! Panics in the threads of the databases. sled writes on threads that all databases of the process share: when one of
//! them is gone, a write may never end.

use std::{
    panic,
    sync::{Mutex, Once, PoisonError},
    thread,
};

use crate::health::Health;

/// The prefixes of the names of sled's threads.
const NAMES: [&str; 2] = ["sled-io-", "log flusher"];

static INSTALLED: Once = Once::new();
static TOLD: Mutex<Vec<Health>> = Mutex::new(Vec::new());

/// From now on, a panic in a thread of a database ends the process, through `health`. A panic while databases are
/// opened is handled elsewhere: a damaged database is set aside, or reported.
pub(in crate::app) fn watch(health: &Health) {
    TOLD.lock().unwrap_or_else(PoisonError::into_inner).push(health.clone());
    INSTALLED.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            earlier(panicked);
            if thread::current().name().is_some_and(|name| NAMES.iter().any(|of| name.starts_with(of))) {
                let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
                told.iter().for_each(|health| {
                    health
                        .end_process("data_dir: a thread that writes ended by a bug; usher ends, to be started again");
                });
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_thread_of_a_database_ends_the_process_and_others_do_not() {
        let (before, health) = (Health::default(), Health::default());
        watch(&health);
        #[allow(clippy::panic, reason = "this is what is tried")]
        let panics = |name: &str| {
            let thread =
                thread::Builder::new().name(name.to_owned()).spawn(|| panic!("as sled does")).expect("a thread");
            assert!(thread.join().is_err());
        };
        panics("another one");
        let ended = |health: &Health| futures::FutureExt::now_or_never(health.process_must_end());
        assert!(ended(&health).is_none());
        panics("sled-io-3");
        assert!(ended(&health).is_some() && ended(&before).is_none());
    }
}
