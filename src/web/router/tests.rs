//! Every route for every role: new routes are judged without being named here.

use super::*;
use crate::ledger::NewAccount;
use crate::model::role::Role;
use crate::portal::clock::Clock;
use crate::portal::password;
use crate::web::door::address::Peer;
use crate::web::door::body;
use crate::web::listing::Access;
use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use tower::ServiceExt;

/// A portal on a folder of its own, with an account per role and a session of each.
struct Trial {
    service: Router,
    app: App,
    /// By role, its cookie.
    cookies: HashMap<Role, String>,
    _folder: tempfile::TempDir,
}

const PASSWORD: &str = "horse-42-pool";

impl Trial {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = crate::config::load("[run]\nas_of = \"2026-06-30\"\n", folder.path()).expect("the defaults load");
        let app = App::open(config, folder.path().join("pipeline.toml"), Clock::new(None), false).expect("a portal");
        let hash = password::hash(PASSWORD).expect("a hash");
        let source = app.books.config.source.keys().next().expect("a source").clone();
        app.books
            .ledger(move |l| {
                for role in Role::ALL {
                    let source = (role == Role::Clerk).then_some(source.as_str());
                    l.add_account(
                        &NewAccount { name: role.id(), display: role.id(), role, source, password: &hash, must_change: false },
                        "now",
                    )?;
                }
                Ok(())
            })
            .await
            .expect("accounts");
        let service = service(&app, false);
        let mut trial = Self { service, app, cookies: HashMap::new(), _folder: folder };
        for role in Role::ALL {
            let form = format!("name={}&password={PASSWORD}", role.id());
            let response = trial.send(trial.request(Method::POST, "/sign-in", None).body(form.into()).expect("a request")).await;
            assert_eq!(response.status(), StatusCode::SEE_OTHER, "{role:?} signs in");
            let cookie = session_cookie(&response).split(';').next().unwrap_or_default().to_owned();
            trial.cookies.insert(role, cookie);
        }
        trial
    }

    fn request(&self, method: Method, path: &str, role: Option<Role>) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path).header("host", "portal").header("content-type", FORM);
        match role {
            Some(role) => request.header("cookie", &self.cookies[&role]),
            None => request,
        }
    }

    async fn send(&self, mut request: Request) -> Response {
        request.extensions_mut().insert(Peer(SocketAddr::from(([127, 0, 0, 1], 1))));
        self.service.clone().oneshot(request).await.expect("an answer")
    }

    async fn ask(&self, route: &Listed, role: Option<Role>) -> Response {
        self.send(self.request(route.method.clone(), &filled(route.path), role).body(Body::empty()).expect("a request")).await
    }
}

/// The cookie of a session that an answer sets.
fn session_cookie(response: &Response) -> String {
    let set = response.headers().get_all("set-cookie").iter().filter_map(|v| v.to_str().ok());
    set.filter(|v| v.starts_with("huichi=")).map(str::to_owned).next().expect("a session")
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A path whose parameters are ids that nothing has.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "0" } else { part }).collect::<Vec<_>>().join("/")
}

