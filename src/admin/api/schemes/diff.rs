//! The difference between two texts, word by word.

use std::time::Duration;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

/// The time for finding the shortest difference. After it the rest is told as removed and added.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A part of a text in a difference. The parts that are not added make the earlier text, those that are not removed the
/// later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Hunk {
    pub(crate) kind: HunkKind,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HunkKind {
    /// In both.
    Same,
    /// Only in the earlier text.
    Removed,
    /// Only in the later text.
    Added,
}

impl HunkKind {
    /// The element of HTML that marks such a part; none for one that is in both.
    pub(crate) const fn tag(self) -> Option<&'static str> {
        match self {
            Self::Same => None,
            Self::Removed => Some("del"),
            Self::Added => Some("ins"),
        }
    }
}

/// The difference from `before` to `after`.
pub(crate) fn by_words(before: &str, after: &str) -> Vec<Hunk> {
    let diff = TextDiff::configure().timeout(TIMEOUT).diff_words(before, after);
    let mut hunks: Vec<Hunk> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = match change.tag() {
            ChangeTag::Equal => HunkKind::Same,
            ChangeTag::Delete => HunkKind::Removed,
            ChangeTag::Insert => HunkKind::Added,
        };
        match hunks.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(change.value()),
            _ => hunks.push(Hunk { kind, text: change.value().to_owned() }),
        }
    }
    hunks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(hunks: &[Hunk], without: HunkKind) -> String {
        hunks.iter().filter(|hunk| hunk.kind != without).map(|hunk| hunk.text.as_str()).collect()
    }

    #[test]
    fn one_changed_word_is_one_word_removed_and_one_added() {
        let hunks = by_words("select:\n  last_login_before: 90d\n", "select:\n  last_login_before: 180d\n");
        let told: Vec<_> = hunks.iter().map(|hunk| (hunk.kind, hunk.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (HunkKind::Same, "select:\n  last_login_before: "),
                (HunkKind::Removed, "90d"),
                (HunkKind::Added, "180d"),
                (HunkKind::Same, "\n"),
            ]
        );
        assert_eq!(by_words("a b", "a b").len(), 1);
        assert_eq!(by_words("", ""), []);
    }

    #[test]
    fn two_long_texts_that_have_nothing_in_common_are_compared_in_bounded_time() {
        let long = |of: &str| (0..200_000).map(|n| format!("{of}{n} ")).collect::<String>();
        let (before, after) = (long("a"), long("b"));
        let began = std::time::Instant::now();
        let hunks = by_words(&before, &after);
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        assert_eq!((text(&hunks, HunkKind::Added), text(&hunks, HunkKind::Removed)), (before, after));
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_the_difference(before in "[ab \n]{0,40}", after in "[ab \n=<\u{202e}]{0,40}") {
            let hunks = by_words(&before, &after);
            prop_assert_eq!(text(&hunks, HunkKind::Added), before);
            prop_assert_eq!(text(&hunks, HunkKind::Removed), after);
        }
    }
}
