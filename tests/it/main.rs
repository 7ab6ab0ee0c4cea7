//! End to end: the program as its users run it. One binary, since each links DataFusion.

mod architecture;
mod check;
mod city;
mod config;
mod decimals;
mod edits;
mod hostile;
mod http;
mod layouts;
mod privacy;
mod reruns;
mod stages;
mod util;
