//! The portal over HTTP, room by room; each room has a site of its own kind.

mod api_site;
mod people_site;
mod pool_site;
mod quality_site;
mod runs_site;
mod uploads_site;
