//! The door: who may be connected, how fast requests must come, how large they may be, and what is asked too often.
//!
//! Owns: connections (`accept`, over `tls`, at the `pace` that they keep), where they come from (`address`), how much they send
//! (`body`), and how often somebody asks (`guard` over `limits`; `tries` at passwords, told apart by browsers that are `known`).
//! Invariant: whoever is refused here costs the portal next to nothing.

pub mod accept;
pub mod address;
pub mod body;
pub mod guard;
pub mod known;
pub mod limits;
pub mod pace;
pub mod tls;
pub mod tries;
