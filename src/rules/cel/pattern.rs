//! Regular expressions: the allowed syntax, and the cost of compiling them.

use regex::{Error, RegexBuilder};

/// The steps for compiling a pattern, by its compiled size in bytes. It is compiled again for each user and each item.
const STEPS: [(usize, u64); 4] = [(8 << 10, 100), (24 << 10, 400), (64 << 10, 1_000), (256 << 10, 5_000)];

/// The number of steps for compiling `pattern`, or the reason why it can't be used.
///
/// # Errors
/// The reason, if `pattern` is no regular expression or is too large.
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
