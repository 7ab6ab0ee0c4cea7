#![doc = include_str!("ARCHITECTURE.md")]

pub mod config;
pub mod finding;
pub mod model;
pub mod stages;

// Fuzzing (`tests/fuzz`) instruments what the bytes of a file meet, which is nothing below.
#[cfg(not(fuzzing))]
pub mod backup;
#[cfg(not(fuzzing))]
pub mod cache;
#[cfg(not(fuzzing))]
pub mod cli;
#[cfg(not(fuzzing))]
pub mod content;
#[cfg(not(fuzzing))]
pub mod engine;
#[cfg(not(fuzzing))]
pub mod error;
#[cfg(not(fuzzing))]
pub mod ledger;
#[cfg(not(fuzzing))]
pub mod lock;
#[cfg(not(fuzzing))]
pub mod outputs;
#[cfg(not(fuzzing))]
pub mod pipeline;
#[cfg(not(fuzzing))]
pub mod portal;
#[cfg(not(fuzzing))]
pub mod run;
#[cfg(not(fuzzing))]
pub mod sample;
#[cfg(not(fuzzing))]
pub mod telemetry;
#[cfg(not(fuzzing))]
pub mod web;
