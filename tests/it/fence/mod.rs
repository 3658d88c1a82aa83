//! On Kafka: processes that share the work, where one of them is not what it takes itself for, and topics that are not what
//! they were.

mod administrators;
mod lost_outcomes;
mod standstill;
mod topics;
mod twins;
