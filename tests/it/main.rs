//! The real parts together.

mod products;
