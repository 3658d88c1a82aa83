//! The durations of appends.

use std::time::Instant;

use prometheus::Histogram;

use super::Error;

/// Measures appends; nothing if it has no histogram.
#[derive(Debug, Clone, Default)]
pub struct AppendTimes(Option<Histogram>);

impl AppendTimes {
    /// Into `histogram`.
    pub const fn into(histogram: Histogram) -> Self {
        Self(Some(histogram))
    }

    /// Does `append`, and records its duration if the record is durable.
    ///
    /// # Errors
    /// Those of `append`.
    pub(super) async fn measure<T>(&self, append: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let began = Instant::now();
        let appended = append.await?;
        if let Some(histogram) = &self.0 {
            histogram.observe(began.elapsed().as_secs_f64());
        }
        Ok(appended)
    }
}
