//! Events: what the program did, for whoever operates it. Never a cell value, a name or a file's body.

use tracing_subscriber::{EnvFilter, fmt};

/// What is sent if `HUICHI_LOG` says nothing: warnings; to programs also what the portal answered.
const TO_PEOPLE: &str = "warn";
const TO_PROGRAMS: &str = "warn,huichi::portal=info,huichi::web=info";

/// Sends events to standard error; `HUICHI_LOG` filters them, as JSON where `json` is wanted.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_env("HUICHI_LOG").unwrap_or_else(|_| EnvFilter::new(if json { TO_PROGRAMS } else { TO_PEOPLE }));
    // What cannot be written (a closed pipe) is not complained of on the same pipe: that would be a panic.
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // A subscriber that is already there (in tests) stays.
    let _ = if json { builder.json().try_init() } else { builder.with_target(false).try_init() };
}
