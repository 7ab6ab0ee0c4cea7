//! The front door for programs: the same functions as the pages, as JSON under `/api/v1/`, described in OpenAPI.
//!
//! A token of the header `Authorization: Bearer …` acts in its role; no session or token is 401, what is another bureau's
//! is 404 like what does not exist. Whatever changes something needs a token: a browser's session is not taken for it.

mod answers;
mod asking;
mod audit;
mod pool;
mod program;
mod quality;
mod runs;
mod uploads;

use super::listing::Access;
use super::routes::Routes;
use axum::Json;
use serde::Serialize;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let routes = routes.get("/api/v1/openapi.json", Access::Open, async || Json(Description::openapi()));
    let routes = uploads::routes(routes);
    let routes = runs::routes(routes);
    let routes = pool::routes(routes);
    let routes = quality::routes(routes);
    audit::routes(routes)
}

/// Why a request was not answered.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ApiProblem {
    /// What it is, for programs.
    #[schema(example = "not_found")]
    error: String,
    /// What it is, for people, in Chinese.
    message: String,
}

/// The description of the API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "汇池 Huichi",
        description = "报送、合并、备选池和数据质量的接口。Returns, runs, the pool and its quality, for programs.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        uploads::list_uploads,
        uploads::show_last_run,
        uploads::send_files,
        uploads::show_upload,
        uploads::list_findings,
        uploads::list_versions,
        uploads::take_original,
        uploads::explain_finding,
        uploads::list_related,
        uploads::choose_relation,
        uploads::show_calendar,
        runs::list_runs,
        runs::start_run,
        runs::cancel_run,
        runs::show_run,
        runs::take_run_file,
        pool::show_pool,
        pool::list_changes,
        pool::show_list,
        pool::try_changes,
        pool::estimate_cost,
        pool::survey,
        pool::list_milestones,
        pool::show_enterprise,
        pool::follow_value,
        quality::show_quality,
        quality::show_edit,
        audit::list_audit,
    ),
    components(schemas(ApiProblem)),
    security(("token" = [])),
    modifiers(&Bearer)
)]
pub struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let paths = Description::openapi().paths.paths;
        let described: BTreeSet<(String, &str)> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = [("GET", item.get.is_some()), ("POST", item.post.is_some())];
                methods.into_iter().filter(|(_, there)| *there).map(|(method, _)| (path.clone(), method))
            })
            .collect();
        let table = super::super::router::routes().table;
        let routed: BTreeSet<(String, &str)> = table
            .iter()
            .filter(|r| r.path.starts_with("/api/") && r.path != "/api/v1/openapi.json")
            .map(|r| (r.path.replace("{*", "{"), if r.method == axum::http::Method::GET { "GET" } else { "POST" }))
            .collect();
        assert_eq!(described, routed);
    }
}
