//! How far waits and gaps may go, whatever a product says.

use std::time::Duration;

/// No product is left alone for longer, whatever it says: Data Center tells an account without any quota to
/// come back in 9223372036854775807 seconds.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(15 * 60);

/// How far refusals alone can stretch the gap between calls; longer waits the product asks for itself.
pub(super) const LONGEST_GAP: Duration = Duration::from_secs(30);

/// Slower than one call a day would be no rate, and near the end of what a clock can tell.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
