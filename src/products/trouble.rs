//! Since when a product gives no answer of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Error;
use crate::domain::Timestamp;

/// Since when no call is answered, and why the last one was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since then.
    pub since: Timestamp,
    /// In words.
    pub why: String,
}

/// How the calls to one product fare. In this process alone: who calls nothing knows nothing.
#[derive(Debug, Default)]
pub(super) struct Answered(Mutex<Option<Trouble>>);

impl Answered {
    /// Takes note of what became of a call.
    pub fn note<T>(&self, outcome: &Result<T, Error>, now: Timestamp) {
        let mut trouble = self.trouble();
        match outcome {
            Err(error @ (Error::Unreachable(_) | Error::Lost(_) | Error::Unavailable { .. })) => {
                let since = trouble.as_ref().map_or(now, |trouble| trouble.since);
                *trouble = Some(Trouble { since, why: error.to_string() });
            }
            // An answer that asks to slow down, or refuses, is one.
            Ok(_) | Err(_) => *trouble = None,
        }
    }

    /// What there is now.
    pub fn now(&self) -> Option<Trouble> {
        self.trouble().clone()
    }

    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_lasts_from_the_first_call_without_an_answer_to_the_next_with_one() {
        let (answered, at) = (Answered::default(), Timestamp::from_millis);
        assert_eq!(answered.now(), None);
        let unreachable = || Err::<(), _>(Error::Unreachable("connection refused".to_owned()));
        answered.note(&unreachable(), at(1));
        answered.note(&Err::<(), _>(Error::Lost("timed out".to_owned())), at(2));
        let why = "the answer was lost: timed out".to_owned();
        assert_eq!(answered.now(), Some(Trouble { since: at(1), why }));
        answered.note(&Err::<(), _>(Error::RateLimited { retry_after: None }), at(3));
        assert_eq!(answered.now(), None);
        answered.note(&unreachable(), at(4));
        answered.note(&Ok(()), at(5));
        assert_eq!(answered.now(), None);
    }
}
