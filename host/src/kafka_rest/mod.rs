//! The Kafka REST client.
