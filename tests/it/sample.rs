//! The sample inputs that come with the program are those that the program writes.

use crate::util::{Site, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = walkdir::WalkDir::new(root).into_iter().map(|entry| entry.expect("an entry")).filter(|e| e.file_type().is_file());
    entries.map(|e| (e.path().strip_prefix(root).expect("below the root").to_owned(), fs::read(e.path()).expect("a file"))).collect()
}

#[test]
fn the_bundled_inputs_are_what_the_program_writes() {
    let site = Site::new("2026-06-30", "");
    let output = site.huichi(&["sample"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (bundled, written) = (files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("inputs")), files(&site.path("inputs")));
    assert_eq!(bundled.keys().collect::<Vec<_>>(), written.keys().collect::<Vec<_>>());
    for (path, bytes) in &bundled {
        assert!(*bytes == written[path], "{} differs", path.display());
    }
}
