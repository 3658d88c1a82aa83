//! What every event log promises, as tests that run over any of them.
//!
//! For an implementation: write a [`Fixture`] and say `log_suite!(name, ItsFixture);`.

pub mod appends;
pub mod compaction;
pub mod groups;
pub mod reads;
mod support;

use std::sync::Arc;

use async_trait::async_trait;
use usher::log::Log;

pub use support::{Member, all, all_kept, by_place, key, record, within};

/// A log that one test has for itself.
#[async_trait]
pub trait Fixture: Sized + Send + Sync {
    /// An empty log, not yet open.
    async fn new() -> Self;

    /// Opens the log.
    async fn open(&self) -> Arc<dyn Log>;

    /// Closes the log and opens it again, as after a restart.
    async fn reopen(&self, log: Arc<dyn Log>) -> Arc<dyn Log> {
        log.close().await;
        drop(log);
        self.open().await
    }

    /// Opens the closed log again so that all that it held is old now: it begins to forget what it may.
    async fn open_later(&self) -> Arc<dyn Log>;
}

/// Makes a module `$name` with a test for every promise, over the logs of `$fixture`.
macro_rules! log_suite {
    ($name:ident, $fixture:ty) => {
        $crate::log_suite::log_suite! { @tests $name, $fixture,
            appends::acknowledged_records_are_all_read_back_after_reopening,
            appends::closing_finishes_what_was_accepted,
            appends::nothing_is_appended_after_closing,
            appends::offsets_are_contiguous_in_each_partition,
            appends::records_of_one_key_keep_their_order_under_concurrent_appenders,
            appends::ten_thousand_concurrent_appends_are_all_acknowledged_at_different_places,
            appends::the_same_key_is_always_in_the_same_partition,
            appends::a_long_record_comes_back_whole,
            compaction::the_latest_record_of_each_key_of_a_compacted_stream_is_never_forgotten,
            compaction::what_was_taken_back_stays_taken_back,
            reads::a_reader_started_at_an_offset_sees_exactly_the_rest_and_then_follows,
            reads::a_reader_that_gathers_sees_the_same_and_a_single_record_soon,
            reads::a_reader_waits_for_an_offset_that_is_yet_to_come,
            reads::a_reader_ends_when_the_log_is_closed,
            reads::bounds_are_from_the_oldest_to_one_past_the_newest,
            reads::streams_are_apart,
            reads::the_log_stays_the_same_one_when_reopened,
            groups::a_group_goes_on_from_its_stored_offsets_after_reopening,
            groups::a_group_goes_on_from_its_stored_offsets_when_a_member_left_and_the_next_joins,
            groups::what_was_not_stored_comes_again,
            groups::two_groups_are_independent,
            groups::a_member_has_left_only_when_its_assignments_are_dropped,
        }
    };
    (@tests $name:ident, $fixture:ty, $($group:ident::$test:ident,)*) => {
        mod $name {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    $crate::log_suite::$group::$test::<$fixture>().await;
                }
            )*
        }
    };
}
pub(crate) use log_suite;
