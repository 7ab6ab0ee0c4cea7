//! Pages, a file a room: each lists its routes and answers them.

pub mod assets;
pub mod calendar;
pub mod home;
pub mod ops;
pub mod sign_in;
pub mod uploads;
