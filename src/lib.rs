#![doc = include_str!("ARCHITECTURE.md")]

pub mod backup;
pub mod cli;
pub mod config;
pub mod content;
pub mod engine;
pub mod error;
pub mod finding;
pub mod ledger;
pub mod lock;
pub mod model;
pub mod outputs;
pub mod pipeline;
pub mod sample;
pub mod server;
pub mod stages;
pub mod telemetry;
