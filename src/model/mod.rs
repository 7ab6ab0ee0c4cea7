//! The vocabulary of the domain: codes, numbers, names, dates, amounts, periods and cell addresses.
//!
//! Owns: how an identifier, a name, a date or an amount is read, checked and written. The facts and their standards
//! stand at the head of each module.
//! Takes: text as a bureau typed it. Gives: named types, or a problem as data (never user-facing text).
//! Invariants: no I/O, no clock, no async, nothing of the other rooms; no function here panics, whatever the text;
//! normalizing twice equals normalizing once; money never passes through a binary float.
//! Deliberately absent: what a problem is called in Chinese (room `finding`) and what follows from it (the edits).

pub mod account;
pub mod account_name;
pub mod address;
pub mod amount;
pub mod aside;
pub mod cell;
pub mod code;
pub mod cost;
pub mod date;
pub mod day;
pub mod feasibility;
pub mod few;
pub mod field;
pub mod finding_key;
pub mod funnel;
pub mod ideograph;
pub mod merged;
pub mod milestone;
pub mod name;
pub mod org_code;
pub mod patent_fact;
pub mod patent_number;
pub mod patent_state;
pub mod period;
pub mod personal;
pub mod place;
pub mod proposal;
pub mod raw;
pub mod record_key;
pub mod registration;
pub mod role;
pub mod scope;
pub mod severity;
pub mod standing;
pub mod text;
pub mod url;
pub mod uscc;
pub mod verdict;
pub mod waiver;
pub mod words;
