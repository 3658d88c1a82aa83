//! The real parts together.

mod sandbox;
