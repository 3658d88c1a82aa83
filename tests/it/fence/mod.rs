//! Processes that share the work on Kafka, where one of them is not what it takes itself for.

mod standstill;
