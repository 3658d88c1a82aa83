//! The recent answers of products for pickers, so that somebody who types does not have a product asked for each letter.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The time for which an answer is used.
const TRUSTED_FOR: Duration = Duration::from_secs(10);
/// The highest number of answers.
const MOST: usize = 256;

/// See the module.
pub(in crate::admin) struct Recent<K, V>(Mutex<HashMap<K, (V, Instant)>>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    /// The recent answer to `question`, or the one that `ask` gets, which is kept.
    ///
    /// # Errors
    /// Those of `ask`.
    pub(super) async fn get_or_ask<E>(&self, question: K, ask: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        if let Some(answer) = self.get(&question) {
            return Ok(answer);
        }
        let answer = ask.await?;
        self.keep(question, answer.clone());
        Ok(answer)
    }

    /// The answer to `question`, if it is recent.
    fn get(&self, question: &K) -> Option<V> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner); // a map is never half changed
        kept.get(question).filter(|(_, at)| at.elapsed() < TRUSTED_FOR).map(|(answer, _)| answer.clone())
    }

    /// Keeps the `answer` to `question`. If there are too many answers, the old ones go, and then all.
    fn keep(&self, question: K, answer: V) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (_, at)| at.elapsed() < TRUSTED_FOR);
        }
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(question, (answer, Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_used_for_some_seconds_and_there_are_never_many() {
        let recent = Recent::default();
        recent.keep(0, "first");
        assert_eq!(recent.get(&0), Some("first"));
        tokio::time::advance(TRUSTED_FOR).await;
        assert_eq!(recent.get(&0), None);
        for question in 0..3 * MOST {
            recent.keep(question, "more");
        }
        assert!(recent.0.lock().unwrap().len() <= MOST);
        assert_eq!(recent.get(&(3 * MOST - 1)), Some("more"));
    }
}
