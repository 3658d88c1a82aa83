//! How a source is reached: its address, the proxy on the way, and who vouches for its certificate.

pub(in crate::config) mod address;
pub(in crate::config) mod authorities;
pub(in crate::config) mod proxy;
pub(in crate::config) mod transport;
