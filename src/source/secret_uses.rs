//! The last use of each secret, by its name: the variable or file that holds it. Its value is never here.

use std::{collections::HashMap, sync::Arc};

use crate::domain::Timestamp;

/// The highest number of names: those of earlier configurations stay.
const MOST: usize = 100;

/// The last use of each secret of one source.
#[derive(Debug, Default)]
pub(super) struct SecretUses(HashMap<Arc<str>, Timestamp>);

impl SecretUses {
    /// The secret called `name` has proved a delivery at `at`.
    pub(super) fn used(&mut self, name: &Arc<str>, at: Timestamp) {
        if let Some(last) = self.0.get_mut(name) {
            *last = at;
        } else if self.0.len() < MOST {
            self.0.insert(Arc::clone(name), at);
        }
    }

    /// The last use of the secret called `name`; none if it was not used since this process began.
    pub(super) fn last(&self, name: &str) -> Option<Timestamp> {
        self.0.get(name).copied()
    }
}
