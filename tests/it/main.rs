//! End to end: the program as its users run it. One binary, since each links DataFusion.

mod architecture;
mod books;
mod cells;
mod check;
mod city;
mod comparisons;
mod conditions;
mod config;
mod damage;
mod decimals;
mod editions;
mod edits;
mod field;
mod forms;
mod hostile;
mod http;
mod imports;
mod layouts;
mod portal;
mod privacy;
mod reruns;
mod sample;
mod seen;
mod stages;
mod util;
mod verdicts;
