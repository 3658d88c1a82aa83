//! Recorded exchanges, word by word, for tests that compare them with Atlassian's documents.

use std::collections::VecDeque;

use serde_json::Value;

use crate::domain::Product;

/// One request and its answer. No `Debug`: there may be names and passwords in it. Headers are not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The site.
    pub site: Product,
    /// The HTTP method.
    pub method: String,
    /// The path below the site's base URL.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The body as it came; empty if there was none.
    pub body: Vec<u8>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The answer's body, if it is JSON.
    pub answer: Option<Value>,
    /// Whether a fault made the answer, and not the product.
    pub fault: bool,
}

/// The last exchanges, as many as are asked for: none at the start.
#[derive(Default)]
pub(in crate::sandbox) struct Record {
    most: usize,
    kept: VecDeque<Recorded>,
}

impl Record {
    /// Keeps the last `most` exchanges from now on.
    pub fn keep(&mut self, most: usize) {
        self.most = most;
        self.kept.truncate(most);
    }

    /// Whether anything is kept at all.
    pub fn is_on(&self) -> bool {
        self.most > 0
    }

    /// Keeps `exchange`, and drops the oldest if there are too many.
    pub fn record(&mut self, exchange: Recorded) {
        if self.kept.len() >= self.most {
            self.kept.pop_front();
        }
        self.kept.push_back(exchange);
    }

    /// All that is kept, the oldest first.
    pub fn list(&self) -> Vec<Recorded> {
        self.kept.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_exchanges_are_kept_and_no_more() {
        let mut record = Record::default();
        assert!(!record.is_on());
        record.keep(2);
        for status in [200, 201, 204] {
            record.record(Recorded {
                site: Product::JiraDc,
                method: "GET".to_owned(),
                path: "/x".to_owned(),
                query: Vec::new(),
                body: Vec::new(),
                status,
                answer: None,
                fault: false,
            });
        }
        assert_eq!(record.list().iter().map(|one| one.status).collect::<Vec<_>>(), [201, 204]);
    }
}