/// A session is ended by signing out, so that route is asked for last.
fn table() -> Vec<Listed> {
    let (last, mut first): (Vec<Listed>, Vec<Listed>) = routes().table.into_iter().partition(|l| l.path == "/sign-out");
    first.extend(last);
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_knows_every_role() {
    let trial = Trial::new().await;
    for route in table().iter().filter(|r| r.method == Method::GET || r.access != Access::Open) {
        for role in [None].into_iter().chain(Role::ALL.map(Some)) {
            let may = match (route.access, role) {
                (Access::Open, _) => true,
                (_, None) => false,
                (Access::SignedIn, Some(_)) => true,
                (Access::Right(right), Some(role)) => role.may(right),
            };
            let response = trial.ask(route, role).await;
            let (status, place) = (response.status(), response.headers().get("location").and_then(|l| l.to_str().ok()).unwrap_or_default());
            let about = format!("{} {} as {role:?} gives {status} {place}", route.method, route.path);
            match (may, role) {
                // Posts are refused for want of the session's word, which another test is about.
                (true, Some(_)) if route.method == Method::POST => assert_ne!(status, StatusCode::UNAUTHORIZED, "{about}"),
                (true, _) => {
                    assert!(![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status), "{about}");
                    assert!(!status.is_server_error() && !place.starts_with("/sign-in"), "{about}");
                }
                (false, None) if route.path.starts_with("/api/") => assert_eq!(status, StatusCode::UNAUTHORIZED, "{about}"),
                (false, None) => assert!(status == StatusCode::SEE_OTHER && place.starts_with("/sign-in"), "{about}"),
                (false, Some(_)) => assert_eq!(status, StatusCode::FORBIDDEN, "{about}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_something_wants_the_word_of_the_session_and_comes_from_our_own_pages() {
    let trial = Trial::new().await;
    for route in table().iter().filter(|r| r.method == Method::POST) {
        let role = match route.access {
            Access::Right(right) => Role::ALL.into_iter().find(|r| r.may(right)).expect("somebody may"),
            _ => Role::Operator,
        };
        let about = format!("{} {}", route.method, route.path);
        for headers in [[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], [("origin", "null"), ("x", "y")]] {
            let request = headers.iter().fold(trial.request(Method::POST, &filled(route.path), Some(role)), |r, (k, v)| r.header(*k, *v));
            let response = trial.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{about} from elsewhere");
        }
        let response = trial.ask(route, Some(role)).await;
        let refused = [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED].contains(&response.status());
        assert!(refused, "{about} without the word gives {}", response.status());
    }
    let signed_in = trial.send(trial.request(Method::GET, "/", Some(Role::Operator)).body(Body::empty()).expect("a request")).await;
    assert_eq!(signed_in.headers()["location"], "/pool", "the session outlived all of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_is_listed_twice_and_what_is_not_listed_is_not_there() {
    let trial = Trial::new().await;
    let mut seen = HashSet::new();
    for route in routes().table {
        assert!(seen.insert((route.method.clone(), route.path)), "{} {} is listed twice", route.method, route.path);
    }
    for (method, path) in [(Method::GET, "/nowhere"), (Method::DELETE, "/quality"), (Method::PUT, "/sign-in"), (Method::GET, "/sign-out")] {
        let response = trial.send(trial.request(method, path, Some(Role::Auditor)).body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_carry_what_browsers_need_to_be_safe() {
    let trial = Trial::new().await;
    let get = |path: &'static str, method| trial.send(trial.request(method, path, None).body(Body::empty()).expect("a request"));
    let page = get("/sign-in", Method::GET).await;
    assert_eq!(page.headers()["content-security-policy"], POLICY);
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(!page.headers().contains_key("strict-transport-security"), "there is no TLS to insist on");
    assert!(page.headers().contains_key("x-request-id"));
    let head = get("/sign-in", Method::HEAD).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert!(to_bytes(head.into_body(), 10).await.expect("a body").is_empty(), "HEAD has no body");
    let form = format!("name=operator&password={PASSWORD}");
    let secure = service(&trial.app, true);
    let mut request = trial.request(Method::POST, "/sign-in", None).body(Body::from(form)).expect("a request");
    request.extensions_mut().insert(Peer(SocketAddr::from(([127, 0, 0, 1], 1))));
    let response = secure.oneshot(request).await.expect("an answer");
    let cookie = session_cookie(&response).to_lowercase();
    assert!(["httponly", "samesite=lax", "secure", "path=/"].iter().all(|flag| cookie.contains(flag)), "{cookie}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_passwords_from_one_address_is_slowed_down_for_all_its_accounts() {
    let trial = Trial::new().await;
    let mut last = None;
    for guess in 0..30 {
        let form = format!("name=nobody{guess}&password=x");
        let response = trial.send(trial.request(Method::POST, "/sign-in", None).body(form.into()).expect("a request")).await;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            last = Some((guess, response));
            break;
        }
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (guess, response) = last.expect("at last it is too much");
    assert!(guess >= 15, "a forgetful office is not locked out: {guess}");
    let wait: u64 = response.headers()["retry-after"].to_str().expect("a number").parse().expect("a number");
    assert!((1..=60).contains(&wait), "{wait}");
    let text = to_bytes(response.into_body(), 1 << 16).await.expect("a page");
    assert!(String::from_utf8_lossy(&text).contains("操作过于频繁"), "it is said in words");
}

#[test]
fn a_way_leads_to_a_page_or_nowhere() {
    let listing = Listing::new(routes().table);
    for own in ["/", "/pool", "/pool?q=%E9%BE%99&sort=-a", "/runs/20260101-000000-00000000", "/uploads?page=2#f-1", "/quality"] {
        assert!(listing.is_own_page(own), "{own}");
    }
    let long = format!("/pool?{}", "x".repeat(3000));
    for other in [
        "",
        "pool",
        "//pool",
        "/pool/",
        "/pool//x",
        "/\\pool",
        "/pool\t",
        "/pool?q=\n",
        "/pool?q=龙",
        "/ pool",
        "/runs/..",
        "/runs/%2e%2E",
        "/runs/",
        "/sign-in",
        "/sign-out",
        "/setup/x",
        "/metrics",
        "/healthz",
        "/api/v1/runs",
        "/assets/style.css",
        "/nowhere",
        "https://portal/pool",
        &long,
    ] {
        assert!(!listing.is_own_page(other), "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_too_large_is_refused_declared_or_not() {
    let trial = Trial::new().await;
    let large = format!("name=a&password={}", "x".repeat(body::LARGEST as usize));
    let request = trial.request(Method::POST, "/sign-in", None).header("content-length", large.len());
    assert_eq!(trial.send(request.body(large.clone().into()).expect("a request")).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let streamed = trial.request(Method::POST, "/sign-in", None).body(Body::from(large)).expect("a request");
    assert_eq!(trial.send(streamed).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
