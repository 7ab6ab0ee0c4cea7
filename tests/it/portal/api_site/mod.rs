//! The portal over HTTP: the program serves a site of its own on a free port.

mod api;

use crate::util::Site;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A portal that serves a site until it goes.
pub struct Portal {
    pub url: String,
    child: Child,
}

impl Portal {
    /// Serves a site.
    pub fn start(site: &Site) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_huichi"))
            .current_dir(site.path("."))
            .args(["serve", "--listen", "127.0.0.1:0", "--format", "json"])
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the portal starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its first line");
        let told: serde_json::Value = serde_json::from_str(&line).expect("the address as JSON");
        Self { url: told["url"].as_str().expect("an address").to_owned(), child }
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
