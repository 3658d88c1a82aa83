//! Entries that are old enough to go.

use super::{Ledger, millis};
use crate::{
    domain::Timestamp,
    store::{Error, Forgotten, reach::CLOCK_SET_BACK},
};

impl Ledger {
    /// Drops entries from before `over`, unless the record of the work may come again; and all entries from before
    /// `open`. A scope whose reach is not known yet keeps everything, because the clock may be ahead. Nothing is added
    /// to it meanwhile. Returns the number.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write; some entries may be dropped already.
    pub fn prune(&self, over: Timestamp, open: Timestamp) -> Result<usize, Error> {
        let mut dropped = 0;
        for Outlived { scope, newest, until } in self.outlived(over, open)? {
            // Not the horizon: that is in the future if the clock is ahead.
            let before = Timestamp::from_millis(newest).plus(CLOCK_SET_BACK);
            // Before anything goes: sled keeps the order of writes across a crash.
            self.record_forgotten_in(&scope, Forgotten { before, until })?;
            for item in self.entries.rows(&scope) {
                let (key, value) = item?;
                if millis(&value).is_none_or(|at| at <= newest) {
                    self.entries.remove(key)?;
                    dropped += 1;
                }
            }
        }
        Ok(dropped)
    }

    /// The scopes with entries to drop.
    fn outlived(&self, over: Timestamp, open: Timestamp) -> Result<Vec<Outlived>, Error> {
        let (mut all, mut scope, mut horizon) = (Vec::<Outlived>::new(), Vec::new(), None);
        let mut until = 0;
        for item in self.entries.rows([]) {
            let (key, value) = item?;
            if scope.is_empty() || !key.starts_with(&scope) {
                scope = scope_of(&key).to_vec();
                let reach = self.reaches.known(&scope);
                horizon = reach.as_ref().and_then(|reach| reach.horizon(over)).map(|horizon| horizon.max(open));
                until = reach.map_or(0, |reach| reach.seen());
            }
            let at = millis(&value).unwrap_or(i64::MIN);
            if horizon.is_none_or(|horizon| at >= horizon.as_millis()) {
                continue;
            }
            match all.last_mut().filter(|last| last.scope == scope) {
                Some(last) => last.newest = last.newest.max(at),
                None => all.push(Outlived { scope: scope.clone(), newest: at, until }),
            }
        }
        Ok(all)
    }
}

/// A scope with entries to drop.
struct Outlived {
    scope: Vec<u8>,
    /// The time of the newest entry to drop.
    newest: i64,
    /// The offset after the last record of the input that the scope was given.
    until: u64,
}

/// The scope in an entry's key: neither a stage nor a source has a slash in its name.
fn scope_of(key: &[u8]) -> &[u8] {
    let end = key.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1).nth(2);
    &key[..end.unwrap_or(key.len())]
}
