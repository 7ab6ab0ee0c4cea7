//! Pages, a file a room: each lists its routes and answers them.

pub mod accounts;
pub mod assets;
pub mod audit;
pub mod calendar;
pub mod home;
pub mod ops;
pub mod pool;
pub mod proposal;
pub mod quality;
pub mod runs;
pub mod sign_in;
pub mod tokens;
pub mod uploads;
