//! Kleene's three-valued logic: an unknown part makes the whole unknown, unless the other parts settle it.

use crate::domain::Truth;

/// True if any is true; unknown if none is true and some are unknown; false for an empty list. Stops at the first that
/// is true.
pub fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
    let mut so_far = Truth::False;
    for truth in truths {
        match truth {
            Truth::True => return Truth::True,
            Truth::Unknown => so_far = Truth::Unknown,
            Truth::False => {}
        }
    }
    so_far
}

/// True if all are; false if any is false; true for none at all.
pub fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
    not(any(truths.into_iter().map(not)))
}

/// The opposite; of unknown it is unknown.
pub fn not(truth: Truth) -> Truth {
    match truth {
        Truth::True => Truth::False,
        Truth::False => Truth::True,
        Truth::Unknown => Truth::Unknown,
    }
}

/// Two-valued truth.
pub fn known(holds: bool) -> Truth {
    if holds { Truth::True } else { Truth::False }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Truth::{False, True, Unknown};

    #[test]
    fn one_true_settles_any_and_one_false_settles_all() {
        assert_eq!([any([False, True, Unknown]), any([False, Unknown]), any([False])], [True, Unknown, False]);
        assert_eq!([all([True, False, Unknown]), all([True, Unknown]), all([True])], [False, Unknown, True]);
        assert_eq!([any([]), all([])], [False, True]);
    }

    #[test]
    fn the_opposite_of_unknown_is_unknown() {
        assert_eq!([not(True), not(False), not(Unknown)], [False, True, Unknown]);
    }
}
