//! Families of metrics, made and registered.

use prometheus::{
    GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::TracedHistogram;

/// Makes and registers families under the prefix `usher_`.
pub(super) struct Families<'a>(pub(super) &'a Registry);

impl Families<'_> {
    /// Registers a family.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn register<C: prometheus::core::Collector + Clone + 'static>(
        &self,
        family: C,
    ) -> Result<C, prometheus::Error> {
        self.0.register(Box::new(family.clone()))?;
        Ok(family)
    }

    /// A counter without labels.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.register(IntCounter::new(format!("usher_{name}"), help)?)
    }

    /// A gauge of whole numbers, without labels.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.register(IntGauge::new(format!("usher_{name}"), help)?)
    }

    /// A family of counters.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.register(IntCounterVec::new(Opts::new(format!("usher_{name}"), help), labels)?)
    }

    /// A family of gauges of whole numbers.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
        self.register(IntGaugeVec::new(Opts::new(format!("usher_{name}"), help), labels)?)
    }

    /// A family of gauges.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn float_gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
        self.register(GaugeVec::new(Opts::new(format!("usher_{name}"), help), labels)?)
    }

    /// A histogram without labels.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, prometheus::Error> {
        let opts = HistogramOpts::new(format!("usher_{name}"), help).buckets(buckets.to_vec());
        self.register(Histogram::with_opts(opts)?)
    }

    /// A histogram that keeps examples of traces.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn traced(&self, name: &str, help: &str, buckets: &[f64]) -> Result<TracedHistogram, prometheus::Error> {
        Ok(TracedHistogram::new(self.histogram(name, help, buckets)?, buckets))
    }

    /// A family of histograms.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn histograms(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        labels: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        let opts = HistogramOpts::new(format!("usher_{name}"), help).buckets(buckets.to_vec());
        self.register(HistogramVec::new(opts, labels)?)
    }
}
