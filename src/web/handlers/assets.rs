//! Style and scripts, from the binary.

use crate::web::listing::Access;
use crate::web::routes::Routes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/assets/style.css", Access::Open, async || asset("text/css; charset=utf-8", include_str!("../assets/style.css")))
        .get("/assets/portal.js", Access::Open, async || asset("text/javascript; charset=utf-8", include_str!("../assets/portal.js")))
        .get("/assets/runs.js", Access::Open, async || asset("text/javascript; charset=utf-8", include_str!("../assets/runs.js")))
        .get("/assets/uploads.js", Access::Open, async || asset("text/javascript; charset=utf-8", include_str!("../assets/uploads.js")))
        .get("/assets/icon.svg", Access::Open, async || asset("image/svg+xml", include_str!("../assets/icon.svg")))
}

fn asset(kind: &'static str, content: &'static str) -> impl IntoResponse {
    // An hour: a new version of the program brings new ones soon enough, an old office network rests.
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "max-age=3600")], content)
}
