//! The way to a source: its address, the proxy, and the trusted authorities of its certificate.

pub(in crate::config) mod address;
pub(in crate::config) mod authorities;
pub(in crate::config) mod proxy;
pub(in crate::config) mod transport;
