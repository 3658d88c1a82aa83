//! Regular expressions: what may be written, and what it takes to read it.

use regex::{Error, RegexBuilder};

/// A pattern that comes to at most so many bytes is read in so many steps. It is read anew for each user and each item.
const STEPS: [(usize, u64); 4] = [(8 << 10, 100), (24 << 10, 400), (64 << 10, 1_000), (256 << 10, 5_000)];

/// How many steps it takes to read `pattern`, or why it can't be used.
pub(super) fn steps_to_read(pattern: &str) -> Result<u64, &'static str> {
    for (bytes, steps) in STEPS {
        match RegexBuilder::new(pattern).size_limit(bytes).build() {
            Ok(_) => return Ok(steps),
            Err(Error::CompiledTooBig(_)) => {}
            Err(_) => return Err("this is not a regular expression"),
        }
    }
    Err("this pattern is too large; write fewer repetitions, or `[a-z0-9]` in place of `\\w`")
}
